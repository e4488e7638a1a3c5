"""Getting back into an account that was used before: never on one administrator's word alone.

Who could make a link for a colleague, or clear their second factor, and use it at once could be two people.  So a link
goes to the chat of its owner; where there is no chat it is good a day later, and so is a cleared second factor.  The
owner and the other administrators are told, and can stop it meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts, audit, mfa, sign_in
from bot.services.staff.audit import By
from bot.services.staff.permissions import GRANTABLE, SECOND, Grant, Staffer
from bot.store.models import Audit, Chat, Outbox, Staff, StaffRole, now
from knowledge.texts import Texts

WAIT = timedelta(hours=24)
HOURS = int(WAIT.total_seconds() // 3600)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that was made.  token: to hand over, "" when it went to the owner's chat.  waits: until it is good."""

    token: str
    waits: bool = False
    rows: list[Outbox] = field(default_factory=list)  # to deliver


async def invite(session: AsyncSession, texts: Texts, by: By, person: Staff, url: str) -> Invitation:
    """A new link for somebody.  `url` is what a token is put behind.

    The first one is handed over by whoever made the account, who could use it as well: where it opens more than a counter,
    the other administrators hear of it, and the audit has from where it was used.
    """
    if not await _was_used(session, person):
        guarded = {grant.role for grant in await accounts.grants_of(session, person.id)} & SECOND
        told = await _tell_others(session, texts, by, person, "staff.other_first") if guarded else []
        return Invitation(await sign_in.invite(session, by, person), rows=told)
    told = await _tell_others(session, texts, by, person, "staff.other_link")
    chat = await session.get(Chat, person.chat_id) if person.chat_id else None
    if chat is None or chat.blocked_at is not None:
        return Invitation(await sign_in.invite(session, by, person, wait=WAIT), waits=True, rows=told)
    link = f"{url}{await sign_in.invite(session, by, person)}"
    hours = int(sign_in.INVITED.total_seconds() // 3600)
    text = texts.say(chat.language, "staff.own_link", name=person.name, hours=hours, link=link)
    row = jobs.message(chat, {"do": "say", "text": text})
    await outbox.put(session, [row])
    return Invitation("", rows=[row, *told])


async def give(
    session: AsyncSession, texts: Texts, giver: Staffer, by: By, person: Staff, grant: Grant
) -> list[Outbox]:
    """Grant a role.  Returns the rows to deliver: of one that opens more than a counter the other administrators hear,
    whether the account is new or was made for something small and used since.  Raises Denied, Rejected."""
    new = grant not in await accounts.grants_of(session, person.id)
    await accounts.give(session, giver, by, person, grant)
    guarded = new and grant.role in SECOND
    return await _tell_others(session, texts, by, person, "staff.other_role") if guarded else []


async def ask_reset(session: AsyncSession, texts: Texts, by: By, person: Staff) -> list[Outbox]:
    """Clear somebody's second factor in a day, unless they give a code meanwhile or somebody says no.

    Returns the rows to deliver.  Asked twice, the first one counts; without a second factor there is nothing to do.
    """
    if person.totp is None or person.reset_at is not None:
        return []
    person.reset_at = now() + WAIT
    await session.flush()
    rows = await _tell_others(session, texts, by, person, "staff.other_reset")
    chat = await session.get(Chat, person.chat_id) if person.chat_id else None
    if chat is not None:
        text = texts.say(chat.language, "staff.own_reset", name=person.name, hours=HOURS)
        own = jobs.message(chat, {"do": "say", "text": text})
        await outbox.put(session, [own])
        rows.append(own)
    await audit.note(session, by, "second.ask_reset", f"staff:{person.id}")
    return rows


async def keep(session: AsyncSession, by: By, person: Staff) -> None:
    """The second factor stays."""
    if person.reset_at is not None:
        person.reset_at = None
        await session.flush()
        await audit.note(session, by, "second.keep", f"staff:{person.id}")


async def settle(session: AsyncSession, by: By, person: Staff) -> None:
    """Clear a second factor whose day is over: asked at every sign-in, the only time when it matters."""
    if person.reset_at is not None and person.reset_at <= now():
        await mfa.reset(session, person, by)


async def _was_used(session: AsyncSession, person: Staff) -> bool:
    if person.chat_id is not None or person.totp is not None:
        return True
    begun = select(func.max(Audit.id)).where(Audit.staff_id == person.id, Audit.action == "session.begin")
    return await session.scalar(begun) is not None


async def _tell_others(session: AsyncSession, texts: Texts, by: By, person: Staff, key: str) -> list[Outbox]:
    """Tell every other administrator of the person's district who has a chat."""
    giver = await session.get(Staff, by.staff_id) if by.staff_id is not None else None
    values = {"by": giver.name if giver else "", "name": person.name, "username": person.username, "hours": HOURS}
    chats = await _administrators(session, person, but=by.staff_id)
    rows = [jobs.message(chat, {"do": "say", "text": texts.say(chat.language, key, **values)}) for chat in chats]
    if rows:
        await outbox.put(session, rows)
    return rows


async def _administrators(session: AsyncSession, person: Staff, *, but: int | None) -> Sequence[Chat]:
    roles: list[Role] = list(GRANTABLE)
    query = select(Chat, StaffRole.district).join(Staff, Staff.chat_id == Chat.id)
    query = query.join(StaffRole, StaffRole.staff_id == Staff.id).where(StaffRole.role.in_(roles), Staff.active)
    query = query.where(Staff.id.not_in([person.id, but or 0])).order_by(Chat.id)
    near = {chat.id: chat for chat, district in await session.execute(query) if person.district.startswith(district)}
    return list(near.values())
