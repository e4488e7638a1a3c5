"""/console/overview/.../csv and xlsx: the overview's numbers, and the cases behind one of them, as a file."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.console.core.files import FileContent, file_page
from bot.console.core.request import RequestContext
from bot.console.core.watermark import watermark
from bot.console.reports import overview
from bot.console.reports.overview import NUMBERS, OverviewRequest
from bot.messaging import urls
from bot.services.appeals import queue as appeal_queue
from bot.services.chats import questions
from bot.services.core.spreadsheets import Cell
from bot.services.core.working_days import ZONE, shown
from bot.services.reports import statistics
from bot.services.reports.day_sums import DaySums
from bot.services.reports.statistics import DrillDown
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Appeal
from knowledge.measures import Measure
from knowledge.regions import full_name

MOST = 10_000  # cases of a file


@file_page(f"{urls.OVERVIEW}/{{measure}}/{{form}}", right=Right.STATISTICS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """It says who took it out and on which day; the audit says what of, and when exactly."""
    name = context.http_request.match_info["measure"]
    asked, measure = overview.read(context, Right.STATISTICS_EXPORT), context.knowledge.measures.every.get(name)
    if asked.fault or (measure is None and name != NUMBERS):
        raise web.HTTPNotFound
    lines = await _numbers(context, asked) if measure is None else await _cases(context, asked, measure)
    title = f"{name}-{asked.period.first}-{asked.period.last}-{asked.district or 'all'}"
    taken = {"first": str(asked.period.first), "last": str(asked.period.last), "measure": name}
    whole = [*_head(context, asked, measure), *lines]
    return FileContent(title, whole, "overview.export", f"district:{asked.district}", taken)


def _head(context: RequestContext, asked: OverviewRequest, measure: Measure | None) -> list[list[Cell]]:
    place = context.console.layout.district(context.knowledge.regions, asked.district)
    title = context.console.layout.words("sheet.overview")
    about = [_line(measure.title, measure.meaning)] if measure is not None else []
    days = _line(title, place, asked.period.first.isoformat(), asked.period.last.isoformat())
    return [days, [watermark(context)], *about]


async def _numbers(context: RequestContext, asked: OverviewRequest) -> list[list[Cell]]:
    """What the page shows: all numbers with their meanings, then by kind, by agency and by day."""
    measures, words = context.knowledge.measures.lists["overview"], context.knowledge.measures.words
    within = statistics.scope(asked.district, context.staffer, Right.STATISTICS_EXPORT)
    sums = await overview.day_sums_of(context, asked, Right.STATISTICS_EXPORT)
    counts = await overview.counts_of(context, asked, measures, within, sums)
    named = await agencies.names(context.session)
    labels = {code: kind.label for code, kind in context.knowledge.appeals.kinds.items()}
    kinds = [(labels.get(code, code), found) for code, found in counts.by_kind.items()]
    units = [(named.get(number or 0, words["nobody"]), found) for number, found in counts.by_agency.items()]
    return [
        [],
        _line(words["measure"], words["count"], words["meaning"]),
        *(_line(each.title, counts.totals[each.name], each.meaning) for each in measures),
        *(
            _line(each.title, _percent(each.of(counts.totals)), each.meaning)
            for each in context.knowledge.measures.shares
        ),
        *_table(words["sort"], measures, kinds),
        *_table(words["agency"], measures, units),
        *await _days(context, asked, within, sums),
        *await _questions(context, asked),
    ]


def _table(
    head: str, measures: Sequence[Measure], lines: Sequence[tuple[str, Mapping[str, int]]]
) -> Iterator[list[Cell]]:
    yield []
    yield _line(head, *(each.title for each in measures))
    for label, counted in lines:
        yield _line(label, *(counted[each.name] for each in measures))


async def _days(context: RequestContext, asked: OverviewRequest, within: Any, sums: DaySums | None) -> list[list[Cell]]:
    chart = await overview.over_time(context, asked, within, sums)
    head = context.console.layout.words("sheet.since")
    lines = [_line(part.first.isoformat(), *numbers) for part, *numbers in chart["lines"]]
    return [[], _line(head, *(each.title for each in chart["measures"])), *lines]


async def _questions(context: RequestContext, asked: OverviewRequest) -> list[list[Cell]]:
    words = context.console.layout.words
    counted = await questions.outcomes(context.session, asked.period, asked.district)
    lines = [_line(words(f"outcome.{name}"), times) for name, times in counted.items()]
    return [[], _line(words("sheet.questions"), words("sheet.times")), *lines]


async def _cases(context: RequestContext, asked: OverviewRequest, measure: Measure) -> list[list[Cell]]:
    """A line for each case that this person may take out; how many others the number counts."""
    within = overview.narrowed(context, statistics.scope(asked.district, context.staffer, Right.STATISTICS_EXPORT))
    seen = appeal_queue.visible(context.staffer, Right.APPEALS_EXPORT)
    found = await statistics.drill_down(context.session, measure, asked.period, within, seen, size=MOST)
    words, columns = context.knowledge.measures.words, context.console.layout.words.group("sheet_column")
    head = _line(words["number"], words["sort"], words["district"], words["agency"], *columns.values())
    return [*_left_out(context, found), [], head, *(_case(context, *row) for row in found.page.rows)]


def _left_out(context: RequestContext, found: DrillDown) -> Iterator[list[Cell]]:
    words = context.console.layout.words
    yield _line(words("sheet.count"), found.count)
    if found.count > found.seen:
        yield _line(words("sheet.unseen"), found.count - found.seen)
    if found.seen > MOST:
        yield _line(words("sheet.further", most=MOST), found.seen - MOST)


def _case(context: RequestContext, case: Appeal, agency: str | None) -> list[Cell]:
    known, words = context.knowledge, context.knowledge.measures.words
    kind = known.appeals.kinds[case.kind].label if case.kind in known.appeals.kinds else case.kind
    return [
        case.number,
        kind,
        full_name(known.regions, case.region) or words["nowhere"],
        agency or words["nobody"],
        _moment(case.created_at),
        shown(case.due_at).isoformat() if case.due_at is not None else "",
        _moment(case.answered_at),
        context.console.layout.words(f"state.{case.state}"),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at is not None else ""


def _line(*cells: Cell) -> list[Cell]:
    return list(cells)


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"
