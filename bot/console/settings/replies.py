"""/console/settings/replies: the texts a district's offices begin from, by what they are for and by kind."""

from aiohttp import web

from bot.console.core import divisions
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import replies
from bot.services.appeals.replies import LONGEST, NOTICE, REPLIES, USES
from bot.services.staff import accounts
from bot.services.staff.permissions import Right
from bot.store.models import CannedReply, NoticeKind


@page("GET", urls.REPLIES, right=Right.SETTINGS_READ)
async def shown(context: RequestContext) -> web.Response:
    """All of them, and a form: empty, or with the one that the address names."""
    return await _show(context, await _named(context, Right.SETTINGS_READ))


@page("POST", urls.REPLIES, right=Right.SETTINGS_EDIT)
async def save(context: RequestContext) -> web.Response:
    row = await _named(context, Right.SETTINGS_EDIT)
    try:
        await _save(context, row)
    except Rejected as error:  # raised before anything is written
        return await _show(context, row, fault=context.console.layout.rejection(context, error))
    return context.to(urls.REPLIES, said="reply_saved")


async def _named(context: RequestContext, right: Right) -> CannedReply | None:
    """The reply that form or address names, as nobody else changes it meanwhile; None for a new one."""
    number = context.number("reply")
    if number is None:
        return None
    return await context.find(REPLIES, number, right, lock=right is Right.SETTINGS_EDIT)


async def _save(context: RequestContext, row: CannedReply | None) -> None:
    """A new one is for a district the person keeps; one that is there stays where it is."""
    kind = context.text("kind")
    if row is None and "district" not in context.form:  # No page of ours: nobody means the whole country by that.
        raise Rejected("people.district")
    use = context.text("use")
    if kind and kind not in (set(NoticeKind) if use == NOTICE else context.knowledge.appeals.kinds):
        raise Rejected("reply.kind")
    text = context.text("text", most=LONGEST)
    made = row or CannedReply(district=divisions.typed(context, Right.SETTINGS_EDIT))
    context.staffer.require(Right.SETTINGS_EDIT, district=made.district)
    values = {"use": use, "label": context.text("label"), "kind": kind, "text": text}
    await replies.save(context.session, context.by, made, **values)


@page("POST", f"{urls.REPLIES}/drop", right=Right.SETTINGS_EDIT)
async def drop(context: RequestContext) -> web.Response:
    row = await _named(context, Right.SETTINGS_EDIT)
    if row is None:
        raise web.HTTPBadRequest
    await replies.drop(context.session, context.by, row)
    return context.to(urls.REPLIES, said="reply_dropped")


async def _show(context: RequestContext, row: CannedReply | None, *, fault: str = "") -> web.Response:
    rows = await replies.listed(context.session, context.staffer)
    return context.page(
        "settings/replies.html",
        status=422 if fault else 200,
        rows=rows,
        row=row,
        form=context.form,
        fault=fault,
        uses=USES,
        kinds=context.knowledge.appeals.kinds,
        notice_kinds=list(NoticeKind),
        shipped=context.knowledge.appeals.templates,
        names=await accounts.names(context.session, [each.changed_by for each in rows]),
        within=context.staffer.districts(Right.SETTINGS_EDIT),
        editable=context.staffer.may(Right.SETTINGS_EDIT),
    )
