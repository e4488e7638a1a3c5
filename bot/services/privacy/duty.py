"""A duty: what a rule of knowledge/retention.toml means for one table."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.store.models import Base

PIECE = 50  # rows in one statement: others have their turn between two

Due = Callable[[datetime, datetime], Select[Any]]  # now, and what is older than a rule keeps -> the keys that are due
Act = Callable[[AsyncSession, ServiceContext, Sequence[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Duty:
    """What a rule means for one table."""

    rule: str
    due: Due
    act: Act


def deletes(rule: str, model: type[Base], condition: Callable[[datetime, datetime], Any]) -> Duty:
    """Delete the rows for which a condition holds."""
    key = list(model.__table__.primary_key)

    async def act(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
        for at in range(0, len(keys), PIECE):
            piece = [tuple(each) for each in keys[at : at + PIECE]]
            await session.execute(delete(model).where(tuple_(*key).in_(piece)))

    return Duty(rule, lambda at, before: select(*key).where(condition(at, before)).order_by(*key), act)
