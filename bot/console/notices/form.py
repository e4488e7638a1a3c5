"""Writing a notice: the form, what it would look like and whom it would reach meanwhile, and the draft it becomes."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.notices.list import one
from bot.console.notices.preview import jobs, looks, shown
from bot.doors import pictures
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import replies
from bot.services.chats import message_preview
from bot.services.core.working_days import ZONE
from bot.services.notices import buttons as notice_buttons
from bot.services.notices import notices, platforms
from bot.services.notices import photos as notice_photos
from bot.services.notices.audience import Audience
from bot.services.notices.notices import NoticeDraft
from bot.services.staff.permissions import Right
from bot.services.volunteers import audience_tags
from bot.store.models import CannedReply, Channel, Notice, NoticeKind, now

BUTTONS = range(1, notice_buttons.MOST + 1)
USUAL = timedelta(days=3)  # validity offered for a new notice


@page("GET", f"{urls.NOTICES}/new", right=Right.NOTICES_WRITE)
async def blank(context: RequestContext) -> web.Response:
    until = (now().astimezone(ZONE) + USUAL).date()
    mine = [code for code in context.staffer.districts(Right.NOTICES_WRITE) if code]  # what an author means by nothing
    given = {"kind": NoticeKind.SERVICE, "valid_until": until.isoformat(), "region": mine}
    template = await _template(context)
    if template is not None:
        given |= {"text": template.text, "kind": template.kind or NoticeKind.SERVICE}
    return await written(context, given, f"{urls.NOTICES}/new")


async def _template(context: RequestContext) -> CannedReply | None:
    """The template that the address names, for a browser without scripts."""
    offered = await replies.for_notices(context.session, context.staffer.districts(Right.NOTICES_WRITE))
    return next((each for each in offered if str(each.id) == context.http_request.query.get("t")), None)


async def _photo(context: RequestContext) -> bytes | Rejected | None:
    """The picture of the form, made anew before anything is locked; a bad one is refused beside the form."""
    upload = context.files.get("picture")
    try:
        return await pictures.aside(notice_photos.make, upload.data) if upload is not None else None
    except Rejected as error:
        return error


@page("POST", f"{urls.NOTICES}/new", right=Right.NOTICES_WRITE, prepare=_photo)
async def write(context: RequestContext) -> web.Response:
    """Save a draft; or only look at it: the preview and the count change nothing."""
    try:
        made = draft(context, await shows(context))
        actor, where = context.staffer.require(Right.NOTICES_WRITE), context.staffer.districts(Right.NOTICES_WRITE)
        notice = await notices.write(context.session, context.services, actor, made, districts=where)
    except Rejected as error:
        return await written(
            context, context.form, f"{urls.NOTICES}/new", fault=context.console.layout.rejection(context, error)
        )
    await context.audit("notice.write", f"notice:{notice.id}")
    return context.to(f"{urls.NOTICES}/{notice.id}", said="notice_written")


@page("GET", f"{urls.NOTICES}/{{id}}/edit", right=Right.NOTICES_WRITE)
async def open_again(context: RequestContext) -> web.Response:
    notice = await one(context, Right.NOTICES_WRITE)
    return await written(context, values_of(context, notice), f"{urls.NOTICES}/{notice.id}/edit")


@page("POST", f"{urls.NOTICES}/{{id}}/edit", right=Right.NOTICES_WRITE, prepare=_photo)
async def edit(context: RequestContext) -> web.Response:
    notice = await one(context, Right.NOTICES_WRITE, lock=True)
    actor = context.staffer.require(Right.NOTICES_WRITE, district=notice.district)
    try:
        where = context.staffer.districts(Right.NOTICES_WRITE)
        made = draft(context, await shows(context))
        await notices.edit(context.session, context.services, notice, actor, made, districts=where)
    except Rejected as error:
        fault = context.console.layout.rejection(context, error)
        context.session.expunge(notice)  # Nothing of it is kept.
        return await written(context, context.form, f"{urls.NOTICES}/{notice.id}/edit", fault=fault)
    await context.audit("notice.edit", f"notice:{notice.id}")
    return context.to(f"{urls.NOTICES}/{notice.id}", said="notice_written")


async def written(context: RequestContext, values: Any, path: str, *, fault: str = "") -> web.Response:
    """The form, with what was typed."""
    return context.page(
        "notices/form.html",
        status=422 if fault else 200,
        values=values,
        every=lambda name: values.getall(name, []) if hasattr(values, "getall") else values.get(name, []),
        path=path,
        fault=fault,
        kinds=list(NoticeKind),
        jobs=jobs(context).items(),
        channels=list(Channel),
        roles=[(role, context.console.layout.words(f"audience_role.{role}")) for role in audience_tags.ROLES],
        platforms=context.knowledge.grid.platforms.items(),
        districts=districts(context),
        templates=await replies.for_notices(context.session, context.staffer.districts(Right.NOTICES_WRITE)),
        buttons=BUTTONS,
        offered=[
            shown(context, each)
            for each in notice_buttons.offered(context.knowledge, context.staffer.districts(Right.NOTICES_WRITE))
        ],
        longest=message_preview.CAPTION if values.get("photo") else message_preview.LONGEST,
        caption=message_preview.CAPTION,
        around=(around := message_preview.around(context.knowledge.texts)),
        adds=message_preview.around(context.knowledge.texts, drill=True) - around,
    )


@page("POST", f"{urls.NOTICES}/look", right=Right.NOTICES_WRITE, live=True)
async def look(context: RequestContext) -> web.Response:
    """What the form would send, and to how many; nothing of it is kept."""
    async with context.console.db.read() as context.transaction:
        try:
            typed = draft(context, context.text("photo"))
            notice = notices.sketch(context.services, typed, context.staffer.districts(Right.NOTICES_WRITE))
        except Rejected as error:
            return context.page("notices/preview.html", fault=context.console.layout.rejection(context, error))
        return context.page("notices/preview.html", fault="", **await looks(context, notice, counts=True))


@page("GET", f"{urls.NOTICES}/photos/{{digest}}", right=Right.NOTICES_READ)
async def photo(context: RequestContext) -> web.Response:
    """The photo of a notice they may see, or of a form that was not saved yet: nobody can guess its digest."""
    digest, where = context.http_request.match_info["digest"], context.staffer.districts(Right.NOTICES_READ)
    kept = await notice_photos.open_to(context.session, digest, where)
    if kept is None:
        raise web.HTTPNotFound
    return web.Response(body=kept.data, content_type="image/jpeg")


async def shows(context: RequestContext) -> str:
    """The digest of the photo that the form asks for; "" for none.

    The form keeps it, so that it need not be chosen again when something else is missing.  Raises Rejected.
    """
    if context.text("photo_off") == "1":
        context.form["photo"] = ""
    elif isinstance(context.prepared, Rejected):
        raise context.prepared
    elif context.prepared is not None:
        context.form["photo"] = await notice_photos.keep(context.session, context.prepared)
    return context.text("photo")


def draft(context: RequestContext, photo: str) -> NoticeDraft:
    """The form, read.  Raises Rejected."""
    kind = context.text("kind")
    labels = [(context.text(f"label{at}"), _plain(context, context.text(f"url{at}", most=2000))) for at in BUTTONS]
    return NoticeDraft(
        kind=NoticeKind(kind) if kind in set(NoticeKind) else NoticeKind.SERVICE,
        title=context.text("title"),
        text=context.text("text", most=8000),
        unit=context.text("unit"),
        valid_until=_end_of(context.text("valid_until")),
        start_at=_moment(context.text("start_at")) if context.text("start_at") else None,
        drill=context.text("drill") == "1",
        photo=photo,
        buttons=[(label, url) for label, url in labels if label or url],
        audience=Audience(
            regions=tuple(context.every("region")),
            jobs=tuple(context.every("job")),
            channels=tuple(context.every("channel")),
            tags=(
                *(audience_tags.tag(role) for role in audience_tags.ROLES if role in context.every("role")),
                *(
                    platforms.tag(code)
                    for code in context.knowledge.grid.platforms
                    if code in context.every("platform")
                ),
            ),
            active_days=context.number("active_days") or 0,
            vague=context.text("vague") == "1",
        ),
    )


def values_of(context: RequestContext, notice: Notice) -> dict[str, Any]:
    """A notice as the form shows it."""
    wanted = Audience.read(notice.audience)
    found: dict[str, Any] = {
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "unit": notice.unit,
        "valid_until": notice.valid_until.astimezone(ZONE).date().isoformat(),
        "start_at": f"{notice.start_at.astimezone(ZONE):%Y-%m-%dT%H:%M}" if notice.start_at else "",
        "drill": "1" if notice.drill else "",
        "photo": notice.photo or "",
        "region": wanted.regions,
        "job": wanted.jobs,
        "channel": wanted.channels,
        "role": [role for role in audience_tags.ROLES if audience_tags.tag(role) in wanted.tags],
        "platform": [code for code in context.knowledge.grid.platforms if platforms.tag(code) in wanted.tags],
        "active_days": wanted.active_days or "",
        "vague": "1" if wanted.vague else "",
    }
    for at, button in enumerate(notice.buttons, start=1):
        found |= {
            f"label{at}": button["label"],
            f"url{at}": shown(context, notice_buttons.typed(context.knowledge, button)),
        }
    return found


def _plain(context: RequestContext, typed: str) -> str:
    for code, word in context.console.layout.words.group("notice_leads").items():
        if typed.startswith(word):
            return f"{code}:" + typed.removeprefix(word)
    return typed


def districts(context: RequestContext) -> Sequence[str]:
    """Where this person may send to: their own districts and those inside."""
    mine = context.staffer.districts(Right.NOTICES_WRITE)
    return [
        code
        for code in context.knowledge.regions
        if code.startswith(tuple(mine)) and (len(code) <= 4 or any(len(each) >= 4 for each in mine))
    ]


def _moment(typed: str) -> datetime:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZONE)
    except ValueError:
        raise Rejected("notice.moment") from None


def _end_of(typed: str) -> datetime:
    return datetime.combine(_moment(typed).date(), time(23, 59), ZONE)
