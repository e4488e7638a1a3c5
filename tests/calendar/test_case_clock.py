"""The deadline of a case is worked out from its clock and the calendar, and is the same whenever it is asked for."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.core import case_clock
from bot.services.core.case_clock import CaseClock, due_of
from bot.services.core.working_days import DAY, ZONE, Calendar, Limit, LimitUnit, YearUnknown, is_midnight, shown

FIVE, HOURS = Limit(5, LimitUnit.WORKING_DAYS), Limit(24, LimitUnit.HOURS)
MADE_UP = Calendar({date(2027, 1, 1): False, date(2027, 1, 9): True}, frozenset({2027}))  # an example, nobody's table


def at(month: int, day: int, hour: int = 10, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def test_fifteen_working_days_from_11_december_have_no_end_until_2027_is_entered():
    clock = CaseClock(at(12, 11), Limit(15, LimitUnit.WORKING_DAYS))
    with pytest.raises(YearUnknown):
        clock.due(Calendar())
    assert due_of(clock, Calendar()) is None
    assert due_of(clock, MADE_UP) == clock.due(MADE_UP)
    assert shown(clock.due(MADE_UP)) == date(2027, 1, 4)


def test_fourteen_working_days_from_11_december_end_with_the_year():
    assert shown(CaseClock(at(12, 11), Limit(14, LimitUnit.WORKING_DAYS)).due(Calendar())) == date(2026, 12, 31)


def test_a_pause_of_seconds_moves_no_date():
    plain = CaseClock(at(11, 19), FIVE).due(Calendar())
    for begin in (at(11, 20, 10), at(11, 20, 23, 59)):
        paused = CaseClock(at(11, 19), FIVE, [(begin, begin + timedelta(seconds=28))])
        assert paused.due(Calendar()) == plain


def test_a_pause_adds_the_working_days_it_spans_and_no_weekend():
    clock = CaseClock(at(11, 19), FIVE, [(at(11, 20, 15), at(11, 24, 16))])  # Friday to Tuesday
    assert shown(clock.due(Calendar())) == date(2026, 11, 30)  # two working days after the 26th


def test_hours_stand_still_to_the_second():
    clock = CaseClock(at(11, 19), HOURS, [(at(11, 19, 12), at(11, 19, 12, 1))])
    assert clock.due(Calendar()) == at(11, 20, 10, 1)


def test_a_holiday_declared_inside_a_pause_makes_it_cost_less_and_the_deadline_stays():
    clock = CaseClock(at(11, 19), FIVE, [(at(11, 23, 9), at(11, 25, 9))])
    declared = Calendar({date(2026, 11, 24): False})
    assert clock.due(declared) == clock.due(Calendar())


def test_an_extension_counts_working_days_whatever_the_limit_counts():
    assert shown(CaseClock(at(11, 19), FIVE, extension=2).due(Calendar())) == date(2026, 11, 30)
    assert CaseClock(at(11, 20), HOURS, extension=1).due(Calendar()) == at(11, 23)  # from Saturday on: Monday


def test_half_of_the_time_that_ran_is_used_up_half_way_and_a_pause_does_not_count():
    clock = CaseClock(at(11, 19), HOURS, [(at(11, 19, 12), at(11, 19, 20))])
    due = clock.due(Calendar())
    assert due == at(11, 20, 18)
    assert clock.used(due, 0.5) == at(11, 20, 6)  # two hours before the pause, ten after it
    assert clock.used(due, 1 / 24) == at(11, 19, 11)


def test_what_is_used_up_as_a_pause_begins_is_used_up_then_and_not_when_it_ends():
    clock = CaseClock(at(11, 19), HOURS, [(at(11, 19, 12), at(11, 19, 20))])
    assert clock.used(clock.due(Calendar()), 2 / 24) == at(11, 19, 12)


def test_a_row_keeps_pauses_as_they_were():
    pauses = ((at(11, 19), at(11, 20)), (at(11, 23), at(11, 24)))
    assert case_clock.read(case_clock.stored(pauses)) == pauses
    assert case_clock.read(None) == ()


DAYS = st.dates(date(2024, 1, 1), date(2026, 6, 1))
SECONDS = st.integers(0, 6 * 24 * 3600)


@given(DAYS, st.integers(1, 30), st.lists(st.tuples(SECONDS, SECONDS), max_size=3))
def test_a_deadline_of_working_days_is_a_midnight_after_a_working_day_and_no_pause_makes_it_earlier(day, amount, given):
    start = datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=9)
    limit, calendar = Limit(amount, LimitUnit.WORKING_DAYS), Calendar()
    pauses, moment = [], start
    for wait, length in given:
        pauses.append((moment + timedelta(seconds=wait), moment + timedelta(seconds=wait + length)))
        moment = pauses[-1][1]
    due = CaseClock(start, limit, pauses).due(calendar)
    assert is_midnight(due)
    assert calendar.is_working(shown(due))
    assert due >= CaseClock(start, limit).due(calendar)


@given(DAYS, st.integers(1, 30), st.integers(0, 29))
def test_what_is_left_at_a_question_is_left_at_the_answer(day, amount, length):
    start = datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=9)
    limit, calendar = Limit(amount, LimitUnit.WORKING_DAYS), Calendar()
    asked, answered = start + DAY, start + DAY * (1 + length)
    left = days_left(calendar, asked, CaseClock(start, limit).due(calendar))
    assert days_left(calendar, answered, CaseClock(start, limit, [(asked, answered)]).due(calendar)) == left


def days_left(calendar: Calendar, moment: datetime, due: datetime) -> int:
    """Working days after the day of a moment, negative once the deadline is over."""
    day, last = moment.astimezone(ZONE).date(), shown(due)
    between = range(1, abs((last - day).days) + 1)
    count = sum(calendar.is_working(min(day, last) + DAY * number) for number in between)
    return count if last >= day else -count
