"""Which case comes before and after one in a list, by how they are sorted: also when it has left the list meanwhile."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals import queue
from bot.services.appeals.queue import OVER, AppealFilter
from bot.services.staff.permissions import Staffer
from bot.store.models import Appeal, now

Key = tuple[Any, Any, bool]  # what a list is sorted by, what the case has of it, whether the largest comes first


async def around(session: AsyncSession, staffer: Staffer, wanted: AppealFilter, appeal: Appeal) -> tuple[str, str]:
    """The numbers of the case before this one and of the one after it in a filter; "" where there is none."""
    keys = _keys(wanted.view, appeal)
    base = select(Appeal.number).where(queue.visible(staffer), wanted.condition(staffer, now())).limit(1)
    after = base.where(_beyond(keys)).order_by(*_sorted(keys))
    backwards = [(column, value, not falling) for column, value, falling in keys]
    before = base.where(_beyond(backwards)).order_by(*_sorted(backwards))
    return await session.scalar(before) or "", await session.scalar(after) or ""


def _keys(view: str, appeal: Appeal) -> list[Key]:
    urgent: list[Key] = [
        (_flag(Appeal.priority), int(appeal.priority), True),
        (_flag(Appeal.due_at.is_(None)), int(appeal.due_at is None), False),
        (Appeal.due_at, appeal.due_at, False),
        (Appeal.id, appeal.id, False),
    ]
    if not queue.ends_first(view):
        return urgent
    over = appeal.state in OVER
    ended = (appeal.closed_at or appeal.answered_at or appeal.created_at) if over else None
    return [(_flag(Appeal.state.in_(OVER)), int(over), False), (queue.ENDED, ended, True), *urgent]


def _flag(condition: Any) -> ColumnElement[int]:
    """A condition as a number: truth values are not compared by size."""
    return case((condition, 1), else_=0)


def _beyond(keys: Sequence[Key]) -> ColumnElement[bool]:
    """The condition that a row stands behind these values: the first that differs decides.

    Where the case has no value, a key before it has said so already.
    """
    parts: list[ColumnElement[bool]] = [false()]
    same: list[ColumnElement[bool]] = []
    for column, value, falling in keys:
        if value is not None:
            parts.append(and_(*same, column < value if falling else column > value))
        same.append(column == value if value is not None else column.is_(None))
    return or_(*parts)


def _sorted(keys: Sequence[Key]) -> list[ColumnElement[Any]]:
    return [column.desc() if falling else column.asc() for column, _, falling in keys]
