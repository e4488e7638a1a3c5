"""Deadlines in Chinese working days: holidays and make-up Saturdays count as the State Council says."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.core.working_days import DAY, ZONE, Calendar, Limit, LimitUnit, YearUnknown, china_date, shown

FIVE = Limit(5, LimitUnit.WORKING_DAYS)


def at(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE)


def test_a_weekend_does_not_count():
    assert shown(Calendar().due(at(2026, 11, 19), FIVE)) == date(2026, 11, 26)


def test_the_national_day_week_does_not_count_and_a_make_up_saturday_does():
    # 2026: off from 1 to 7 October, worked on Saturday the 10th.
    assert shown(Calendar().due(at(2026, 9, 30), Limit(2, LimitUnit.WORKING_DAYS))) == date(2026, 10, 9)
    assert shown(Calendar().due(at(2026, 9, 30), Limit(3, LimitUnit.WORKING_DAYS))) == date(2026, 10, 10)


def test_a_case_of_the_evening_counts_from_the_next_day_in_china():
    late = datetime(2026, 11, 19, 15, 59, tzinfo=UTC)  # 23:59 on the 19th in China
    later = datetime(2026, 11, 19, 16, 1, tzinfo=UTC)  # 00:01 on the 20th
    assert (china_date(late), china_date(later)) == (date(2026, 11, 19), date(2026, 11, 20))
    assert shown(Calendar().due(later, FIVE)) == shown(Calendar().due(late, FIVE)) + timedelta(days=1)


def test_hours_run_through_nights_and_holidays():
    start = at(2026, 10, 1, 23)
    assert Calendar().due(start, Limit(2, LimitUnit.HOURS)) == start + timedelta(hours=2)


def test_a_year_nobody_knows_is_an_error_that_says_what_to_do():
    with pytest.raises(YearUnknown, match="2031"):
        Calendar().due(at(2030, 12, 31), FIVE)


def test_the_administrators_calendar_goes_before_the_package():
    closed = Calendar({date(2026, 11, 20): False})
    assert shown(closed.due(at(2026, 11, 19), Limit(1, LimitUnit.WORKING_DAYS))) == date(2026, 11, 23)


def test_a_year_the_administrators_entered_is_known():
    entered = Calendar({date(2031, 1, 1): False}, frozenset({2030, 2031}))
    assert shown(entered.due(at(2030, 12, 31), Limit(1, LimitUnit.WORKING_DAYS))) == date(2031, 1, 2)


def test_a_year_is_known_when_it_was_published_or_entered_as_a_whole_and_by_no_single_day():
    assert Calendar().knows(2026)
    assert not Calendar().knows(2031)
    assert Calendar(years=frozenset({2031})).knows(2031)
    assert not Calendar({date(2031, 1, 1): False}).knows(2031)


def test_a_deadline_is_shown_as_the_last_day_on_which_it_is_kept():
    assert shown(at(2026, 11, 20, 0)) == date(2026, 11, 19)  # midnight: the day before
    assert shown(at(2026, 11, 20, 0) + timedelta(microseconds=1)) == date(2026, 11, 20)


DAYS = st.dates(date(2024, 1, 1), date(2026, 6, 1))


@given(DAYS, st.integers(1, 30), st.sets(st.integers(0, 90), max_size=20))
def test_one_more_holiday_never_makes_a_deadline_earlier(day, amount, holidays):
    start = datetime.combine(day, datetime.min.time(), ZONE)
    limit = Limit(amount, LimitUnit.WORKING_DAYS)
    closed = {day + DAY * number: False for number in holidays}
    plain, more = Calendar().due(start, limit), Calendar(closed).due(start, limit)
    assert more >= plain


@given(DAYS, st.integers(1, 30))
def test_exactly_so_many_working_days_lie_between(day, amount):
    start = datetime.combine(day, datetime.min.time(), ZONE)
    calendar = Calendar()
    last = shown(calendar.due(start, Limit(amount, LimitUnit.WORKING_DAYS)))
    between = [day + DAY * number for number in range(1, (last - day).days + 1)]
    assert sum(map(calendar.is_working, between)) == amount
    assert calendar.is_working(last)


def test_a_stretch_within_a_day_spans_no_working_day_and_neither_do_seconds_around_midnight():
    assert Calendar().working_days_in(at(2026, 11, 19, 9), at(2026, 11, 19, 18)) == 0
    midnight = at(2026, 11, 20, 0)
    assert Calendar().working_days_in(midnight - timedelta(seconds=14), midnight + timedelta(seconds=14)) == 0
    assert Calendar().working_days_in(at(2026, 11, 19, 9), at(2026, 11, 20, 9)) == 1


def test_a_stretch_over_a_weekend_spans_its_working_days_only():
    assert Calendar().working_days_in(at(2026, 11, 20, 9), at(2026, 11, 23, 8)) == 0
    assert Calendar().working_days_in(at(2026, 11, 20, 9), at(2026, 11, 24, 10)) == 2


def test_hours_are_within_working_days_when_they_surely_are():
    day, hours = Limit(1, LimitUnit.WORKING_DAYS), Limit(24, LimitUnit.HOURS)
    assert hours.within(day)
    assert FIVE.within(FIVE)
    assert not Limit(6, LimitUnit.WORKING_DAYS).within(FIVE)
    assert not Limit(25, LimitUnit.HOURS).within(day)
    assert not day.within(hours)  # A working day may have to wait for the end of a week of holidays.
