"""A file of compounds and gates: looked at first, then taken over as a whole or not at all."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bot.console.core import imports
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.passes.known import known
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.passes import compounds
from bot.services.passes.compounds import NOUN
from bot.services.staff.permissions import Right
from bot.store.models import ImportFile
from knowledge.contacts.files import Import
from knowledge.geo import DATUMS
from knowledge.passes.compounds import COLUMNS, CompoundEntry, read

NAMED = 5  # entries outside one's district that are named

Found = Import[CompoundEntry]


@page("GET", f"{urls.COMPOUNDS}/import", right=Right.COMPOUNDS_EDIT)
async def begin(context: RequestContext) -> web.Response:
    return _show(context)


async def _handed_in(context: RequestContext) -> Found | None:
    return await _read(context, imports.handed_in(context, NOUN))


async def _kept(context: RequestContext) -> Found | None:
    async with context.console.db.read() as session:
        file = await imports.kept(context, session, NOUN)
    return await _read(context, file)


@page("POST", f"{urls.COMPOUNDS}/import", right=Right.COMPOUNDS_EDIT, prepare=_handed_in)
async def look(context: RequestContext) -> web.Response:
    """Read a file and show what is in it; it is kept until somebody takes it over."""
    file, found = imports.handed_in(context, NOUN), context.prepared
    if file is None or found is None:
        return _show(context, fault=context.console.layout.words("rejected.import.file"))
    strange = _elsewhere(context, found)
    if not (found.refused or strange):
        await imports.keep(context, NOUN, file)
    return _show(context, found=found, strange=strange, kept=file)


@page("POST", f"{urls.COMPOUNDS}/import/take", right=Right.COMPOUNDS_EDIT, prepare=_kept)
async def take(context: RequestContext) -> web.Response:
    file, found = await imports.kept(context, context.session, NOUN), context.prepared
    if file is None or found is None or found.refused or _elsewhere(context, found):
        raise Rejected("import.gone")
    added, changed = await compounds.take_over(context.session, found.entries)
    await context.session.delete(file)
    await context.audit("compound.import", "", count=added + changed)
    return context.to(urls.COMPOUNDS, said="compound_imported")


async def _read(context: RequestContext, file: ImportFile | None) -> Found | None:
    if file is None:
        return None
    async with context.console.db.read() as session:
        accepted = await known(context, session)
    return await asyncio.to_thread(read, file.data, file.name, file.datum, accepted)


def _elsewhere(context: RequestContext, found: Found) -> list[CompoundEntry]:
    """Entries that somebody else keeps."""
    here = context.staffer.districts(Right.COMPOUNDS_EDIT)
    return [each for each in found.entries if not each.region.startswith(here)]


def _show(
    context: RequestContext,
    *,
    found: Found | None = None,
    strange: Sequence[CompoundEntry] = (),
    kept: ImportFile | None = None,
    fault: str = "",
) -> web.Response:
    """found: what is in the file that was handed in.  strange: what in it belongs to other districts."""
    wrong = bool(fault or strange or (found is not None and found.refused))
    return context.page(
        "passes/upload.html",
        status=422 if wrong else 200,
        columns=COLUMNS.titles,
        found=found,
        strange=strange[:NAMED],
        strange_count=len(strange),
        kept=kept,
        wrong=wrong,
        fault=fault,
        datums=DATUMS,
    )
