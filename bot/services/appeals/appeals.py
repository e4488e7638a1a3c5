"""Appeals: filing one, finding one's own, and reading how it stands.  `moves` changes their state."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.appeals import events, filing
from bot.services.appeals.states import OPEN, AppealState
from bot.services.attachments import attachments
from bot.services.core import case_clock, numbers, timers
from bot.services.core.case_clock import CaseClock
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.services.identity import identities
from bot.services.staff import calls
from bot.services.units import readers
from bot.store.base import locked, vault_of
from bot.store.models import Appeal, AppealStep, Chat, CodeAttempt, Naming, now
from knowledge.appeals import AppealKind

NUMBER_LENGTH = 12
CODE_LENGTH = 6
ALIKE = 70.0  # rapidfuzz ratio from which two stories of one person are taken for the same matter
WRONG_CODES = 5
LOCKED = timedelta(minutes=30)


@dataclass(frozen=True)
class AppealDraft:
    """An appeal as its author wrote it."""

    kind: str  # of knowledge.appeals
    story: str
    naming: Naming = Naming.HIDDEN
    name: str = ""
    phone: str = ""
    region: str = ""
    place: str = ""
    point: tuple[float, float] | None = None  # latitude, longitude; degrees, WGS-84
    about: str = ""  # the platform or station, in the author's words
    files: Sequence[dict[str, Any]] = field(default_factory=tuple)  # {"kind", "file"}: the channel's ids
    priority: bool = False  # a 民情联络员 files it
    behalf: bool = False  # for somebody else, who has agreed
    previous: str = ""  # the number of the closed case it goes on from
    unit: filing.Desk | None = None  # who takes it, where that is not asked of the kind


@dataclass(frozen=True, slots=True)
class AppealReceipt:
    """What the author is told at once."""

    number: str
    code: str
    agency: str
    due_at: datetime | None
    source: str  # who says that it is due then


class UnknownAppeal(LookupError):
    """A number that we never gave out."""


async def submit(session: AsyncSession, context: ServiceContext, chat: Chat, draft: AppealDraft) -> AppealReceipt:
    """File an appeal: case, identity, timeline, event and timers, all or nothing.

    Raises Rejected when this person has filed too many today.
    """
    kind = context.knowledge.appeals.kinds[draft.kind]
    at, code = now(), numbers.new_code(CODE_LENGTH)
    owner, desk = identities.owner_key(session, chat.id), kind.desk_for(chat.job)
    ground = await filing.look(session, owner, kind, desk, draft.region, at)
    number, agency = ground.number, draft.unit or ground.desk
    consent = context.knowledge.retention.notice
    alias = await identities.keep(session, chat, draft.naming, name=draft.name, phone=draft.phone, consent=consent)
    clock = CaseClock(at, ground.limit)
    due_at = case_clock.due_of(clock, ground.calendar)  # Without one the case is kept all the same.
    values = {
        "number": number,
        "code": _blind(session, code),
        "alias": alias,
        "kind": draft.kind,
        "state": AppealState.SUBMITTED,
        "naming": draft.naming,
        "priority": draft.priority,
        "behalf": draft.behalf,
        "confidential": kind.confidential,
        "story": draft.story,
        "region": draft.region,
        "place": draft.place,
        "latitude": draft.point[0] if draft.point else None,
        "longitude": draft.point[1] if draft.point else None,
        "about": draft.about,
        "agency_id": agency.id if agency else None,
        "created_at": at,
        "limit_amount": ground.limit.amount,
        "limit_unit": ground.limit.unit,
        "due_at": due_at,
        "previous_id": await _id_of(session, draft.previous),
        "forwarded": context.queue,
    }
    step = {
        "name": "submit",
        "source": "",
        "target": AppealState.SUBMITTED,
        "role": Role.WORKER,
        "at": at,
    }
    appeal_id = await filing.write(session, values, step)
    rows = [*timers.running(number, clock, due_at), *attachments.rows(number, len(draft.files))]
    await attachments.add(session, appeal_id, chat.channel, draft.files)
    if context.queue:
        rows.append(events.submitted(values, agency.code if agency else None))
    else:
        rows.append(calls.call("appeal", number, "dispatch", "submit"))
    await outbox.put(session, rows)
    return AppealReceipt(number, code, agency.name if agency else "", due_at, ground.limit.source)


async def unread(session: AsyncSession, context: ServiceContext, region: str) -> list[AppealKind]:
    """The kinds that nobody reads in a region, and that are not offered there."""
    kinds = () if context.queue else context.knowledge.appeals.offered.values()
    return await readers.unread(session, kinds, region)


def refer(context: ServiceContext, kind: AppealKind) -> dict[str, str]:
    """What a sentence says of a kind that is not offered: its name, and where to go instead."""
    return {"kind": kind.label, "refer": kind.refer or context.knowledge.texts.say("zh", "appeal.refer")}


async def refuse_unread(session: AsyncSession, context: ServiceContext, code: str, region: str) -> None:
    """Raises Rejected, with where to go instead, for a kind that nobody reads in a region."""
    kind = context.knowledge.appeals.kinds[code]
    if not context.queue and await readers.unread(session, [kind], region):
        raise Rejected("appeal.unread_here", **refer(context, kind))


async def own(session: AsyncSession, chat_id: int) -> list[Appeal]:
    """A person's appeals, newest first."""
    aliases = await identities.aliases_of(session, chat_id)
    query = select(Appeal).where(Appeal.alias.in_(aliases)).order_by(Appeal.id.desc())
    return list(await session.scalars(query)) if aliases else []


async def own_one(session: AsyncSession, chat_id: int, number: str) -> Appeal | None:
    """A person's appeal by its number; None for anybody else's."""
    return next((each for each in await own(session, chat_id) if each.number == number), None)


async def similar(session: AsyncSession, chat: Chat, kind: str, story: str) -> Appeal | None:
    """An open appeal of the same person about the same matter, if there is one."""
    for each in await own(session, chat.id):
        if each.kind == kind and each.state in OPEN and fuzz.token_set_ratio(each.story, story) >= ALIKE:
            return each
    return None


async def timeline(session: AsyncSession, appeal_id: int) -> list[AppealStep]:
    steps = select(AppealStep).where(AppealStep.appeal_id == appeal_id).order_by(AppealStep.id)
    return list(await session.scalars(steps))


async def by_code(session: AsyncSession, number: str, code: str) -> Appeal:
    """An appeal for whoever holds its number and code, both as `numbers.typed` writes them.

    Raises Rejected: no such pair, or too many wrong codes - the same words whether the number exists or not.
    """
    attempt = await session.get(CodeAttempt, number, with_for_update=True) or CodeAttempt(number=number, wrong=0)
    if attempt.locked_until is not None and attempt.locked_until > now():
        raise Rejected("appeal.code_locked", minutes=int(LOCKED.total_seconds() // 60))
    wanted = _blind(session, code)
    appeal = await session.scalar(select(Appeal).where(Appeal.number == number, Appeal.code == wanted))
    if appeal is not None:
        attempt.wrong = 0
        return appeal
    attempt.wrong += 1
    if attempt.wrong >= WRONG_CODES:
        attempt.wrong, attempt.locked_until = 0, now() + LOCKED
    session.add(attempt)
    raise WrongCode


class WrongCode(Rejected):
    """No such number and code.  The attempt has to be kept: whoever catches this commits."""

    def __init__(self) -> None:
        super().__init__("appeal.code_wrong", most=WRONG_CODES, minutes=int(LOCKED.total_seconds() // 60))


async def get(session: AsyncSession, number: str, *, lock: bool = False) -> Appeal:
    """Raises UnknownAppeal."""
    query = select(Appeal).where(Appeal.number == number)
    appeal: Appeal | None = await session.scalar(locked(query) if lock else query)
    if appeal is None:
        raise UnknownAppeal(number)
    return appeal


def is_number(text: str) -> bool:
    """Whether a text can be a number of ours at all."""
    return len(text) == NUMBER_LENGTH and numbers.is_checked(text)


async def _id_of(session: AsyncSession, number: str) -> int | None:
    found: int | None = await session.scalar(select(Appeal.id).where(Appeal.number == number)) if number else None
    return found


def _blind(session: AsyncSession, code: str) -> bytes:
    return vault_of(session.get_bind().dialect).blind(code, "appeals.code")
