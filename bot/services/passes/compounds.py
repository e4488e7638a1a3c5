"""Compounds and their gates: the list that an organiser keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import counting, keyset
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.passes import turned_away
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import AGENCY, Right, Staffer
from bot.store.models import Compound, CompoundReport, Gate, now
from knowledge.passes.compounds import CompoundEntry, GateEntry

NOUN = "compound"
PAGE = 50  # rows
AGED = timedelta(days=90)  # since somebody last made sure
MOST_GATES = 30  # of one compound


def visible(staffer: Staffer, right: Right = Right.COMPOUNDS_READ) -> ColumnElement[bool]:
    """Those of somebody's districts; who works for a property management sees those that it looks after."""
    own = Compound.agency_id == (staffer.agency_id or 0)
    parts = [
        and_(inside(Compound.region, grant.district), own if grant.role in AGENCY else true())
        for grant in staffer.grants
        if grant.allows(right)
    ]
    return or_(false(), *parts)


COMPOUNDS = Lookup(NOUN, Compound, Compound.id, visible)


@dataclass(frozen=True, slots=True)
class CompoundFilter:
    """Which compounds somebody wants to see."""

    view: str = "all"  # one of VIEWS
    text: str = ""  # in the name or the address

    def condition(self, today: date) -> ColumnElement[bool]:
        parts = [_views(today)[self.view]]
        if self.text:
            columns = (Compound.name, Compound.address)
            parts.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return and_(*parts)


VIEWS = ("all", "turned_away", "doubtful", "due", "closed")


def _views(today: date) -> dict[str, ColumnElement[bool]]:
    due = or_(Compound.checked.is_(None), Compound.checked < today - AGED)
    return {
        "all": true(),
        "turned_away": and_(Compound.active, turned_away.many()),
        "doubtful": and_(Compound.active, Compound.doubtful_at.is_not(None)),
        "due": and_(Compound.active, due),
        "closed": ~Compound.active,
    }


async def listed(session: AsyncSession, staffer: Staffer, wanted: CompoundFilter, today: date, place: Place) -> Page:
    """A page, by district, with how many gates each has."""
    count = select(func.count()).where(Gate.compound_id == Compound.id, Gate.active).scalar_subquery()
    query = select(Compound, count).where(visible(staffer), wanted.condition(today))
    return await keyset.page(
        session, query, Compound.id, [Part(true(), (Key(Compound.region), Key(Compound.id)))], place, PAGE
    )


async def counts(session: AsyncSession, staffer: Staffer, today: date) -> Mapping[str, int]:
    """How many compounds each view has, in one look."""
    return await counting.of_views(session, _views(today), visible(staffer))


async def gates(session: AsyncSession, number: int, *, every: bool = False) -> Sequence[Gate]:
    """The gates of a compound; `every` also those that were closed for good."""
    query = select(Gate).where(Gate.compound_id == number).order_by(Gate.id)
    return (await session.scalars(query if every else query.where(Gate.active))).all()


async def save(session: AsyncSession, row: Compound | None, entry: CompoundEntry) -> Compound:
    """Enter a compound, or take over what somebody made of one.  Raises Rejected for a name that another one has."""
    row = row or Compound()
    same = select(Compound.id).where(Compound.region == entry.region, Compound.name == entry.name)
    if await session.scalar(same) not in (None, row.id):
        raise Rejected("compound.taken", name=entry.name)
    for name, value in _values(entry).items():
        setattr(row, name, value)
    row.changed_at = now()
    session.add(row)
    await session.flush()
    await _settle(session, [row.id])
    return row


async def save_gate(session: AsyncSession, row: Compound, entry: GateEntry) -> Gate:
    """Enter a gate of a compound, or take over what somebody made of the one with this name; it is there again, if it
    was gone.  Raises Rejected for too many."""
    known = await gates(session, row.id, every=True)
    gate = next((each for each in known if each.name == entry.name), None)
    if gate is None and len(known) >= MOST_GATES:
        raise Rejected("compound.gates", most=MOST_GATES)
    gate = gate or Gate(compound_id=row.id, name=entry.name)
    gate.hours, gate.open_to_riders, gate.active = entry.hours, entry.open_to_riders, True
    session.add(gate)
    row.changed_at = now()
    await session.flush()
    return gate


async def gate_of(session: AsyncSession, row: Compound, number: int | None) -> Gate:
    """A gate of this compound.  Raises Rejected, in the same words for one of another and for none."""
    gate = await session.scalar(select(Gate).where(Gate.id == (number or 0), Gate.compound_id == row.id))
    if gate is None:
        raise Rejected("compound.gate_gone")
    return gate


async def confirm(session: AsyncSession, row: Compound, today: date) -> None:
    """Somebody made sure of all that is known: what people said against it is settled."""
    row.checked, row.changed_at = today, now()
    await session.flush()
    await _settle(session, [row.id])


async def _settle(session: AsyncSession, numbers: Sequence[int]) -> None:
    said = update(CompoundReport).where(CompoundReport.settled_at.is_(None))
    for at in range(0, len(numbers), 500):  # SQLite takes so many variables in one statement.
        some = numbers[at : at + 500]
        await session.execute(said.where(CompoundReport.compound_id.in_(some)).values(settled_at=now()))
        doubted = Compound.id.in_(some), Compound.doubtful_at.is_not(None)
        await session.execute(update(Compound).where(*doubted).values(doubtful_at=None))


async def take_over(session: AsyncSession, entries: Sequence[CompoundEntry]) -> tuple[int, int]:
    """Enter these compounds with their gates, and change those that are there; returns how many of both.

    Others stay as they are, and so do gates that the list does not name.
    """
    whole = {each.key: each for each in reversed(entries)}
    there = Compound.region.in_(sorted({region for region, _ in whole}))
    known = {(row.region, row.name): row for row in await session.scalars(select(Compound).where(there))}
    made = {key: known.get(key) or Compound() for key in sorted(whole)}  # in the same order for two who import
    for key, row in made.items():
        for name, value in _values(whole[key]).items():
            setattr(row, name, value)
        row.changed_at = now()
    session.add_all(made.values())
    await session.flush()
    await _take_gates(session, made, entries)
    await _settle(session, [row.id for row in made.values()])
    return len(made.keys() - known.keys()), len(made.keys() & known.keys())


async def _take_gates(
    session: AsyncSession, made: Mapping[tuple[str, str], Compound], entries: Sequence[CompoundEntry]
) -> None:
    numbers = {row.id for row in made.values()}
    there = select(Gate).join(Compound).where(Compound.region.in_(sorted({region for region, _ in made})))
    known = {
        (gate.compound_id, gate.name): gate for gate in await session.scalars(there) if gate.compound_id in numbers
    }
    for each in entries:
        if each.gate is not None:
            number = made[each.key].id
            gate = known.get((number, each.gate.name)) or Gate(compound_id=number, name=each.gate.name)
            gate.hours, gate.open_to_riders, gate.active = each.gate.hours, each.gate.open_to_riders, True
            session.add(gate)
    await session.flush()


def _values(entry: CompoundEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "region": entry.region,
        "address": entry.address,
        "latitude": entry.point.lat if entry.point else None,
        "longitude": entry.point.lon if entry.point else None,
        "agency_id": entry.unit,
        "rules": entry.rules,
        "vehicles": entry.vehicles,
        "active": entry.active,
        "checked": entry.checked,
    }
