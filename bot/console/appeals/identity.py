"""What tells who somebody is: their name and phone, their photos and recordings.  Every look is written down."""

import asyncio

from aiohttp import web

from bot.console.appeals.actions import actor
from bot.console.appeals.case import CASE, found, show
from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.services.attachments import attachments
from bot.services.identity import identities
from bot.store.models import Attachment

SAFE = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"  # what a file may do in the browser


@page("POST", f"{CASE}/identity", right="appeals.unmask", fresh=True)
async def unmask(visit: Visit) -> web.Response:
    """Name and phone, for a purpose; shown this once, and never kept in the page's address."""
    case = await found(visit)
    by = actor(visit.staffer, case, "appeals.unmask")
    visit.again = CASE.format(number=case.number)
    subject, purpose = f"appeal:{case.number}", visit.text("purpose")
    try:
        known = await identities.unmask(
            visit.session, case.alias, by, subject=subject, purpose=purpose, request_id=visit.request_id
        )
    except Rejected as error:
        return await show(visit, case, fault=visit.console.layout.rejection(visit, error), at="identity", status=422)
    await visit.audit("appeal.unmask", subject, granted=bool(known))
    words = visit.console.layout.words
    if not known:
        return await show(visit, case, fault=words("case.nobody_may"), at="identity", status=403)
    shown = [known["name"] or words("case.no_name"), known["phone"] or words("case.no_phone")]
    return await show(visit, case, known=shown)


@page("GET", f"{CASE}/files/{{file}}", right="appeals.attachments", writes=True)
async def file(visit: Visit) -> web.StreamResponse:
    """A photo or a recording of the case; opening it is a look."""
    case = await found(visit)
    by = actor(visit.staffer, case, "appeals.attachments")
    number = visit.number("file")
    row = await visit.session.get(Attachment, number) if number is not None else None
    if row is None or row.appeal_id != case.id or row.state != "ready":
        raise web.HTTPNotFound
    vault = attachments.vault_for(visit.session)
    try:
        data = await asyncio.to_thread(attachments.read, visit.console.uploads, vault, row.name)
    except FileNotFoundError:
        raise web.HTTPNotFound from None
    purpose = visit.console.layout.words("case.file_purpose")
    subject, what = f"appeal:{case.number}", f"attachment:{row.id}"
    await identities.note(visit.session, by, subject, what, purpose, request_id=visit.request_id)
    headers = {"Content-Security-Policy": SAFE, "Content-Disposition": "inline"}
    return web.Response(body=data, content_type=row.mime, headers=headers)
