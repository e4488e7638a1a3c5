"""/console/outlets: where riders and couriers belong, who looks after each, and who went there."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from aiohttp import web
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.contacts.known import known, today
from bot.console.core import listing, words
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.contacts import directory, outlets, visits
from bot.services.contacts.outlets import VIEWS, OutletFilter
from bot.services.staff import accounts, audit
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Appeal, Outlet, now
from knowledge.contacts.outlets import COLUMNS, read_one
from knowledge.geo import DATUMS
from knowledge.regions import full_name
from knowledge.tables import Record

OUTLET = f"{urls.OUTLETS}/{{id}}"
TEXTS = ("name", "platform", "district", "address", "lat", "lon", "datum", "size", "community", "police")
LONGEST = 400  # characters of a field
RECENT = timedelta(days=90)  # of cases that are counted


@topic("outlets", right=Right.OUTLETS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *words.load().actions("outlet", "contact", "visit"))


@page("GET", urls.OUTLETS, right=Right.OUTLETS_READ, nav="outlets")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = OutletFilter(listing.one_of(query, "view", VIEWS, "all"), searched(query))
    page = await outlets.listed(context.session, context.staffer, wanted, today(), context.place)
    return context.page(
        "contacts/outlets.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        address=listing.address(urls.OUTLETS, wanted),
        views=VIEWS,
        counts=await outlets.counts(context.session, context.staffer, today()),
        platforms=context.knowledge.grid.platforms,
        old=today() - outlets.AGED,
        may_edit=context.staffer.may(Right.OUTLETS_EDIT),
    )


@page("GET", f"{urls.OUTLETS}/new", right=Right.OUTLETS_EDIT)
async def blank(context: RequestContext) -> web.Response:
    return await _new(context, dict.fromkeys(TEXTS, ""))


@page("POST", f"{urls.OUTLETS}/new", right=Right.OUTLETS_EDIT)
async def add(context: RequestContext) -> web.Response:
    given = _given(context)
    try:
        row = await _save(context, None, given)
    except Rejected as error:
        return await _new(context, given, [_sentence(context, error)])
    if isinstance(row, Outlet):
        await context.audit("outlet.add", f"outlet:{row.id}", outlet=row.name)
        return context.to(f"{urls.OUTLETS}/{row.id}", said="outlet_saved")
    return await _new(context, given, row)


@page("GET", OUTLET, right=Right.OUTLETS_READ)
async def shown(context: RequestContext) -> web.Response:
    row = await _found(context, Right.OUTLETS_READ)
    return await _show(context, row, await _typed(context, row))


@page("POST", OUTLET, right=Right.OUTLETS_EDIT)
async def edit(context: RequestContext) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    row, given = await _found(context, Right.OUTLETS_EDIT), _given(context)
    try:
        saved = await _save(context, row, given)
    except Rejected as error:
        return await _show(context, row, given, [_sentence(context, error)])
    if not isinstance(saved, Outlet):
        return await _show(context, row, given, saved)
    await context.audit("outlet.edit", f"outlet:{row.id}", outlet=row.name)
    return context.to(f"{urls.OUTLETS}/{row.id}", said="outlet_saved")


@page("POST", f"{OUTLET}/close", right=Right.OUTLETS_EDIT)
async def close(context: RequestContext) -> web.Response:
    """It is there no more, or again: nobody is asked to choose it."""
    row = await _found(context, Right.OUTLETS_EDIT)
    row.active = context.form.get("closed") != "1"
    row.changed_at = now()
    await context.audit("outlet.open" if row.active else "outlet.close", f"outlet:{row.id}", outlet=row.name)
    return context.to(f"{urls.OUTLETS}/{row.id}", said="outlet_saved")


@page("POST", f"{OUTLET}/confirm", right=Right.OUTLETS_EDIT)
async def confirm(context: RequestContext) -> web.Response:
    row = await _found(context, Right.OUTLETS_EDIT)
    await outlets.confirm(context.session, row, today())
    await context.audit("outlet.confirm", f"outlet:{row.id}", outlet=row.name)
    return context.to(f"{urls.OUTLETS}/{row.id}", said="outlet_confirmed")


@page("POST", f"{OUTLET}/visit", right=Right.VISITS_WRITE)
async def visit(context: RequestContext) -> web.Response:
    row = await _found(context, Right.VISITS_WRITE)
    text = context.text("text", most=visits.LONGEST)
    given = {"start_at": context.text("start_at"), "text": text, "next": context.text("next")}
    try:
        on, next_on = _day(given["start_at"]), _day(given["next"]) if given["next"] else None
        await visits.add(context.session, context.staffer, row, on, text, next_on)
    except Rejected as error:
        return await _show(context, row, await _typed(context, row), visit=given, fault=_sentence(context, error))
    await context.audit("visit.add", f"outlet:{row.id}", outlet=row.name)
    return context.to(f"{urls.OUTLETS}/{row.id}", said="visit_added")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected("visit.day") from None


def _sentence(context: RequestContext, error: Rejected) -> str:
    return context.console.layout.rejection(context, error)


def _given(context: RequestContext) -> dict[str, str]:
    return {name: context.text(name, most=LONGEST) for name in TEXTS}


async def _save(context: RequestContext, row: Outlet | None, given: Mapping[str, str]) -> Outlet | Sequence[str]:
    """The outlet as the form describes it, or what is wrong with the form.  Raises Rejected."""
    accepted = await known(context, context.session, Right.OUTLETS_EDIT)
    values = {**given, "closed": "是" if row is not None and not row.active else "", "checked": today().isoformat()}
    entry, faults = read_one(Record(values, COLUMNS.title), given["datum"], accepted)
    if faults:
        return faults
    context.staffer.require(Right.OUTLETS_EDIT, district=entry.region, subject="outlet")
    return await outlets.save(context.session, row, entry)


async def _found(context: RequestContext, right: Right) -> Outlet:
    """The outlet of the address.  Raises Denied, which shows as "not found", for one of another district."""
    return await context.find(outlets.OUTLETS, context.number("id"), right, lock=right is not Right.OUTLETS_READ)


async def _typed(context: RequestContext, row: Outlet) -> dict[str, str]:
    """An outlet as its form shows it."""
    names = await agencies.names(context.session)
    placed = row.latitude is not None and row.longitude is not None
    return {
        "name": row.name,
        "platform": row.platform,
        "district": full_name(context.knowledge.regions, row.region),
        "address": row.address,
        "lat": f"{row.latitude:.6f}" if placed else "",
        "lon": f"{row.longitude:.6f}" if placed else "",
        "datum": "wgs84" if placed else "",
        "size": str(row.size or ""),
        "community": names.get(row.community_id or 0, ""),
        "police": names.get(row.police_id or 0, ""),
    }


async def _new(context: RequestContext, given: Mapping[str, str], faults: Sequence[str] = ()) -> web.Response:
    status = 422 if faults else 200
    return context.page("contacts/new_outlet.html", status=status, given=given, faults=faults, **_choices(context))


def _choices(context: RequestContext) -> dict[str, object]:
    within = context.staffer.districts(Right.OUTLETS_EDIT)
    return {"platforms": context.knowledge.grid.platforms, "datums": DATUMS, "mine": within}


async def _show(
    context: RequestContext,
    row: Outlet,
    given: Mapping[str, str],
    faults: Sequence[str] = (),
    visit: Mapping[str, str] | None = None,
    fault: str = "",
) -> web.Response:
    """visit, fault: of the form for a visit, as it was handed in."""
    session, staffer = context.session, context.staffer
    rows = await visits.of_outlet(session, row.id)
    return context.page(
        "contacts/outlet.html",
        status=422 if faults or fault else 200,
        row=row,
        path=f"{urls.OUTLETS}/{row.id}",
        given=given,
        faults=faults,
        contacts=await directory.of_outlet(session, row),
        duties=context.knowledge.contacts.labels,
        names=await agencies.names(session),
        cases=await _cases(context, row),
        visits=rows,
        people=await accounts.names(session, [each.staff_id for each in rows]),
        visit=visit or {"start_at": today().isoformat(), "text": "", "next": ""},
        fault=fault,
        today=today(),
        old=row.checked is None or row.checked < today() - outlets.AGED,
        may_edit=staffer.may(Right.OUTLETS_EDIT, district=row.region),
        may_visit=staffer.may(Right.VISITS_WRITE, district=row.region),
        may_read_contacts=staffer.may(Right.CONTACTS_READ, district=row.region),
        **_choices(context),
    )


async def _cases(context: RequestContext, row: Outlet) -> Mapping[str, int]:
    """How many appeals the outlet's community and police post had lately, by kind; none that is confidential."""
    posts = [each for each in (row.community_id, row.police_id) if each is not None]
    query = select(Appeal.kind, func.count()).where(Appeal.agency_id.in_(posts), Appeal.created_at > now() - RECENT)
    query = query.where(~Appeal.confidential, or_(Appeal.about_id.is_(None), Appeal.about_id != Appeal.agency_id))
    kinds = context.knowledge.appeals.kinds
    found = await context.session.execute(query.group_by(Appeal.kind).order_by(Appeal.kind))
    return {kinds[code].label if code in kinds else code: count for code, count in found}
