"""Whom a notice reaches, on a small town that is counted by hand: each filter, each reason to be left out, each limit."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.errors import Rejected
from bot.services.core.working_days import ZONE
from bot.services.notices import audience
from bot.services.notices.audience import A_WEEK, FEW, SAMPLES, Audience, Count, Night, Sample
from bot.store.models import Channel, Chat, ChatTag, CopyState, NoticeCopy, NoticeKind, now
from bot.store.opening import database_of
from tests.support.fake_bot_api import Town

USUAL = time(22), time(8)
SERVICE, ACTIVITY, EMERGENCY = NoticeKind.SERVICE, NoticeKind.ACTIVITY, NoticeKind.EMERGENCY


@pytest.fixture
async def town(settings, knowledge):
    """A database with staff and nobody in it."""
    db = database_of(settings)
    town = await Town(db, knowledge).settle()
    town.next = 1
    yield town
    await db.close()


async def lives(town, count: int = 1, *, tags: tuple[str, ...] = (), **more: object) -> list[int]:
    """So many more people; their numbers."""
    await town.people(count, first=town.next, **more)
    numbers = []
    async with town.db.begin() as session:
        found = await session.scalars(select(Chat).order_by(Chat.id.desc()).limit(count))
        for chat in found:
            numbers.append(chat.id)
            session.add_all([ChatTag(chat_id=chat.id, tag=tag) for tag in tags])
    town.next += count
    return numbers


async def counted(town, kind: NoticeKind = SERVICE, night: Night | None = None, **asked: object) -> Count:
    async with town.db.read() as session:
        return await audience.count(session, Audience(**asked), kind, night)


async def sampled(town, kind: NoticeKind = SERVICE, **asked: object) -> list[Sample]:
    async with town.db.read() as session:
        return await audience.samples(session, Audience(**asked), kind)


async def got(town, number: int, *, ago: timedelta, kind: NoticeKind = ACTIVITY, state: CopyState = CopyState.SENT):
    """Somebody got a notice so long ago."""
    notice = await town.submitted(kind=kind)
    at = int((now() - ago).timestamp())
    async with town.db.begin() as session:
        session.add(NoticeCopy(chat_id=number, notice_id=notice.id, channel="telegram", state=state, due=at, at=at))


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ({}, 9),
        ({"regions": ("2101",)}, 4),
        ({"regions": ("210106", "2102")}, 3),
        ({"regions": ("",)}, 0),
        ({"jobs": ("driver",)}, 2),
        ({"jobs": ("driver", "rider")}, 9),
        ({"channels": ("web",)}, 1),
        ({"regions": ("2101",), "jobs": ("driver",)}, 1),
        ({"tags": ("role:volunteer",)}, 2),
        ({"tags": ("role:volunteer", "role:liaison")}, 3),
        ({"tags": ("role:volunteer", "platform:didi")}, 1),
        ({"active_days": 7}, 3),
        ({"active_days": 8}, 9),
        ({"regions": ("210106",), "vague": True}, 4),
    ],
)
async def test_each_filter_and_all_of_them_at_once(town, asked, reached):
    old = now() - timedelta(days=7, minutes=5)
    await lives(town, 2, region="210106", started_at=old)
    await lives(town, region="2101", started_at=old, topic_at=now(), tags=("role:volunteer", "platform:didi"))
    await lives(town, region="210102", started_at=old, job="driver")
    await lives(town, region="21", started_at=old, tags=("role:volunteer",))
    await lives(town, region="", started_at=old, job="driver")
    await lives(town, region="2102", started_at=old, flow_at=now(), tags=("role:liaison",))
    await lives(town, region="51", started_at=old, channel=Channel.WEB)
    await lives(town, region="5101")
    assert (await counted(town, **asked)).reached == reached


async def test_each_reason_to_be_left_out_and_the_channels_of_the_others(town):
    await lives(town, 2)
    await lives(town, channel=Channel.WEB)
    await lives(town, 2, blocked_at=now())
    await lives(town, 3, started_at=None)
    await lives(town, 4, service_notices=False)
    assert await counted(town) == Count(3, {"blocked": 2, "unstarted": 3, "opted_out": 4}, {"telegram": 2, "web": 1})
    assert await counted(town, EMERGENCY) == Count(7, {"blocked": 2, "unstarted": 3}, {"telegram": 6, "web": 1})
    assert (await counted(town, ACTIVITY)).left_out == {"blocked": 2, "unstarted": 3, "opted_out": 7}


async def test_who_got_two_activities_within_seven_days_gets_no_third_one(town):
    enough, once, failed, lost, older, served, warned = await lives(town, 7, activity_notices=True)
    for _ in range(A_WEEK):
        await got(town, enough, ago=timedelta(days=6, hours=23))
        await got(town, older, ago=timedelta(days=7, hours=1))
        await got(town, failed, ago=timedelta(days=1), state=CopyState.FAILED)
        await got(town, lost, ago=timedelta(days=1), state=CopyState.UNKNOWN)
        await got(town, served, ago=timedelta(days=1), kind=SERVICE)
        await got(town, warned, ago=timedelta(days=1), kind=EMERGENCY)
    await got(town, once, ago=timedelta(days=1))
    assert await counted(town, ACTIVITY) == Count(6, {"enough": 1}, {"telegram": 6})


async def test_who_took_back_what_they_were_chosen_by_is_left_out_even_in_an_emergency(town):
    [stays] = await lives(town, tags=("platform:didi",))
    await lives(town, tags=("role:volunteer",))
    async with town.db.read() as session:
        why = audience.left_out(EMERGENCY, ("platform:didi",))
        rows = (await session.execute(select(Chat.id, why).order_by(Chat.id))).all()
    assert [(number == stays, reason) for number, reason in rows] == [(True, ""), (False, "withdrawn")]


async def test_who_sleeps_is_counted_and_who_sleeps_until_it_is_over_is_left_out(town):
    begins = datetime(2026, 11, 28, 23, tzinfo=ZONE)
    await lives(town, 2)
    await lives(town, quiet="12-13")
    night = Night(begins, begins + timedelta(hours=9, minutes=1), USUAL)
    assert await counted(town, night=night) == Count(3, {}, {"telegram": 3}, asleep=2)
    night = Night(begins, begins + timedelta(hours=9), USUAL)
    assert await counted(town, night=night) == Count(1, {"quiet": 2}, {"telegram": 1})
    morning = datetime(2026, 11, 28, 8, tzinfo=ZONE)
    assert await counted(town, night=Night(morning, morning + timedelta(hours=1), USUAL)) == Count(
        3, {}, {"telegram": 3}
    )


async def test_who_never_said_a_platform_is_named_apart_and_only_when_one_is_asked_for(town):
    await lives(town, 2, tags=("platform:didi",))
    await lives(town, 3, tags=("role:volunteer",))
    await lives(town, tags=("platform:meituan",))
    found = await counted(town, tags=("platform:didi",))
    assert (found.reached, found.left_out) == (2, {"unsaid": 3})
    found = await counted(town, tags=("platform:didi", "role:volunteer"))
    assert (found.reached, found.left_out) == (0, {"unsaid": 3})
    assert (await counted(town, tags=("role:volunteer",))).left_out == {}
    assert (await counted(town, tags=("platform:didi",), regions=("51",))).left_out == {}


async def test_who_said_less_than_was_asked_for_is_named_apart_unless_they_are_meant(town):
    await lives(town, region="210106")
    await lives(town, 2, region="2101")
    await lives(town, 3, region="21")
    await lives(town, region="2102")
    await lives(town, region="2101", service_notices=False)
    found = await counted(town, regions=("210106",))
    assert (found.reached, found.left_out) == (1, {"only_city": 2, "only_province": 3})
    found = await counted(town, regions=("210106",), vague=True)
    assert (found.reached, found.left_out) == (6, {"opted_out": 1})
    assert (await counted(town, regions=("21",))).left_out == {"opted_out": 1}


def test_around_a_region_lie_its_city_and_its_province_unless_they_are_asked_for():
    assert Audience(regions=("210106",)).around == ("2101", "21")
    assert Audience(regions=("210106", "2101")).around == ("21",)
    assert Audience(regions=("2101", "510104")).around == ("5101", "21", "51")
    assert Audience(regions=("21",)).around == Audience(regions=("",)).around == ()


def test_what_is_written_down_is_read_again_and_tags_are_told_apart():
    asked = Audience(("2101",), ("rider",), ("web",), ("role:volunteer", "platform:didi"), 7, vague=True)
    assert Audience.read(asked.plain()).plain() == asked.plain()
    assert all(isinstance(value, list | int) for value in asked.plain().values())
    assert (asked.platforms, asked.roles) == (("platform:didi",), ("role:volunteer",))
    assert Audience() == Audience(active_days=0, vague=False)


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"regions": ("2101",), "tags": ("role:Party",)}, "notice.party"),
        ({"regions": ("2101",), "tags": ("role:党员",)}, "notice.party"),
        ({"regions": ("21",)}, "notice.district"),
        ({"regions": ("2101", "5101")}, "notice.district"),
        ({}, "notice.district"),
    ],
)
def test_nobody_asks_beyond_their_districts_or_for_a_party(asked, key):
    with pytest.raises(Rejected) as refused:
        Audience(**asked).check(["2101"])
    assert refused.value.key == key


def test_inside_ones_districts_everything_may_be_asked():
    Audience(regions=("210106", "2101"), tags=("role:volunteer",)).check(["2101"])
    Audience(regions=("2101", "51")).check(["2101", "51"])
    Audience().check([""])


async def test_samples_describe_nobody_whom_fewer_than_five_fit(town):
    await lives(town, FEW, region="210106")
    await lives(town, FEW - 1, region="2102")
    await lives(town, FEW, region="5101", service_notices=False)
    assert await sampled(town) == [Sample(Channel.TELEGRAM, "2101", "rider")]
    assert {each.region for each in await sampled(town, EMERGENCY)} == {"2101", "5101"}
    assert await sampled(town, regions=("51",)) == []
    for number in range(SAMPLES + 1):
        await lives(town, FEW, job=f"job{number}")
    assert len(await sampled(town)) == SAMPLES
