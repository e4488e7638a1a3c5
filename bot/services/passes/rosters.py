"""Rosters: the numbers of whom a platform has on its list, as keyed hashes; whoever applied and is on it is checked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core.context import ServiceContext
from bot.services.passes import passes, transitions
from bot.services.passes.states import PassState
from bot.services.staff.accounts import within
from bot.store import upsert
from bot.store.models import Pass, RosterEntry
from knowledge.tables import FileRefused, workbook
from knowledge.tables.encoding import decoded
from knowledge.tables.file import bounded

MOST = 300_000  # numbers of one list
ROWS = MOST + 10_000  # of a workbook, empty ones too
WORKBOOK = b"PK\x03\x04"
AT_ONCE = 200  # rows of one statement
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d{9})(?!\d)")


@dataclass(frozen=True, slots=True)
class Roster:
    """A list as it was handed in.  without: lines in which no number was found."""

    phones: Sequence[str]
    without: int


def read(data: bytes) -> Roster:
    """The mobile numbers of a text file, a CSV or a workbook's first sheet, the first of each line.

    Raises Rejected: a file that cannot be read, too many numbers, or none.
    """
    lines = [line for line in _lines(data) if line.strip(' ,;\t"')]
    found = [match[1] for line in lines if (match := MOBILE.search(line))]
    phones = list(dict.fromkeys(found))
    if not phones:
        raise Rejected("roster.none")
    if len(phones) > MOST:
        raise Rejected("roster.many", most=MOST)
    return Roster(phones, len(lines) - len(found))


def _lines(data: bytes) -> Sequence[str]:
    try:
        if not data.startswith(WORKBOOK):
            return decoded(data).splitlines()
        return [" ".join(row.cells) for row in bounded(workbook.rows(data), ROWS)]
    except FileRefused as why:
        raise Rejected("roster.many" if why.key == "too_many" else "roster.broken", most=MOST) from None


async def take_over(
    session: AsyncSession,
    context: ServiceContext,
    roster: Roster,
    *,
    platform: str,
    region: str,
    until: date,
    staff_id: int,
) -> int:
    """Enter a list, in place of what is there of the same numbers; how many who applied are checked by it."""
    common = {"platform": platform, "region": region, "valid_until": until, "uploaded_by": staff_id}
    for at in range(0, len(roster.phones), AT_ONCE):
        keys = [passes.phone_key(session, each) for each in roster.phones[at : at + AT_ONCE]]
        rows = upsert.insert(session, RosterEntry).values([{**common, "phone": each} for each in keys])
        changed = {name: rows.excluded[name] for name in ("valid_until", "uploaded_by")}
        await session.execute(rows.on_conflict_do_update(index_elements=["platform", "region", "phone"], set_=changed))
    return await _check_those_who_wait(session, context, platform)


async def held(session: AsyncSession, districts: Sequence[str]) -> Sequence[tuple[str, str, date, int]]:
    """How many numbers there are of each platform, region and last day."""
    columns = RosterEntry.platform, RosterEntry.region, RosterEntry.valid_until
    query = select(*columns, func.count()).where(within(RosterEntry.region, districts))
    rows = await session.execute(query.group_by(*columns).order_by(*columns))
    return [(platform, region, until, count) for platform, region, until, count in rows]


async def _check_those_who_wait(session: AsyncSession, context: ServiceContext, platform: str) -> int:
    listed = select(RosterEntry.phone).where(RosterEntry.platform == platform, RosterEntry.phone == Pass.phone)
    waiting = select(Pass).where(Pass.state == PassState.APPLIED, Pass.platform == platform, listed.exists())
    rows = (await session.scalars(waiting.order_by(Pass.id))).all()
    return sum([await transitions.ask_roster(session, context, row) for row in rows])
