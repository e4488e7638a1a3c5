"""/console/notices: what was sent to many, what is being sent, and what waits for a second person."""

from time import time as time_now

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, Card, card, page, topic
from bot.console.notices.preview import looks
from bot.console.notices.progress import progress
from bot.console.notices.trial_groups import tried
from bot.services.chats import message_preview
from bot.services.notices import approvals, differences, notices
from bot.services.notices.states import BEGUN, NOTICE, State
from bot.services.staff import accounts
from bot.services.staff.permissions import Staffer
from bot.store.models import Notice, NoticeKind

HERE = f"{ROOT}/notices"
COUNTED = 50_000  # copies that may be counted anew for each second that somebody watches


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
        "notices/list.html",
        notices=await notices.listed(visit.session, visit.staffer.districts("notices.read")),
        may_write=visit.staffer.may("notices.write"),
    )


@page("GET", f"{HERE}/{{id}}", right="notices.read")
async def shown(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.read")
    before = notice.state in (State.DRAFT, State.PENDING)
    given = await approvals.given(visit.session, notice)
    writers = await notices.writers(visit.session, notice.id) or {notice.author_id}
    return visit.page(
        "notices/notice.html",
        **await looks(visit, notice, counts=before and notice.does == "say"),
        grid=visit.knowledge.grid,
        around=message_preview.around(visit.knowledge.texts, does="edit", unit=notice.unit, drill=notice.drill),
        given=given,
        needed=approvals.needed(notice),
        names=await accounts.names(visit.session, [notice.author_id, *writers, *(each.approver_id for each in given)]),
        writers=writers,
        difference=await differences.since_last(visit.session, notice) if notice.state == State.PENDING else None,
        **await tried(visit, notice),
        may=lambda verb: visit.staffer.may(f"notices.{verb}", district=notice.district),
        mine=visit.staffer.id in writers,
        legal=set(NOTICE.legal(notice.state)),
        begun=notice.started_at is not None or notice.state in BEGUN,
        progress=await progress(visit.session, notice),
    )


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
