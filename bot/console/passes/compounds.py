"""/console/compounds: where somebody at a gate decides who comes in, and what everybody may know about it."""

from collections.abc import Mapping, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing, words
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import page, topic
from bot.console.passes.known import known, today
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.passes import compounds
from bot.services.passes.compounds import VIEWS, CompoundFilter
from bot.services.staff import audit
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Compound, now
from knowledge.geo import DATUMS
from knowledge.passes.compounds import COLUMNS, read_gate, read_one
from knowledge.regions import full_name
from knowledge.tables import Record

COMPOUND = f"{urls.COMPOUNDS}/{{id}}"
TEXTS = ("name", "district", "address", "unit", "rules", "vehicles", "lat", "lon", "datum")
GATE = ("gate", "hours", "riders")
LONGEST = 400  # characters of a field


@topic("compounds", right=Right.COMPOUNDS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *words.load().actions("compound"))


@page("GET", urls.COMPOUNDS, right=Right.COMPOUNDS_READ, nav="compounds")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = CompoundFilter(listing.one_of(query, "view", VIEWS, "all"), searched(query))
    page = await compounds.listed(context.session, context.staffer, wanted, today(), context.place)
    return context.page(
        "passes/compounds.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        address=listing.address(urls.COMPOUNDS, wanted),
        views=VIEWS,
        counts=await compounds.counts(context.session, context.staffer, today()),
        names=await agencies.names(context.session),
        old=today() - compounds.AGED,
        may_edit=context.staffer.may(Right.COMPOUNDS_EDIT),
    )


@page("GET", f"{urls.COMPOUNDS}/new", right=Right.COMPOUNDS_EDIT)
async def blank(context: RequestContext) -> web.Response:
    return await _new(context, dict.fromkeys(TEXTS, ""))


@page("POST", f"{urls.COMPOUNDS}/new", right=Right.COMPOUNDS_EDIT)
async def add(context: RequestContext) -> web.Response:
    given = _given(context, TEXTS)
    try:
        row = await _save(context, None, given)
    except Rejected as error:
        return await _new(context, given, [_sentence(context, error)])
    if not isinstance(row, Compound):
        return await _new(context, given, row)
    await context.audit("compound.add", f"compound:{row.id}", label=row.name)
    return context.to(f"{urls.COMPOUNDS}/{row.id}", said="compound_saved")


@page("GET", COMPOUND, right=Right.COMPOUNDS_READ)
async def shown(context: RequestContext) -> web.Response:
    row = await _found(context, Right.COMPOUNDS_READ)
    return await _show(context, row, await _typed(context, row))


@page("POST", COMPOUND, right=Right.COMPOUNDS_EDIT)
async def edit(context: RequestContext) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    row, given = await _found(context, Right.COMPOUNDS_EDIT), _given(context, TEXTS)
    try:
        saved = await _save(context, row, given)
    except Rejected as error:
        return await _show(context, row, given, [_sentence(context, error)])
    if not isinstance(saved, Compound):
        return await _show(context, row, given, saved)
    return await _done(context, row, "edit", "compound_saved")


@page("POST", f"{COMPOUND}/close", right=Right.COMPOUNDS_EDIT)
async def close(context: RequestContext) -> web.Response:
    """It is there no more, or again: nobody finds it."""
    row = await _found(context, Right.COMPOUNDS_EDIT)
    row.active = context.form.get("closed") != "1"
    row.changed_at = now()
    return await _done(context, row, "open" if row.active else "close", "compound_saved")


@page("POST", f"{COMPOUND}/confirm", right=Right.COMPOUNDS_EDIT)
async def confirm(context: RequestContext) -> web.Response:
    row = await _found(context, Right.COMPOUNDS_EDIT)
    await compounds.confirm(context.session, row, today())
    return await _done(context, row, "confirm", "compound_confirmed")


@page("POST", f"{COMPOUND}/gates", right=Right.COMPOUNDS_EDIT)
async def gate(context: RequestContext) -> web.Response:
    """A gate more, or another state of the one with this name."""
    row, given = await _found(context, Right.COMPOUNDS_EDIT), _given(context, GATE)
    entry, faults = read_gate(Record(given, COLUMNS.title))
    try:
        if entry is None:
            raise Rejected("compound.gate")
        if not faults:
            await compounds.save_gate(context.session, row, entry)
    except Rejected as error:
        faults = [_sentence(context, error)]
    if faults:
        return await _show(context, row, await _typed(context, row), gate=given, gate_faults=faults)
    return await _done(context, row, "gate", "compound_saved")


@page("POST", f"{COMPOUND}/gates/close", right=Right.COMPOUNDS_EDIT)
async def close_gate(context: RequestContext) -> web.Response:
    """Bricked up: nobody is sent there."""
    row = await _found(context, Right.COMPOUNDS_EDIT)
    (await compounds.gate_of(context.session, row, context.number("at"))).active = False
    return await _done(context, row, "close_gate", "compound_saved")


async def _done(context: RequestContext, row: Compound, verb: str, said: str) -> web.Response:
    await context.audit(f"compound.{verb}", f"compound:{row.id}", label=row.name)
    return context.to(f"{urls.COMPOUNDS}/{row.id}", said=said)


def _sentence(context: RequestContext, error: Rejected) -> str:
    return context.console.layout.rejection(context, error)


def _given(context: RequestContext, names: Sequence[str]) -> dict[str, str]:
    return {name: context.text(name, most=LONGEST) for name in names}


async def _save(context: RequestContext, row: Compound | None, given: Mapping[str, str]) -> Compound | Sequence[str]:
    """The compound as the form describes it, or what is wrong with the form.  Raises Rejected."""
    closed = "是" if row is not None and not row.active else ""
    values = {**given, "closed": closed, "checked": today().isoformat()}
    entry, faults = read_one(Record(values, COLUMNS.title), given["datum"], await known(context, context.session))
    if faults:
        return faults
    context.staffer.require(Right.COMPOUNDS_EDIT, district=entry.region, subject="compound")
    return await compounds.save(context.session, row, entry)


async def _found(context: RequestContext, right: Right) -> Compound:
    """The compound of the address.  Raises Denied, which shows as "not found", for one of another district."""
    lock = right is not Right.COMPOUNDS_READ
    return await context.find(compounds.COMPOUNDS, context.number("id"), right, lock=lock)


async def _typed(context: RequestContext, row: Compound) -> dict[str, str]:
    """A compound as its form shows it."""
    placed = row.latitude is not None and row.longitude is not None
    return {
        "name": row.name,
        "district": full_name(context.knowledge.regions, row.region),
        "address": row.address,
        "unit": (await agencies.names(context.session)).get(row.agency_id or 0, ""),
        "rules": row.rules,
        "vehicles": "" if row.vehicles is None else "是" if row.vehicles else "否",
        "lat": f"{row.latitude:.6f}" if placed else "",
        "lon": f"{row.longitude:.6f}" if placed else "",
        "datum": "wgs84" if placed else "",
    }


async def _new(context: RequestContext, given: Mapping[str, str], faults: Sequence[str] = ()) -> web.Response:
    status = 422 if faults else 200
    return context.page("passes/new_compound.html", status=status, given=given, faults=faults, **_choices(context))


def _choices(context: RequestContext) -> dict[str, object]:
    return {"datums": DATUMS, "mine": context.staffer.districts(Right.COMPOUNDS_EDIT)}


async def _show(
    context: RequestContext,
    row: Compound,
    given: Mapping[str, str],
    faults: Sequence[str] = (),
    *,
    gate: Mapping[str, str] | None = None,
    gate_faults: Sequence[str] = (),
) -> web.Response:
    """gate, gate_faults: of the form for a gate, as it was handed in."""
    return context.page(
        "passes/compound.html",
        status=422 if faults or gate_faults else 200,
        row=row,
        path=f"{urls.COMPOUNDS}/{row.id}",
        given=given,
        faults=faults,
        gates=await compounds.gates(context.session, row.id),
        gate=gate or {"gate": "", "hours": "", "riders": "是"},
        gate_faults=gate_faults,
        names=await agencies.names(context.session),
        old=row.checked is None or row.checked < today() - compounds.AGED,
        may_edit=context.staffer.may(Right.COMPOUNDS_EDIT, district=row.region),
        may_run=context.staffer.may(Right.GATES_RUN, district=row.region),
        may_trace=context.staffer.may(Right.ENTRIES_TRACE, district=row.region),
        **_choices(context),
    )
