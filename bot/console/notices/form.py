"""Writing a notice: the form, what it would look like and whom it would reach meanwhile, and the draft it becomes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from aiohttp import web

from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.console.notices.list import HERE, one
from bot.console.notices.preview import jobs, looks, shown
from bot.errors import Rejected
from bot.services.chats import message_preview
from bot.services.core.working_days import ZONE
from bot.services.notices import buttons as notice_buttons
from bot.services.notices import notices, platforms
from bot.services.notices import photos as notice_photos
from bot.services.notices.audience import Audience
from bot.services.notices.notices import Draft
from bot.services.volunteers import audience_tags
from bot.store.models import Channel, Notice, NoticeKind, now

BUTTONS = range(1, notice_buttons.MOST + 1)
USUAL = timedelta(days=3)  # validity offered for a new notice


@page("GET", f"{HERE}/new", right="notices.write")
async def blank(visit: Visit) -> web.Response:
    until = (now().astimezone(ZONE) + USUAL).date()
    mine = [code for code in visit.staffer.districts("notices.write") if code]  # what an author means by nothing
    given = {"kind": NoticeKind.SERVICE, "valid_until": until.isoformat(), "region": mine}
    return await written(visit, given, f"{HERE}/new")


@page("POST", f"{HERE}/new", right="notices.write")
async def write(visit: Visit) -> web.Response:
    """Save a draft; or only look at it: the preview and the count change nothing."""
    try:
        made = draft(visit, await shows(visit))
        actor, where = visit.staffer.require("notices.write"), visit.staffer.districts("notices.write")
        notice = await notices.write(visit.session, visit.frame, actor, made, districts=where)
    except Rejected as error:
        return await written(visit, visit.form, f"{HERE}/new", fault=visit.console.layout.rejection(visit, error))
    await visit.audit("notice.write", f"notice:{notice.id}")
    return visit.to(f"{HERE}/{notice.id}", said="notice_written")


@page("GET", f"{HERE}/{{id}}/edit", right="notices.write")
async def open_again(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.write")
    return await written(visit, values_of(visit, notice), f"{HERE}/{notice.id}/edit")


@page("POST", f"{HERE}/{{id}}/edit", right="notices.write")
async def edit(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.write", lock=True)
    actor = visit.staffer.require("notices.write", district=notice.district)
    try:
        where = visit.staffer.districts("notices.write")
        made = draft(visit, await shows(visit))
        await notices.edit(visit.session, visit.frame, notice, actor, made, districts=where)
    except Rejected as error:
        fault = visit.console.layout.rejection(visit, error)
        visit.session.expunge(notice)  # Nothing of it is kept.
        return await written(visit, visit.form, f"{HERE}/{notice.id}/edit", fault=fault)
    await visit.audit("notice.edit", f"notice:{notice.id}")
    return visit.to(f"{HERE}/{notice.id}", said="notice_written")


async def written(visit: Visit, values: Any, path: str, *, fault: str = "") -> web.Response:
    """The form, with what was typed."""
    return visit.page(
        "notices/form.html",
        status=422 if fault else 200,
        values=values,
        every=lambda name: values.getall(name, []) if hasattr(values, "getall") else values.get(name, []),
        path=path,
        fault=fault,
        kinds=list(NoticeKind),
        jobs=jobs(visit).items(),
        channels=list(Channel),
        roles=[(role, visit.console.layout.words(f"audience_role.{role}")) for role in audience_tags.ROLES],
        platforms=visit.knowledge.grid.platforms.items(),
        districts=districts(visit),
        buttons=BUTTONS,
        offered=[
            shown(visit, each)
            for each in notice_buttons.offered(visit.knowledge, visit.staffer.districts("notices.write"))
        ],
        longest=message_preview.CAPTION if values.get("photo") else message_preview.LONGEST,
        caption=message_preview.CAPTION,
        around=(around := message_preview.around(visit.knowledge.texts)),
        adds=message_preview.around(visit.knowledge.texts, drill=True) - around,
    )


@page("POST", f"{HERE}/look", right="notices.write", live=True)
async def look(visit: Visit) -> web.Response:
    """What the form would send, and to how many; nothing of it is kept."""
    async with visit.console.db.read() as visit.transaction:
        try:
            typed = draft(visit, visit.text("photo"))
            notice = notices.sketch(visit.frame, typed, visit.staffer.districts("notices.write"))
        except Rejected as error:
            return visit.page("notices/preview.html", fault=visit.console.layout.rejection(visit, error))
        return visit.page("notices/preview.html", fault="", **await looks(visit, notice, counts=True))


@page("GET", f"{HERE}/photos/{{digest}}", right="notices.read")
async def photo(visit: Visit) -> web.Response:
    """The photo of a notice they may see, or of a form that was not saved yet: nobody can guess its digest."""
    digest, where = visit.request.match_info["digest"], visit.staffer.districts("notices.read")
    kept = await notice_photos.get(visit.session, digest)
    if kept is None or not await notice_photos.open_to(visit.session, digest, where):
        raise web.HTTPNotFound
    return web.Response(body=kept.data, content_type="image/jpeg")


async def shows(visit: Visit) -> str:
    """The digest of the photo that the form asks for; "" for none.

    The form keeps it, so that it need not be chosen again when something else is missing.  Raises Rejected.
    """
    if visit.text("photo_off") == "1":
        visit.form["photo"] = ""
    elif upload := visit.files.get("picture"):
        jpeg = await asyncio.to_thread(lambda: notice_photos.make(upload.file.read()))
        visit.form["photo"] = await notice_photos.keep(visit.session, jpeg)
    return visit.text("photo")


def draft(visit: Visit, photo: str) -> Draft:
    """The form, read.  Raises Rejected."""
    kind = visit.text("kind")
    labels = [(visit.text(f"label{at}"), _plain(visit, visit.text(f"url{at}", most=2000))) for at in BUTTONS]
    return Draft(
        kind=NoticeKind(kind) if kind in set(NoticeKind) else NoticeKind.SERVICE,
        title=visit.text("title"),
        text=visit.text("text", most=8000),
        unit=visit.text("unit"),
        valid_until=_end_of(visit.text("valid_until")),
        start_at=_moment(visit.text("start_at")) if visit.text("start_at") else None,
        drill=visit.text("drill") == "1",
        photo=photo,
        buttons=[(label, url) for label, url in labels if label or url],
        audience=Audience(
            regions=tuple(visit.every("region")),
            jobs=tuple(visit.every("job")),
            channels=tuple(visit.every("channel")),
            tags=(
                *(audience_tags.tag(role) for role in audience_tags.ROLES if role in visit.every("role")),
                *(platforms.tag(code) for code in visit.knowledge.grid.platforms if code in visit.every("platform")),
            ),
            active_days=visit.number("active_days") or 0,
        ),
    )


def values_of(visit: Visit, notice: Notice) -> dict[str, Any]:
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
        "platform": [code for code in visit.knowledge.grid.platforms if platforms.tag(code) in wanted.tags],
        "active_days": wanted.active_days or "",
    }
    for at, button in enumerate(notice.buttons, start=1):
        found |= {
            f"label{at}": button["label"],
            f"url{at}": shown(visit, notice_buttons.typed(visit.knowledge, button)),
        }
    return found


def _plain(visit: Visit, typed: str) -> str:
    for code, word in visit.console.layout.words.group("notice_leads").items():
        if typed.startswith(word):
            return f"{code}:" + typed.removeprefix(word)
    return typed


def districts(visit: Visit) -> Sequence[str]:
    """Where this person may send to: their own districts and those inside."""
    mine = visit.staffer.districts("notices.write")
    return [
        code
        for code in visit.knowledge.regions
        if code.startswith(tuple(mine)) and (len(code) <= 4 or any(len(each) >= 4 for each in mine))
    ]


def _moment(typed: str) -> datetime:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZONE)
    except ValueError:
        raise Rejected("notice.moment") from None


def _end_of(typed: str) -> datetime:
    return datetime.combine(_moment(typed).date(), time(23, 59), ZONE)
