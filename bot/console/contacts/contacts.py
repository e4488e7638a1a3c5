"""/console/contacts: who looks after which outlet or district, what workers said against them, and until when they hold."""

from collections.abc import Mapping, Sequence

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.contacts.known import jobs, known, today
from bot.console.core import listing, words
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.messaging import urls
from bot.services.contacts import directory
from bot.services.contacts.directory import VIEWS, ContactFilter
from bot.services.staff import audit
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Agency, Contact, ContactReport, Outlet, Staff
from knowledge.contacts.contacts import COLUMNS, MOBILE, read_one
from knowledge.regions import full_name
from knowledge.tables import Record

CONTACT = f"{urls.CONTACTS}/{{id}}"
TEXTS = (
    *("unit", "duty", "name", "phone", "hours", "outlet", "platform", "district", "job", "account"),
    *("valid_from", "valid_until", "published"),
)
LONGEST = 400  # characters of a field


@topic("contacts", right=Right.CONTACTS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    """Also what workers say against somebody: that is in no audit."""
    done = await audit.newest(session, *words.load().actions("contact"))
    return done, await session.scalar(select(func.max(ContactReport.id)))


@card(Right.CONTACTS_EDIT, order=34)
async def doubted(context: RequestContext) -> Card | None:
    """Contacts that workers could not reach; nothing while there are none."""
    count = (await directory.counts(context.session, context.staffer, today()))["doubtful"]
    said, path = context.console.layout.words, f"{urls.CONTACTS}?view=doubtful"
    return Card(said("card.contacts"), count, path, said("card.contacts_note"), urgent=True) if count else None


@page("GET", urls.CONTACTS, right=Right.CONTACTS_READ, nav="contacts")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = ContactFilter(listing.one_of(query, "view", VIEWS, "all"), searched(query))
    page = await directory.listed(context.session, context.staffer, wanted, today(), context.place)
    return context.page(
        "contacts/contacts.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        address=listing.address(urls.CONTACTS, wanted),
        views=VIEWS,
        counts=await directory.counts(context.session, context.staffer, today()),
        duties=context.knowledge.contacts.labels,
        platforms=context.knowledge.grid.platforms,
        jobs=jobs(context),
        today=today(),
        may_edit=context.staffer.may(Right.CONTACTS_EDIT),
    )


@page("GET", f"{urls.CONTACTS}/new", right=Right.CONTACTS_EDIT)
async def blank(context: RequestContext) -> web.Response:
    return await _show(context, None, dict.fromkeys(TEXTS, ""))


@page("POST", f"{urls.CONTACTS}/new", right=Right.CONTACTS_EDIT)
async def add(context: RequestContext) -> web.Response:
    return await _save(context, None, "contact.add")


@page("GET", CONTACT, right=Right.CONTACTS_READ)
async def shown(context: RequestContext) -> web.Response:
    row = await _found(context, Right.CONTACTS_READ)
    return await _show(context, row, await _typed(context, row))


@page("POST", CONTACT, right=Right.CONTACTS_EDIT)
async def edit(context: RequestContext) -> web.Response:
    return await _save(context, await _found(context, Right.CONTACTS_EDIT), "contact.edit")


@page("POST", f"{CONTACT}/confirm", right=Right.CONTACTS_EDIT)
async def confirm(context: RequestContext) -> web.Response:
    row = await _found(context, Right.CONTACTS_EDIT)
    await directory.confirm(context.session, row, today())
    await context.audit("contact.confirm", f"contact:{row.id}")
    return context.to(f"{urls.CONTACTS}/{row.id}", said="contact_confirmed")


@page("POST", f"{CONTACT}/drop", right=Right.CONTACTS_EDIT)
async def drop(context: RequestContext) -> web.Response:
    row = await _found(context, Right.CONTACTS_EDIT)
    number = row.id
    await directory.remove(context.session, row)
    await context.audit("contact.drop", f"contact:{number}")
    return context.to(urls.CONTACTS, said="contact_dropped")


async def _save(context: RequestContext, row: Contact | None, action: str) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    given = {name: context.text(name, most=LONGEST) for name in TEXTS}
    accepted = await known(context, context.session, Right.CONTACTS_EDIT)
    values = {**given, "published": "是" if given["published"] else "", "checked": today().isoformat()}
    entry, faults = read_one(Record(values, COLUMNS.title), accepted)
    if not faults and entry.region is not None:
        context.staffer.require(Right.CONTACTS_EDIT, district=entry.region, subject="contact")
    if faults:
        return await _show(context, row, given, faults)
    saved = await directory.save(context.session, row, entry)
    await context.audit(action, f"contact:{saved.id}")
    return context.to(f"{urls.CONTACTS}/{saved.id}", said="contact_saved")


async def _found(context: RequestContext, right: Right) -> Contact:
    """The contact of the address.  Raises Denied, which shows as "not found", for one of another district."""
    return await context.find(directory.CONTACTS, context.number("id"), right, lock=right is Right.CONTACTS_EDIT)


async def _typed(context: RequestContext, row: Contact) -> dict[str, str]:
    """A contact as its form shows it."""
    session = context.session
    unit = await session.get_one(Agency, row.agency_id)
    outlet = await session.get(Outlet, row.outlet_id) if row.outlet_id else None
    person = await session.get(Staff, row.staff_id) if row.staff_id else None
    region, platform = (outlet.region, outlet.platform) if outlet else (row.region or "", row.platform)
    return {
        "unit": unit.code,
        "duty": row.duty,
        "name": row.shown_name,
        "phone": row.phone,
        "hours": row.hours,
        "outlet": outlet.name if outlet else "",
        "platform": platform,
        "district": full_name(context.knowledge.regions, region),
        "job": row.job,
        "account": person.username if person else "",
        "valid_from": str(row.valid_from or ""),
        "valid_until": str(row.valid_until or ""),
        "published": "1" if MOBILE.fullmatch(row.phone) else "",
    }


async def _show(
    context: RequestContext, row: Contact | None, given: Mapping[str, str], faults: Sequence[str] = ()
) -> web.Response:
    session, mine = context.session, context.staffer.districts(Right.CONTACTS_EDIT)  # as `known` accepts them
    district = await directory.region_of(session, row) if row else None
    return context.page(
        "contacts/contact.html",
        status=422 if faults else 200,
        row=row,
        path=f"{urls.CONTACTS}/{row.id if row else 'new'}",
        given=given,
        faults=faults,
        reports=await directory.open_reports(session, row.id) if row else (),
        duties=context.knowledge.contacts.labels,
        platforms=context.knowledge.grid.platforms,
        jobs=jobs(context),
        units=await agencies.around(session, mine),
        mine=mine,
        today=today(),
        may_edit=context.staffer.may(Right.CONTACTS_EDIT, district=district),
    )
