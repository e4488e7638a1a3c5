"""/console/passes: who applied for a pass, who checked them, and what was decided since; names are masked."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing, words
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.contacts import contacts
from bot.services.core import numbers
from bot.services.identity import identities
from bot.services.passes import passes, transitions
from bot.services.passes.passes import VIEWS, PassFilter
from bot.services.passes.states import PASS, PassState
from bot.services.passes.transitions import LONGEST_REASON, PassMove
from bot.services.staff import accounts, audit
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Pass

PASS_PAGE = f"{urls.PASSES}/{{number}}"
CHECK = f"{urls.PASSES}/check"
STEPS = {  # verb of the address -> (where it leads, the right it needs)
    "reject": (PassState.REJECTED, Right.PASSES_SUSPEND),
    "suspend": (PassState.SUSPENDED, Right.PASSES_SUSPEND),
    "reinstate": (PassState.ACTIVE, Right.PASSES_SUSPEND),
    "revoke": (PassState.REVOKED, Right.PASSES_REVOKE),
}


@topic("passes", right=Right.PASSES_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *words.load().actions("pass")), await passes.newest_step(session)


@card(Right.PASSES_SUSPEND, order=37)
async def waiting(context: RequestContext) -> Card | None:
    """Who waits for somebody to look at them; nothing while nobody does."""
    count = (await passes.counts(context.session, context.staffer))["applied"]
    said = context.console.layout.words
    return Card(said("card.passes"), count, urls.PASSES, said("card.passes_note")) if count else None


@page("GET", urls.PASSES, right=Right.PASSES_READ, nav="passes")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = PassFilter(listing.one_of(query, "view", VIEWS, "applied"), searched(query))
    page = await passes.listed(context.session, context.staffer, wanted, context.place)
    return context.page(
        "passes/passes.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        address=listing.address(urls.PASSES, wanted),
        views=list(VIEWS),
        counts=await passes.counts(context.session, context.staffer),
        names=await identities.masked_names(context.session, [row.alias for (row,) in page.rows]),
        platforms=context.knowledge.grid.platforms,
    )


@page("GET", CHECK, right=Right.PASSES_CHECK, nav="check_pass")
async def counter(context: RequestContext) -> web.Response:
    """On the spot: somebody shows their number, and is looked at."""
    typed = numbers.typed(context.http_request.query.get("number", "")[:20])
    row = await passes.PASSES.find(context.session, context.staffer, typed, Right.PASSES_CHECK) if typed else None
    return await _counter(context, typed, row)


@page("POST", CHECK, right=Right.PASSES_CHECK)
async def check(context: RequestContext) -> web.Response:
    """Looked at in person, with the work page of their platform; no paper is copied."""
    typed = numbers.typed(context.text("number", most=20))
    row = await passes.PASSES.find(context.session, context.staffer, typed, Right.PASSES_CHECK, lock=True)
    if row is None or row.state != PassState.APPLIED:
        return await _counter(context, typed, row)
    if context.form.get("seen") != "1":
        return await _counter(context, typed, row, context.console.layout.words("rejected.pass.seen"))
    actor = context.staffer.require(Right.PASSES_CHECK, district=row.region, subject=f"pass:{row.number}")
    row = await transitions.move(context.session, context.services, row.number, PassMove(PassState.ACTIVE, actor))
    await context.audit("pass.check", f"pass:{row.number}")
    return await _counter(context, typed, row)


@page("GET", PASS_PAGE, right=Right.PASSES_READ)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context, await _found(context))


@page("POST", f"{PASS_PAGE}/reject", right=Right.PASSES_SUSPEND)
async def reject(context: RequestContext) -> web.Response:
    return await _step(context, "reject")


@page("POST", f"{PASS_PAGE}/suspend", right=Right.PASSES_SUSPEND)
async def suspend(context: RequestContext) -> web.Response:
    return await _step(context, "suspend")


@page("POST", f"{PASS_PAGE}/reinstate", right=Right.PASSES_SUSPEND)
async def reinstate(context: RequestContext) -> web.Response:
    return await _step(context, "reinstate")


@page("POST", f"{PASS_PAGE}/revoke", right=Right.PASSES_REVOKE)
async def revoke(context: RequestContext) -> web.Response:
    return await _step(context, "revoke")


@page("POST", f"{PASS_PAGE}/identity", right=Right.PASSES_UNMASK, fresh=True)
async def unmask(context: RequestContext) -> web.Response:
    """Name and phone, for a purpose; shown this once, and told to their owner."""
    row = await _found(context)
    subject = f"pass:{row.number}"
    actor = context.staffer.require(Right.PASSES_UNMASK, district=row.region, subject=subject)
    context.again = f"{urls.PASSES}/{row.number}"
    known = await identities.unmask(
        context.session,
        row.alias,
        actor,
        subject=subject,
        purpose=context.text("purpose"),
        request_id=context.request_id,
        may=passes.MAY_UNMASK,
    )
    await context.audit("pass.unmask", subject, granted=bool(known))
    return await _show(context, row, known=list(known.values()))


async def _step(context: RequestContext, verb: str) -> web.Response:
    row, (target, right) = await _found(context), STEPS[verb]
    actor = context.staffer.require(right, district=row.region, subject=f"pass:{row.number}")
    wanted = PassMove(target, actor, context.text("reason", most=LONGEST_REASON))
    try:
        await transitions.move(context.session, context.services, row.number, wanted)
    except Rejected as error:
        return await _show(context, row, fault=context.console.layout.rejection(context, error))
    await context.audit(f"pass.{verb}", f"pass:{row.number}")
    return context.to(f"{urls.PASSES}/{row.number}", said="pass_done")


async def _found(context: RequestContext) -> Pass:
    """Raises Denied, which shows as "not found", for passes of other districts."""
    return await context.find(passes.PASSES, context.http_request.match_info["number"], Right.PASSES_READ)


async def _show(context: RequestContext, row: Pass, *, known: Sequence[str] = (), fault: str = "") -> web.Response:
    session, lines = context.session, await passes.timeline(context.session, row.id)
    return context.page(
        "passes/pass.html",
        status=422 if fault else 200,
        row=row,
        path=f"{urls.PASSES}/{row.number}",
        fault=fault,
        masked=await identities.masked_name(session, row.alias),
        known=known,
        lines=lines,
        people=await accounts.names(session, [row.checked_by, *(each.staff_id for each in lines)]),
        outlet=(await contacts.outlet_names(session, [row.outlet_id or 0])).get(row.outlet_id or 0, ""),
        platforms=context.knowledge.grid.platforms,
        acts=_acts(context.staffer, row),
        may_check=row.state == PassState.APPLIED and context.staffer.may(Right.PASSES_CHECK, district=row.region),
        may_unmask=context.staffer.may(Right.PASSES_UNMASK, district=row.region),
    )


def _acts(staffer: Staffer, row: Pass) -> list[str]:
    """The steps this person may take with this pass as it stands."""
    found = []
    for verb, (target, right) in STEPS.items():
        role = staffer.role_for(right, row.region)
        if role is not None and PASS.allows(verb, row.state, target, role):
            found.append(verb)
    return found


async def _counter(context: RequestContext, typed: str, row: Pass | None, fault: str = "") -> web.Response:
    masked = await identities.masked_name(context.session, row.alias) if row is not None else ""
    return context.page(
        "passes/check.html",
        status=422 if fault else 200,
        typed=typed,
        row=row,
        masked=masked,
        fault=fault,
        platforms=context.knowledge.grid.platforms,
    )
