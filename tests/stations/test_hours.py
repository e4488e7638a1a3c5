"""Opening hours: what is read, when it is open, what people see."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.hours import SHANGHAI, Hours, OpeningRule, UnreadableHours, read
from knowledge.hours.calendar import day
from knowledge.hours.value import DAY, EVERY_DAY, WEEKEND, WORKDAYS

OSM = [
    "Mo-Fr 08:00-20:00; Sa-Su 10:00-26:00; PH off; Jun 01-Sep 30 07:00-22:00",
    "24/7",
    "off",
    "24/7; PH off",
    "08:00-12:00,13:00-17:00",
    "Tu,Th,Sa-Su,PH 09:00-18:00",
    "Nov 15-Mar 15 09:00-16:00",
]
CHINESE = {
    "全天": "24/7",
    "24小时": "24/7",
    "24 小时开放": "24/7",
    "00:00-24:00": "24/7",
    "全天24小时": "24/7",
    "7x24小时": "24/7",
    "8:00-20:00": "08:00-20:00",
    "8:00~20:00": "08:00-20:00",
    "08:00—20:00": "08:00-20:00",
    "08：00－20：00": "08:00-20:00",
    "08:00:00-20:00:00": "08:00-20:00",
    "开放时间：每日8:00至20:00": "08:00-20:00",
    "8-20点": "08:00-20:00",
    "8点半-17点半": "08:30-17:30",
    "9时30分至21时": "09:30-21:00",
    "上午9点到下午5点": "09:00-17:00",
    "早8点-晚8点": "08:00-20:00",
    "早上八点到晚上八点半": "08:00-20:30",
    "下午2点-10点": "14:00-22:00",
    "上午8:00-11:30 下午1:30-5:00": "08:00-11:30,13:30-17:00",
    "8:00-12:00；13:00-17:00": "08:00-12:00,13:00-17:00",
    "每天18:00-次日2:00": "18:00-26:00",
    "晚8点-早6点": "20:00-30:00",
    "晚8点-2点": "20:00-26:00",
    "晚八点至凌晨两点": "20:00-26:00",
    "中午12点到晚上12点": "12:00-24:00",
    "周一至周五8:00-18:00，周末9:00-17:00": "Mo-Fr 08:00-18:00; Sa-Su 09:00-17:00",
    "周一、三、五 9:00-12:00": "Mo,We,Fr 09:00-12:00",
    "周六日10点—16点": "Sa-Su 10:00-16:00",
    "8:00-20:00 周三休息": "08:00-20:00; We off",
    "每周二至周日9:00-16:30,周一闭馆": "Tu-Su 09:00-16:30; Mo off",
    "8:00-20:00，节假日休息": "08:00-20:00; PH off",
    "除法定节假日外，8:00-18:00": "08:00-18:00; PH off",
    "工作日8:30-17:00（节假日除外）": "Mo-Fr 08:30-17:00; PH off",
    "节假日休息，8:00-18:00": "08:00-18:00; PH off",
    "工作日 9:00-18:00，周末及节假日 10:00-16:00": "Mo-Fr 09:00-18:00; Sa-Su,PH 10:00-16:00",
    "夏季（6月-9月）7:00-22:00，冬季(10月-5月)8:00-20:00": "Jun 01-Sep 30 07:00-22:00; Oct 01-May 31 08:00-20:00",
    "6-9月 7:00-22:00；其他月份8:00-20:00": "08:00-20:00; Jun 01-Sep 30 07:00-22:00",
    "6月1日至9月15日 7:00-22:00": "Jun 01-Sep 15 07:00-22:00",
    "暂停开放": "off",
    "夜间22:00-次日06:00": "22:00-30:00",
    "夜间22:00-6:00": "22:00-30:00",
    "晚10点-7点": "22:00-31:00",
    "晚8点-次日8点": "20:00-32:00",
    "晚上20:00-8:00": "20:00-32:00",
    "晚上7点-9点": "19:00-21:00",
    "晚7点-7点": "19:00-31:00",
    "晚上11点到12点": "23:00-24:00",
    "下午2:00-次日2:00": "14:00-26:00",
    "下午5点-次日1点": "17:00-25:00",
    "夜间0:00-6:00": "00:00-06:00",
    "凌晨0:00-6:00": "00:00-06:00",
    "夜里11点-5点": "23:00-29:00",
    "夜里1点-5点": "01:00-05:00",
    "18:00-22:00,6:00-9:00": "06:00-09:00,18:00-22:00",
    "8:30-11:30 下午1:30-5:00": "08:30-11:30,13:30-17:00",
}
NONSENSE = {
    "8:30-11:30,1:30-5:00": "1:30",  # half past one at night, or is the word for afternoon left out?
    "8:30-11:30，2:00-5:30": "2:00",
    "8:30-11:30；1:30-5:00": "1:30",
    "周一至周五8:30-12:00,2:00-6:00": "2:00",
    "上午9:00-12:00,1:30-5:30": "1:30",
    "8:30-12:00,1:00-17:00": "1:00",
    "8:30-5:30": "5:30",
    "周一至周五8:30-5:30": "5:30",
    "10:00-2:00": "2:00",
    "下午5点-1点": "1点",
    "看门大爷在就开": "看门大爷",
    "8:00-20:00 看心情": "看心情",
    "8点-5点": "8点-5点",  # in the afternoon, or in the morning?
    "早8点到8点": "8点",
    "上午9点-5点": "5点",
    "夏季7:00-22:00": "夏季",  # which months?
    "节假日休息": "节假日休息",  # and open when?
    "周一至周五": "Mo-Fr",
    "18:00+": "+",
    "8:00": "8:00",
    "Mo-Fr 08:00-12:00, We 13:00-17:00": "We 13:00-17:00",
    "Mo 9:00-99:00": "99:00",
    "25:00-26:00": "26:00",
    "Jun 31 08:00-09:00": "31 08:00-09:00",
    "13月 8:00-9:00": "月",
    "sunrise-sunset": "sunrise",
    "": "",
    "8" * 500: "400",
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


SPANS = st.builds(lambda start, length: (start, start + length), st.integers(0, DAY - 1), st.integers(1, DAY))
DATES = st.sampled_from([(101, 1231), (601, 930), (1001, 531), (615, 910), (1115, 315)])
RULES = st.builds(
    OpeningRule,
    spans=st.lists(SPANS, max_size=3).map(tuple),
    weekdays=st.sampled_from([EVERY_DAY, WORKDAYS, WEEKEND, 0b1000000, 0b0000100, 0b0111110, 0]),
    holidays=st.booleans(),
    season=st.none() | DATES,
)
HOURS = st.lists(RULES, min_size=1, max_size=3).map(lambda rules: Hours(tuple(rules)))


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00")


# The National Day break of 2026 with its 调休 days, New Year, and a year without known holidays.
MOMENTS = st.one_of(
    st.datetimes(noon("2026-09-18"), noon("2026-10-12")),
    st.datetimes(noon("2025-12-30"), noon("2026-01-06")),
    st.datetimes(noon("2031-05-01"), noon("2031-05-08")),
).map(lambda moment: moment.replace(tzinfo=SHANGHAI))


def brute(hours: Hours, moment: datetime) -> bool:
    """Whether any period of any day so far, laid on the line of minutes, holds the moment."""
    today = moment.date()
    minute = (moment - datetime(today.year, today.month, today.day, tzinfo=SHANGHAI)) // timedelta(minutes=1)
    for back in range(3):
        for start, end in hours.on(today - timedelta(days=back)):
            if start - back * DAY <= minute < end - back * DAY:
                return True
    return False


@given(HOURS, MOMENTS)
def test_open_is_what_the_minutes_say(hours: Hours, moment: datetime) -> None:
    assert hours.open_at(moment) == brute(hours, moment)


@settings(max_examples=30)
@given(HOURS, MOMENTS)
def test_the_next_opening_is_the_first_open_minute_and_the_closing_the_first_closed_one(
    hours: Hours, moment: datetime
) -> None:
    line = [moment.replace(second=0, microsecond=0) + timedelta(minutes=number) for number in range(3 * DAY)]
    states = [brute(hours, minute) for minute in line]
    opening, closing = hours.next_opening(moment), hours.closes_at(moment)
    if True in states:
        assert opening == line[states.index(True)]
    else:
        assert opening is None or opening > line[-1]
    if not states[0]:
        assert closing is None
    elif False in states:
        assert closing == line[states.index(False)]
    else:
        assert closing is None or closing > line[-1]


@pytest.mark.parametrize("text", OSM)
def test_openstreetmap_s_syntax_is_read_and_written(text: str) -> None:
    assert str(read(text)) == text


@pytest.mark.parametrize(("text", "meaning"), CHINESE.items())
def test_what_operators_write_is_read(text: str, meaning: str) -> None:
    assert str(read(text)) == meaning


@pytest.mark.parametrize("text", CHINESE)
def test_what_people_see_reads_back(text: str) -> None:
    assert read(read(text).text()) == read(text)


@pytest.mark.parametrize(("text", "rest"), NONSENSE.items())
def test_what_cannot_be_read_is_said_and_not_guessed(text: str, rest: str) -> None:
    with pytest.raises(UnreadableHours) as refusal:
        read(text)
    assert rest in refusal.value.rest


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        hours = read(text)
    except UnreadableHours:
        return
    assert read(str(hours)) == hours


def test_people_see_a_short_text() -> None:
    hours = read("Mo-Fr 08:00-12:00,13:00-18:00; Sa,Su 10:00-02:00; PH off")
    assert hours.text() == "周一至周五 08:00–12:00、13:00–18:00；周末 10:00–次日02:00；节假日休息"
    assert read("24/7").text() == "24 小时"
    assert read("off").text() == "暂停开放"
    assert read("Nov-Mar Mo-Sa 09:00-16:00").text() == "11月至3月 周一至周六 09:00–16:00"


def test_a_lunch_break_is_closed() -> None:
    hours = read("08:00-12:00,13:00-17:00")
    assert [hours.open_at(at(f"2026-03-03T{time}")) for time in ("11:59", "12:00", "12:59", "13:00")] == [
        True,
        False,
        False,
        True,
    ]


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    hours = read("Fr 20:00-04:00; Sa off")
    assert hours.open_at(at("2026-03-07T03:59"))  # a Saturday
    assert not hours.open_at(at("2026-03-07T04:00"))
    assert hours.closes_at(at("2026-03-06T23:00")) == at("2026-03-07T04:00")


def test_24_hours_never_close() -> None:
    hours = read("全天")
    assert hours.always
    assert hours.open_at(at("2026-02-17T04:00"))
    assert hours.closes_at(at("2026-02-17T04:00")) is None


def test_round_the_clock_except_holidays_closes_before_the_next_one() -> None:
    hours = read("24/7; PH off")
    assert not hours.always
    assert hours.closes_at(at("2026-09-21T10:00")) == at("2026-09-25T00:00")  # 中秋节


def test_closed_for_good_never_opens() -> None:
    assert read("off").next_opening(at("2026-03-03T12:00")) is None


def test_public_holidays_and_their_working_weekends_are_the_country_s() -> None:
    office = read("Mo-Fr 09:00-17:00; Sa,Su 10:00-12:00")
    assert office.on(date(2026, 10, 1)) == ((600, 720),)  # a Thursday, National Day: a day off
    assert office.on(date(2026, 10, 10)) == ((540, 1020),)  # a Saturday on which the country works
    assert office.on(date(2026, 10, 17)) == ((600, 720),)  # an ordinary Saturday


def test_a_rule_for_holidays_holds_through_the_whole_break() -> None:
    hours = read("08:00-20:00; PH off")
    assert [hours.on(date(2025, 10, number)) == () for number in (1, 7, 8, 9)] == [True, True, True, False]


def test_weekdays_that_are_neither_the_working_week_nor_the_weekend_go_by_the_calendar() -> None:
    assert read("Tu-Su 09:00-17:00").on(date(2026, 2, 28))  # a working Saturday
    assert not read("Mo-Sa 09:00-17:00").on(date(2026, 10, 4))  # a Sunday in a break


def test_a_year_without_a_calendar_has_no_holidays() -> None:
    assert not day(date(2050, 10, 1)).holiday
    assert read("Mo-Fr 09:00-17:00").open_at(at("2049-10-01T12:00"))  # a Friday


def test_a_season_goes_over_new_year() -> None:
    hours = read("Nov-Mar 08:00-18:00")
    assert [bool(hours.on(date(2026, month, 15))) for month in (10, 11, 12, 1, 3, 4)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_the_moment_may_come_from_any_zone_but_has_to_say_which() -> None:
    hours = read("08:00-20:00")
    assert hours.open_at(datetime.fromisoformat("2026-03-03T01:00:00+00:00"))  # 09:00 in China
    with pytest.raises(ValueError, match="without a time zone"):
        hours.open_at(datetime.fromisoformat("2026-03-03T09:00"))


@pytest.mark.parametrize("span", [(-1, 5), (DAY, DAY + 5), (600, 600), (0, DAY + 1)])
def test_a_period_is_at_most_a_day_long_and_begins_in_it(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a period"):
        OpeningRule((span,))
