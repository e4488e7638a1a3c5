"""Counting no further than people read: how many wait is a number, how many there ever were is "20000+"."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, ScalarSelect, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.base import Base

MOST = 20_000  # rows


class Count(int):
    """How many there are.  From `MOST` on nobody counts further, and it says so."""

    def __str__(self) -> str:
        return f"{MOST}+" if self >= MOST else super().__repr__()


def capped(model: type[Base], condition: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many rows of a table meet a condition, at most `MOST`, as part of a query."""
    found = select(literal(1)).select_from(model).where(condition).limit(MOST).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


async def counted(session: AsyncSession, numbers: Mapping[str, ColumnElement[int]]) -> dict[str, Count]:
    """Several numbers by one statement."""
    row = (await session.execute(select(*numbers.values()))).one()
    return {name: Count(number or 0) for name, number in zip(numbers, row, strict=True)}
