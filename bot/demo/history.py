"""Sixty days before today, told from one seed: what an office has on its desk when somebody opens the demo."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select

from bot.demo import appeals, hazards, notices, questions, town, volunteers
from bot.demo.stage import Stage, Story
from bot.demo.town import Town
from bot.services.core import revisions
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import ZONE
from bot.services.reports import ledgers
from bot.store.base import as_of, now
from bot.store.db import Database, session_of
from bot.store.models import Revision, Staff, StationRow

SEED, DAYS = 20_260_101, 60
APPEALS, HAZARDS, VOLUNTEERS = 64, 36, 14
TOLD = "demo"  # the revision that says that it was told
FIRST = 8  # hours before which nothing begins


async def is_told(db: Database) -> bool:
    """Whether this database has its history already, or was asked to begin without one."""
    async with db.read() as session:
        return await session.scalar(select(Revision.name).where(Revision.name == TOLD)) is not None


async def skip(db: Database) -> None:
    """Begin with nothing, now and the next time."""
    async with db.begin() as session:
        await revisions.touch(session, TOLD)


async def tell(db: Database, services: ServiceContext, uploads: Path, people: Sequence[Staff]) -> dict[int, str]:
    """Make it all in one transaction: it is there whole, or not at all.

    Returns the web chats of those who live in it, with their names: whoever serves the chats has to know them.
    """
    end = now()
    begun = (end - timedelta(days=DAYS)).astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    async with db.connect() as connection:
        async with session_of(connection) as session, session.begin():
            await revisions.touch(session, TOLD)
            made = Town(services.silently(), uploads, Random(SEED), session)
            with as_of(begun):
                await town.settle(made, people)
            closed = list(await session.scalars(select(StationRow.id).order_by(StationRow.id).limit(2)))
        played = Stage(made, connection, end)
        for at, story in _stories(made, begun, closed):
            played.begin(at, story)
        await played.play()
    return {town.ADDRESSES + number: each.name for number, each in enumerate(made.residents)}


def _stories(made: Town, begun: datetime, closed: Sequence[str]) -> list[tuple[datetime, Story]]:
    chance, people = made.chance, made.residents

    def some(first: float = 0.0, last: float = DAYS) -> datetime:
        return begun + timedelta(days=int(chance.uniform(first, last)), hours=chance.uniform(FIRST, 21))

    told: list[tuple[datetime, Story]] = []
    told += [(some(), appeals.tell(made, chance.choice(people))) for _ in range(APPEALS)]
    told += [(some(DAYS - 6), appeals.tell(made, chance.choice(people))) for _ in range(APPEALS // 6)]
    told += [(some(), hazards.tell(made, chance.choice(people))) for _ in range(HAZARDS)]
    told += [(some(DAYS - 4), hazards.tell(made, chance.choice(people))) for _ in range(HAZARDS // 4)]
    told += [(some(last=50), volunteers.tell(made, who)) for who in chance.sample(people, VOLUNTEERS)]
    told += [(some(16, 18), appeals.share(made)), (some(0, 1), questions.tell(made, DAYS))]
    told += [(some(DAYS - 5, DAYS - 3), questions.report(made, station)) for station in closed]
    for each in made.stories["notices"]:
        at = begun + timedelta(days=DAYS - each["days_ago"], hours=10)
        told.append((at, notices.tell(made, each)))
    for number, each in enumerate(made.stories["waiting"]):
        told.append((some(DAYS - 5, DAYS - 4), notices.wait(made, each, submitted=not number)))
    told.append((begun, _ledgers(made, begun)))
    return told


async def _ledgers(made: Town, begun: datetime) -> Story:
    """Every Monday night the week that was over, every first of a month the month."""
    for days in range(1, DAYS + 1):
        yield begun + timedelta(days=days, hours=1)
        if days % 7 == 0:
            await ledgers.freeze_due(made.session, made.services)
