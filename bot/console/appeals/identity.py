"""What tells who somebody is: their name and phone, their photos and recordings.  Every look is written down."""

import asyncio

from aiohttp import web

from bot.console.appeals.actions import actor
from bot.console.appeals.case import CASE, found, show
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.services.attachments import attachments
from bot.services.identity import identities
from bot.services.staff.permissions import Right
from bot.store.models import Attachment

SAFE = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"  # what a file may do in the browser


@page("POST", f"{CASE}/identity", right=Right.APPEALS_UNMASK, fresh=True)
async def unmask(context: RequestContext) -> web.Response:
    """Name and phone, for a purpose; shown this once, and never kept in the page's address."""
    case = await found(context)
    by = actor(context.staffer, case, Right.APPEALS_UNMASK)
    context.again = CASE.format(number=case.number)
    subject, purpose = f"appeal:{case.number}", context.text("purpose")
    try:
        known = await identities.unmask(
            context.session, case.alias, by, subject=subject, purpose=purpose, request_id=context.request_id
        )
    except Rejected as error:
        return await show(
            context, case, fault=context.console.layout.rejection(context, error), at="identity", status=422
        )
    await context.audit("appeal.unmask", subject, granted=bool(known))
    words = context.console.layout.words
    if not known:
        return await show(context, case, fault=words("case.nobody_may"), at="identity", status=403)
    shown = [known["name"] or words("case.no_name"), known["phone"] or words("case.no_phone")]
    return await show(context, case, known=shown)


@page("GET", f"{CASE}/files/{{file}}", right=Right.APPEALS_ATTACHMENTS, writes=True)
async def file(context: RequestContext) -> web.StreamResponse:
    """A photo or a recording of the case; opening it is a look."""
    case = await found(context)
    by = actor(context.staffer, case, Right.APPEALS_ATTACHMENTS)
    number = context.number("file")
    row = await context.session.get(Attachment, number) if number is not None else None
    if row is None or row.appeal_id != case.id or row.state != "ready":
        raise web.HTTPNotFound
    vault = attachments.vault_for(context.session)
    try:
        data = await asyncio.to_thread(attachments.read, context.console.uploads, vault, row.name)
    except FileNotFoundError:
        raise web.HTTPNotFound from None
    purpose = context.console.layout.words("case.file_purpose")
    subject, what = f"appeal:{case.number}", f"attachment:{row.id}"
    await identities.note(context.session, by, subject, what, purpose, request_id=context.request_id)
    headers = {"Content-Security-Policy": SAFE, "Content-Disposition": "inline"}
    return web.Response(body=data, content_type=row.mime, headers=headers)
