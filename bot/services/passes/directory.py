"""小区怎么进: finding a compound by its name or near a position, for everybody, and what somebody found wrong there."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, false, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.chats import witnesses
from bot.services.core.districts import inside
from bot.services.passes.compounds import NOUN
from bot.services.staff import calls
from bot.store.models import Agency, Compound, CompoundReport, now
from knowledge.geo import Point, distance

OFFERED = 5  # compounds that a typed name or a position may mean
ALIKE = 60.0  # rapidfuzz score from which a name may be meant
FARTHEST = 2_000.0  # metres from a position
SEARCHED = 5_000  # rows that are compared: those of a name's letters in a city, or of a few streets
LONGEST_NAME = 40  # characters of a name that are looked for


async def named(session: AsyncSession, region: str, text: str) -> Sequence[Compound]:
    """Compounds that a typed name may mean, the likeliest first; `region` is where somebody runs."""
    text = text[:LONGEST_NAME]
    query = select(Compound.id, Compound.name, Compound.address).where(Compound.active, _shares_letters(text))
    rows = (await session.execute(query.where(inside(Compound.region, region[:4])).limit(SEARCHED))).all()
    names = {row.id: row.name for row in rows}
    found = process.extract(text, names, scorer=fuzz.WRatio, limit=OFFERED, score_cutoff=ALIKE)
    return await _in_order(session, [number for _, _, number in found])


async def around(session: AsyncSession, point: Point) -> Sequence[Compound]:
    """The nearest compounds to a position, the nearest first."""
    reach = FARTHEST / 111_000  # degrees of latitude, and as many of longitude or more
    high = Compound.latitude.between(point.lat - reach, point.lat + reach)
    wide = Compound.longitude.between(point.lon - 2 * reach, point.lon + 2 * reach)
    rows = (await session.scalars(select(Compound).where(Compound.active, high, wide).limit(SEARCHED))).all()
    far = {row.id: distance(point, Point(row.latitude or 0.0, row.longitude or 0.0)) for row in rows}
    nearest = sorted((row for row in rows if far[row.id] <= FARTHEST), key=lambda row: far[row.id])
    return nearest[:OFFERED]


async def one(session: AsyncSession, number: int) -> tuple[Compound, str] | None:
    """A compound with the name of its property management; None for one that is not there any more."""
    query = select(Compound, Agency.name).outerjoin(Agency, Agency.id == Compound.agency_id)
    row = (await session.execute(query.where(Compound.id == number, Compound.active))).first()
    return (row[0], row[1] or "") if row is not None else None


async def report(session: AsyncSession, number: int, reporter: bytes) -> bool:
    """Note that somebody found a compound otherwise than we say, once until it is settled.

    Returns whether it became doubtful: two people said so within a week, independently of each other.
    """
    about = CompoundReport.compound_id == number, CompoundReport.settled_at.is_(None)
    said = select(CompoundReport.id).where(*about, CompoundReport.reporter == reporter).limit(1)
    if await session.scalar(said) is not None:
        return False
    await session.execute(insert(CompoundReport).values(compound_id=number, reporter=reporter, at=now()))
    if not await witnesses.agree(session, CompoundReport.reporter, CompoundReport.at, *about):
        return False
    doubt = update(Compound).where(Compound.id == number, Compound.doubtful_at.is_(None)).values(doubtful_at=now())
    became = (await session.execute(doubt.returning(Compound.id))).scalar_one_or_none() is not None
    if became:
        await outbox.put(session, [calls.call(NOUN, str(number), "doubtful", now().isoformat())])
    return became


def _shares_letters(text: str) -> ColumnElement[bool]:
    """The condition that two letters in a row of what was typed stand in the name: no more is compared."""
    pairs = sorted({text[at : at + 2] for at in range(len(text) - 1)})
    return or_(false(), *(Compound.name.icontains(each, autoescape=True) for each in pairs))


async def _in_order(session: AsyncSession, numbers: Sequence[int]) -> Sequence[Compound]:
    rows = {row.id: row for row in await session.scalars(select(Compound).where(Compound.id.in_(numbers)))}
    return [rows[each] for each in numbers]
