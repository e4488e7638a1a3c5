"""The number of an appeal as a text message, to the phone that its author gave with it, when they ask for it by a tap."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refused, Rejected
from bot.queue import jobs, outbox
from bot.services.appeals import appeals
from bot.services.core import rate_limits
from bot.services.identity import identities
from bot.sms import Sms
from bot.store.db import Database
from bot.store.models import Appeal, Chat, Outbox, now
from knowledge import phones

TEMPLATE = "receipt"
DAY = timedelta(days=1)
MOST = 3  # a day to one phone: whoever files with somebody else's number floods nobody


async def ask(session: AsyncSession, chat: Chat, number: str) -> str:
    """Have it sent; the last four digits of the phone, or "" when as many went there today as may.

    Raises Rejected: no such appeal of theirs, or no mobile number with it.
    """
    appeal = await appeals.own_one(session, chat.id, number)
    phone = await _phone(session, appeal) if appeal is not None else ""
    if not phone:
        raise Rejected("sms.none")
    if await rate_limits.spend(session, "sms.case", number, most=1, window=DAY):
        return phone[-4:]  # It is on its way already.
    if await rate_limits.spend(session, "sms.phone", phone, most=MOST, window=DAY):
        return ""
    await outbox.put(session, [jobs.SMS.row({"number": number}, subject=f"appeal:{number}", due_at=now())])
    return phone[-4:]


class TextSender:
    """Carries out jobs.SMS."""

    def __init__(self, db: Database, sms: Sms | None) -> None:
        self.db, self.sms = db, sms

    async def __call__(self, row: Outbox) -> None:
        """Raises Refused, TryLater."""
        if self.sms is None:
            raise Refused("no gateway for text messages")
        if now() - row.created_at > DAY:
            raise Refused("too late: nobody waits for it any more")
        number = jobs.SMS.payload(row)["number"]
        async with self.db.read() as session:
            appeal = await session.scalar(select(Appeal).where(Appeal.number == number))
            phone = await _phone(session, appeal) if appeal is not None else ""
        if not phone:
            raise Refused("nobody to send it to any more")
        await self.sms.send(f"sms-{row.id}", phone, TEMPLATE, {"number": number})


async def _phone(session: AsyncSession, appeal: Appeal) -> str:
    """The mobile number of its author; "" without one."""
    phone = await identities.phone_behind(session, appeal.alias)
    return phone if phones.is_mobile(phone) else ""
