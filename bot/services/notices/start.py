"""The moment a notice is to begin: it does, or it is over by then, or it is so late that somebody has to decide."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue.jobs import NoticeTimer
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, Actor
from bot.services.notices import approvals, notices
from bot.services.notices.states import NoticeState
from bot.store.models import Notice, now

MISFIRE = timedelta(minutes=30)


async def ring(session: AsyncSession, context: ServiceContext, payload: NoticeTimer) -> None:
    """The timer of a notice has rung.  Ringing twice, or for a plan that was changed, does nothing."""
    notice = await notices.get(session, payload["notice"], lock=True)
    if notice.state != NoticeState.SCHEDULED or notice.version != payload["version"]:
        return
    if notice.valid_until <= now():
        notices.move(notice, NoticeState.EXPIRED, SYSTEM)
    elif now() - datetime.fromisoformat(payload["at"]) > MISFIRE:
        notices.move(notice, NoticeState.LATE, SYSTEM, why="misfire")
    elif not await _agreed(session, notice):
        notices.move(notice, NoticeState.LATE, SYSTEM, why="approval")
    else:
        _begin(notice, SYSTEM)
    await session.flush()


async def begin_late(session: AsyncSession, notice: Notice, actor: Actor) -> None:
    """Somebody says that it still makes sense.  Raises Rejected, IllegalStep."""
    notices.check_times(notice)
    if not await _agreed(session, notice):
        raise Rejected("notice.agree_again")
    _begin(notice, actor)
    await session.flush()


def _begin(notice: Notice, actor: Actor) -> None:
    notices.move(notice, NoticeState.FREEZING, actor)
    notice.started_at = now()


async def _agreed(session: AsyncSession, notice: Notice) -> bool:
    return notice.does == "unsay" or len(await approvals.given(session, notice)) >= approvals.needed(notice)
