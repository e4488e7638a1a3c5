"""A number that is set or fixed elsewhere is said as it is set there: it comes from there, or is held to it here."""

import re
import tomllib
from pathlib import Path

import pyotp
import pytest

import bot.console.core
from bot.console.appeals import queue as appeal_queue
from bot.console.core import authentication
from bot.console.passes import rosters
from bot.console.reports import overview
from bot.services.appeals import appeals, dispatch
from bot.services.calendar import coverage
from bot.services.chats import second_thoughts, witnesses
from bot.services.contacts import visits
from bot.services.core import rate_limits
from bot.services.hazards import drawn
from bot.services.notices import approvals, audience
from bot.services.passes import entries, passes, turned_away
from bot.services.staff import access_anomalies, calls, chat_links, mfa, recovery, screen_sign_in
from bot.store.models import Notice, NoticeKind
from handlers import standing
from knowledge import retention
from knowledge.figures import value_of

# Numbers with something counted behind them, in digits or spelled out, except telephone numbers, ordinals, one of
# something, and 二次验证.
UNIT = "个工作日|个|天|小时|分钟|公里|米|位|次|张|秒|点|年|月|周|MB|工作日|人|条|件|数"
DIGITS = re.compile(rf"(?<![\d{{/])(\d{{1,4}}) ?(?:[–到] ?\d+ ?)?(?:{UNIT})")
SPELLED = re.compile(
    rf"(?<![第十一二三四五六七八九])([二两三四五六七八九十百]+|一(?=[天年周]|小时|分钟|个月|百|千))[多来]? ?(?:{UNIT}|句)(?!验证)"
)
FIXED = {
    "answer.phone": "how long a mobile number is",
    "answer.story_short": "a manner of speaking",
    "station.always": "the day's own hours",
    "station.day_and_night": "the day's own hours",
    "station.none_open": "the day's own hours",
    "station.none_open_in": "the day's own hours",
    "appeal.nobody_reads": "the hours of 12345",
    "hazard.boxes": "read beside the form that counts them",
    "view.purpose": "read beside the form that counts it",
    "volunteer.about": "how long it takes somebody",
    "console rejected.calendar.twice": "one day, written twice",
    "console rejected.calendar.none": "one line, one day",
    "console rejected.calendar.no_year": "one year of several",
    "console rejected.calendar.no_date": "one day of several",
    "console rejected.notice.title": "how browsers count",
    "console rejected.notice.text": "how browsers count",
    "console rejected.notice.unit": "how browsers count",
    "console rejected.notice.long": "how browsers count",
    "console rejected.notice.long_photo": "how browsers count",
    "console card.calendar_note": "the year after this one",
    "console rejected.policy.id": "read beside the rule that counts them",
    "console rejected.people.username": "read beside the rule that counts them",
}
UNDONE = ("undo.clearing", "undo.late", "undo.resigning", "undo.returning", "undo.withdrawing", "appeal.withdraw_sure")
DAY, HOUR, MINUTE = 86_400, 3_600, 60


def said(text: str) -> set[int]:
    """The numbers of a text that count something."""
    digits = {int(each) for each in DIGITS.findall(text)}
    return digits | {value_of(each) or 0 for each in SPELLED.findall(text)}


def spoken(path: Path, before: str = "") -> dict[str, str]:
    """The sentences of a file of words, by their keys."""

    def walk(part: dict, at: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in part.items():
            found |= walk(value, f"{at}{key}.") if isinstance(value, dict) else {f"{at}{key}": str(value)}
        return found

    return walk(tomllib.loads(path.read_text(encoding="utf-8")), before)


@pytest.fixture
def texts(knowledge) -> dict[str, str]:
    """Everything that is said: in chat, and at the console."""
    return dict(knowledge.texts.raw["zh"]) | spoken(Path(bot.console.core.__file__).parent / "words.toml", "console ")


@pytest.fixture
def held() -> dict[str, set[int]]:
    """What is said in words that nobody fills in, from where it is set."""
    years = {(retention.load().rules["volunteers"].days or 0) // 365}
    seconds = recovery.WAIT.total_seconds()
    return {
        "flow.kept_for_a_day": {int(standing.EXPIRY.total_seconds() // DAY)},
        "flow.expired": {int(standing.EXPIRY.total_seconds() // DAY)},
        "undo.draft": {int(standing.EXPIRY.total_seconds() // DAY)},
        **{key: {int(second_thoughts.MINUTE.total_seconds() // MINUTE)} for key in UNDONE},
        "hazard.drawn": {drawn.CORNERS},
        "move.agency": {dispatch.HOPS},
        **{key: {witnesses.AGREE} for key in ("station.reported", "call.station")},
        **{key: {witnesses.AGREE} for key in ("contact.reported", "call.contact_doubtful")},
        **{key: {witnesses.AGREE} for key in ("compound.reported", "call.compound_doubtful")},
        "call.compound_turned_away": {turned_away.WITHIN.days // 30},
        "turned.noted": {turned_away.WITHIN.days // 30, turned_away.FEWEST},
        "pass.consent": {retention.load().rules["passes"].days, entries.DAYS},
        "pass.told_reject": {passes.AGAIN.days},
        "console rejected.roster.until": {rosters.LONGEST.days // 365},
        "staff.how": {chat_links.DIGITS, screen_sign_in.LETTERS},
        "volunteer.consent": years | {16},  # a tick by whoever applies: the law's age of work
        "volunteer.resigned": years,
        "console checklist.calendar": {coverage.AHEAD.days},
        "console checklist.second": {2},  # one who makes something and another who lets it out
        "console notice_about.emergency": {approvals.needed(Notice(kind=NoticeKind.EMERGENCY))},
        "console notice_about.activity": {1, audience.A_WEEK},
        "console notice_why.approval": {int(approvals.LASTS.total_seconds() // HOUR)},
        "console copy_why.enough": {audience.A_WEEK},
        "console calls.digest": {calls.DIGEST.hour},
        "console said.second_reset": {int(seconds // HOUR)},
        "console card.refused": {24},  # audit.refusals counts a day
        "console card.readers_note": {access_anomalies.WEEK.days},
        "console second.chat_wrong": {chat_links.DIGITS, int(rate_limits.WINDOW.total_seconds() // MINUTE)},
        "console second.wrong": {len(pyotp.TOTP(mfa.new_secret()).now())},
        "console rejected.backend.number": {appeals.NUMBER_LENGTH},
        "console rejected.overview.long": {overview.LONGEST},
        "console rejected.filter.name": {appeal_queue.LONGEST_NAME},
        "console rejected.visit.next": {visits.FARTHEST // 365},
        "console errors.large.text": {authentication.OURS.total // 2**20},
    }


def test_no_text_counts_by_itself_or_otherwise_than_it_is_set(texts, held):
    counting = {key: numbers for key, text in texts.items() if key not in FIXED and (numbers := said(text))}
    assert counting == held
    assert FIXED.keys() <= texts.keys()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("留 24 小时", {24}),
        ("两个人都这么说，满一年删", {2, 1}),
        ("放了一天多", {1}),
        ("一次最多十五个工作日", {15}),
        ("打 12345，第二个人设置二次验证，点一个", set()),
    ],
)
def test_numbers_are_found_in_digits_and_in_words(text, numbers):
    assert said(text) == numbers


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"quiet_hours": "21-7"})


async def test_the_quiet_hours_that_are_set_are_those_that_are_said(phone):
    assert "夜里 21–7 点" in (await phone.types("/notices"))[-1]
    assert "夜里 21–7 点" in await phone.buttons()
