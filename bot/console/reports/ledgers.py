"""/console/ledgers: weeks and months as they were frozen, their corrections, and taking them out as files."""

from aiohttp import web

from bot.console.core.files import FileContent, file_page
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.core.watermark import watermark
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import periods, spreadsheets
from bot.services.reports import ledgers, statistics
from bot.services.reports.ledgers import LedgerRequest
from bot.services.staff.permissions import Denied, Right
from bot.store.models import Ledger

PAGE = 50  # cases


@page("GET", urls.LEDGERS, right=Right.STATISTICS_READ, nav="ledgers")
async def listed(context: RequestContext) -> web.Response:
    return await _list(context)


@page("POST", urls.LEDGERS, right=Right.STATISTICS_EXPORT, fresh=True)
async def freeze(context: RequestContext) -> web.Response:
    """Freeze the week or the month that was over last, where the clock has not done it yet."""
    kind, district = context.text("kind"), context.text("district")
    known = district in context.knowledge.regions or not district
    if kind not in ledgers.KINDS:
        raise Rejected("ledger.kind")
    if not known or not ledgers.may_read(context.staffer, district, Right.STATISTICS_EXPORT):
        raise Denied(Right.STATISTICS_EXPORT, f"district:{district[:6]}", hidden=True)
    wanted = LedgerRequest(kind, ledgers.last(kind), district)
    ledger = await ledgers.freeze(context.session, context.services, wanted, context.staffer.id)
    await context.audit("ledger.freeze", f"ledger:{ledger.id}", district=district)
    return context.to(f"{urls.LEDGERS}/{ledger.id}", said="ledger_frozen")


@page("GET", f"{urls.LEDGERS}/{{id}}", right=Right.STATISTICS_READ)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context, await _found(context))


@page("POST", f"{urls.LEDGERS}/{{id}}/amend", right=Right.STATISTICS_EXPORT, fresh=True)
async def amend(context: RequestContext) -> web.Response:
    """Count anew, and keep the difference as a correction."""
    ledger = await _found(context, Right.STATISTICS_EXPORT)
    try:
        made = await ledgers.amend(context.session, context.services, ledger, context.text("why"), context.staffer.id)
    except Rejected as error:  # raised before anything is written
        return await _show(context, ledger, fault=context.console.layout.rejection(context, error))
    await context.audit("ledger.amend", f"ledger:{made.id}")
    return context.to(f"{urls.LEDGERS}/{made.id}", said="ledger_amended")


@file_page(f"{urls.LEDGERS}/{{id}}/{{form}}", right=Right.STATISTICS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """The ledger as a file.  It says who took it out and on which day; the audit says when exactly."""
    ledger = await _found(context, Right.STATISTICS_EXPORT)
    lines = spreadsheets.rows(ledgers.read(ledger), ledger.stamp, watermark(context))
    name = f"{ledger.kind}-{ledger.first}-{ledger.district or 'all'}-{ledger.number}"
    return FileContent(name, lines, "ledger.export", f"ledger:{ledger.id}")


async def _found(context: RequestContext, right: Right = Right.STATISTICS_READ) -> Ledger:
    """The ledger of the address.  Raises Denied, which shows as "not found", for one of another district."""
    return await context.find(ledgers.LEDGERS, context.number("id"), right)


async def _list(context: RequestContext) -> web.Response:
    week = periods.week_of(periods.today())
    measures, mine = context.knowledge.measures.lists["week"], context.staffer.districts(Right.STATISTICS_READ)
    within = statistics.scope(mine[0], context.staffer)
    counts = await statistics.count(context.session, measures, week, within)
    exports = context.staffer.districts(Right.STATISTICS_EXPORT)
    return context.page(
        "reports/ledgers.html",
        ledgers=await ledgers.listed(context.session, context.staffer),
        kinds=ledgers.KINDS,
        exports=[code for code in exports if ledgers.may_read(context.staffer, code, Right.STATISTICS_EXPORT)],
        week=week,
        here_district=mine[0],
        measures=measures,
        totals=counts.totals,
        opens=context.staffer.may(Right.APPEALS_READ),
    )


async def _show(context: RequestContext, ledger: Ledger, *, fault: str = "") -> web.Response:
    content, number = ledgers.read(ledger), max(context.number("page") or 1, 1)
    cases = content["cases"]
    return context.page(
        "reports/ledger.html",
        status=422 if fault else 200,
        ledger=ledger,
        content=content,
        words_then=content["words"],
        titles=[title for _, title, _ in content["measures"]],
        cases=cases[(number - 1) * PAGE : number * PAGE],
        count=len(cases),
        page=number,
        further=len(cases) > number * PAGE,
        series=await ledgers.series(context.session, ledger),
        whole=ledgers.is_whole(ledger),
        exports=ledgers.may_read(context.staffer, ledger.district, Right.STATISTICS_EXPORT),
        opens=context.staffer.may(Right.APPEALS_READ),
        form=context.form,
        fault=fault,
    )
