"""/console/notices: what was sent to many, what is being sent, and what waits for a second person."""

from time import time as time_now

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListView
from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.console.notices.preview import looks
from bot.console.notices.progress import progress
from bot.console.notices.trial_groups import tried
from bot.doors import numbers
from bot.messaging import urls
from bot.services.chats import message_preview
from bot.services.notices import approvals, corrections, differences, directory, notices
from bot.services.notices.directory import DOES, NoticeFilter
from bot.services.notices.notices import NOTICES
from bot.services.notices.states import BEGUN, NOTICE, NoticeState
from bot.services.staff import accounts
from bot.services.staff.permissions import Denied, Right, Staffer
from bot.store.models import Notice, NoticeKind

COUNTED = 50_000  # copies that may be counted anew for each second that somebody watches


@topic("notices", right=Right.NOTICES_READ, about=True)
async def changes(session: AsyncSession, staffer: Staffer, number: str) -> object:
    """How far a notice is; without a number, whether any of them moved."""
    if not number:
        return await notices.newest(session, staffer.districts(Right.NOTICES_READ))
    notice = await NOTICES.find(session, staffer, numbers.whole(number), Right.NOTICES_READ)
    return notice and (notice.version, notice.finished_at, _beat(notice))


def _beat(notice: Notice) -> int:
    """Moves on while it is being sent: every second, or less often where counting so many copies takes a while."""
    open_ = notice.started_at is not None and notice.finished_at is None
    return int(time_now() // max(1, notice.count // COUNTED)) if open_ else 0


@card(Right.NOTICES_APPROVE, order=20)
async def waiting(context: RequestContext) -> Card:
    right, staffer = Right.NOTICES_APPROVE, context.staffer
    found = await directory.listed(context.session, staffer.districts(right), NoticeFilter(state=NoticeState.PENDING))
    pending = [each for (each,) in found.rows if notices.allowed(staffer, right, each)]
    words = context.console.layout.words
    urgent = any(each.kind == NoticeKind.EMERGENCY for each in pending)
    return Card(words("card.notices"), len(pending), urls.NOTICES, words("card.notices_note"), urgent)


@file_page(f"{urls.NOTICES}.{{form}}", right=Right.NOTICES_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """The list as a sheet; what became of one notice is another file."""
    districts, wanted, view = context.staffer.districts(Right.NOTICES_EXPORT), _wanted(context), _view(context)
    found = await directory.listed(context.session, districts, wanted, sort=view.sort, size=listing.MOST + 1)
    rows = [row for (row,) in found.rows]
    return listing.content(
        context, "notices", _columns(context), rows, listing.address(urls.NOTICES, wanted, view), view
    )


def _wanted(context: RequestContext) -> NoticeFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    query = context.http_request.query
    return NoticeFilter(
        state=listing.one_of(query, "state", set(NoticeState)),
        does=listing.one_of(query, "does", DOES),
        district=listing.district(query),
        since=listing.day(query, "since"),
        until=listing.day(query, "until"),
    )


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, list(directory.SORTS), _columns(context))


def _columns(context: RequestContext) -> Columns:
    words = context.console.layout.words
    return {
        "title": lambda row: row.title,
        "kind": lambda row: words(f"notice_kind.{row.kind}"),
        "district": lambda row: context.district(row.district),
        "people": lambda row: row.count or 0,
        "state": lambda row: words(f"notice_state.{row.state}"),
        "written": lambda row: listing.moment(row.created_at),
    }


@page("GET", urls.NOTICES, right=Right.NOTICES_READ, nav="notices")
async def listed(context: RequestContext) -> web.Response:
    districts, wanted, view = context.staffer.districts(Right.NOTICES_READ), _wanted(context), _view(context)
    page = await directory.listed(context.session, districts, wanted, context.place, sort=view.sort)
    rows = [row for (row,) in page.rows]
    taken_back = await corrections.recalls(context.session, [each.id for each in rows])
    return context.page(
        "notices/list.html",
        notices=rows,
        page=page,
        view=view,
        address=listing.address(urls.NOTICES, wanted, view),
        states=NoticeState,
        wanted=wanted,
        does=DOES,
        places=listing.places(context, Right.NOTICES_READ, wanted.district),
        state=lambda each: _state(each, taken_back.get(each.id)),
        may_write=context.staffer.may(Right.NOTICES_WRITE),
    )


@page("GET", f"{urls.NOTICES}/{{id}}", right=Right.NOTICES_READ)
async def shown(context: RequestContext) -> web.Response:
    return await show(context, await one(context, Right.NOTICES_READ))


async def show(context: RequestContext, notice: Notice, *, fault: str = "", at: str = "") -> web.Response:
    """The page of a notice.  fault: what is wrong with what was handed in, by the form `at`."""
    before = notice.state in (NoticeState.DRAFT, NoticeState.PENDING)
    given = await approvals.given(context.session, notice)
    writers = await notices.writers(context.session, notice.id) or {notice.author_id}
    taken_back = (await corrections.recalls(context.session, [notice.id])).get(notice.id)
    return context.page(
        "notices/notice.html",
        status=422 if fault else 200,
        fault=fault,
        at=at,
        comment=context.form.get("comment", "") if fault else "",
        taken_back=taken_back,
        state=_state(notice, taken_back),
        **await looks(context, notice, counts=before and notice.does == "say"),
        grid=context.knowledge.grid,
        around=message_preview.around(context.knowledge.texts, does="edit", unit=notice.unit, drill=notice.drill),
        given=given,
        needed=approvals.needed(notice),
        names=await accounts.names(
            context.session, [notice.author_id, *writers, *(each.approver_id for each in given)]
        ),
        writers=writers,
        difference=await differences.since_last(context.session, notice)
        if notice.state == NoticeState.PENDING
        else None,
        **await tried(context, notice),
        may=lambda right: notices.allowed(context.staffer, right, notice),
        mine=context.staffer.id in writers,
        legal=set(NOTICE.legal(notice.state)),
        begun=notice.started_at is not None or notice.state in BEGUN,
        progress=await progress(context.session, notice),
    )


def _state(notice: Notice, taken_back: Notice | None) -> str:
    """The state as people see it: what is being taken back from the phones is not called sent any more."""
    if taken_back is None:
        return notice.state
    return "recalled" if taken_back.finished_at is not None else "recalling"


async def one(context: RequestContext, right: Right, *, lock: bool = False) -> Notice:
    """The notice of the address.

    Raises Denied: as "not found" for one of another district, and plainly when it goes to districts, too, where this
    person may only read.
    """
    notice = await context.find(NOTICES, context.number("id"), right, lock=lock)
    if right is not Right.NOTICES_READ and not notices.allowed(context.staffer, right, notice):
        raise Denied(right, f"notice:{notice.id}")
    return notice
