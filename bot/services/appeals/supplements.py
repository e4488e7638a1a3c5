"""What a worker adds to a case that is open: words, photos and voice notes, asked for or not."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.appeals import appeals, case_work, transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.attachments import attachments
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER
from bot.store.models import Chat


async def add(
    session: AsyncSession,
    context: ServiceContext,
    chat: Chat,
    number: str,
    text: str,
    files: Sequence[dict[str, Any]] = (),
) -> None:
    """Keep it with one's own case; a handler who waits for it has their answer, and the clock runs on.

    files: {"kind", "file"}, the channel's ids.
    Raises UnknownAppeal for anybody else's case, Rejected when it has as many files as one may have.
    """
    if await appeals.own_one(session, chat.id, number) is None:
        raise appeals.UnknownAppeal(number)
    appeal = await appeals.get(session, number, lock=True)
    there = len(await attachments.of_case(session, appeal.id))
    if there + len(files) > attachments.MOST:
        raise Rejected("answer.enough_files", most=attachments.MOST)
    await attachments.add(session, appeal.id, chat.channel, files)
    await outbox.put(session, attachments.rows(number, len(files)))
    if appeal.state == AppealState.PENDING_INFO:
        await transitions.move(session, context, number, AppealMove(AppealState.IN_PROGRESS, WORKER, text=text))
    else:
        await case_work.add_line(session, appeal, "supplement", WORKER, text=text)
