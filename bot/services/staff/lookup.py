"""Loading what somebody names by a number: one question to the database, whoever asks and whatever they named.

What belongs to another district, what is hidden from this person and what was never there come out alike, as None, by
the same steps: neither the answer nor the time it takes tells them apart.  Pages load by `RequestContext.find`, guards
of a step by `Lookup.of_actor`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.services.core.lifecycle import Actor
from bot.services.staff.accounts import staffer_of, within
from bot.services.staff.permissions import Right, Staffer
from bot.store.base import locked
from bot.store.models import Staff

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Lookup(Generic[Row]):
    """One sort of thing.

    noun: how the audit calls it, before its number.
    model, column: its table, and where its number stands.
    visible: the condition that somebody may do an action with a row.
    """

    noun: str
    model: type[Row]
    column: InstrumentedAttribute[Any]
    visible: Callable[[Staffer, Right], ColumnElement[bool]]

    async def find(
        self, session: AsyncSession, staffer: Staffer, number: str | int | None, right: Right, *, lock: bool = False
    ) -> Row | None:
        """What the number names, as it stands in the database now; None for whatever is not there for this person."""
        if number is None or not str(number).isprintable():  # PostgreSQL takes no NUL, and no half characters.
            return None
        query = select(self.model).where(self.column == number, self.visible(staffer, right))
        query = query.execution_options(populate_existing=True)
        found: Row | None = await session.scalar(locked(query) if lock else query)
        return found

    async def of_actor(
        self, session: AsyncSession, actor: Actor, number: str | int | None, right: Right, *, lock: bool = False
    ) -> Row | None:
        """The same for whoever takes a step, with the rights they have now; None for who is not of the staff."""
        staffer = await staffer_of(session, actor.id) if actor.id is not None else None
        return await self.find(session, staffer, number, right, lock=lock) if staffer is not None else None


def _people(staffer: Staffer, right: Right) -> ColumnElement[bool]:
    return within(Staff.district, staffer.districts(right))


PEOPLE = Lookup("staff", Staff, Staff.id, _people)
