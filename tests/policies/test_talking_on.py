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
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.presses("沈阳")
    await phone.presses("铁西")
    await phone.types("滴滴跑多久会强制下线")
    await app.flush()
    assert "外卖平台的疲劳管理" in (await phone.types("那外卖骑手呢"))[0]
