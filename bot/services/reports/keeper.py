"""Keeps what each day counted: folds changes in as they come, and looks every night whether it is still right."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

from sqlalchemy import select, update

from bot import log
from bot.services.core import periods, revisions
from bot.services.core.periods import Period
from bot.services.core.working_days import DAY, ZONE
from bot.services.reports import daily_counts, day_sums, statistics
from bot.services.reports.daily_counts import PART
from bot.store.db import Database, is_down
from bot.store.models import AppealChange, Revision, now
from knowledge.measures import Measures

logger = log.get(__name__)

EVERY = 5.0  # seconds between two looks for changes
BREATH = 0.05  # seconds between two parts, so that others can write
NIGHT = time(2, 0)  # China time
CHECKED = "counts_checked"  # the revision whose moment says when somebody last looked
LOOKED_AT = 31  # days that are counted twice


class Keeper:
    """Work of every process; the database sees to it that one at a time folds, and one a night checks."""

    def __init__(self, db: Database, measures: Callable[[], Measures]) -> None:
        self._db, self._measures = db, measures

    async def run(self) -> None:
        while True:
            try:
                await self.fold()
                if await self._is_turn():
                    await self.check()
            except Exception as error:
                if not is_down(error):
                    raise
            await asyncio.sleep(EVERY)

    async def fold(self, part: int = PART) -> None:
        """Take in all changes there are, so many in one transaction."""
        measures = self._measures().counted
        while await self._has_changes():
            async with self._db.begin() as session:
                if await daily_counts.fold(session, measures, part) < part:
                    return
            await asyncio.sleep(BREATH)

    async def check(self) -> bool:
        """Compare a month with its steps; count everything anew when they differ.  Returns whether they agree."""
        measures, last = self._measures().counted, periods.today() - DAY
        period = Period(last - (LOOKED_AT - 1) * DAY, last)
        async with self._db.read() as session:
            for _ in range(day_sums.TRIES):  # Somebody may take a step in between.
                sums = await day_sums.read(session, measures, period, "")
                counted = await statistics.count(session, measures, period, statistics.scope(""))
                if sums is None or sums.counts(measures).totals == counted.totals:
                    return True
        logger.error("daily counts were wrong", first=period.first.isoformat(), last=period.last.isoformat())
        async with self._db.begin() as session:
            await daily_counts.start_over(session, measures)
        return False

    async def _has_changes(self) -> bool:
        async with self._db.read() as session:
            return await session.scalar(select(AppealChange.id).limit(1)) is not None

    async def _is_turn(self) -> bool:
        """Whether it is night, nobody has looked yet, and so it is ours to look."""
        night = _last_night(now())
        async with self._db.read() as session:
            at = await session.scalar(select(revisions.changed_at(CHECKED)))
        if at is not None and at >= night:
            return False
        async with self._db.begin() as session:
            mine = update(Revision).where(Revision.name == CHECKED, Revision.at < night).values(at=now())
            taken = await session.scalar(mine.returning(Revision.name)) is not None
            if at is None:
                await revisions.touch(session, CHECKED)
        return taken


def _last_night(at: datetime) -> datetime:
    local = at.astimezone(ZONE)
    tonight = datetime.combine(local.date(), NIGHT, ZONE)
    return tonight if tonight <= local else tonight - timedelta(days=1)
