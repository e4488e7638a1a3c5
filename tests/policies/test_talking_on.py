"""A line that goes on from the last answer keeps its topic; a message with two questions gets both.

tests/data/follow_ups.tsv and two_topics.tsv were written apart from the entries, as workers talk.
"""

import asyncio

import pytest

from knowledge.search import Decision, Found, Search, strangers
from tests.support.project import ROOT

DATA = ROOT / "tests" / "data"


def rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.fixture(scope="module")
def search(knowledge) -> Search:
    """By words only, which is the least that can be relied on."""
    return Search(list(knowledge.policies.values()), knowledge.words, knowledge.regions, strangers())


def ask(search: Search, text: str, previous: str = "") -> Found:
    return asyncio.run(search.find(text, previous=previous))


def answered(found: Found) -> set[str]:
    """The entries a person sees: the cards, or those offered."""
    if found.decision is Decision.ANSWER:
        return {found.matches[0].id, found.also} - {""}
    return {match.id for match in found.matches[:3]} if found.decision is Decision.CHOOSE else set()


def test_follow_ups_keep_the_topic_turn_to_others_and_let_a_new_question_pass(search, knowledge):
    pairs = rows("follow_ups.tsv")
    missed = []
    for previous, line, wanted in pairs:
        found = ask(search, line, previous)
        if found.decision is not Decision.ANSWER or found.matches[0].id not in wanted.split(","):
            missed.append((previous, line, found.matches[0].id))
    assert len(pairs) >= 80
    assert {each for previous, _, wanted in pairs for each in (previous, *wanted.split(","))} <= set(knowledge.policies)
    assert len(missed) <= 0.13 * len(pairs), missed


def test_what_is_taken_for_a_follow_up_is_one(search):
    """Whoever asks something new must never hear the last answer again: 手机丢了怎么办, after one about schools."""
    pairs = rows("new_questions.tsv")

    def goes_on(line: str, previous: str) -> bool:
        return asyncio.run(search.is_follow_up(line, previous))

    follow_ups = sum(goes_on(line, previous) for previous, line, *_ in rows("follow_ups.tsv"))
    wrong = [(previous, line) for previous, line in pairs if goes_on(line, previous)]
    assert len(pairs) >= 80
    assert follow_ups / (follow_ups + len(wrong)) >= 0.97, wrong


@pytest.mark.parametrize("previous", ["deposit-and-id-card", "unpaid-wages-steps", "emergency-numbers"])
@pytest.mark.parametrize("line", ["小孩上学咋办", "手机丢了怎么办", "租房被赶怎么办", "电动车被偷了怎么办"])
def test_a_new_question_that_ends_like_a_follow_up_is_answered_for_itself(search, previous, line):
    assert ask(search, line, previous) == ask(search, line)


def test_two_questions_in_one_message_get_both_cards_or_a_choice_that_holds_both(search):
    messages = [(row[0], [set(part.split(",")) for part in row[1:] if part]) for row in rows("two_topics.tsv")]
    missed = [text for text, parts in messages if not all(part & answered(ask(search, text)) for part in parts)]
    assert len(missed) <= 0.2 * len(messages), missed


@pytest.mark.parametrize(
    ("previous", "line", "meant"),
    [
        ("ride-hail-fatigue", "那外卖骑手呢", "rider-fatigue-standard"),
        ("deposit-and-id-card", "那外卖骑手呢", "deposit-and-id-card"),
        ("occ-injury-report-steps", "那成都呢", "occ-injury-sichuan-chengdu"),
        ("heat-allowance", "一个月多少钱", "heat-allowance"),
    ],
)
def test_a_line_that_names_nothing_is_about_the_last_answer(search, previous, line, meant):
    assert ask(search, line, previous).matches[0].id == meant


def test_without_an_answer_before_a_bare_line_is_no_follow_up(search):
    assert ask(search, "一个月多少钱").decision is not Decision.ANSWER
    assert ask(search, "那外卖骑手呢", "an-entry-that-is-gone").score != pytest.approx(0.75)


async def test_both_cards_are_shown(phone):
    first, second = await phone.types("押金不退怎么办？还有小区不让进找谁")
    assert "押金" in first
    assert "小区" in second


async def test_the_chat_remembers_what_it_answered_a_moment_ago(phone, app):
    await knows_where(phone)
    await phone.types("滴滴跑多久会强制下线")
    await app.flush()
    assert "外卖平台的疲劳管理" in (await phone.types("那外卖骑手呢"))[0]


async def knows_where(phone) -> None:
    """Somebody with a row of their own: whoever only looks in is not remembered, and has no last answer."""
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.presses("沈阳")
    await phone.presses("铁西")


@pytest.mark.parametrize(
    ("topic", "line", "told"),
    [
        ("站点欠我工资", "那要多久", "60 个工作日"),
        ("站点欠我工资", "要花钱吗", "不收费"),
        ("劳动仲裁怎么申请？要钱吗？多久有结果？", "要带什么材料", "身份证"),
    ],
)
async def test_a_follow_up_is_told_the_part_it_asks_for_and_its_source(phone, app, topic, line, told):
    await knows_where(phone)
    whole, *_ = await phone.types(topic)
    await app.flush()
    [part] = await phone.types(line)
    title = whole.splitlines()[0]
    assert part.startswith(title)
    assert told in part
    assert "下一步" not in part
    assert "📄" in part or "没有文件可引" in part
    assert len(part) < len(whole)


async def test_a_question_that_was_not_surely_answered_ends_the_topic(phone, app):
    await knows_where(phone)
    await phone.types("站点欠我工资")
    await app.flush()
    await phone.types("手机丢了怎么办")
    await app.flush()
    assert all("工资" not in each for each in await phone.types("那要多久"))


async def test_what_was_chosen_from_a_list_is_what_comes_next(phone, app):
    await knows_where(phone)
    choice, *_ = await phone.types("医保怎么报销")
    assert choice.startswith("您是想问哪一个")
    await phone.presses("异地住院备案")
    await app.flush()
    first, *_ = await phone.types("要带什么材料")
    assert "备案" in first.splitlines()[0]
