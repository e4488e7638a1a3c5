"""How far the calendar reaches is known long before a deadline needs it: to doctor, to administrators, to whoever asks."""

from datetime import date, datetime

import pytest
import time_machine

from bot.commands.doctor import examine
from bot.services.calendar.coverage import covered
from bot.services.calendar.time_limits import LimitEntry, Rules
from bot.services.core.working_days import ZONE, Calendar, Limit, LimitUnit
from tests.support.calendar import LAST, forget

END = date(LAST, 12, 31)  # of what the package knows
WITH_NEXT = Calendar({}, frozenset({LAST + 1}))  # as if entered


def at(month: int, day: int, year: int = LAST) -> datetime:
    return datetime(year, month, day, 10, tzinfo=ZONE)


def test_it_is_short_from_sixty_days_before_its_end():
    assert not covered(Rules(), (), at(11, 1)).short
    assert covered(Rules(), (), at(11, 2)).short
    assert not covered(Rules(WITH_NEXT), (), at(11, 2)).short


def test_a_year_after_a_missing_one_does_not_count():
    gap = Rules(Calendar({}, frozenset({LAST + 2})))
    assert covered(gap, (), at(11, 2)).until == END
    assert covered(Rules(), (), at(3, 1, LAST + 1)).days < 0


def test_a_limit_that_runs_past_the_end_is_named_also_when_a_single_district_has_it(knowledge):
    wages = knowledge.appeals.kinds["wages"]
    assert covered(Rules(), [wages], at(11, 2)).over == ()
    assert covered(Rules(), [wages], at(12, 31)).over == ("wages",)
    short = Limit(1, LimitUnit.HOURS)
    entries = {"wages": [LimitEntry("", date(2004, 1, 1), short), LimitEntry("2101", date(2004, 1, 1), short)]}
    assert covered(Rules(entries=entries), [wages], at(12, 31)).over == ()


@pytest.mark.parametrize(
    ("month", "day", "status", "words"), [(9, 1, 0, "ok"), (11, 20, 0, "SOON"), (12, 31, 1, "MEND")]
)
async def test_the_doctor_warns_in_time_and_fails_when_a_limit_has_no_end(
    app, settings, capsys, month, day, status, words
):
    async with app.db.begin() as session:
        await forget(session)
    with time_machine.travel(at(month, day)):
        assert await examine(settings) == status
    said = capsys.readouterr().out
    assert f"{words if words != 'MEND' else 'SOON':4}  calendar: known until {END}" in said
    assert ("MEND  limits that run past the calendar: wages" in said) == (words == "MEND")
