"""What a worker adds to a case that is open: words, photos and voice notes, asked for or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.appeals import appeals, case_work, guards, transitions
from bot.services.appeals.states import OPEN, AppealMove, AppealState
from bot.services.attachments import attachments
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER
from bot.store.models import Chat


@dataclass(frozen=True, slots=True)
class Supplement:
    """What became of it."""

    answer: int  # the line of the timeline that is the answer a handler waited for; 0 when nobody did
    left_out: int  # files that were one too many


async def add(
    session: AsyncSession,
    context: ServiceContext,
    chat: Chat,
    number: str,
    text: str,
    files: Sequence[dict[str, Any]] = (),
) -> Supplement:
    """Keep it with one's own case; a handler who waits for it has their answer, and the clock runs on.

    files: {"kind", "file"}, the channel's ids; those that are too many for one case are left out, the words are not.
    Raises UnknownAppeal for anybody else's case, Rejected when the case is over.
    """
    if await appeals.own_one(session, chat.id, number) is None:
        raise appeals.UnknownAppeal(number)
    appeal = await appeals.get(session, number, lock=True)
    if appeal.state not in OPEN:
        raise Rejected("reply.over", number=number)
    room = max(attachments.MOST - len(await attachments.of_case(session, appeal.id)), 0)
    taken = files[:room]
    await attachments.add(session, appeal.id, chat.channel, taken)
    await outbox.put(session, attachments.rows(number, len(taken)))
    if appeal.state == AppealState.PENDING_INFO:
        await transitions.move(session, context, number, AppealMove(AppealState.IN_PROGRESS, WORKER, text=text))
        last = await guards.last_step(session, appeal)
        return Supplement(answer=last.id if last is not None else 0, left_out=len(files) - len(taken))
    await case_work.add_line(session, appeal, "supplement", WORKER, text=text)
    return Supplement(answer=0, left_out=len(files) - len(taken))


async def take_back(session: AsyncSession, context: ServiceContext, chat: Chat, number: str, step: int = 0) -> str:
    """What was taken for an answer and is none: the case waits for one again.  Returns those words.

    step: the line that says so; 0 for the last one, as buttons ask that were made before they named it.
    Raises UnknownAppeal for anybody else's case, IllegalStep and Rejected once the case has gone on.
    """
    if await appeals.own_one(session, chat.id, number) is None:
        raise appeals.UnknownAppeal(number)
    appeal = await appeals.get(session, number, lock=True)
    last = await guards.last_step(session, appeal)
    if last is None or step not in (0, last.id):
        raise Rejected("reply.gone_on", number=number)
    words, again = last.text, AppealMove(AppealState.PENDING_INFO, WORKER, text=appeal.question)
    await transitions.move(session, context, number, again)
    return words
