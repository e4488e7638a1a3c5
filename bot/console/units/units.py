"""/console/units: who handles cases where, what they have open, and switching one off with a successor."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import divisions, words
from bot.console.core.request import RequestContext
from bot.console.core.routes import page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.working_days import china_date
from bot.services.setup import overview, succession
from bot.services.staff import audit
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies, units
from bot.services.units.units import UnitEntry, UnitKind
from bot.store.models import Agency, Staff, now

UNIT = f"{urls.UNITS}/{{id}}"
TEXTS = ("name", "kind", "parent", "phone", "hours", "address")


@topic("units", right=Right.UNITS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *words.load().actions("unit"))


@page("GET", urls.UNITS, right=Right.UNITS_READ, nav="units")
async def listed(context: RequestContext) -> web.Response:
    mine = context.staffer.districts(Right.UNITS_READ)
    return context.page(
        "units/list.html",
        rows=await overview.standings(context.session, mine),
        names=await agencies.names(context.session),
        labels=desk_labels(context),
        may_edit=context.staffer.may(Right.UNITS_EDIT),
    )


@page("GET", f"{urls.UNITS}/new", right=Right.UNITS_EDIT)
async def blank(context: RequestContext) -> web.Response:
    return await _new(context)


@page("POST", f"{urls.UNITS}/new", right=Right.UNITS_EDIT)
async def add(context: RequestContext) -> web.Response:
    try:
        region = divisions.typed(context, Right.UNITS_EDIT)
        if not region and "" not in context.staffer.districts(Right.UNITS_EDIT):
            raise Rejected("people.district")
        context.staffer.require(Right.UNITS_EDIT, district=region)
        unit = await units.add(context.session, context.by, region, _entry(context), desk_labels(context))
    except Rejected as error:  # raised before anything is written
        return await _new(context, context.console.layout.rejection(context, error))
    return context.to(f"{urls.UNITS}/{unit.id}", said="unit_added")


@page("GET", UNIT, right=Right.UNITS_READ)
async def shown(context: RequestContext) -> web.Response:
    unit = await _unit(context)
    return await _show(context, unit, await _typed(context, unit))


@page("POST", UNIT, right=Right.UNITS_EDIT)
async def change(context: RequestContext) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    unit = await _unit(context, Right.UNITS_EDIT)
    try:
        await units.change(context.session, context.by, unit, _entry(context), desk_labels(context))
    except Rejected as error:
        given = {**{name: context.form.get(name, "") for name in TEXTS}, "desks": context.every("desks")}
        return await _show(context, unit, given, context.console.layout.rejection(context, error))
    return context.to(f"{urls.UNITS}/{unit.id}", said="unit_changed_itself")


@page("POST", f"{UNIT}/off", right=Right.UNITS_EDIT, fresh=True)
async def switch_off(context: RequestContext) -> web.Response:
    unit = await _unit(context, Right.UNITS_EDIT)
    await succession.switch_off(context.session, context.services, context.by, unit, context.text("successor"))
    return context.to(f"{urls.UNITS}/{unit.id}", said="unit_off")


@page("POST", f"{UNIT}/on", right=Right.UNITS_EDIT)
async def switch_on(context: RequestContext) -> web.Response:
    unit = await _unit(context, Right.UNITS_EDIT)
    await units.switch_on(context.session, context.by, unit)
    return context.to(f"{urls.UNITS}/{unit.id}", said="unit_on")


def desk_labels(context: RequestContext) -> dict[str, str]:
    """The desks there are, and what comes to each in words."""
    found: dict[str, list[str]] = {}
    for kind in context.knowledge.appeals.kinds.values():
        for desk in {kind.desk, *kind.by_job.values()}:
            found.setdefault(desk, []).append(kind.label)
    for hazard in context.knowledge.hazards.kinds.values():
        found.setdefault(hazard.desk, []).append(hazard.label)
    names = {each.desk: each.name for each in reversed(context.knowledge.offices)}
    alone = {desk: name for desk, name in names.items() if desk not in found}  # Cases come there by hand only.
    return {desk: f"{names.get(desk, desk)}：{'、'.join(labels)}" for desk, labels in found.items()} | alone


async def _new(context: RequestContext, fault: str = "") -> web.Response:
    given: dict[str, Any] = {name: context.form.get(name, "") for name in TEXTS}
    mine = context.staffer.districts(Right.UNITS_EDIT)
    return context.page(
        "units/new.html",
        status=422 if fault else 200,
        fault=fault,
        given={**given, "kind": given["kind"] or UnitKind.OFFICE, "desks": context.every("desks")},
        kinds=list(UnitKind),
        labels=desk_labels(context),
        parents=await agencies.around(context.session, mine),
        region=context.form.get("district", context.console.layout.district(context.knowledge.regions, mine[0])),
    )


async def _show(context: RequestContext, unit: Agency, given: Mapping[str, Any], fault: str = "") -> web.Response:
    session, mine = context.session, context.staffer.districts(Right.UNITS_READ)
    people = await session.scalars(select(Staff).where(Staff.agency_id == unit.id, Staff.active).order_by(Staff.id))
    standing = next(each for each in await overview.standings(session, mine) if each.unit.id == unit.id)
    changed_by = await session.get(Staff, unit.changed_by) if unit.changed_by else None
    return context.page(
        "units/unit.html",
        status=422 if fault else 200,
        unit=unit,
        standing=standing,
        fault=fault,
        given=given,
        kinds=list(UnitKind),
        labels=desk_labels(context),
        parents=await units.parents(session, unit.region, unit),
        names=await agencies.names(session),
        people=[each for each in people if context.staffer.may(Right.PEOPLE_READ, district=each.district)],
        left=await succession.open_cases(session, unit.id),
        heirs=[each for each in await agencies.around(session, [unit.region]) if each.id != unit.id],
        changed_by=changed_by,
        may_edit=context.staffer.may(Right.UNITS_EDIT, district=unit.region),
    )


async def _unit(context: RequestContext, right: Right = Right.UNITS_READ) -> Agency:
    """The unit of the address.  One of elsewhere is "not found"; of one around one's district only reading is allowed."""
    reads = right is Right.UNITS_READ
    unit = await context.find(units.UNITS, context.number("id"), right, lock=not reads)
    if not reads:
        context.staffer.require(right, district=unit.region, subject=f"unit:{unit.id}")
    return unit


async def _typed(context: RequestContext, unit: Agency) -> dict[str, Any]:
    """A unit as its form shows it."""
    texts = {name: str(getattr(unit, name)) for name in ("name", "kind", "phone", "hours", "address")}
    desks = await units.desks_of(context.session, [unit.id])
    return {**texts, "parent": str(unit.parent_id or ""), "desks": desks.get(unit.id, [])}


def _entry(context: RequestContext) -> UnitEntry:
    parent = context.text("parent")
    return UnitEntry(
        name=context.text("name"),
        kind=context.text("kind"),
        parent=(context.number("parent") or 0) if parent else None,
        desks=tuple(context.every("desks")),
        phone=context.text("phone"),
        hours=context.text("hours"),
        address=context.text("address"),
        checked=china_date(now()),
    )
