"""Setting up a second factor is confirmed in the linked chat: a link or a browser left open is not enough for it.

Who has no chat yet links one first.
"""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.services.core import numbers, rate_limits
from bot.services.staff.sign_in import Purpose
from bot.store.base import vault_of
from bot.store.models import Chat, Outbox, SignInLink, Staff, now
from knowledge.texts import Texts

LIFE = timedelta(minutes=10)
DIGITS = 6
WHAT = "enrol"  # what is counted in attempts


def needs_chat(person: Staff) -> bool:
    """Whether a chat has to confirm: whoever has a second factor already gives a code of it instead."""
    return person.totp is None


async def chat_of(session: AsyncSession, person: Staff) -> Chat | None:
    """The chat that confirms; None where there is none yet, or its owner shut the bot out."""
    chat = await session.get(Chat, person.chat_id) if person.chat_id is not None else None
    return chat if chat is not None and chat.blocked_at is None else None


async def ask(session: AsyncSession, texts: Texts, person: Staff, chat: Chat) -> list[Outbox]:
    """Write six digits to the chat, unless those written before are still good.  Returns the rows to deliver."""
    if await _open(session, person) is not None:
        return []
    await forget(session, person)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    values = {"token": _token(session, person, code), "staff_id": person.id, "purpose": Purpose.ENROL}
    session.add(SignInLink(**values, created_at=now(), expires_at=now() + LIFE))
    minutes = int(LIFE.total_seconds() // 60)
    text = texts.say(chat.language, "staff.enrol", name=person.name, code=code, minutes=minutes)
    row = jobs.message(chat, {"do": "say", "text": text})
    await outbox.put(session, [row])
    return [row]


async def is_confirmed(session: AsyncSession, person: Staff, typed: str) -> bool:
    """Whether these are the digits in the chat.  Wrong ones are counted, and nothing is raised."""
    if await rate_limits.spend(session, WHAT, str(person.id)):
        return False
    link = await _open(session, person)
    return link is not None and hmac.compare_digest(link.token, _token(session, person, numbers.typed(typed)))


async def forget(session: AsyncSession, person: Staff) -> None:
    """The digits have done their work."""
    theirs = delete(SignInLink).where(SignInLink.staff_id == person.id, SignInLink.purpose == Purpose.ENROL)
    await session.execute(theirs)


async def _open(session: AsyncSession, person: Staff) -> SignInLink | None:
    theirs = select(SignInLink).where(SignInLink.staff_id == person.id, SignInLink.purpose == Purpose.ENROL)
    found: SignInLink | None = await session.scalar(theirs.where(SignInLink.expires_at > now()))
    return found


def _token(session: AsyncSession, person: Staff, code: str) -> bytes:
    return vault_of(session.get_bind().dialect).blind(f"{person.id}:{code}", "enrolment.code")
