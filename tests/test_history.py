"""What the demo has lived through: in every state, whole, once, and none of it rings now."""

from random import Random

import pytest
from sqlalchemy import func, select

from bot.app import Application
from bot.commands.run import Demo
from bot.demo import pictures
from bot.services.attachments import fingerprints
from bot.services.reports import ledgers
from bot.store.models import Appeal, Gap, Hazard, HazardPhoto, Ledger, Notice, Outbox, Volunteer, now
from tests.conftest import hasten


@pytest.fixture
async def resting(settings, knowledge):
    """The house before it serves: the history is told before anybody can look."""
    app = Application(settings, knowledge, demo=True)
    hasten(app)
    yield app
    await app.db.close()


@pytest.mark.long
async def test_the_demo_begins_with_sixty_days_of_work_and_does_not_begin_twice(resting):
    app, begun = resting, now()
    await Demo(app, empty=False).settle()
    async with app.db.read() as session:
        for column, least in ((Appeal.state, 8), (Hazard.state, 4), (Volunteer.state, 3), (Notice.state, 3)):
            assert len(set(await session.scalars(select(column)))) >= least
        for table, least in ((Gap, 10), (HazardPhoto, 50)):
            assert await session.scalar(select(func.count()).select_from(table)) >= least
        kept = list(await session.scalars(select(Ledger)))
        filed = await session.scalar(select(func.count(Appeal.id)))
        late = select(func.count()).select_from(Outbox).where(Outbox.due_at < begun, Outbox.kind == "timer")
        assert await session.scalar(late) == 0  # Nothing of the past rings now.
    assert {ledger.kind for ledger in kept} == {"week", "month"}
    assert all(ledgers.is_whole(ledger) for ledger in kept)
    await Demo(app, empty=False).settle()
    async with app.db.read() as session:
        assert await session.scalar(select(func.count(Appeal.id))) == filed


async def test_an_empty_demo_stays_empty(resting):
    app = resting
    await Demo(app, empty=True).settle()
    await Demo(app, empty=False).settle()
    async with app.db.read() as session:
        assert await session.scalar(select(func.count(Appeal.id))) == 0


def test_no_two_drawn_photos_are_taken_for_the_same():
    chance = Random(1)
    prints = [pictures.draw(chance, mended=mended).print for _ in range(15) for mended in (False, True)]
    alike = [(one, other) for one in prints for other in prints if one < other and fingerprints.alike(one, other)]
    assert alike == []
