"""Consultations: one seat, two questions, and a lawyer who may decline without anybody learning more than they must."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.bookings import booking
from bot.services.bookings.states import SeatState
from bot.services.core.lifecycle import Role
from bot.services.privacy import retention
from bot.store.base import as_of
from bot.store.models import Agency, Chat, Outbox, Seat, now
from tests.support.bookings import rings, seats_at, sitting_made, sitting_of
from tests.support.desk import Desk

OTHER_SIDE = "顺风达物流"


@pytest.fixture
async def lawyers(app):
    """Two who are asked, at one unit."""
    async with (
        Desk(app, Role.PROVIDER, agency="justice") as one,
        Desk(app, Role.PROVIDER, agency="justice") as other,
    ):
        yield one, other


async def consultation(app, lawyer, title: str, hours: float) -> int:
    async with app.db.read() as session:
        unit = await session.scalar(select(Agency.id).where(Agency.code == "justice"))
    asked = {"kind": "consult", "provider_id": lawyer.id, "confidential": True, "agency_id": unit}
    return await sitting_made(app, capacity=1, hours=hours, title=title, **asked)


async def asks(phone, title: str) -> str:
    await phone.types("培训与活动")
    await phone.presses(title)
    await phone.presses("报名")
    await phone.presses("受伤")
    return (await phone.types(OTHER_SIDE))[-1]


async def test_a_lawyer_who_declines_never_learns_who_asked_the_rider_is_offered_another_slot(app, phone, lawyers):
    one, other = lawyers
    first, second = await consultation(app, one, "张律师咨询", 48), await consultation(app, other, "李律师咨询", 50)
    assert "报上了" in await asks(phone, "张律师")
    [seat] = await seats_at(app, first)
    page = await one.gets(f"/console/sittings/{first}")
    assert OTHER_SIDE in page.words
    assert "受伤、工伤" in page.words
    await one.submits(f"/console/sittings/{first}/decline", seat=seat.number)
    await phone.hears()
    assert (await phone.messages())[-1]["text"] == "您有一条新消息，点开看。"
    assert "留到" in (await phone.presses("看详细"))[-1]
    assert "报上了" in (await phone.presses("要，我来"))[-1]
    assert OTHER_SIDE in (await other.gets(f"/console/sittings/{second}")).words
    assert OTHER_SIDE not in (await one.gets(f"/console/sittings/{first}")).words
    assert (await sitting_of(app, first)).taken == 0
    [again] = await seats_at(app, second)
    await other.gets(f"/console/sittings/{second}")
    await other.submits(f"/console/sittings/{second}/decline", seat=again.number)
    await phone.hears()
    states = [each.state for each in (*await seats_at(app, first), *await seats_at(app, second))]
    assert states == [SeatState.CANCELLED, SeatState.CANCELLED]  # Nobody is left who has not declined.


async def test_a_confidential_booking_is_seen_by_its_provider_and_desk_only_same_404_and_its_reminder_says_nothing_of_it(
    app, phone, lawyers, organiser
):
    one, other = lawyers
    sitting = await consultation(app, one, "张律师咨询", 48)
    await asks(phone, "张律师")
    [seat] = await seats_at(app, sitting)
    path, nowhere = f"/console/sittings/{sitting}", "/console/sittings/999999"
    for stranger in (other, organiser):
        pages = [await stranger.gets(each, status=404) for each in (path, nowhere)]
        said = {each.told for each in pages}
        assert len(said) == 1
        assert "张律师" not in (await stranger.gets("/console/sittings")).words
    async with Desk(app, Role.ORGANISER, agency="justice") as desk:
        page = await desk.gets(path)
        assert seat.number in page.words
        assert OTHER_SIDE not in page.words
    await rings(app, "sitting", "remind24")
    async with app.db.read() as session:
        said = [str((each.payload or {}).get("text")) for each in await session.scalars(select(Outbox))]
    assert any("您有一条新消息" in each for each in said)
    assert not [each for each in said if "明天这会儿" in each]


async def test_thirty_days_after_a_consultation_nobody_can_read_what_it_was_about(app, phone, lawyers):
    sitting = await consultation(app, lawyers[0], "张律师咨询", 48)
    await asks(phone, "张律师")
    for days, kept in ((31, True), (33, False)):
        with as_of(now() + timedelta(days=days)):
            async with app.db.begin() as session:
                await retention.run(session, app.services)
        assert bool((await seats_at(app, sitting))[0].answers) == kept
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))
        assert (await booking.seats.every(session, chat.id))[0][0].answers is None
        assert await session.scalar(select(Seat.id)) is not None
