"""Whoever writes English is told whom to call, where a station is and how to reach a person; Chinese stays Chinese."""

import re

import pytest
from sqlalchemy import update

from bot.channels.web.rows import PEOPLE
from knowledge import english
from knowledge.search import emergencies
from tests.support.project import ROOT

ROWS = [row.split("\t") for row in (ROOT / "tests" / "data" / "english.tsv").read_text("utf-8").splitlines()]
DANGER = [row.split("\t") for row in (ROOT / "tests" / "data" / "english_danger.tsv").read_text("utf-8").splitlines()]
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_english_is_told_by_its_words_and_an_emergency_in_it_comes_first():
    danger, wrong = emergencies.load(), []
    for wanted, line in ROWS:
        numbers = ",".join(danger.of(line))
        found = (numbers or str(english.topic(line))) if english.is_english(line) else "chinese"
        wrong += [(line, found)] if found != wanted else []
    assert len(ROWS) >= 60
    assert wrong == []


def test_danger_told_in_english_is_known_from_the_same_words_without_danger_and_answered_in_english():
    danger = emergencies.load()
    wrong = [(line, wanted, danger.of(line)) for wanted, line in DANGER if (",".join(danger.of(line)) or "-") != wanted]
    told = [line for wanted, line in DANGER if wanted != "-"]
    assert len(told) >= 120
    assert len(DANGER) - len(told) >= 120
    assert wrong == []
    assert [line for line in told if not english.is_english(line)] == []


def test_danger_late_in_a_long_story_is_seen():
    story = "I was on my way to the shop with three orders and the road was full of snow and ice " * 2
    assert emergencies.load().of(story + "then a bus hit me and I am bleeding") == ("120", "122")


@pytest.mark.parametrize(
    "line",
    ["工资不发我不想活了", "平台扣钱封号，我不想活了", "老板不给工资我要跳楼", "my boss kept my wages, I want to die"],
)
def test_money_in_the_same_breath_silences_no_despair(line):
    assert emergencies.load().of(line)


@pytest.mark.parametrize("line", ["跳楼算工伤吗", "自杀保险赔不赔", "does the insurance pay for suicide"])
def test_what_a_death_pays_is_a_question(line):
    assert emergencies.load().of(line) == ()


@pytest.mark.parametrize("line", ["孩子在车站走丢了", "my son is lost at the station"])
def test_a_lost_child_is_for_the_police(line):
    assert emergencies.load().of(line) == ("110",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Fire!", "Call 119 first"),
        ("crash", "If anybody is hurt, call 120 first"),
        ("I want to die", "Call 12356 now"),
        ("emergency", "Call 110 first, then 120, 119"),
        ("help", "In danger call 110"),
        ("I was hit by a car", "Call 120 first"),
        ("I want to kill myself", "Call 12356 now"),
        ("hotline numbers please", "110 police"),
        ("hello what is this", "service for couriers"),
        ("help me", "Call 120 first"),
        ("my boss does not pay my salary", "call 12345"),
        ("I want to talk to a person", "call 12345"),
    ],
)
async def test_an_english_line_is_answered_in_english(phone, line, words):
    await phone.types("/start")
    said, *more = await phone.types(line)
    assert words in said
    assert more == [] or line == "help"  # which asks for the Chinese help, too
    assert HAN.sub("", said.replace("暖新", "")) == said.replace("暖新", "")


async def test_a_lone_greeting_is_answered_in_both_languages_and_a_short_line_goes_on_in_english(phone):
    await phone.types("/start")
    said = await phone.types("hello")
    assert "service for couriers" in said[0]
    assert said[1].startswith("您好")
    assert "核对于" in "".join(await phone.types("入职要押金可以吗"))
    assert "Send your location" in (await phone.types("where can I rest"))[0]
    for line in ("thanks", "ok", "hi"):
        [said] = await phone.types(line)
        assert HAN.sub("", said.replace("暖新", "")) == said.replace("暖新", ""), line


async def test_a_station_is_found_by_whoever_asked_in_english(phone):
    await phone.types("/start")
    [asked] = await phone.types("where is a station")
    assert "Send your location" in asked
    found = await phone.sends_location(41.796, 123.38)
    assert re.search(r"\d (?:m|km) · (?:north|south|east|west)", found[0])
    labels = [button["text"] for each in await phone.messages() for row in each.get("buttons", []) for button in row]
    after = labels[labels.index("🧭 1 Way there") :]
    assert {"24 hours", "toilet", "Amap", "It is closed"} <= set(after)
    assert [label for label in after if HAN.search(label)] == []


async def test_whoever_asked_for_a_station_in_english_is_locked_into_nothing(phone):
    await phone.types("/start")
    await phone.types("where is a station")
    assert "110 police" in (await phone.types("hotline numbers please"))[0]
    assert "(for example 沈阳铁西区)" in (await phone.types("🏠 Find a station"))[-1]
    assert "110 police" in (await phone.types("hotline numbers please"))[0]
    assert "No place “火星大街九百号”" in "".join(await phone.types("找驿站", "火星大街九百号"))


async def test_chinese_after_english_is_answered_in_chinese_with_what_belongs_to_it(phone):
    await phone.types("/start", "where is a station")
    assert "核对于" in "".join(await phone.types("入职要押金可以吗"))
    await phone.types("找驿站")
    assert await phone.buttons() == ["先不写了"]


async def test_an_english_client_is_greeted_in_english_and_told_what_is_chinese(app, phone):
    await phone.types("/help")
    async with app.db.begin() as session:
        await session.execute(update(PEOPLE).values(profile={"first_name": "Ann", "language_code": "en-GB"}))
    said = await phone.types("/start")
    assert "In English it can tell you" in said[0]
    assert "Everything else is in Chinese" in said[0]
    assert "Never asked for: passwords" in said[1]
    assert HAN.search("".join(said).replace("暖新", "")) is None
    assert len(said) == 2
    assert ["📍 Send location, find a station"] in await phone.keyboard()


async def test_chinese_with_latin_words_in_it_is_answered_in_chinese(phone):
    await phone.types("/start")
    for line in ("app 闪退 the end", "wo yao tou su", "NB", "help 救命"):
        assert HAN.search("".join(await phone.types(line))), line


async def test_danger_is_answered_in_the_language_it_is_told_in_whatever_is_open(phone):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    said = await phone.types("Fire in our dormitory!")
    assert said[0].startswith("‼️ Call 119 first")


async def test_english_where_a_button_is_asked_for_is_answered_and_the_form_waits(phone):
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.types("大连")
    said = await phone.types("where is the nearest station please")
    assert "nearest stations" in said[0]
    assert "先放着" in said[-1]
    assert "甘井子" in (await phone.presses("接着写"))[-1] + "".join(await phone.buttons())
