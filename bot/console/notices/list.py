"""/console/notices: what was sent to many, what is being sent, and what waits for a second person."""

from time import time as time_now

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.console.notices.preview import looks
from bot.console.notices.progress import progress
from bot.console.notices.trial_groups import tried
from bot.doors import numbers
from bot.messaging import urls
from bot.services.chats import message_preview
from bot.services.notices import approvals, corrections, differences, notices
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
    rows = await notices.listed(context.session, staffer.districts(right), NoticeState.PENDING)
    pending = [each for each in rows if notices.allowed(staffer, right, each)]
    words = context.console.layout.words
    urgent = any(each.kind == NoticeKind.EMERGENCY for each in pending)
    return Card(words("card.notices"), len(pending), urls.NOTICES, words("card.notices_note"), urgent)


@page("GET", urls.NOTICES, right=Right.NOTICES_READ, nav="notices")
async def listed(context: RequestContext) -> web.Response:
    """The newest ones; older ones behind the number of the last, narrowed by state where the address says one."""
    state, before = context.http_request.query.get("state", ""), context.number("before")
    states = [NoticeState(state)] if state in set(NoticeState) else []
    districts = context.staffer.districts(Right.NOTICES_READ)
    found = await notices.listed(context.session, districts, *states, before=before)
    rows = found[: notices.LISTED]
    taken_back = await corrections.recalls(context.session, [each.id for each in rows])
    return context.page(
        "notices/list.html",
        notices=rows,
        further=len(found) > len(rows),
        before=before,
        states=NoticeState,
        asked=states[0] if states else "",
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
