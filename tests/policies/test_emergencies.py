"""Whoever tells of somebody hurt or in danger is told whom to call first, whatever they are doing in the chat.

tests/data/emergencies.tsv holds the numbers in their order and the line, tests/data/calm.txt lines that hold the same
words and tell of no danger now.  Signs were found on every other line; the rest was only measured.
"""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.store.models import Chat, now
from knowledge import policies
from knowledge.search import emergencies
from knowledge.search.text import clean
from tests.support.project import ROOT

DATA = ROOT / "tests" / "data"
TOLD = [
    (tuple(numbers.split(",")), line)
    for numbers, line in (row.split("\t") for row in (DATA / "emergencies.tsv").read_text("utf-8").splitlines())
]
CALM = (DATA / "calm.txt").read_text("utf-8").splitlines()


def named(line: str) -> tuple[str, ...]:
    return emergencies.load().numbers(clean(line))


def in_order(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return found[:1] == wanted[:1] and tuple(each for each in found if each in wanted) == wanted


@pytest.mark.parametrize("half", [0, 1], ids=["looked at", "only measured"])
def test_of_two_hundred_lines_of_danger_nearly_all_get_the_right_number_first(half):
    lines = TOLD[half::2]
    missed = [line for _, line in lines if not named(line)]
    wrong = [(wanted, named(line), line) for wanted, line in lines if not in_order(wanted, named(line))]
    assert len(TOLD) >= 200
    assert len(missed) <= 0.02 * len(lines), missed
    assert len(wrong) <= 0.05 * len(lines), wrong


@pytest.mark.parametrize("half", [0, 1], ids=["looked at", "only measured"])
def test_the_same_words_without_danger_name_nobody(half):
    lines = CALM[half::2]
    alarmed = [line for line in lines if named(line)]
    assert len(CALM) >= 200
    assert len(alarmed) <= 0.03 * len(lines), alarmed


def test_of_all_phrasings_hardly_any_is_taken_for_an_emergency():
    """People ask of what was, what it pays and what if; about one in a hundred tells of now."""
    said = [line for entry in policies.load() for line in entry.phrasings]
    assert sum(bool(named(line)) for line in said) <= 0.012 * len(said)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("被车撞了腿流血", ("120", "122")),
        ("电池着火了快救命", ("119", "120")),
        ("被人拿刀追", ("110",)),
        ("刚撞车了腿动不了", ("120", "122")),
        ("老乡中暑昏迷了", ("120",)),
        ("我不想活了", ("12356", "120", "110")),
    ],
)
async def test_the_numbers_stand_on_top_in_their_order(phone, text, numbers):
    top, *_ = await phone.types(text)
    places = [top.index(number) for number in numbers]
    assert places == sorted(places)
    assert top.startswith("‼️ 先打 " + numbers[0])


async def test_a_crash_without_a_word_of_the_hurt_asks_for_them_first(phone):
    top, *_ = await phone.types("刚撞车了咋整")
    assert top.startswith("‼️ 有人受伤先打 120；人没事就打 122")


async def test_in_the_middle_of_a_form_the_number_comes_first(phone):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    assert (await phone.types("被车撞了腿流血"))[0].startswith("‼️ 先打 120")


@pytest.mark.parametrize("since", [timedelta(minutes=31), timedelta(hours=25)], ids=["a silence", "a form long gone"])
async def test_it_comes_first_however_long_a_form_has_waited(phone, app, since):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(flow_at=now() - since))
    assert (await phone.types("同事晕倒了叫不醒"))[0].startswith("‼️ 先打 120")


@pytest.mark.parametrize("text", ["救命", "触电了", "被客户打了", "煤气味很大", "撞死人了", "孩子走丢了", "着火了"])
async def test_whoever_is_in_danger_hears_whom_to_call_and_nothing_of_what_we_do_not_know(phone, text):
    [top] = await phone.types(text)
    assert top.startswith("‼️")


@pytest.mark.parametrize(
    ("text", "first"),
    [("我不活了", "12356"), ("想死", "12356"), ("活着没意思", "12356"), ("想跳楼", "110"), ("有人要跳楼", "110")],
)
async def test_whoever_despairs_is_met_with_warmth_and_people_and_nothing_else(phone, text, first):
    [top] = await phone.types(text)
    assert top.startswith(f"‼️ 先打 {first}")
    assert all(each in top for each in ("12356", "120", "110", "别一个人待着", "守着"))


async def test_a_question_beside_the_danger_is_answered_below_the_number(phone):
    top, card = await phone.types("入职要押金可以吗，店里着火了")
    assert top.startswith("‼️ 先打 119")
    assert "押金" in card
