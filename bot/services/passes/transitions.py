"""Moving a pass: the one function for chat, console and timers, with what a step needs and what it does besides."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.messaging.pass_presses import RenewPass, ShowPass
from bot.queue import outbox
from bot.queue.jobs import CaseTimer
from bot.services.chats import notifications
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, WORKER, Actor
from bot.services.core.working_days import shown
from bot.services.identity import identities
from bot.services.passes import passes
from bot.services.passes.states import DOORS, OPEN, PASS, Door, PassState
from bot.services.staff.permissions import Right, SamePerson
from bot.store.base import locked
from bot.store.models import Chat, Pass, Staff, now

OF = "pass"  # whose timers these are
TERM = timedelta(days=183)
WARNED = (14, 3)  # days before the end
SHORTEST_REASON, LONGEST_REASON = 4, 200  # characters
REASONED = frozenset({PassState.REJECTED, PassState.SUSPENDED, PassState.REVOKED})
SILENT = frozenset({PassState.WITHDRAWN})  # whoever does it themselves reads it at once


class UnknownPass(LookupError):
    """A number that we never gave out, or somebody else's."""


@dataclass(frozen=True, slots=True)
class PassMove:
    """A step somebody wants to take.  text: the reason, which its owner reads."""

    target: PassState
    actor: Actor
    text: str = ""


async def move(session: AsyncSession, context: ServiceContext, number: str, wanted: PassMove) -> Pass:
    """Take a step.  Raises UnknownPass, IllegalStep, SamePerson; Rejected for a reason that is missing."""
    row: Pass | None = await session.scalar(locked(select(Pass).where(Pass.number == number)))
    if row is None:
        raise UnknownPass(number)
    verb = PASS.step(row.state, wanted.target, wanted.actor.role, "renew" if row.state == wanted.target else "").name
    text = await _reason(session, row, wanted)
    await _check_other(session, row, verb, wanted.actor)
    source, row.state = row.state, wanted.target
    if verb in ("check", "renew"):
        await _open(session, row, wanted.actor)
    row.version += 1
    row.closed_at = None if wanted.target in OPEN else now()
    await session.flush()
    await passes.note(session, row, verb, source, wanted.actor, text)
    await _settle_identity(session, context, row)
    if wanted.target not in SILENT:
        await _tell(session, context, row, verb, text)
    return row


async def _reason(session: AsyncSession, row: Pass, wanted: PassMove) -> str:
    """The reason without the name and the phone of whom it is about.  Raises Rejected."""
    text = wanted.text.strip()
    if wanted.target in REASONED and not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise Rejected("pass.reason", least=SHORTEST_REASON, most=LONGEST_REASON)
    return await identities.without(session, row.alias, text)


async def _check_other(session: AsyncSession, row: Pass, verb: str, actor: Actor) -> None:
    """Nobody decides about themselves, and who suspended does not look at it again.  Raises SamePerson."""
    if actor.id is None:
        return
    right, subject = Right.PASSES_CHECK if verb == "check" else Right.PASSES_SUSPEND, f"pass:{row.number}"
    chat_id = await session.scalar(select(Staff.chat_id).where(Staff.id == actor.id))
    if chat_id is not None and passes.owner_key(session, chat_id) == row.owner:
        raise SamePerson(right, subject)
    if verb in ("reinstate", "revoke"):
        suspended = await passes.last_step(session, row, "suspend")
        if suspended is not None and suspended.staff_id == actor.id:
            raise SamePerson(right, subject)


async def _open(session: AsyncSession, row: Pass, actor: Actor) -> None:
    """It holds from now on: half a year, and no longer than the list it rests on."""
    door = DOORS[actor.role]
    row.checked_how, row.checked_by = door, actor.id
    row.valid_until = now() + TERM
    if door is Door.ROSTER and (until := await passes.roster_until(session, row)) is not None:
        row.valid_until = min(row.valid_until, until)
    moments = [("warn", row.valid_until - timedelta(days=days)) for days in WARNED]
    rows = [
        timers.timer(row.number, do, at, of=OF, due=row.valid_until)
        for do, at in [*moments, ("expire", row.valid_until)]
        if at > now()
    ]
    await outbox.put(session, rows)


async def _settle_identity(session: AsyncSession, context: ServiceContext, row: Pass) -> None:
    if row.state in OPEN:
        await identities.reopened(session, row.alias)
    else:
        await identities.left(session, context.knowledge.retention, row.alias, "passes")


async def _tell(session: AsyncSession, context: ServiceContext, row: Pass, verb: str, text: str) -> None:
    chat = await identities.chat_behind(session, row.alias)
    await notifications.tell(
        session,
        context,
        chat,
        f"pass.told_{verb}",
        choices=[(("pass.show", ShowPass()),)],
        urgent=verb == "check",
        number=row.number,
        how=_how(context, chat, row),
        until=_until(row.valid_until),
        reason=text,
    )


def _how(context: ServiceContext, chat: Chat | None, row: Pass) -> str:
    return context.knowledge.texts.say(chat.language, f"pass.how_{row.checked_how}") if chat and row.checked_how else ""


def _until(moment: datetime | None) -> str:
    return f"{shown(moment):%Y-%m-%d}" if moment is not None else ""


async def ask_roster(session: AsyncSession, context: ServiceContext, row: Pass) -> bool:
    """Check somebody by the list of their platform, at once; False when it does not have their number."""
    if await passes.roster_until(session, row) is None:
        return False
    await move(session, context, row.number, PassMove(PassState.ACTIVE, SYSTEM))
    return True


async def withdraw(session: AsyncSession, context: ServiceContext, chat: Chat) -> Pass | None:
    """Its owner gives it up: it is nothing from this moment on.  None when there is none that is open."""
    row = await passes.own(session, chat.id)
    if row is None or row.state not in OPEN:
        return None
    return await move(session, context, row.number, PassMove(PassState.WITHDRAWN, WORKER))


async def ring(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """It ends soon, or now.  A timer for another end, or of a pass that is not active, changes nothing."""
    row = await session.scalar(locked(select(Pass).where(Pass.number == payload["number"])))
    if row is None or row.state != PassState.ACTIVE or row.valid_until is None:
        return
    if timers.written(row.valid_until) != payload["due"]:
        return
    if payload["do"] == "expire" and now() >= row.valid_until:
        await move(session, context, row.number, PassMove(PassState.EXPIRED, SYSTEM))
    elif payload["do"] == "warn":
        chat = await identities.chat_behind(session, row.alias)
        choices = [(("pass.renew", RenewPass()),)]
        await notifications.tell(
            session, context, chat, "pass.told_warn", choices=choices, until=_until(row.valid_until)
        )
