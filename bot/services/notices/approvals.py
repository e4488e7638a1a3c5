"""The second person: somebody else agrees to exactly this text, audience and time, and types how many it reaches."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.core.lifecycle import Actor
from bot.services.notices import notices
from bot.services.notices.states import NoticeState
from bot.services.staff.permissions import Right, SamePerson
from bot.store.models import Notice, NoticeApproval, NoticeKind, now

LASTS = timedelta(hours=24)


def needed(notice: Notice) -> int:
    """How many people who did not write it have to agree."""
    return 2 if notice.kind == NoticeKind.EMERGENCY else 1


async def given(session: AsyncSession, notice: Notice) -> Sequence[NoticeApproval]:
    """Who agreed to the notice as it is now, not longer than a day ago."""
    agreed = select(NoticeApproval).where(
        NoticeApproval.notice_id == notice.id,
        NoticeApproval.digest == notices.digest(notice),
        NoticeApproval.approved,
        NoticeApproval.at > now() - LASTS,
    )
    return (await session.scalars(agreed.order_by(NoticeApproval.id))).all()


async def approve(session: AsyncSession, notice: Notice, actor: Actor, typed: int, comment: str = "") -> bool:
    """Agree.  Returns whether that was enough: then its start is set.

    Raises SamePerson, IllegalStep, and Rejected: for another count than the notice's, for a notice that was
    changed meanwhile, and for one whose start is so far away that the approval would have run out.
    """
    await _check(session, notice, actor)
    if notice.digest != notices.digest(notice):
        raise Rejected("notice.changed")
    if typed != notice.count:
        raise Rejected("notice.count")
    if notice.start_at is not None and notice.start_at > now() + LASTS:
        raise Rejected("notice.early", hours=int(LASTS.total_seconds() // 3600))
    notices.check_times(notice)
    people = {each.approver_id for each in await given(session, notice)}
    if actor.id in people:
        raise Rejected("notice.agreed_already")
    await _note(session, notice, actor, comment, approved=True)
    if len(people) + 1 < needed(notice):
        return False
    notices.move(notice, NoticeState.SCHEDULED, actor)
    await session.flush()
    await outbox.put(session, [notices.timer(notice)])
    return True


async def refuse(session: AsyncSession, notice: Notice, actor: Actor, comment: str) -> None:
    """Send it back to its author, saying why.  Raises SamePerson, IllegalStep, Rejected."""
    await _check(session, notice, actor)
    if not comment.strip():
        raise Rejected("notice.comment")
    await _note(session, notice, actor, comment, approved=False)
    notices.move(notice, NoticeState.DRAFT, actor, why=comment)
    await session.flush()


async def _check(session: AsyncSession, notice: Notice, actor: Actor) -> None:
    if actor.id in await notices.writers(session, notice.id):
        raise SamePerson(Right.NOTICES_APPROVE, f"notice:{notice.id}")
    if notice.state != NoticeState.PENDING:
        raise Rejected("notice.not_pending")


async def _note(session: AsyncSession, notice: Notice, actor: Actor, comment: str, *, approved: bool) -> None:
    values = {
        "notice_id": notice.id,
        "digest": notices.digest(notice),
        "content": notices.agreed(notice),
        "author_id": notice.author_id,
        "approver_id": actor.id,
        "approved": approved,
        "comment": comment.strip()[:200],
        "at": now(),
    }
    await session.execute(insert(NoticeApproval).values(values))
