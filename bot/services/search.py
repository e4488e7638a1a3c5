"""Looking for something by a number, a name or a word, whatever it is: only what somebody may open is found."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.services.appeals import queue as appeal_queue
from bot.services.appeals.queue import AppealFilter
from bot.services.hazards import queue as hazard_queue
from bot.services.hazards.queue import HazardFilter
from bot.services.identity import redaction
from bot.services.notices import notices
from bot.services.staff.accounts import within
from bot.services.staff.permissions import Right, Staffer
from bot.services.stations import directory
from bot.services.units import units
from bot.services.volunteers import roster
from bot.store.models import Agency, Appeal, Hazard, Notice, Staff, StationRow, Volunteer, now

Row = TypeVar("Row")

MOST = 8  # finds of one noun that are listed
SHORTEST = 2  # characters
SHOWN = 60  # characters of a story


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found.  number: what its page is named by.  title, about: what is said of it."""

    number: str
    title: str
    about: str = ""
    region: str = ""
    exact: bool = False  # what was typed is its number


Find = Callable[[AsyncSession, Staffer, str], Awaitable[Sequence[Hit]]]


async def find(session: AsyncSession, staffer: Staffer, text: str) -> dict[str, Sequence[Hit]]:
    """What holds these words, by the noun; of each noun one more than MOST when there is more, the newest first."""
    if len(text) < SHORTEST:
        return {}
    found = {}
    for noun, (right, look) in _NOUNS.items():
        if staffer.may(right) and (hits := await look(session, staffer, text)):
            found[noun] = hits
    return found


async def _appeals(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    condition = AppealFilter(view="all", text=text).condition(staffer, now())
    rows = await session.scalars(_newest(Appeal, appeal_queue.visible(staffer), condition))
    return [Hit(each.number, each.number, _short(each.story), each.region, each.number == text) for each in rows]


async def _hazards(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    condition = HazardFilter(view="all", text=text).condition()
    rows = await session.scalars(_newest(Hazard, hazard_queue.visible(staffer), condition))
    return [
        Hit(each.number, each.number, _short(each.text or each.place), each.region, each.number == text.upper())
        for each in rows
    ]


async def _volunteers(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    """By the number of the membership or of the certificate, or by the grid; names are sealed."""
    numbered = Volunteer.number == text.upper(), Volunteer.certificate == text.upper()
    condition = or_(*numbered, Volunteer.grid.icontains(text, autoescape=True))
    rows = await session.scalars(_newest(Volunteer, roster.visible(staffer), condition))
    return [
        Hit(each.number, each.number, each.grid, each.district, text.upper() in (each.number, each.certificate))
        for each in rows
    ]


async def _notices(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    condition = _holds(text, Notice.title, Notice.text, Notice.unit)
    rows = await session.scalars(_newest(Notice, notices.visible(staffer, Right.NOTICES_READ), condition))
    return [Hit(str(each.id), each.title, _short(each.text), each.district) for each in rows]


async def _units(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    condition = _holds(text, Agency.name, Agency.address)
    rows = await session.scalars(_newest(Agency, units.visible(staffer), condition))
    return [Hit(str(each.id), each.name, each.address, each.region) for each in rows]


async def _stations(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    condition = _holds(text, StationRow.name, StationRow.address)
    rows = await session.scalars(_newest(StationRow, directory.visible(staffer), condition))
    return [Hit(each.id, each.name, each.address, each.region) for each in rows]


async def _people(session: AsyncSession, staffer: Staffer, text: str) -> Sequence[Hit]:
    condition = _holds(text, Staff.name, Staff.username)
    rows = await session.scalars(
        _newest(Staff, within(Staff.district, staffer.districts(Right.PEOPLE_READ)), condition)
    )
    return [Hit(str(each.id), each.name, each.username, each.district) for each in rows]


_NOUNS: dict[str, tuple[Right, Find]] = {  # in the order in which they are shown
    "appeals": (Right.APPEALS_READ, _appeals),
    "hazards": (Right.HAZARDS_READ, _hazards),
    "volunteers": (Right.VOLUNTEERS_READ, _volunteers),
    "notices": (Right.NOTICES_READ, _notices),
    "units": (Right.UNITS_READ, _units),
    "stations": (Right.STATIONS_READ, _stations),
    "people": (Right.PEOPLE_READ, _people),
}


def _newest(model: type[Row], *conditions: ColumnElement[bool]) -> Select[Row]:
    return select(model).where(*conditions).order_by(inspect(model).primary_key[0].desc()).limit(MOST + 1)


def _holds(text: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _short(text: str) -> str:
    """The beginning of what somebody wrote, without anybody's numbers in it."""
    words = " ".join(redaction.mask(text).split())
    return words if len(words) <= SHOWN else f"{words[:SHOWN]}…"
