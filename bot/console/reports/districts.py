"""/console/overview/districts: the districts of a city, or the cities of a province, beside each other."""

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from bot.console.core.files import FileContent, file_page
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.core.watermark import watermark
from bot.console.reports import overview, questions
from bot.console.reports.overview import OverviewRequest
from bot.messaging import urls
from bot.services.core.spreadsheets import Cell
from bot.services.reports import by_district, day_sums
from bot.services.reports.by_district import ASKED, COMPARED, ELSEWHERE, DistrictNumbers
from bot.services.reports.daily_counts import LONGEST
from bot.services.staff.permissions import Right

PATH = f"{urls.OVERVIEW}/districts"

# The columns, by the name of their word in [by_district].
COLUMNS: Mapping[str, Callable[[DistrictNumbers], float | None]] = {
    "collected": lambda each: each.counts.get("collected", 0),
    "settled": lambda each: each.counts.get("settled", 0),
    "overdue": lambda each: each.counts.get("overdue", 0),
    "in_time": lambda each: each.in_time,
    "mean": lambda each: each.mean,
    "median": lambda each: each.day_of(0.5),
    "ninety": lambda each: each.day_of(0.9),
    "hazards": lambda each: each.counts.get("hazards", 0),
    "hazards_done": lambda each: each.counts.get("hazards_done", 0),
    "hazards_in_time": lambda each: each.share("hazards_in_time", "hazards_done"),
    "applied": lambda each: each.counts.get("applied", 0),
    "acting": lambda each: each.counts.get("acting", 0),
    "stations": lambda each: each.counts.get("stations", 0),
    "doubtful": lambda each: each.counts.get("doubtful", 0),
    "notices": lambda each: each.counts.get("notices", 0),
    "asked": lambda each: sum(each.counts.get(name, 0) for name in ASKED),
    "answered": lambda each: each.share("answer", *ASKED),
}
STATIONS = {"stations": "open", "doubtful": "doubtful"}  # the tab of the list that holds what a number counts
SHARES = ("in_time", "hazards_in_time", "answered")
APPEALS = 7  # columns of the first table; the others stand in the second one


@page("GET", PATH, right=Right.STATISTICS_READ)
async def districts(context: RequestContext) -> web.Response:
    asked = overview.read(context)
    return context.page(
        "reports/districts.html",
        asked=asked,
        presets=overview.presets(),
        districts=overview.districts(context),
        path=PATH,
        lines=await _lines(context, asked, Right.STATISTICS_READ),
        whole=day_sums.is_whole(context.staffer, asked.district, Right.STATISTICS_READ),
        before=by_district.before(asked.period),
        tables=(list(COLUMNS)[:APPEALS], list(COLUMNS)[APPEALS:]),
        value=_value,
        change=_change,
        behind=lambda name, code: _behind(context, asked, name, code),
        inner=lambda code: f"{PATH}?{OverviewRequest(asked.period, code).query()}",
        file=lambda form: f"{PATH}.{form}?{asked.query()}",
        exports=overview.exports(context, asked),
        elsewhere=ELSEWHERE,
        longest=LONGEST,
    )


@file_page(f"{PATH}.{{form}}", right=Right.STATISTICS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """The same table as a sheet."""
    asked = overview.read(context, Right.STATISTICS_EXPORT)
    districts = await _lines(context, asked, Right.STATISTICS_EXPORT)
    if asked.fault or districts is None:
        raise web.HTTPNotFound
    words = context.console.layout.words
    days: list[Cell] = [words("sheet.overview"), asked.period.first.isoformat(), asked.period.last.isoformat()]
    head: list[Cell] = [words("by_district.place"), *(words(f"by_district.{name}") for name in COLUMNS)]
    body: list[list[Cell]] = [
        [
            words("by_district.elsewhere")
            if each.code == ELSEWHERE
            else context.console.layout.district(context.knowledge.regions, each.code),
            *(_value(name, each) for name in COLUMNS),
        ]
        for each in districts
    ]
    title = f"districts-{asked.period.first}-{asked.period.last}-{asked.district or 'all'}"
    taken = {"first": str(asked.period.first), "last": str(asked.period.last), "measure": "districts"}
    lines: list[list[Cell]] = [days, [watermark(context)], [], head, *body]
    return FileContent(title, lines, "overview.export", f"district:{asked.district}", taken)


async def _lines(context: RequestContext, asked: OverviewRequest, right: Right) -> list[DistrictNumbers] | None:
    """None for who counts only some cases of a district, and while days are counted anew."""
    if not day_sums.is_whole(context.staffer, asked.district, right):
        return None
    inner = [
        code
        for code in context.knowledge.regions
        if code.startswith(asked.district) and len(code) == len(asked.district) + 2
    ]
    measures = context.knowledge.measures.counted
    lines = await by_district.read(context.session, measures, asked.period, asked.district, inner)
    await asyncio.sleep(0)  # Others have their turn before hundreds of cells are drawn.
    return lines


def _value(name: str, each: DistrictNumbers) -> Cell:
    """A number as people read it, to be added up in a sheet; a share, or a dash where there are too few to say."""
    value = COLUMNS[name](each)
    if value is None:
        return "—"
    if name == "mean":
        return f"{value:.1f}"
    return f"{value:.0%}" if name in SHARES else int(value)


def _change(name: str, each: DistrictNumbers) -> int | None:
    """How much more than in the period before; None for what is not compared."""
    return each.counts.get(name, 0) - each.before.get(name, 0) if name in COMPARED else None


def _behind(context: RequestContext, asked: OverviewRequest, name: str, code: str) -> str:
    """Where the things behind a number stand, for who may read them; "" where there is no list."""
    if code == ELSEWHERE:
        return ""
    staffer, days = context.staffer, f"district={code}&since={asked.period.first}&until={asked.period.last}"
    if name in COMPARED and staffer.may(Right.APPEALS_READ):
        return f"{urls.OVERVIEW}/{name}?{OverviewRequest(asked.period, code).query()}"
    if name == "hazards" and staffer.may(Right.HAZARDS_READ):
        return f"{urls.HAZARDS}?view=all&{days}"
    if name == "applied" and staffer.may(Right.VOLUNTEERS_READ):
        return f"{urls.VOLUNTEERS}?view=everybody&{days}"
    if name == "asked":
        return f"{questions.PATH}?{OverviewRequest(asked.period, code).query()}"
    if name == "acting" and staffer.may(Right.VOLUNTEERS_READ):
        return f"{urls.VOLUNTEERS}?view=acting&district={code}"
    if name in STATIONS and staffer.may(Right.STATIONS_READ):
        return f"{urls.STATIONS}?view={STATIONS[name]}&district={code}"
    if name == "notices" and staffer.may(Right.NOTICES_READ):
        return f"{urls.NOTICES}?does=say&{days}"
    return ""
