"""Files of outlets and of contacts: looked at first, then taken over as a whole or not at all; and a sheet to fill in."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import select

from bot.console.contacts.known import known
from bot.console.core import imports
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.contacts import directory, outlets
from bot.services.core import spreadsheets
from bot.services.staff.accounts import within
from bot.services.staff.permissions import Right
from bot.store.models import ImportFile, Outlet
from knowledge.contacts.contacts import COLUMNS as CONTACT_COLUMNS
from knowledge.contacts.contacts import ContactEntry
from knowledge.contacts.contacts import read as read_contacts
from knowledge.contacts.files import Import, Known
from knowledge.contacts.outlets import COLUMNS as OUTLET_COLUMNS
from knowledge.contacts.outlets import OutletEntry
from knowledge.contacts.outlets import read as read_outlets
from knowledge.geo import DATUMS
from knowledge.regions import full_name
from knowledge.tables import Columns

NAMED = 5  # entries outside one's district that are named

Entry = OutletEntry | ContactEntry


@dataclass(frozen=True, slots=True)
class Sort:
    """One of the two sorts of files."""

    noun: str
    path: str
    right: Right
    columns: Columns
    read: Callable[[ImportFile, Known], Import[Any]]
    take: Callable[[RequestContext, Sequence[Any]], Awaitable[tuple[int, int]]]


OUTLET = Sort(
    "outlet",
    urls.OUTLETS,
    Right.OUTLETS_EDIT,
    OUTLET_COLUMNS,
    lambda file, words: read_outlets(file.data, file.name, file.datum, words),
    lambda context, entries: outlets.take_over(context.session, entries),
)
CONTACT = Sort(
    "contact",
    urls.CONTACTS,
    Right.CONTACTS_EDIT,
    CONTACT_COLUMNS,
    lambda file, words: read_contacts(file.data, file.name, words),
    lambda context, entries: directory.take_over(context.session, context.staffer, entries),
)


@page("GET", f"{urls.OUTLETS}/import", right=Right.OUTLETS_EDIT)
async def begin_outlets(context: RequestContext) -> web.Response:
    return _show(context, OUTLET)


@page("GET", f"{urls.CONTACTS}/import", right=Right.CONTACTS_EDIT)
async def begin_contacts(context: RequestContext) -> web.Response:
    return _show(context, CONTACT)


async def _outlets_handed_in(context: RequestContext) -> Import[Any] | None:
    return await _read(context, OUTLET, imports.handed_in(context, OUTLET.noun))


async def _contacts_handed_in(context: RequestContext) -> Import[Any] | None:
    return await _read(context, CONTACT, imports.handed_in(context, CONTACT.noun))


async def _outlets_kept(context: RequestContext) -> Import[Any] | None:
    return await _kept(context, OUTLET)


async def _contacts_kept(context: RequestContext) -> Import[Any] | None:
    return await _kept(context, CONTACT)


async def _kept(context: RequestContext, sort: Sort) -> Import[Any] | None:
    async with context.console.db.read() as session:
        file = await imports.kept(context, session, sort.noun)
    return await _read(context, sort, file)


@page("POST", f"{urls.OUTLETS}/import", right=Right.OUTLETS_EDIT, prepare=_outlets_handed_in)
async def look_at_outlets(context: RequestContext) -> web.Response:
    return await _look(context, OUTLET)


@page("POST", f"{urls.CONTACTS}/import", right=Right.CONTACTS_EDIT, prepare=_contacts_handed_in)
async def look_at_contacts(context: RequestContext) -> web.Response:
    return await _look(context, CONTACT)


@page("POST", f"{urls.OUTLETS}/import/take", right=Right.OUTLETS_EDIT, prepare=_outlets_kept)
async def take_outlets(context: RequestContext) -> web.Response:
    return await _take(context, OUTLET)


@page("POST", f"{urls.CONTACTS}/import/take", right=Right.CONTACTS_EDIT, prepare=_contacts_kept)
async def take_contacts(context: RequestContext) -> web.Response:
    return await _take(context, CONTACT)


@page("GET", f"{urls.CONTACTS}/template.{{form}}", right=Right.CONTACTS_EDIT)
async def template(context: RequestContext) -> web.Response:
    """A sheet with a line for each outlet, to fill in and hand in again."""
    mine, knowledge = context.staffer.districts(Right.CONTACTS_EDIT), context.knowledge
    query = select(Outlet).where(Outlet.active, within(Outlet.region, mine))
    rows = await context.session.scalars(query.order_by(Outlet.region, Outlet.platform, Outlet.name))
    lines: list[Sequence[str | int]] = [CONTACT_COLUMNS.titles]
    for row in rows:
        platform = knowledge.grid.platforms.get(row.platform, "")
        known = {"outlet": row.name, "platform": platform, "district": full_name(knowledge.regions, row.region)}
        lines.append([known.get(column, "") for column in CONTACT_COLUMNS.whole])
    form = context.http_request.match_info["form"]
    if form not in spreadsheets.FORMS:
        raise web.HTTPNotFound
    make, kind = spreadsheets.FORMS[form]
    headers = {"Content-Disposition": f"attachment; filename=contacts.{form}", "Cache-Control": "no-store"}
    return web.Response(body=await asyncio.to_thread(make, lines), content_type=kind, headers=headers)


async def _look(context: RequestContext, sort: Sort) -> web.Response:
    """Read a file and show what is in it; it is kept until somebody takes it over."""
    file, found = imports.handed_in(context, sort.noun), context.prepared
    if file is None or found is None:
        return _show(context, sort, fault=context.console.layout.words("rejected.import.file"))
    strange = await _elsewhere(context, sort, found.entries)
    if not (found.refused or strange):
        await imports.keep(context, sort.noun, file)
    return _show(context, sort, found=found, strange=strange, kept=file)


async def _take(context: RequestContext, sort: Sort) -> web.Response:
    file, found = await imports.kept(context, context.session, sort.noun), context.prepared
    if file is None or found is None or found.refused or await _elsewhere(context, sort, found.entries):
        raise Rejected("import.gone")
    added, changed = await sort.take(context, found.entries)
    await context.session.delete(file)
    await context.audit(f"{sort.noun}.import", "", count=added + changed)
    return context.to(sort.path, said=f"{sort.noun}_imported")


async def _read(context: RequestContext, sort: Sort, file: ImportFile | None) -> Import[Any] | None:
    if file is None:
        return None
    async with context.console.db.read() as session:
        words = await known(context, session, sort.right)
    return await asyncio.to_thread(sort.read, file, words)


async def _elsewhere(context: RequestContext, sort: Sort, entries: Sequence[Entry]) -> list[Entry]:
    """Entries that somebody else keeps.  An outlet that a contact names was looked for in one's own districts."""
    here = context.staffer.districts(sort.right)
    return [each for each in entries if each.region is not None and not each.region.startswith(here)]


def _show(
    context: RequestContext,
    sort: Sort,
    *,
    found: Import[Any] | None = None,
    strange: Sequence[Entry] = (),
    kept: ImportFile | None = None,
    fault: str = "",
) -> web.Response:
    """found: what is in the file that was handed in.  strange: what in it belongs to other districts."""
    wrong = bool(fault or strange or (found is not None and found.refused))
    return context.page(
        "contacts/upload.html",
        status=422 if wrong else 200,
        noun=sort.noun,
        path=sort.path,
        columns=sort.columns.titles,
        found=found,
        strange=strange[:NAMED],
        strange_count=len(strange),
        kept=kept,
        wrong=wrong,
        fault=fault,
        datums=DATUMS,
        platforms=context.knowledge.grid.platforms,
        duties=context.knowledge.contacts.labels,
    )
