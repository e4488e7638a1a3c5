"""A worker shares a position, or types a place, and gets the nearest station that is open now."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.services.chats import chats
from bot.services.stations import stations as service
from bot.services.stations.stations import Report
from bot.store.models import Agency, Channel, Chat, Outbox, SeenUpdate, StationReport, WebPerson, now
from knowledge import geo, hours, with_stations
from knowledge.geo import Point
from knowledge.hours import SHANGHAI
from knowledge.stations import Station
from knowledge.stations.shown import DAY_AND_NIGHT, FILTERS, Wish
from tests.support.contacts import outlet_entered

HOME = Point(41.7937, 123.3968)  # Shenyang's railway station, WGS-84


def station(number: int, open_: str, **more: object) -> Station:
    values = {"services": frozenset({"phone", "heat"}), "region": "210102", "address": f"太原街 {number} 号"} | more
    return Station(
        id=f"s{number}",
        name=f"驿站{number}",
        kind="love",
        point=Point(HOME.lat + number * 0.001, HOME.lon),
        hours=hours.read(open_),
        **values,
    )


@pytest.fixture
def listed(app, knowledge):
    """Some stations of the test's own in the place of the sample."""

    def put(*stations: Station) -> None:
        app.knowledge = with_stations(knowledge, stations)

    return put


async def test_a_position_gets_the_three_nearest_open_ones_and_a_pin(phone, listed):
    listed(station(1, "off"), *(station(number, "24/7") for number in (2, 3, 4, 5)))
    text, pin = await phone.sends_location(HOME.lat, HOME.lon)
    assert re.findall(r"驿站\d", text) == ["驿站2", "驿站3", "驿站4"]
    assert "220 米 · 北 · 24 小时" in text
    assert "手机充电" in text
    assert pin.startswith("驿站2")


async def test_the_way_there_opens_in_the_map_apps_with_the_right_datum(phone, listed):
    listed(station(1, "24/7"))
    await phone.sends_location(HOME.lat, HOME.lon)
    urls = [
        button["url"]
        for message in await phone.messages()
        for row in message.get("buttons", [])
        for button in row
        if "url" in button
    ]
    amap = next(url for url in urls if "amap" in url)
    longitude, latitude = map(float, re.search(r"to=([\d.]+),([\d.]+)", amap).groups())
    assert 450 < geo.distance(Point(latitude, longitude), Point(HOME.lat + 0.001, HOME.lon)) < 650
    assert {"amap", "baidu", "qq"} <= {word for word in ("amap", "baidu", "qq") if any(word in url for url in urls)}


async def test_a_filter_is_one_tap_away_and_changes_the_same_message(phone, listed):
    listed(station(1, "24/7", services=frozenset({"water"})), station(2, "24/7", services=frozenset({"heat"})))
    await phone.sends_location(HOME.lat, HOME.lon)
    [changed] = await phone.presses("热饭")
    assert re.findall(r"驿站\d", changed) == ["驿站2"]


async def test_with_none_open_the_next_to_open_and_the_day_and_night_ones_are_named(phone, listed):
    hour = datetime.now(SHANGHAI).hour
    later = f"{(hour + 3) % 24:02}:00-{(hour + 4) % 24:02}:00"
    listed(station(1, later), station(2, "off"))
    text, _ = await phone.sends_location(HOME.lat, HOME.lon)
    assert "附近驿站这会儿都关门了" in text
    assert re.search(r"驿站1.*\n.*00 开门", text)
    listed(station(1, later), station(2, "24/7", services=frozenset({"water"})))
    [changed] = await phone.presses("热饭")
    assert "附近驿站这会儿都关门了" in changed


async def test_far_from_every_station_the_hotlines_are_named(phone, listed):
    listed(station(1, "24/7"))
    [text] = await phone.sends_location(31.2, 121.4)
    assert "30 公里没查到" in text
    assert "12351" in text


async def test_a_position_leaves_no_trace(phone, app):
    await phone.sends_location(HOME.lat, HOME.lon)
    async with app.db.read() as session:
        payloads = await session.scalars(select(Outbox.payload).where(Outbox.kind == Channel.WEB))
        assert not any(payloads.all())
        answers = (await session.scalars(select(SeenUpdate.answer))).all()
        chats = (await session.scalars(select(Chat))).all()
    assert all("latitude" not in str(answer) for answer in answers)
    assert all(chat.answers is None for chat in chats)


async def test_a_typed_place_finds_stations_of_the_district(phone):
    await phone.types("找驿站")
    said = await phone.types("沈阳铁西区")
    assert "示例" in said[0]


async def test_an_ambiguous_place_asks_which_city(phone):
    await phone.types("找驿站")
    assert "哪个" in (await phone.types("铁西区"))[0]
    assert any("鞍山" in label for label in await phone.buttons())
    said = await phone.presses("沈阳市铁西区")
    assert "示例" in said[0]


async def test_an_unknown_place_is_asked_for_again(phone):
    await phone.types("找驿站")
    assert "没找到“火星大街九百号”" in (await phone.types("火星大街九百号"))[0]
    assert "示例" in (await phone.types("阜新太平区"))[0]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("铁西广场", "铁西区"), ("重工街", "沈阳市"), ("三好街附近", "沈阳市"), ("北二路", "成都市")],
)
async def test_a_road_or_square_nobody_listed_leads_to_stations_by_a_choice(phone, typed, offered):
    await phone.types("/start")
    said = await phone.types(typed)
    if len(await phone.buttons()) > 1 and "在哪个区" in said[0]:
        assert any(offered in label for label in await phone.buttons())
        said = await phone.presses(offered)
    assert "示例" in "".join(said)


async def test_a_road_nobody_listed_leads_to_ones_own_district_when_that_is_known(phone, app):
    await phone.types("/start")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="210106"))
    said = await phone.types("三好街附近")
    assert "没查到“三好街”的准确位置，先看看辽宁省沈阳市铁西区的" in said[0]
    assert "示例" in said[1]


async def test_a_road_is_looked_for_where_an_outlet_or_a_unit_of_ours_lies_there(phone, app):
    await phone.types("/start")
    await phone.presses("以后再说")
    assert "“三好街”在哪个区" in (await phone.types("三好街附近"))[0]
    assert "和平区" in (await phone.types("沈阳和平区"))[0]
    assert "先看看辽宁省沈阳市的" in (await phone.types("沈阳三好街附近哪里能充电"))[0]
    async with app.db.begin() as session:
        await outlet_entered(
            session, "三好街网点", region="210102", address="三好街9号", latitude=41.766, longitude=123.429
        )
        session.add(Agency(code="s", name="南湖社区", region="210102", address="文化路5号"))
        session.add(Agency(code="t", name="重工社区", region="210106", address="文化路8号"))
    for line in ("三好街附近", "我在三好街呢附近有驿站吗", "三好街百脑汇", "沈阳三好街"):
        said = await phone.types(line)
        assert "“三好街”按三好街网点找，在辽宁省沈阳市和平区" in said[0], line
        assert "公里 · " in said[1], line
    assert "三好街网点" not in "".join(await phone.types("成都三好街"))
    assert "叫“文化路”的有好几处" in (await phone.types("文化路附近"))[0]
    assert await phone.buttons() == ["辽宁省沈阳市和平区", "辽宁省沈阳市铁西区"]
    assert "铁西区" in (await phone.presses("铁西区"))[0]


@pytest.mark.parametrize(("latitude", "longitude"), [(0.0, 0.0), (35.68, 139.76), (-89.9, 0.1)])
async def test_a_position_that_cannot_be_is_refused_kindly(phone, latitude, longitude):
    [said] = await phone.sends_location(latitude, longitude)
    assert "位置" in said


async def test_a_sample_says_that_it_is_one_wherever_it_is_shown(phone):
    for said in await phone.sends_location(HOME.lat, HOME.lon):
        assert "示例" in said


async def test_two_people_make_a_station_doubtful_and_one_alone_does_not(phones, app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
    await app.refresh()
    first, second = await phones(), await phones()
    second.http.headers["X-Forwarded-For"] = "203.0.113.7"
    await known_since(app, first, second, days=2)
    for phone in (first, first, second):
        await phone.sends_location(HOME.lat, HOME.lon)
        assert "核实" not in (await phone.hears() or [""])[0]
        await phone.presses("关门了")
        assert "记下了" in (await phone.toasts())[-1]
    await app.refresh()
    said = await first.sends_location(HOME.lat, HOME.lon)
    assert "有人说这里不对" in said[0]


async def test_web_chats_first_seen_at_one_address_count_as_one_however_old_they_are(phones, app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
    await app.refresh()
    several = [await phones() for _ in range(3)]
    for each in several:
        each.http.headers["X-Forwarded-For"] = "203.0.113.7"
    await known_since(app, *several, days=2)
    several[2].http.headers["X-Forwarded-For"] = "203.0.113.8"  # Where it goes later makes it nobody else.
    for each in several:
        await each.sends_location(HOME.lat, HOME.lon)
        await each.presses("关门了")
    await app.refresh()
    assert "有人说这里不对" not in (await several[0].sends_location(HOME.lat, HOME.lon))[0]


async def test_web_chats_of_whom_no_address_is_known_count_for_nobody_until_they_write_again(phones, app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
    await app.refresh()
    several = [await phones() for _ in range(4)]
    for number, each in enumerate(several):
        each.http.headers["X-Forwarded-For"] = f"203.0.113.{number}"
    await known_since(app, *several, days=2)

    async def reports(phone) -> str:
        await phone.sends_location(HOME.lat, HOME.lon)
        await phone.presses("关门了")
        await app.refresh()
        return (await phone.sends_location(HOME.lat, HOME.lon))[0]

    async def forgets() -> None:
        """They wrote before anybody noted where from."""
        async with app.db.begin() as session:
            await session.execute(update(WebPerson).values(network=None))

    await forgets()
    assert "有人说这里不对" not in await reports(several[0])
    await forgets()
    assert "有人说这里不对" not in await reports(several[1])
    await forgets()
    assert "有人说这里不对" not in await reports(several[2])  # The two before are nobody, and no voice together.
    assert "有人说这里不对" in await reports(several[3])


async def test_web_chats_opened_today_make_no_station_doubtful_however_many_they_are(phones, app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
    await app.refresh()
    for _ in range(3):
        phone = await phones()
        await phone.sends_location(HOME.lat, HOME.lon)
        await phone.presses("关门了")
        assert "记下了" in (await phone.toasts())[-1]
    await app.refresh()
    assert "有人说这里不对" not in (await phone.sends_location(HOME.lat, HOME.lon))[0]
    async with app.db.read() as session:
        assert len((await session.scalars(select(StationReport))).all()) == 3  # An organiser sees them all the same.


@pytest.mark.parametrize("steps", [("开放时间", "晚上八点就关了"), (None, "晚上八点就关了"), ("电话", None)])
async def test_what_is_wrong_about_a_station_is_asked_and_the_organiser_reads_it(phone, app, organiser, steps):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
    await app.refresh()
    await phone.sends_location(HOME.lat, HOME.lon)
    assert "哪里写得不对" in (await phone.presses("写得不对"))[-1]
    tapped, typed = steps
    said = await phone.presses(tapped) if tapped else []
    said = await phone.types(typed) if typed else await phone.presses("跳过")
    assert "写给管驿站的人" in said[-1]
    page = (await organiser.gets("/console/stations/at/s1")).words
    assert (tapped or "别的") in page
    assert typed is None or typed in page


async def known_since(app, *phones, days: int) -> None:
    """These people have opened the web chat so many days ago."""
    for phone in phones:
        await phone.types("/start")
        await phone.hears()
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(created_at=now() - timedelta(days)))


async def test_who_stands_before_a_closed_door_is_told_the_next_one_that_is_open(phone, app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7"), station(2, "off"), station(4, "24/7")])
    await app.refresh()
    await phone.sends_location(HOME.lat, HOME.lon)
    said = await phone.presses("关门了")
    assert "330 米" in said[0]
    assert said[1].startswith("驿站4")


@pytest.mark.parametrize("line", ["哪里能充电", "附近有没有能充电的地方", "附近哪能手机充电？"])
async def test_a_wish_typed_out_of_the_blue_is_asked_where_and_filters(phone, listed, line):
    listed(station(1, "24/7", services=frozenset({"toilet"})), station(2, "24/7"))
    assert "您在哪" in (await phone.types(line))[0]
    said = await phone.sends_location(HOME.lat, HOME.lon)
    assert re.findall(r"驿站\d", said[0]) == ["驿站2"]


@pytest.mark.parametrize("line", ["能充电的", "哪里能充电", "充电"])
async def test_what_is_wanted_may_be_said_while_the_place_is_asked_for(phone, listed, line):
    listed(station(1, "24/7", services=frozenset({"toilet"})), station(2, "24/7"))
    await phone.types("附近有驿站吗")
    assert "您在哪" in (await phone.types(line))[0]
    said = await phone.sends_location(HOME.lat, HOME.lon)
    assert re.findall(r"驿站\d", said[0]) == ["驿站2"]


async def test_a_place_typed_out_of_the_blue_shows_its_stations(phone, listed):
    listed(station(1, "24/7"), station(2, "24/7", region="210106", address="建设大路 3 号"))
    assert "驿站2" in (await phone.types("沈阳铁西区"))[0]
    assert "驿站2" in (await phone.types("沈阳铁西区建设大路万达旁边"))[0]
    assert "没查到“三好街”的准确位置，先看看辽宁省沈阳市的" in (await phone.types("三好街附近"))[0]
    assert "驿站1" in (await phone.types("沈阳和平区"))[0]


@pytest.mark.parametrize(
    "line",
    [
        *("电动车充电起火谁赔", "工伤去哪个医院", "小区不让进怎么办", "我要跳桥", "附近站长不发工资"),
        *("公租房小区", "开放大学", "外来务工子女学校"),  # what entries are about
    ],
)
async def test_a_question_that_names_a_place_is_no_place(phone, line):
    said = "".join(await phone.types(line))
    assert "您在哪" not in said
    assert "没找到“" not in said


async def test_reports_of_one_person_count_once(app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
        session.add_all(chats.blank(Channel.TELEGRAM, key, key[0]) for key in (b"a", b"b", b"c"))
        await session.flush()
        assert [await service.report(session, "s1", Report.CLOSED, key) for key in (b"a", b"a", b"b", b"c")] == [
            False,
            False,
            True,
            False,
        ]


async def test_imported_stations_take_the_samples_place_within_seconds(phone, app):
    async with app.db.begin() as session:
        await service.replace(session, [station(1, "24/7")])
    await app.refresh()
    text, _ = await phone.sends_location(HOME.lat, HOME.lon)
    assert "驿站1" in text
    assert "示例" not in text


def test_a_wish_survives_the_trip_through_a_button():
    wish = Wish(Point(41.7937, 123.3968), frozenset({"phone", "24"}), "210106")
    assert Wish.read(*str(wish).split(":")) == wish
    assert len(f"sf:{wish}".encode()) <= 64


def test_distances_and_times_are_said_as_people_say_them(knowledge):
    shown = knowledge.shown
    assert [shown.distance(metres, "zh") for metres in (3, 347, 996, 1234)] == [
        "10 米",
        "350 米",
        "1000 米",
        "1.2 公里",
    ]
    now = datetime(2026, 11, 22, 23, 0, tzinfo=SHANGHAI)
    later = datetime(2026, 11, 23, 8, 0, tzinfo=SHANGHAI)
    assert shown.moment(later, now, "zh") == "明天 08:00"
    assert (shown.distance(1234, "en"), shown.moment(later, now, "en")) == ("1.2 km", "tomorrow 08:00")


def home(number: int, kind: str, region: str, open_: str = "24/7") -> Station:
    """A station whose name says its kind, as those of real lists do."""
    names = {"women": "妇女之家", "merchant": "友好商户", "driver": "司机之家"}
    return replace(station(number, open_, region=region), kind=kind, name=f"第{number}{names[kind]}")


async def test_a_kind_is_no_place_and_is_found_where_it_was_asked_for(phone, listed):
    listed(home(1, "women", "210902"), home(2, "women", "210106"), home(3, "merchant", "210105"))
    await phone.types("找驿站")
    said = "".join(await phone.types("沈阳皇姑区 妇女之家"))
    assert "皇姑区没查到妇女之家" in said
    assert "沈阳市现在开着的妇女之家" in said
    assert "第2妇女之家" in said
    assert "第1" not in said  # another city
    assert "第3" not in said  # another kind


async def test_whoever_typed_a_district_is_told_of_it_without_distances_from_nowhere(phone, listed):
    listed(home(3, "merchant", "210114"), home(4, "women", "210114"))
    await phone.types("找驿站")
    said = "".join(await phone.types("沈阳于洪区友好商户"))
    assert "于洪区现在开着的友好商户" in said
    assert "第3友好商户" in said
    assert "米 ·" not in said
    assert "第4" in "".join(await phone.presses("✓ 友好商户"))


async def test_a_kind_alone_asks_where_until_somebody_said_where_they_run(phone, listed):
    listed(home(1, "driver", "210102"))
    await phone.types("找驿站")
    assert "连地名一起打，比如：沈阳铁西区司机之家" in "".join(await phone.types("司机之家"))
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.types("沈阳和平区")
    await phone.types("找驿站")
    assert "第1司机之家" in "".join(await phone.types("司机之家"))


def test_a_wish_of_every_kind_of_filter_fits_a_button(knowledge):
    wish = Wish(HOME, frozenset({*FILTERS, DAY_AND_NIGHT}), "210106", frozenset({"merchant", "driver"}))
    assert Wish.read(*str(wish).split(":")) == Wish(Point(41.7937, 123.3968), wish.filters, wish.region, wish.kinds)
    assert len(f"sf:{wish}".encode()) <= 64
