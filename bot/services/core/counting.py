"""Counting no further than people read: how many wait is a number, how many there ever were is "20000+"."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, ScalarSelect, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.base import Base, at_most

MOST = 20_000  # rows


class Count(int):
    """How many there are.  From `MOST` on nobody counts further, and it says so."""

    def __str__(self) -> str:
        return f"{MOST}+" if self >= MOST else super().__repr__()


def capped(model: type[Base], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many rows of a table meet one of some conditions, at most `MOST` of each, as part of a query.

    No row meets two of them.
    """
    found = [select(literal(1)).select_from(model).where(each).limit(at_most(MOST)).subquery() for each in conditions]
    every = union_all(*(select(each.c[0]) for each in found)).subquery()
    return select(func.count()).select_from(every).scalar_subquery()


async def counted(session: AsyncSession, numbers: Mapping[str, ColumnElement[int]]) -> dict[str, Count]:
    """Several numbers by one statement."""
    row = (await session.execute(select(*numbers.values()))).one()
    return {name: Count(number or 0) for name, number in zip(numbers, row, strict=True)}


async def of_views(
    session: AsyncSession, views: Mapping[str, ColumnElement[bool]], *which: ColumnElement[bool]
) -> dict[str, int]:
    """How many of some rows each view of a list has, by one look at them."""
    sums = [func.sum(case((condition, 1), else_=0)) for condition in views.values()]
    row = (await session.execute(select(*sums).where(*which))).one()
    return {name: int(count or 0) for name, count in zip(views, row, strict=True)}
