"""The announcement of a year is read as it is published, and what contradicts itself is refused with its line."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from bot.errors import Rejected
from bot.services.calendar.announcement import read
from bot.services.core.working_days import Calendar

OF_2026 = """国务院办公厅关于2026年部分节假日安排的通知
经国务院批准，现将2026年元旦、春节等节假日的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。
"""


def test_the_year_that_was_announced_is_read_to_the_day():
    announced = read(OF_2026)
    calendar = Calendar({each.day: each.worked for each in announced.days}, frozenset({announced.year}))
    days = [date(2026, 1, 1) + timedelta(days=each) for each in range(365)]
    assert announced.year == 2026
    assert [day for day in days if calendar.is_working(day) != chinese_calendar.is_workday(day)] == []
    assert {each.why for each in announced.days} >= {"元旦", "春节", "国庆节"}


def test_days_may_be_written_one_a_line():
    days = read("2027-02-06 上班 春节调休\n2027/2/8，休息，\n2027年2月9日 照旧").days
    assert [(each.day.day, each.worked, each.why) for each in days] == [
        (6, True, "春节调休"),
        (8, False, ""),
        (9, None, ""),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "calendar.none"),
        ("明年放假安排还没出来", "calendar.none"),
        (OF_2026.replace("2026", "2027"), "calendar.weekday"),
        (OF_2026.replace("共9天", "共8天"), "calendar.count"),
        ("2026年2月30日放假。", "calendar.no_date"),
        ("1月1日放假。", "calendar.no_year"),
        ("2026-01-02 休息\n2026-01-02 上班", "calendar.twice"),
        ("春" * 20_001, "calendar.long"),
        ("2026年5月10日至5日放假。", "calendar.count"),
    ],
)
def test_what_cannot_be_meant_is_refused(text, key):
    with pytest.raises(Rejected) as refused:
        read(text)
    assert refused.value.key == key
