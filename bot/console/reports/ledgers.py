"""/console/ledgers: weeks and months as they were frozen, their corrections, and taking them out as files."""

from aiohttp import web

from bot.console.core import watermark
from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, page
from bot.errors import Rejected
from bot.services.core import periods, spreadsheets
from bot.services.reports import ledgers, statistics
from bot.services.reports.ledgers import Wanted
from bot.services.reports.statistics import RIGHT
from bot.services.staff.permissions import Denied
from bot.store.models import Ledger

HERE = f"{ROOT}/ledgers"
EXPORT = "statistics.export"
PAGE = 50  # cases


@page("GET", HERE, right=RIGHT, nav="ledgers")
async def listed(visit: Visit) -> web.Response:
    return await _list(visit)


@page("POST", HERE, right=EXPORT, fresh=True)
async def freeze(visit: Visit) -> web.Response:
    """Freeze the week or the month that was over last, where the clock has not done it yet."""
    kind, district = visit.text("kind"), visit.text("district")
    known = district in visit.knowledge.regions or not district
    if kind not in ledgers.KINDS:
        raise Rejected("ledger.kind")
    if not known or not ledgers.may_read(visit.staffer, district, EXPORT):
        raise Denied(EXPORT, f"district:{district[:6]}", hidden=True)
    wanted = Wanted(kind, ledgers.last(kind), district)
    ledger = await ledgers.freeze(visit.session, visit.frame, wanted, visit.staffer.id)
    await visit.audit("ledger.freeze", f"ledger:{ledger.id}", district=district)
    return visit.to(f"{HERE}/{ledger.id}", said="ledger_frozen")


@page("GET", f"{HERE}/{{id}}", right=RIGHT)
async def shown(visit: Visit) -> web.Response:
    return await _show(visit, await _found(visit))


@page("POST", f"{HERE}/{{id}}/amend", right=EXPORT, fresh=True)
async def amend(visit: Visit) -> web.Response:
    """Count anew, and keep the difference as a correction."""
    ledger = await _found(visit, EXPORT)
    try:
        made = await ledgers.amend(visit.session, visit.frame, ledger, visit.text("why"), visit.staffer.id)
    except Rejected as error:  # raised before anything is written
        return await _show(visit, ledger, fault=visit.console.layout.rejection(visit, error))
    await visit.audit("ledger.amend", f"ledger:{made.id}")
    return visit.to(f"{HERE}/{made.id}", said="ledger_amended")


@page("GET", f"{HERE}/{{id}}/{{form}}", right=EXPORT, fresh=True, writes=True)
async def file(visit: Visit) -> web.Response:
    """The ledger as a file.  It says who took it out and on which day; the audit says when exactly."""
    ledger, form = await _found(visit, EXPORT), visit.request.match_info["form"]
    if form not in spreadsheets.FORMS:
        raise web.HTTPNotFound
    lines = spreadsheets.rows(ledgers.read(ledger), ledger.stamp, watermark.watermark(visit))
    name = f"{ledger.kind}-{ledger.first}-{ledger.district or 'all'}-{ledger.number}"
    response = await watermark.download(lines, form, name)
    await visit.audit("ledger.export", f"ledger:{ledger.id}", form=form)
    return response


async def _found(visit: Visit, action: str = RIGHT) -> Ledger:
    """The ledger of the address.  Raises Denied, which shows as "not found", for one of another district."""
    number = visit.number("id")
    ledger = await visit.session.get(Ledger, number) if number is not None else None
    if ledger is None:
        raise web.HTTPNotFound
    if not ledgers.may_read(visit.staffer, ledger.district, action):
        raise Denied(action, f"ledger:{ledger.id}", hidden=True)
    return ledger


async def _list(visit: Visit) -> web.Response:
    week = periods.week_of(periods.today())
    measures, mine = visit.knowledge.measures.lists["week"], visit.staffer.districts(RIGHT)
    within = statistics.scope(mine[0], visit.staffer)
    counts = await statistics.count(visit.session, measures, week, within)
    exports = visit.staffer.districts(EXPORT)
    return visit.page(
        "reports/ledgers.html",
        ledgers=await ledgers.listed(visit.session, visit.staffer),
        kinds=ledgers.KINDS,
        exports=[code for code in exports if ledgers.may_read(visit.staffer, code, EXPORT)],
        week=week,
        here_district=mine[0],
        measures=measures,
        totals=counts.totals,
        opens=visit.staffer.may("appeals.read"),
    )


async def _show(visit: Visit, ledger: Ledger, *, fault: str = "") -> web.Response:
    content, number = ledgers.read(ledger), max(visit.number("page") or 1, 1)
    cases = content["cases"]
    return visit.page(
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
        series=await ledgers.series(visit.session, ledger),
        whole=ledgers.is_whole(ledger),
        exports=ledgers.may_read(visit.staffer, ledger.district, EXPORT),
        opens=visit.staffer.may("appeals.read"),
        form=visit.form,
        fault=fault,
    )
