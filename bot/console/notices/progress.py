"""How far a notice is: counts by state, why some were not reached, what people did with it, how long it still takes."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.notices import totals as notice_totals
from bot.services.notices.states import NoticeState
from bot.store.models import CopyState, Notice, now


async def progress(session: AsyncSession, notice: Notice) -> dict[str, Any]:
    """Counts by state, why not, the share that is settled and the minutes that are left at the pace so far."""
    outcome, gone = await notice_totals.outcome(session, notice.id), await notice_totals.gone(session, notice.id)
    counts = outcome.states
    meant = sum(counts.values())
    open_ = counts.get(CopyState.WAITING, 0) + counts.get(CopyState.SENDING, 0)
    done = sum(counts.get(each, 0) for each in (CopyState.SENT, CopyState.FAILED, CopyState.BLOCKED, CopyState.UNKNOWN))
    taken = (now() - notice.started_at).total_seconds() if notice.started_at else 0.0
    return {
        "counts": [(state, counts[state]) for state in CopyState if counts.get(state)],
        "reasons": outcome.reasons,
        "responded": outcome.responded,
        "opted_out": outcome.opted_out,
        "reminded": outcome.reminded,
        "share": (meant - open_) / meant if meant else 0.0,
        "left": round(taken / done * open_ / 60) if done and open_ and notice.state == NoticeState.SENDING else None,
        "gone": gone,
        "failed": counts.get(CopyState.FAILED, 0),
        "unknown": counts.get(CopyState.UNKNOWN, 0),
    }
