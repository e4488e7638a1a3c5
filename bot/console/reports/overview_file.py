"""/console/overview/.../csv and xlsx: the overview's numbers, and the cases behind one of them, as a file."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.console.core import watermark
from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.console.reports import overview
from bot.console.reports.overview import EXPORT, NUMBERS, OVERVIEW, Asked
from bot.services.appeals import queue as appeal_queue
from bot.services.chats import questions
from bot.services.core import spreadsheets
from bot.services.core.spreadsheets import Cell
from bot.services.core.working_days import ZONE, shown
from bot.services.reports import statistics
from bot.services.reports.statistics import Behind
from bot.services.units import agencies
from bot.store.models import Appeal
from knowledge.measures import Measure
from knowledge.regions import full_name

MOST = 10_000  # cases of a file
CASES = "appeals.export"  # what a case needs to stand in a file


@page("GET", f"{OVERVIEW}/{{measure}}/{{form}}", right=EXPORT, fresh=True, writes=True)
async def file(visit: Visit) -> web.Response:
    """It says who took it out and on which day; the audit says what of, and when exactly."""
    name, form = visit.request.match_info["measure"], visit.request.match_info["form"]
    asked, measure = overview.read(visit, EXPORT), visit.knowledge.measures.every.get(name)
    if asked.fault or form not in spreadsheets.FORMS or (measure is None and name != NUMBERS):
        raise web.HTTPNotFound
    lines = await _numbers(visit, asked) if measure is None else await _cases(visit, asked, measure)
    title = f"{name}-{asked.period.first}-{asked.period.last}-{asked.district or 'all'}"
    response = await watermark.download([*_head(visit, asked, measure), *lines], form, title)
    taken = {"first": str(asked.period.first), "last": str(asked.period.last), "measure": name, "form": form}
    await visit.audit("overview.export", f"district:{asked.district}", **taken)
    return response


def _head(visit: Visit, asked: Asked, measure: Measure | None) -> list[list[Cell]]:
    place = visit.console.layout.district(visit.knowledge.regions, asked.district)
    title = visit.console.layout.words("sheet.overview")
    about = [_line(measure.title, measure.meaning)] if measure is not None else []
    days = _line(title, place, asked.period.first.isoformat(), asked.period.last.isoformat())
    return [days, [watermark.watermark(visit)], *about]


async def _numbers(visit: Visit, asked: Asked) -> list[list[Cell]]:
    """What the page shows: all numbers with their meanings, then by kind, by agency and by day."""
    measures, words = visit.knowledge.measures.lists["overview"], visit.knowledge.measures.words
    within = statistics.scope(asked.district, visit.staffer, EXPORT)
    counts = await statistics.count(visit.session, measures, asked.period, within)
    named = {each.id: each.name for each in await agencies.every(visit.session)}
    labels = {code: kind.label for code, kind in visit.knowledge.appeals.kinds.items()}
    kinds = [(labels.get(code, code), found) for code, found in counts.by_kind.items()]
    units = [(named.get(number or 0, words["nobody"]), found) for number, found in counts.by_agency.items()]
    return [
        [],
        _line(words["measure"], words["count"], words["meaning"]),
        *(_line(each.title, counts.totals[each.name], each.meaning) for each in measures),
        *(
            _line(each.title, _percent(each.of(counts.totals)), each.meaning)
            for each in visit.knowledge.measures.shares
        ),
        *_table(words["sort"], measures, kinds),
        *_table(words["agency"], measures, units),
        *await _days(visit, asked, within),
        *await _questions(visit, asked),
    ]


def _table(
    head: str, measures: Sequence[Measure], lines: Sequence[tuple[str, Mapping[str, int]]]
) -> Iterator[list[Cell]]:
    yield []
    yield _line(head, *(each.title for each in measures))
    for label, counted in lines:
        yield _line(label, *(counted[each.name] for each in measures))


async def _days(visit: Visit, asked: Asked, within: Any) -> list[list[Cell]]:
    chart = await overview.over_time(visit, asked, within)
    head = visit.console.layout.words("sheet.since")
    lines = [_line(part.first.isoformat(), *numbers) for part, *numbers in chart["lines"]]
    return [[], _line(head, *(each.title for each in chart["measures"])), *lines]


async def _questions(visit: Visit, asked: Asked) -> list[list[Cell]]:
    words = visit.console.layout.words
    counted = await questions.outcomes(visit.session, asked.period, asked.district)
    lines = [_line(words(f"outcome.{name}"), times) for name, times in counted.items()]
    return [[], _line(words("sheet.questions"), words("sheet.times")), *lines]


async def _cases(visit: Visit, asked: Asked, measure: Measure) -> list[list[Cell]]:
    """A line for each case that this person may take out; how many others the number counts."""
    within = overview.narrowed(visit, statistics.scope(asked.district, visit.staffer, EXPORT))
    seen = appeal_queue.visible(visit.staffer, CASES)
    found = await statistics.behind(visit.session, measure, asked.period, within, seen, most=MOST)
    words, columns = visit.knowledge.measures.words, visit.console.layout.words.group("sheet_column")
    head = _line(words["number"], words["sort"], words["district"], words["agency"], *columns.values())
    return [*_left_out(visit, found), [], head, *(_case(visit, *row) for row in found.rows)]


def _left_out(visit: Visit, found: Behind) -> Iterator[list[Cell]]:
    words = visit.console.layout.words
    yield _line(words("sheet.count"), found.count)
    if found.count > found.seen:
        yield _line(words("sheet.unseen"), found.count - found.seen)
    if found.seen > MOST:
        yield _line(words("sheet.further", most=MOST), found.seen - MOST)


def _case(visit: Visit, case: Appeal, agency: str | None) -> list[Cell]:
    known, words = visit.knowledge, visit.knowledge.measures.words
    kind = known.appeals.kinds[case.kind].label if case.kind in known.appeals.kinds else case.kind
    return [
        case.number,
        kind,
        full_name(known.regions, case.region) or words["nowhere"],
        agency or words["nobody"],
        _moment(case.created_at),
        shown(case.due_at).isoformat() if case.due_at is not None else "",
        _moment(case.answered_at),
        visit.console.layout.words(f"state.{case.state}"),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at is not None else ""


def _line(*cells: Cell) -> list[Cell]:
    return list(cells)


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"
