"""Erasing what we hold about somebody: asked for by them, taken back within a week, done once.

What is about nobody any more stays: that there was a case of this kind, how long it took, how it was rated.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.queue.jobs import ErasureTimer
from bot.services.appeals import appeals, helpers
from bot.services.appeals import events as appeal_events
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import APPEAL, AppealMove, AppealState
from bot.services.attachments import attachments
from bot.services.bookings import privacy as bookings
from bot.services.chats import chats, rings
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER
from bot.services.hazards import privacy as hazards
from bot.services.identity import identities, redaction
from bot.services.notices import totals as notice_totals
from bot.services.passes import privacy as passes
from bot.services.points import vouchers
from bot.services.privacy import deletion_log
from bot.services.volunteers import transitions as volunteer_transitions
from bot.store.base import locked
from bot.store.db import Database
from bot.store.models import (
    Agency,
    Appeal,
    Attachment,
    Channel,
    Chat,
    CompoundReport,
    ContactReport,
    Identity,
    NoticeCopy,
    StationReport,
    TurnedAway,
    now,
)

UNDO = timedelta(days=7)  # how long somebody has to think again
OF: Literal["erasure"] = "erasure"  # whose timers these are
WORDS = {
    "story",
    "place",
    "about",
    "question",
    "proposal",
    "remark",
    "answer",
    "text",
    "note",
    "reply",
}  # columns somebody typed into
COARSE = 2  # decimals of a degree, about a kilometre


async def ask(session: AsyncSession, chat: Chat) -> datetime:
    """Set the day on which everything is erased.  Asked twice, the first day stands."""
    if chat.forget_at is None:
        chat.forget_at = now() + UNDO
        payload: ErasureTimer = {"of": OF, "chat": chat.id, "due": timers.written(chat.forget_at)}
        await outbox.put(session, [jobs.TIMER.row(payload, subject=OF, due_at=chat.forget_at)])
    return chat.forget_at


async def begin(db: Database, channel: Channel, address: int) -> None:
    """Set the day for somebody who left in a way that asks for it; nothing for who has no chat.  Twice is once."""
    async with db.begin() as session:
        key = chats.key_of(db, channel, address)
        found = locked(select(Chat).where(Chat.channel == channel, Chat.key == key))
        if (chat := await session.scalar(found)) is not None:
            await ask(session, chat)


def take_back(chat: Chat) -> None:
    """They thought again; the timer will ring in vain."""
    chat.forget_at = None


async def ring(session: AsyncSession, context: ServiceContext, payload: ErasureTimer) -> None:
    """The week is over.  Whoever has thought again, or is gone already, stays as they are."""
    chat = await session.get(Chat, payload["chat"], with_for_update={"key_share": True})
    if chat is not None and chat.forget_at is not None and timers.written(chat.forget_at) == payload["due"]:
        await erase(session, context, chat)


async def erase(session: AsyncSession, context: ServiceContext, chat: Chat) -> None:
    """Erase somebody: their cases lose their words, their identities everything, the chat itself is gone.

    They are told, by a row that names no chat.  A tombstone remembers it for backups.
    """
    files: list[str] = []
    for appeal in await appeals.own(session, chat.id):
        files += await _case(session, context, appeal)
    files += await hazards.erase(session, context, chat)
    await volunteer_transitions.erase(session, context, chat)
    await bookings.erase(session, context, chat)
    await passes.erase(session, context, chat)
    await vouchers.forget(session, chat.id)
    written = update(StationReport).where(StationReport.reporter == chat.key)
    await session.execute(written.values(text=""))
    await rings.forget(session, chat.channel, chat.address)
    await rings.leave_wechat(session, chat.channel, chat.address)
    for said in (StationReport, ContactReport, CompoundReport, TurnedAway):
        await session.execute(update(said).where(said.reporter == chat.key).values(reporter=secrets.token_bytes(16)))
    at = await deletion_log.put(session, chat.key)
    text = context.knowledge.texts.say(chat.language, f"privacy.erased_{chat.channel}")
    farewell = jobs.message(chat, {"do": "say", "text": text}, due_at=now())
    farewell.chat_id = None  # The chat itself goes.
    rows = [attachments.shred(files), deletion_log.row(chat.key, at)]
    await outbox.put(session, rows if context.silent or chat.blocked_at else [*rows, farewell])
    await session.flush()
    await notice_totals.forget(session, NoticeCopy.chat_id == chat.id)
    await session.execute(outbox.dropped(chat.id))
    await session.execute(delete(Chat).where(Chat.id == chat.id))


async def _case(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> list[str]:
    """Take what the author said out of a case, and end it if it is open.  Returns the names of its files.

    A case on legal hold stays as it is, and the name with it; only the way back to the chat goes.
    """
    appeal.code = secrets.token_bytes(16)  # Nobody looks it up any more.
    if appeal.hold:
        identity = await session.get_one(Identity, appeal.alias)
        identity.body = identities.named(identity.body)
        identity.owner, identity.delete_after = bytes(16), now()
        return []
    if (appeal.state, AppealState.WITHDRAWN) in APPEAL.steps:
        alone = replace(context, silent=True, queue=False)
        await appeal_transitions.move(session, alone, appeal.number, AppealMove(AppealState.WITHDRAWN, WORKER))
    names = await anonymise(session, appeal)
    appeal.story = appeal.place = appeal.about = ""
    appeal.latitude = appeal.longitude = None
    for step in await appeals.timeline(session, appeal.id):
        step.text = "" if step.role == WORKER.role else step.text
    appeal.version += 1
    if context.queue:
        agency = await session.get(Agency, appeal.agency_id) if appeal.agency_id else None
        await outbox.put(session, [appeal_events.erased(appeal, agency)])
    return names


async def anonymise(session: AsyncSession, appeal: Appeal) -> list[str]:
    """Make a case nobody's: no identity, names and numbers masked, the place coarse, no pictures.

    Returns the names of its files.
    """
    body = await session.scalar(select(Identity.body).where(Identity.alias == appeal.alias))
    known = identities.named(body).values()
    for each in (appeal, *await appeals.timeline(session, appeal.id), *await helpers.of_case(session, appeal.id)):
        for name in WORDS & set(type(each).__table__.c.keys()):
            setattr(each, name, redaction.mask(redaction.without(getattr(each, name), *known)))
    if appeal.latitude is not None and appeal.longitude is not None:
        appeal.latitude, appeal.longitude = round(appeal.latitude, COARSE), round(appeal.longitude, COARSE)
    await identities.forget(session, appeal.alias)
    gone = delete(Attachment).where(Attachment.appeal_id == appeal.id).returning(Attachment.name)
    return [name for name in await session.scalars(gone) if name]
