"""The gates of a compound at work: codes to hang up, phones of guards, who came in by numbers, and whose an entry was."""

from collections.abc import Sequence
from datetime import date

import segno
from aiohttp import web
from markupsafe import Markup

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.passes.known import today
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.passes import compounds, devices, entries, gate, turned_away
from bot.services.staff.permissions import Right
from bot.store.models import Compound, GateDevice

GATES = f"{urls.COMPOUNDS}/{{id}}/devices"
CODES = f"{urls.COMPOUNDS}/{{id}}/codes"
ENTRIES = f"{urls.COMPOUNDS}/{{id}}/entries"


@page("GET", CODES, right=Right.GATES_RUN)
async def codes(context: RequestContext) -> web.Response:
    """A sheet for each gate: riders scan it with the phone's camera."""
    row = await _found(context, Right.GATES_RUN)
    found = await compounds.gates(context.session, row.id)
    drawn = [(each, _drawn(context, gate.gate_code(context.session, each))) for each in found]
    return context.page("passes/codes.html", row=row, drawn=drawn, path=f"{urls.COMPOUNDS}/{row.id}")


@page("GET", GATES, right=Right.GATES_RUN)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context, await _found(context, Right.GATES_RUN))


@page("POST", GATES, right=Right.GATES_RUN)
async def add(context: RequestContext) -> web.Response:
    """A phone more: its link is shown once, and works once."""
    row = await _found(context, Right.GATES_RUN)
    try:
        at = await compounds.gate_of(context.session, row, context.number("at"))
        made = await devices.add(context.session, at, context.text("device", most=100), context.staffer.id)
    except Rejected as error:
        return await _show(context, row, fault=context.console.layout.rejection(context, error))
    await context.audit("compound.device", f"compound:{row.id}", label=made.name)
    return await _show(context, row, made=made)


@page("POST", f"{GATES}/revoke", right=Right.GATES_RUN)
async def revoke(context: RequestContext) -> web.Response:
    row = await _found(context, Right.GATES_RUN)
    await devices.revoke(context.session, row.id, context.number("enrolled") or 0)
    await context.audit("compound.revoke_device", f"compound:{row.id}", label=row.name)
    return context.to(f"{urls.COMPOUNDS}/{row.id}/devices", said="device_revoked")


@page("GET", ENTRIES, right=Right.ENTRIES_TRACE)
async def of_day(context: RequestContext) -> web.Response:
    """The entries of a day, whose nobody says before there is a reason."""
    return await _day(context, await _found(context, Right.ENTRIES_TRACE))


@page("POST", f"{ENTRIES}/trace", right=Right.ENTRIES_TRACE, fresh=True)
async def trace(context: RequestContext) -> web.Response:
    """Whose an entry was: with the number of a paper, written down, and told to the person."""
    row = await _found(context, Right.ENTRIES_TRACE)
    actor = context.staffer.require(Right.ENTRIES_TRACE, district=row.region, subject=f"compound:{row.id}")
    context.again = f"{urls.COMPOUNDS}/{row.id}/entries"
    asked = {"purpose": context.text("purpose", most=200), "request_id": context.request_id}
    number = context.number("entry") or 0
    try:
        found = await entries.trace(context.session, context.services, row.id, number, actor, **asked)
    except Rejected as error:
        return await _day(context, row, fault=context.console.layout.rejection(context, error))
    await context.audit("compound.trace", f"compound:{row.id}", granted=found is not None)
    if found is None:
        return await _day(context, row, fault=context.console.layout.words("rejected.entry.nobody"))
    return await _day(context, row, known=[found[0].number, *found[1].values()])


def _drawn(context: RequestContext, token: str) -> Markup:
    link = f"{context.console.base_url}{urls.SCANNED}/{token}"
    return Markup(segno.make(link, micro=False, error="m").svg_inline(border=4, light="#fff", omitsize=True))  # noqa: S704


async def _found(context: RequestContext, right: Right) -> Compound:
    """Raises Denied, which shows as "not found", for a compound of another district or another property."""
    return await context.find(compounds.COMPOUNDS, context.number("id"), right)


async def _show(
    context: RequestContext, row: Compound, *, made: GateDevice | None = None, fault: str = ""
) -> web.Response:
    """made: a phone whose link is shown now."""
    session = context.session
    gates = await compounds.gates(session, row.id)
    token = devices.link(session, made) if made is not None else ""
    return context.page(
        "passes/devices.html",
        status=422 if fault else 200,
        row=row,
        path=f"{urls.COMPOUNDS}/{row.id}",
        gates=gates,
        names={each.id: each.name for each in gates},
        phones=await devices.of_gates(session, [each.id for each in gates]),
        waits=devices.waits,
        made=made,
        link=f"{context.console.base_url}{urls.SCANNED}/{token}" if token else "",
        drawn=_drawn(context, token) if token else "",
        fault=fault,
        colour=gate.colour(session),
        counts=await entries.counts(session, row.id),
        turned_away=await turned_away.counts(session, row.id),
        people=await turned_away.people(session, row.id),
        fewest=turned_away.FEWEST,
        hours=await entries.by_hour(session, row.id),
        days=entries.DAYS,
    )


async def _day(context: RequestContext, row: Compound, *, known: Sequence[str] = (), fault: str = "") -> web.Response:
    try:
        day = date.fromisoformat(context.http_request.query.get("start_at", ""))
    except ValueError:
        day = today()
    return context.page(
        "passes/entries.html",
        status=422 if fault else 200,
        row=row,
        path=f"{urls.COMPOUNDS}/{row.id}",
        day=day,
        rows=await entries.of_day(context.session, row.id, day),
        known=known,
        fault=fault,
        days=entries.DAYS,
    )
