"""/console/notices: what was sent to many, what is being sent, and what waits for a second person."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from time import time as time_now
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.notice_progress import progress
from bot.console.routes import ROOT, Card, card, page, topic
from bot.console.trial_groups import tried
from bot.console.visit import Visit
from bot.errors import Rejected
from bot.services import (
    approvals,
    audience,
    bubbles,
    differences,
    notice_buttons,
    notice_photos,
    notices,
    platforms,
    roles,
    staff,
)
from bot.services.audience import Audience
from bot.services.deadlines import ZONE
from bot.services.notice_states import BEGUN, NOTICE, State
from bot.services.notices import Draft
from bot.services.rights import Staffer
from bot.store.models import Channel, Notice, NoticeKind, now
from knowledge.policies import AUDIENCES

HERE = f"{ROOT}/notices"
JOBS = (*AUDIENCES[1:], "other")
BUTTONS = range(1, notice_buttons.MOST + 1)
COUNTED = 50_000  # copies that may be counted anew for each second that somebody watches
USUAL = timedelta(days=3)  # validity offered for a new notice


@topic("notices", right="notices.read", about=True)
async def changes(session: AsyncSession, staffer: Staffer, number: str) -> object:
    """How far a notice is; without a number, whether any of them moved."""
    if not number:
        return await notices.newest(session, staffer.districts("notices.read"))
    notice = await find(session, staffer, int(number) if number.isdigit() else 0)
    return notice and (notice.version, notice.finished_at, _beat(notice))


def _beat(notice: Notice) -> int:
    """Moves on while it is being sent: every second, or less often where counting so many copies takes a while."""
    open_ = notice.started_at is not None and notice.finished_at is None
    return int(time_now() // max(1, notice.count // COUNTED)) if open_ else 0


@card("notices.approve", order=20)
async def waiting(visit: Visit) -> Card:
    pending = await notices.listed(visit.session, visit.staffer.districts("notices.approve"), State.PENDING)
    words = visit.console.layout.words
    urgent = any(each.kind == NoticeKind.EMERGENCY for each in pending)
    return Card(words("card.notices"), len(pending), HERE, words("card.notices_note"), urgent)


@page("GET", HERE, right="notices.read", nav="notices")
async def listed(visit: Visit) -> web.Response:
    return visit.page(
        "notices.html",
        notices=await notices.listed(visit.session, visit.staffer.districts("notices.read")),
        may_write=visit.staffer.may("notices.write"),
    )


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


@page("GET", f"{HERE}/{{id}}", right="notices.read")
async def shown(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.read")
    wanted = Audience.read(notice.audience)
    before = notice.state in (State.DRAFT, State.PENDING)
    counted = await notices.count(visit.session, visit.frame, notice) if before and notice.does == "say" else None
    given = await approvals.given(visit.session, notice)
    writers = await notices.writers(visit.session, notice.id) or {notice.author_id}
    looks = bubbles.bubble(visit.knowledge.texts, notice)
    return visit.page(
        "notice.html",
        notice=notice,
        wanted=wanted,
        jobs=jobs(visit),
        grid=visit.knowledge.grid,
        bubble=looks,
        leads=lambda button: _shown(visit, notice_buttons.typed(visit.knowledge, button)),
        length=bubbles.length(looks.get("text", "")),
        most=bubbles.most(notice),
        around=bubbles.around(visit.knowledge.texts, does="edit", unit=notice.unit, drill=notice.drill),
        counted=counted,
        few=audience.FEW,
        samples=await audience.samples(visit.session, wanted, notice.kind) if counted else [],
        given=given,
        needed=approvals.needed(notice),
        names=await staff.names(visit.session, [notice.author_id, *writers, *(each.approver_id for each in given)]),
        writers=writers,
        difference=await differences.since_last(visit.session, notice) if notice.state == State.PENDING else None,
        **await tried(visit, notice),
        may=lambda verb: visit.staffer.may(f"notices.{verb}", district=notice.district),
        mine=visit.staffer.id in writers,
        legal=set(NOTICE.legal(notice.state)),
        begun=notice.started_at is not None or notice.state in BEGUN,
        progress=await progress(visit.session, notice),
    )


async def written(visit: Visit, values: Any, path: str, *, fault: str = "") -> web.Response:
    """The form, with what was typed."""
    return visit.page(
        "notice_form.html",
        status=422 if fault else 200,
        values=values,
        every=lambda name: values.getall(name, []) if hasattr(values, "getall") else values.get(name, []),
        path=path,
        fault=fault,
        kinds=list(NoticeKind),
        jobs=jobs(visit).items(),
        channels=list(Channel),
        roles=[(role, visit.console.layout.words(f"audience_role.{role}")) for role in roles.ROLES],
        platforms=visit.knowledge.grid.platforms.items(),
        districts=districts(visit),
        buttons=BUTTONS,
        offered=[
            _shown(visit, each)
            for each in notice_buttons.offered(visit.knowledge, visit.staffer.districts("notices.write"))
        ],
        longest=bubbles.CAPTION if values.get("photo") else bubbles.LONGEST,
        caption=bubbles.CAPTION,
        around=(around := bubbles.around(visit.knowledge.texts)),
        adds=bubbles.around(visit.knowledge.texts, drill=True) - around,
    )


def jobs(visit: Visit) -> dict[str, str]:
    """The jobs there are, as people read them."""
    return {job: visit.knowledge.texts.say("zh", f"job.{job}") for job in JOBS}


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
                *(roles.tag(role) for role in roles.ROLES if role in visit.every("role")),
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
        "role": [role for role in roles.ROLES if roles.tag(role) in wanted.tags],
        "platform": [code for code in visit.knowledge.grid.platforms if platforms.tag(code) in wanted.tags],
        "active_days": wanted.active_days or "",
    }
    for at, button in enumerate(notice.buttons, start=1):
        found |= {
            f"label{at}": button["label"],
            f"url{at}": _shown(visit, notice_buttons.typed(visit.knowledge, button)),
        }
    return found


def _shown(visit: Visit, place: str) -> str:
    """Where a button leads, with the word for what it is; the reverse of `_plain`."""
    for code, word in visit.console.layout.words.group("notice_leads").items():
        if place.startswith(f"{code}:"):
            return word + place.removeprefix(f"{code}:")
    return place


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


async def one(visit: Visit, right: str, *, lock: bool = False) -> Notice:
    """The notice of the address.  Raises Denied, which shows as "not found", for one of another district."""
    try:
        notice = await notices.get(visit.session, visit.number("id") or 0, lock=lock)
    except notices.UnknownNotice:
        raise web.HTTPNotFound from None
    visit.staffer.require(right, district=notice.district, subject=f"notice:{notice.id}", hidden=True)
    return notice


async def find(session: AsyncSession, staffer: Staffer, number: int) -> Notice | None:
    try:
        notice = await notices.get(session, number)
    except notices.UnknownNotice:
        return None
    return notice if staffer.may("notices.read", district=notice.district) else None


def _moment(typed: str) -> datetime:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZONE)
    except ValueError:
        raise Rejected("notice.moment") from None


def _end_of(typed: str) -> datetime:
    return datetime.combine(_moment(typed).date(), time(23, 59), ZONE)
