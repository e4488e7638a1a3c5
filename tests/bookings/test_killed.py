"""The process dies at the moment of a seat, and the person reads one receipt."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from bot.store.models import Seat
from tests.chats.test_flow import press
from tests.support.bookings import TITLE, sitting_made, sitting_of
from tests.support.brokers import eventually
from tests.test_crash import PATIENCE, Replica, environment, opened, said, telegram, write


@pytest.mark.long
async def test_a_killed_process_between_seat_and_receipt_sends_one_receipt(database_url, tmp_path):
    person = 2_000_001
    async with telegram(tmp_path / "telegram") as server:
        settings = environment(server, database_url, tmp_path, webhook=False)
        db = opened(settings)
        sitting = await sitting_made(SimpleNamespace(db=db), capacity=1)
        replica = Replica(settings)
        await replica.start()
        try:
            await write(server, person, "培训与活动")
            for label in (TITLE, "报名"):
                await press(server, person, label)
            await replica.kill()
            await replica.start()
            receipts = await eventually(lambda: booked(server, person), PATIENCE)
        finally:
            await replica.kill()
        assert len(receipts) == 1
        async with db.read() as session:
            assert list(await session.scalars(select(Seat.state))) == ["booked"]
        assert (await sitting_of(SimpleNamespace(db=db), sitting)).taken == 1
        await db.close()


async def booked(server, person: int) -> list[str]:
    return [each for each in await said(server, person) if "报上了" in each]
