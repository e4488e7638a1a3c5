"""The chat of a staff member: linked by six digits that the console shows and the person sends to the bot."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.services.core import numbers, rate_limits
from bot.services.staff import accounts, audit
from bot.services.staff.audit import By
from bot.services.staff.sign_in import Purpose
from bot.store.base import vault_of
from bot.store.models import Chat, Outbox, SignInLink, Staff, now
from knowledge.texts import Texts

LIFE = timedelta(minutes=10)
DIGITS = 6
GUESSES = 30  # wrong codes of everybody together in LIFE; beyond it a chat has one guess, and no second one
WHAT = "chat_code"


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of a code: whose chat it is now, or how long to wait; neither for a code that is not good."""

    name: str = ""
    taken: bool = False  # the chat is somebody else's already
    wait: int = 0  # seconds
    rows: list[Outbox] = field(default_factory=list)


async def new_code(session: AsyncSession, person: Staff) -> str:
    """Six digits, good for ten minutes; an earlier code of the same person is void."""
    earlier = delete(SignInLink).where(SignInLink.staff_id == person.id, SignInLink.purpose == Purpose.CHAT)
    await session.execute(earlier)
    while True:
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        token = _token(session, code)
        held = await session.scalar(select(SignInLink).where(SignInLink.token == token))
        if held is None:
            break
        if held.expires_at <= now() or held.used_at is not None:
            await session.delete(held)
            await session.flush()
            break
    link = SignInLink(token=token, staff_id=person.id, purpose=Purpose.CHAT, expires_at=now() + LIFE, created_at=now())
    session.add(link)
    await session.flush()
    return code


async def link(session: AsyncSession, chat: Chat, code: str, texts: Texts) -> Linked:
    """Link a chat to whoever the console showed this code.  Nothing is raised, so that attempts stay counted.

    What cannot be such a code is a slip of the finger, and not counted.
    """
    code = numbers.typed(code)
    if len(code) != DIGITS or not code.isdecimal():
        return Linked()
    if wait := await rate_limits.spend(session, WHAT, f"chat:{chat.id}"):
        return Linked(wait=wait)
    first = not await rate_limits.spend(session, f"{WHAT}.first", f"chat:{chat.id}", most=1, window=LIFE)
    wait = await rate_limits.spent(session, WHAT, "everybody", most=GUESSES)
    if wait and not first:
        return Linked(wait=wait)
    taken = (
        update(SignInLink)
        .where(SignInLink.token == _token(session, code), SignInLink.purpose == Purpose.CHAT)
        .where(SignInLink.expires_at > now(), SignInLink.used_at.is_(None))
        .values(used_at=now())
        .returning(SignInLink.staff_id)
    )
    staff_id = await session.scalar(taken)
    person = await session.get(Staff, staff_id) if staff_id is not None else None
    if person is None or not person.active:
        await rate_limits.spend(session, WHAT, "everybody", most=GUESSES, window=LIFE)
        return Linked()
    owner = await accounts.of_chat(session, chat.id, gone=True)
    if owner is not None and owner.id != person.id:
        return Linked(taken=True)
    rows = await _farewell(session, person, texts) if person.chat_id not in (None, chat.id) else []
    person.chat_id = chat.id
    await session.flush()
    await audit.note(session, By(person.id), "chat.link", f"staff:{person.id}")
    return Linked(person.name, rows=rows)


async def unlink(session: AsyncSession, person: Staff, by: By, texts: Texts) -> list[Outbox]:
    """No more links to this chat.  It is told so; returns the rows to deliver."""
    if person.chat_id is None:
        return []
    rows = await _farewell(session, person, texts)
    person.chat_id = None
    await session.flush()
    await audit.note(session, by, "chat.unlink", f"staff:{person.id}")
    return rows


async def _farewell(session: AsyncSession, person: Staff, texts: Texts) -> list[Outbox]:
    """Whoever sits at the old chat must learn of it: it may not have been their doing.  What it let in is let in no more."""
    await accounts.void_codes(session, person.id)
    chat = await session.get(Chat, person.chat_id) if person.chat_id else None
    if chat is None:
        return []
    text = texts.say(chat.language, "staff.unlinked", name=person.name)
    row = jobs.message(chat, {"do": "say", "text": text})
    await outbox.put(session, [row])
    return [row]


def _token(session: AsyncSession, code: str) -> bytes:
    """A keyed hash: a million codes are soon tried by whoever has a dump."""
    return vault_of(session.get_bind().dialect).blind(code, "chat_links.code")
