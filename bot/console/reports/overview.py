"""/console/overview: what came in and what became of it, for a period and a district; each number opens its cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.console.core import charts
from bot.console.core.listing import ListAddress
from bot.console.core.request import RequestContext, clean
from bot.console.core.routes import page
from bot.messaging import urls
from bot.services.appeals import queue as appeal_queue
from bot.services.chats import questions
from bot.services.contacts import outlets
from bot.services.core import periods
from bot.services.core.periods import Period
from bot.services.core.working_days import DAY, china_date
from bot.services.reports import day_sums, statistics
from bot.services.reports.day_sums import DaySums, Wanted
from bot.services.reports.statistics import Counts
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Appeal, now
from knowledge.measures import Measure

NUMBERS = "numbers"  # in the place of a measure: the file of all of them
LONGEST = 366  # days of a period
DRAWN = ("collected", "settled")  # measures of the chart
COLUMNS = 31  # of the chart; for longer periods each stands for a week


@dataclass(frozen=True, slots=True)
class OverviewRequest:
    """What an address asks for."""

    period: Period
    district: str
    fault: str = ""  # the key of the sentence that says why it is another period than was asked for

    def pairs(self, **more: object) -> list[tuple[str, str]]:
        """The same as parts of an address."""
        plain = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat(), "district": self.district}
        return [*plain.items(), *((name, str(value)) for name, value in more.items() if value not in ("", None))]

    def query(self, **more: object) -> str:
        return urlencode(self.pairs(**more))


@page("GET", urls.OVERVIEW, right=Right.STATISTICS_READ, nav="overview")
async def overview(context: RequestContext) -> web.Response:
    asked, measures = read(context), context.knowledge.measures
    within = statistics.scope(asked.district, context.staffer)
    shown = measures.lists["overview"]
    sums = await day_sums_of(context, asked)
    counts = await counts_of(context, asked, shown, within, sums)
    return context.page(
        "reports/overview.html",
        asked=asked,
        presets=presets(),
        districts=districts(context),
        measures=shown,
        counts=counts,
        shares=[(each, each.of(counts.totals)) for each in measures.shares],
        chart=await over_time(context, asked, within, sums),
        kinds=context.knowledge.appeals.kinds,
        agencies=await agencies.names(context.session),
        outcomes=await questions.outcomes(context.session, asked.period, asked.district),
        outlets=await outlets.covered(context.session, [asked.district], china_date(now())),
        placeless=await statistics.placeless(context.session, asked.period) if asked.district else 0,
        opens=context.staffer.may(Right.APPEALS_READ),
        exports=exports(context, asked),
        rows=lambda measure, **more: f"{urls.OVERVIEW}/{measure.name}?{asked.query(**more)}",
        file=lambda form: f"{urls.OVERVIEW}/{NUMBERS}/{form}?{asked.query()}",
    )


@page("GET", f"{urls.OVERVIEW}/{{measure}}", right=Right.STATISTICS_READ)
async def drill_down(context: RequestContext) -> web.Response:
    """The cases behind a number."""
    measure = context.knowledge.measures.every.get(context.http_request.match_info["measure"])
    if measure is None:
        raise web.HTTPNotFound
    asked = read(context)
    kind, agency = context.http_request.query.get("kind", ""), context.http_request.query.get("agency", "")
    within = narrowed(context, statistics.scope(asked.district, context.staffer))
    seen = appeal_queue.visible(context.staffer)
    known = await _known(context, asked, measure)
    found = await statistics.drill_down(
        context.session, measure, asked.period, within, seen, context.place, known=known
    )
    path, pairs = f"{urls.OVERVIEW}/{measure.name}", asked.pairs(kind=kind, agency=agency)
    return context.page(
        "reports/drill_down.html",
        asked=asked,
        measure=measure,
        found=found,
        page=found.page,
        kinds=context.knowledge.appeals.kinds,
        exports=exports(context, asked),
        address=ListAddress(path, pairs),
        file=lambda form: f"{path}/{form}?{urlencode(pairs)}",
    )


async def _known(context: RequestContext, asked: OverviewRequest, measure: Measure) -> int | None:
    """The number that led here, where the days tell it; None where only the steps can."""
    kind, agency = context.http_request.query.get("kind", ""), context.http_request.query.get("agency", "")
    sums = None if measure.ahead or (kind and agency) else await day_sums_of(context, asked, wanted=[measure.name])
    if sums is None:
        return None
    counts = sums.counts([measure])
    if kind:
        return counts.by_kind.get(kind, {}).get(measure.name, 0)
    if agency:
        return counts.by_agency.get(context.number("agency"), {}).get(measure.name, 0)
    return counts.totals[measure.name]


def narrowed(context: RequestContext, within: Any) -> Any:
    """Of the cases within a condition, those of the kind and the agency that the address names."""
    kind, agency = context.http_request.query.get("kind", ""), context.http_request.query.get("agency", "")
    if kind:
        within &= Appeal.kind == clean(kind)[:16]
    if agency:
        within &= Appeal.agency_id == context.number("agency")  # "none" is no number: cases that nobody has
    return within


def exports(context: RequestContext, asked: OverviewRequest) -> bool:
    """Whether somebody may take the numbers of a district out as a file."""
    return context.staffer.may(Right.STATISTICS_EXPORT, district=asked.district)


async def day_sums_of(
    context: RequestContext,
    asked: OverviewRequest,
    right: Right = Right.STATISTICS_READ,
    wanted: Sequence[str] | None = None,
) -> DaySums | None:
    """What days add up to, where somebody counts a whole district; None where only the steps can tell.

    wanted: the measures whose numbers are needed, and no days; else all of them, with the days that are drawn.
    """
    if not day_sums.is_whole(context.staffer, asked.district, right):
        return None
    measures = context.knowledge.measures.counted
    needed = Wanted(wanted or [each.name for each in measures], [] if wanted else DRAWN)
    return await day_sums.read(context.session, measures, asked.period, asked.district, needed)


async def counts_of(
    context: RequestContext, asked: OverviewRequest, measures: Sequence[Measure], within: Any, sums: DaySums | None
) -> Counts:
    """The numbers of a table, from days or from steps."""
    if sums is not None:
        return sums.counts(measures)
    return await statistics.count(context.session, measures, asked.period, within)


async def over_time(
    context: RequestContext, asked: OverviewRequest, within: Any, sums: DaySums | None
) -> Mapping[str, Any]:
    """Two measures over time, drawn and as a table."""
    drawn: list[Measure] = [context.knowledge.measures.every[name] for name in DRAWN]
    parts, session = asked.period.parts(COLUMNS), context.session
    series = [
        sums.over_time(each, parts) if sums else await statistics.over_time(session, each, asked.period, parts, within)
        for each in drawn
    ]
    lines = list(zip(parts, *series, strict=True))
    return {"measures": drawn, "columns": charts.columns(series), "parts": parts, "lines": lines}


def read(context: RequestContext, right: Right = Right.STATISTICS_READ) -> OverviewRequest:
    """Period and district of the address.  Raises Denied, which shows as "not found", for other people's districts."""
    query = context.http_request.query
    district = query.get("district", (*context.staffer.districts(right), "")[0])
    known = district == "" or district in context.knowledge.regions
    context.staffer.require(right, district=district if known else "", subject=f"district:{district[:6]}", hidden=True)
    today = periods.today()
    usual = Period(today.replace(day=1), today)
    try:
        first = date.fromisoformat(query.get("from") or usual.first.isoformat())
        last = date.fromisoformat(query.get("to") or usual.last.isoformat())
    except ValueError:
        return OverviewRequest(usual, district, "overview.no_date")
    if first > last:
        return OverviewRequest(usual, district, "overview.backwards")
    if (last - first).days >= LONGEST or first.year < 2000 or last.year > 2100:
        return OverviewRequest(usual, district, "overview.long")
    return OverviewRequest(Period(first, last), district)


def presets() -> Mapping[str, Period]:
    """Periods that are one tap away."""
    today = periods.today()
    week, month = periods.week_of(today), periods.month_of(today)
    return {
        "week": week,
        "last_week": periods.week_of(week.first - DAY),
        "month": Period(month.first, today),
        "last_month": periods.month_of(month.first - DAY),
    }


def districts(context: RequestContext) -> list[str]:
    """Districts this person may choose: their own and those inside; for the whole country, provinces and cities."""
    mine = context.staffer.districts(Right.STATISTICS_READ)
    inside = [
        code
        for code in context.knowledge.regions
        if code.startswith(tuple(mine)) and (len(code) <= 4 or any(len(each) >= 4 for each in mine))
    ]
    return ["", *inside] if "" in mine else inside
