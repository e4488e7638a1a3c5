"""Telephone numbers in what the bot says: each can be tapped, and no amount of money can."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import knowledge
from bot.channels.web.markup.marks import units
from bot.channels.web.telephones import Telephones
from knowledge import hotlines

LINES = hotlines.load()
TELEPHONES = Telephones(LINES.values())
CALLED = {
    "先打 110、119、120。": ["tel:110", "tel:119", "tel:120"],
    "报警110，急救120": ["tel:110", "tel:120"],
    "车祸 122，高速求助 12122": ["tel:122", "tel:12122"],
    "打 024-12333 问": ["tel:02412333"],
    "电话 024-23456789": ["tel:02423456789"],
    "电话 (024)2345-6789": ["tel:02423456789"],
    "0411-82345678转801": ["tel:041182345678,801"],
    "手机 138 0000 1111": ["tel:13800001111"],
    "+86 13800001111": ["tel:+8613800001111"],
    "客服 400-810-1234": ["tel:4008101234"],
    "发短信到 12110024": ["sms:12110024"],
    "☎️ 12333 人力资源社会保障服务　110 公安报警": ["tel:12333", "tel:110"],
    "被骗了打 96110": ["tel:96110"],
    "漏电打95598，别碰": ["tel:95598"],
    "本地另有 96123": ["tel:96123"],
}
NOT_CALLED = [
    "扣了 120 元",
    "罚110",
    "一共120块",
    "住了 120 天",
    "建设路 120 号楼",
    "120 多单",
    "从 100～120",
    "¥120",
    "第 110 条",
    "工资 12000",
    "12345.6",
    "编号 202611280042",
    "2026-11-28",
    "V120",
]


@pytest.mark.parametrize(("said", "calls"), CALLED.items(), ids=map(ascii, CALLED))
def test_a_number_to_call_is_marked_with_what_calls_it(said: str, calls: list[str]) -> None:
    assert [each["href"] for each in TELEPHONES.marked(said, [])] == calls


@pytest.mark.parametrize("said", NOT_CALLED, ids=map(ascii, NOT_CALLED))
def test_what_is_counted_or_paid_is_no_number_to_call(said: str) -> None:
    assert TELEPHONES.marked(said, []) == []


def test_a_hotline_says_its_name_and_whether_it_is_for_emergencies() -> None:
    urgent, common = TELEPHONES.marked("急救 120，社保 12333\n\n☎️ 120 医疗急救", [])[:2]
    assert (urgent["name"], urgent["urgent"]) == ("医疗急救", True)
    assert common["name"] == LINES["12333"].name
    assert "urgent" not in common


ADVISED = {
    "‼️ Call 120 first, then 122. Your life comes first.": ["120", "122"],
    "‼️ 先打 119（消防救援），再打 120（医疗急救）。": ["119", "120"],
    "‼️ 先打 12356（全国统一心理援助热线），有人听你说。马上有危险的，打 110（公安报警）。": ["12356", "110"],
    "⚠️ 先打电话，人先离开。\n119 消防救援": ["119"],
    "🚨 今晚暴雨\n\n落水打 12395，别的事打 12345": ["12395"],
    "车祸先干啥\n先救人，打 120、122，护住现场。\n\n☎️ 122 交通报警": ["120", "122"],
    "车被偷\n马上打 110 或去派出所。\n\n☎️ 110 公安报警": ["110"],
}
MENTIONED = [
    "欠薪找谁\n打 12333；动手打 110。\n\n☎️ 12333 人力资源社会保障服务",
    "头盔要戴吗\n打 122 问当地交警。\n\n☎️ 122 交通报警",
    "有人转走钱的马上打 110。\n\n☎️ 96110 反诈",
    "看到危险，拍一张。要命的事先打 119、110。",
    "有危险先打 110、119、120。",
]


def urgent(said: str) -> list[str]:
    return [each["href"].removeprefix("tel:") for each in TELEPHONES.marked(said, []) if each.get("urgent")]


@pytest.mark.parametrize(("said", "numbers"), ADVISED.items(), ids=map(ascii, ADVISED))
def test_an_emergency_number_that_is_the_advice_is_urgent(said: str, numbers: list[str]) -> None:
    assert list(dict.fromkeys(urgent(said))) == numbers


@pytest.mark.parametrize("said", MENTIONED, ids=map(ascii, MENTIONED))
def test_an_emergency_number_among_other_advice_is_a_number_like_others(said: str) -> None:
    assert urgent(said) == []
    assert TELEPHONES.marked(said, []) != []


def test_the_answers_that_put_an_emergency_number_first_are_few_and_about_emergencies() -> None:
    """Of all entries: more would shout 110 at whoever asks about something else."""
    known = knowledge.load()
    cards = {each.id: known.cards.card(each, "zh", "")["text"] for each in known.policies.values()}
    shouting = {entry for entry, card in cards.items() if urgent(re.sub(r"<[^>]+>", "", card))}
    assert shouting == {
        "accident-first-steps",
        "ebike-charging-fire",
        "ebike-stolen",
        "emergency-numbers",
        "good-samaritan",
        "hit-someone-while-delivering",
        "occ-injury-report-steps",
        "women-driver-safety",
    }


def test_offsets_are_utf_16_units_and_links_and_codes_are_left_alone() -> None:
    text = "‼️😀 先打 110；12345 和 12333"
    code = {"type": "code", "offset": units(text[: text.index("12345")]), "length": 5}
    first, kept, last = TELEPHONES.marked(text, [code])
    assert text.encode("utf-16-le")[2 * first["offset"] :].decode("utf-16-le").startswith("110")
    assert kept == code
    assert last["href"] == "tel:12333"


def test_every_hotline_that_a_text_of_ours_names_can_be_tapped() -> None:
    """What is counted is excepted; an address of a page is none of our texts."""
    missed = []
    for text in _texts():
        marked = {each["offset"] + each["length"] for each in TELEPHONES.marked(text, [])}
        missed += [
            text[max(0, match.start() - 12) : match.end() + 8]
            for match in re.finditer(rf"(?<!\d)(?:{'|'.join(LINES)})(?!\d|\s*元)", text)
            if units(text[: match.end()]) not in marked
        ]
    assert missed == []


def _texts() -> Iterator[str]:
    for file in sorted(Path(knowledge.__file__).parent.rglob("*.toml")):
        yield from _strings(tomllib.loads(file.read_text(encoding="utf-8")))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if not value.startswith("http") and value not in LINES:
            yield value
        return
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(each)
