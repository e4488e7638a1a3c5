"""Whoever sends something that takes long to read holds up nobody who writes meanwhile."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, update

from bot.doors import pictures
from bot.services.core.lifecycle import Role
from bot.store.models import Hazard, HazardPhoto
from tests.hazards.test_reporting import picture, reports
from tests.notices.test_console import FORM
from tests.support.desk import Desk

PATIENCE = 20  # seconds; what is held up waits for longer


@asynccontextmanager
async def no_decoder_free():
    """Every thread that decodes pictures is busy, until this ends."""
    over = threading.Event()
    busy = [asyncio.create_task(pictures.aside(over.wait)) for _ in range(pictures.TOGETHER)]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*busy)


async def resolves(app, number):
    path = f"/console/hazards/{number}"
    async with Desk(app, Role.REVIEWER) as reviewer, Desk(app, Role.HANDLER, agency="urban") as desk:
        await reviewer.submits(f"{path}/validate")
        await desk.submits(f"{path}/begin")
        yield desk
        yield await desk.uploads(
            f"{path}/resolve", "photo", picture(7), "a.jpg", text="井盖换了新的，周围抹平", off_site="手机没有定位"
        )


async def covers(app, number):
    async with app.db.read() as session:
        photo = await session.scalar(select(HazardPhoto.id))
    async with Desk(app, Role.REVIEWER) as desk:
        yield desk
        yield await desk.submits(f"/console/hazards/{number}/photos/{photo}/mark", boxes="1,1,9,9")


async def illustrates(app, number):
    async with Desk(app, Role.ORGANISER) as desk:
        yield desk
        yield await desk.uploads("/console/notices/new", "picture", picture(7), "a.jpg", **FORM)


@pytest.mark.parametrize("sends", [resolves, covers, illustrates])
async def test_who_writes_does_not_wait_for_a_picture_to_be_decoded(app, phone, sends):
    number = await reports(phone, photo=picture())
    steps = sends(app, number)
    sender = await anext(steps)
    async with no_decoder_free():
        sending = asyncio.create_task(anext(steps))
        for _ in range(3):  # By then the picture waits for its turn.
            await sender.gets("/console/login")
        async with asyncio.timeout(PATIENCE), app.db.begin() as session:
            await session.execute(update(Hazard).where(Hazard.number == number).values(place="路口"))
        assert not sending.done()
    assert (await sending).status == 200
    await steps.aclose()
