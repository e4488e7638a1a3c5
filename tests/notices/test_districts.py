"""A notice for one district: it counts and reaches who runs there, and says how many said only the city."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.services.notices import audience
from bot.services.notices.audience import Audience
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import Notice, NoticeKind, Staff, now
from tests.notices.test_console import ring, write
from tests.support.desk import BY, Desk


@pytest.fixture
async def organiser(app):
    """Somebody of the district's own office."""
    async with Desk(app, Role.ORGANISER, district="210106") as desk:
        yield desk


@pytest.fixture
async def approver(app):
    async with Desk(app, Role.APPROVER, district="210106") as desk:
        yield desk


async def says(phone, place: str) -> None:
    """Answer the question that comes after /start, as closely as one likes."""
    await phone.types("/start")
    await phone.types(place)
    if "跳过" in await phone.buttons():
        await phone.presses("跳过")


async def counted(app, *regions: str, vague: bool = False) -> audience.Count:
    async with app.db.read() as session:
        return await audience.count(session, Audience(regions=regions, vague=vague), NoticeKind.SERVICE)


@pytest.mark.parametrize("region", ["210106", "2101", "21"])
async def test_whoever_said_a_district_is_counted_by_it_by_its_city_and_by_its_province(app, phone, region):
    await says(phone, "沈阳铁西区")
    assert (await counted(app, region)).reached == 1


@pytest.mark.parametrize("region", ["210102", "210303", "2103", "51"])
async def test_nobody_is_counted_where_they_do_not_run(app, phone, region):
    await says(phone, "沈阳铁西区")
    assert (await counted(app, region)).reached == 0


async def test_who_said_less_than_was_asked_for_is_left_out_and_counted_apart(app, phones):
    for place in ("沈阳铁西区", "沈阳", "沈阳", "辽宁", "大连"):
        await says(await phones(), place)
    found = await counted(app, "210106")
    assert (found.reached, found.left_out) == (1, {"only_city": 2, "only_province": 1})
    found = await counted(app, "210106", vague=True)
    assert (found.reached, found.left_out) == (4, {})
    # Who said the city said enough for a notice to the city.
    assert (await counted(app, "2101", "210106")).left_out == {"only_province": 1}
    assert (await counted(app, "21")).left_out == {}


async def test_who_would_not_get_it_anyway_is_not_promised_by_the_tick(app, phone):
    await says(phone, "沈阳")
    await phone.types("/notices")
    await phone.presses("政策服务")
    assert (await counted(app, "210106")).left_out == {}


async def sent(app, organiser: Desk, approver: Desk, count: int, **more: object) -> str:
    """Write a notice to the district, agree to it and send it; returns its address."""
    path = await write(organiser, region="210106", unit="铁西区总工会", **more)
    await organiser.gets(path)
    await organiser.submits(f"{path}/submit")
    await approver.gets(path)
    page = await approver.submits(f"{path}/approve", count=count)
    assert "批准了" in page.words
    await ring(app)
    return path


async def got(phone) -> bool:
    return "周六上午" in "".join(await phone.hears())


async def test_a_district_notice_counts_and_reaches_its_people(app, phones, organiser, approver):
    people = [await phones() for _ in range(3)]
    for phone, place in zip(people, ("沈阳铁西区", "沈阳", "沈阳和平区"), strict=True):
        await says(phone, place)
    page = await organiser.gets(await write(organiser, region="210106"))
    assert "现在能发到 1 人" in page.words
    assert "没算进去：只说了城市 1 人" in page.words
    await sent(app, organiser, approver, 1)
    assert [await got(phone) for phone in people] == [True, False, False]


async def test_one_tick_sends_it_to_who_said_only_the_city_too(app, phones, organiser, approver):
    people = [await phones() for _ in range(3)]
    for phone, place in zip(people, ("沈阳铁西区", "沈阳", "沈阳和平区"), strict=True):
        await says(phone, place)
    path = await sent(app, organiser, approver, 2, vague="1")
    assert [await got(phone) for phone in people] == [True, True, False]
    page = await organiser.gets(path)
    assert "发到了 2 人" in page.words
    assert "也发给只说了沈阳市、辽宁省的人" in page.words


async def test_the_tick_stays_when_the_notice_is_changed(organiser):
    path = await write(organiser, region="210106", vague="1")
    page = await organiser.gets(f"{path}/edit")
    assert 'id="vague" name="vague" value="1" checked' in page


async def test_whoever_approves_in_one_of_two_cities_releases_nothing_to_both(app, phone):
    await says(phone, "沈阳铁西区")
    async with (
        Desk(app, Role.ORGANISER) as author,
        Desk(app, Role.APPROVER) as approver,
        Desk(app, Role.APPROVER, district="21") as province,
    ):
        await granted(app, author, Role.ORGANISER, "2105")
        later = now().astimezone(ZONE) + timedelta(
            hours=20
        )  # One that is to go at once would be on its way by the end.
        path = await write(author, region=["2101", "2105"], start_at=f"{later:%Y-%m-%dT%H:%M}")
        await author.submits(f"{path}/submit")
        page = await approver.gets(path)
        assert f"{path}/approve" not in page
        for verb in ("approve", "refuse", "step"):
            await approver.submits(f"{path}/{verb}", status=403, count=1, comment="先等等", step="cancel")
        assert re.search(r"没有在等的：.*待批准的通知", (await approver.gets("/console")).words)
        await granted(app, approver, Role.APPROVER, "2105")
        assert f"{path}/approve" in await approver.gets(path)
        await province.gets(path)
        await province.submits(f"{path}/approve", count=1)
    async with app.db.read() as session:
        assert await session.scalar(select(Notice.state)) == "scheduled"


async def test_a_notice_belongs_to_that_of_its_authors_districts_to_which_it_goes(app, phone):
    async with Desk(app, Role.ORGANISER) as author, Desk(app, Role.APPROVER, district="2105") as approver:
        await granted(app, author, Role.ORGANISER, "2105")
        path = await write(author, region=["210502"])
        await approver.gets(path)


async def granted(app, desk, role: Role, district: str) -> None:
    async with app.db.begin() as session:
        person = await session.get_one(Staff, desk.id)
        await accounts.give(session, None, BY, person, Grant(role, district))
