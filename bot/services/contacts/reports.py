"""What workers say against a contact: they did not get through, or something is wrong."""

from enum import StrEnum

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.chats import witnesses
from bot.services.contacts.directory import NOUN
from bot.services.staff import calls
from bot.store.models import Contact, ContactReport, now


class ContactFault(StrEnum):
    NO_ANSWER = "no_answer"
    WRONG = "wrong"


async def report(session: AsyncSession, number: int, what: ContactFault, reporter: bytes) -> bool:
    """Note what somebody says against a contact, once until it is settled.

    Returns whether it became doubtful: two people said so within a week, independently of each other.
    """
    about = ContactReport.contact_id == number, ContactReport.settled_at.is_(None)
    said = select(ContactReport.id).where(*about, ContactReport.reporter == reporter).limit(1)
    if await session.scalar(said) is not None:
        return False
    values = {"contact_id": number, "what": what, "reporter": reporter, "at": now()}
    await session.execute(insert(ContactReport).values(values))
    if not await witnesses.agree(session, ContactReport.reporter, ContactReport.at, *about):
        return False
    doubt = update(Contact).where(Contact.id == number, Contact.doubtful_at.is_(None)).values(doubtful_at=now())
    became = (await session.execute(doubt.returning(Contact.id))).scalar_one_or_none() is not None
    if became:
        await outbox.put(session, [calls.call(NOUN, str(number), "doubtful", now().isoformat())])
    return became
