"""What is done with a notice: tried out, handed in, agreed to, stopped, corrected, taken back."""

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.notices.list import one, show
from bot.console.notices.trial_groups import one as trial_group
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.notices import approvals, corrections, notices, trial_groups, trials
from bot.services.notices import start as notice_start
from bot.services.notices import totals as notice_totals
from bot.services.notices.results import state_of
from bot.services.notices.states import NoticeState
from bot.services.staff.permissions import Right
from bot.store.models import Channel, CopyState, Notice

STEPS = {  # what a button asks for, and where that leads
    "pause": NoticeState.PAUSED,
    "resume": NoticeState.FREEZING,
    "cancel": NoticeState.CANCELLED,
    "draft": NoticeState.DRAFT,
}


@page("POST", f"{urls.NOTICES}/{{id}}/try", right=Right.NOTICES_WRITE)
async def attempt(context: RequestContext) -> web.Response:
    """Send it to oneself, to a trial group, or to all colleagues here who linked a chat."""
    notice = await one(context, Right.NOTICES_WRITE)
    group = await trial_group(context, number) if (number := context.number("whom")) is not None else None
    if group is not None:
        whom = trial_groups.of(group)
    else:
        whom = trials.team(notice) if context.text("whom") == "team" else trials.oneself(context.staffer.id)
    sent = await trials.send(context.session, context.services, notice, whom)
    if not sent:
        raise Rejected("trial_group.no_chat", name=group.name) if group is not None else Rejected("notice.no_chat")
    context.leave(sent)
    which = {"group": group.id} if group is not None else {}
    await context.audit("notice.try", f"notice:{notice.id}", people=len(sent), **which)
    return back(context, notice, "notice_tried")


@page("POST", f"{urls.NOTICES}/{{id}}/submit", right=Right.NOTICES_WRITE)
async def submit(context: RequestContext) -> web.Response:
    notice = await one(context, Right.NOTICES_WRITE, lock=True)
    actor = context.staffer.require(Right.NOTICES_WRITE, district=notice.district)
    await notices.submit(context.session, context.services, notice, actor)
    await context.audit("notice.submit", f"notice:{notice.id}", count=notice.count)
    return back(context, notice, "notice_submitted")


@page("POST", f"{urls.NOTICES}/{{id}}/approve", right=Right.NOTICES_APPROVE, fresh=True)
async def approve(context: RequestContext) -> web.Response:
    notice = await one(context, Right.NOTICES_APPROVE, lock=True)
    actor = context.staffer.require(Right.NOTICES_APPROVE, district=notice.district)
    typed, comment = context.number("count"), context.text("comment")
    try:  # What is wrong is said beside the form, where it can be put right.
        notices.check_buttons(context.services, notice)
        enough = await approvals.approve(context.session, notice, actor, -1 if typed is None else typed, comment)
    except Rejected as error:
        return await show(context, notice, fault=context.console.layout.rejection(context, error), at="approve")
    await context.audit("notice.approve", f"notice:{notice.id}", count=notice.count)
    return back(context, notice, "notice_approved" if enough else "notice_one_more")


@page("POST", f"{urls.NOTICES}/{{id}}/refuse", right=Right.NOTICES_APPROVE)
async def refuse(context: RequestContext) -> web.Response:
    notice = await one(context, Right.NOTICES_APPROVE, lock=True)
    actor = context.staffer.require(Right.NOTICES_APPROVE, district=notice.district)
    try:
        await approvals.refuse(context.session, notice, actor, context.text("comment"))
    except Rejected as error:
        return await show(context, notice, fault=context.console.layout.rejection(context, error), at="refuse")
    await context.audit("notice.refuse", f"notice:{notice.id}")
    return back(context, notice, "notice_refused")


@page("POST", f"{urls.NOTICES}/{{id}}/step", right=Right.NOTICES_STOP)
async def step(context: RequestContext) -> web.Response:
    """Pause, resume, cancel, back to draft, or begin although it is late."""
    notice = await one(context, Right.NOTICES_STOP, lock=True)
    actor = context.staffer.require(Right.NOTICES_STOP, district=notice.district)
    asked = context.text("step")
    if asked == "begin":
        await notice_start.begin_late(context.session, notice, actor)
    elif asked in STEPS:
        notices.move(notice, STEPS[asked], actor)
    else:
        raise web.HTTPBadRequest
    await context.session.flush()
    await context.audit(f"notice.{asked}", f"notice:{notice.id}")
    return back(context, notice, f"notice_{asked}")


@page("POST", f"{urls.NOTICES}/{{id}}/again", right=Right.NOTICES_WRITE)
async def again(context: RequestContext) -> web.Response:
    """Send the failed ones once more, or those of whom nobody knows."""
    notice = await one(context, Right.NOTICES_WRITE, lock=True)
    actor = context.staffer.require(Right.NOTICES_WRITE, district=notice.district)
    state = CopyState.UNKNOWN if context.text("which") == "unknown" else CopyState.FAILED
    queued = await notices.again(context.session, notice, actor, state)
    await context.audit("notice.again", f"notice:{notice.id}", which=state, people=queued)
    return back(context, notice, "notice_again")


@page("POST", f"{urls.NOTICES}/{{id}}/correct", right=Right.NOTICES_WRITE)
async def correct(context: RequestContext) -> web.Response:
    """A correction is a notice of its own, and needs a second person, too."""
    original = await one(context, Right.NOTICES_WRITE)
    actor = context.staffer.require(Right.NOTICES_WRITE, district=original.district)
    text = context.text("text", most=8000)
    notice = await corrections.correct(context.session, context.services, original, actor, context.text("title"), text)
    notice.count = (await notice_totals.tally(context.session, original.id)).get(CopyState.SENT, 0)
    await notices.submit(context.session, context.services, notice, actor)
    await context.audit("notice.correct", f"notice:{original.id}", notice=notice.id)
    return back(context, notice, "notice_submitted")


@page("POST", f"{urls.NOTICES}/{{id}}/recall", right=Right.NOTICES_STOP)
async def recall(context: RequestContext) -> web.Response:
    original = await one(context, Right.NOTICES_STOP, lock=True)
    actor = context.staffer.require(Right.NOTICES_STOP, district=original.district)
    notice = await corrections.recall(context.session, original, actor)
    await context.audit("notice.recall", f"notice:{original.id}", notice=notice.id)
    return back(context, notice, "notice_recalled")


@page("POST", f"{urls.NOTICES}/{{id}}/find", right=Right.NOTICES_EXPORT)
async def find(context: RequestContext) -> web.Response:
    """What became of one person's copy, by the number of their chat; every look is written down."""
    notice = await one(context, Right.NOTICES_EXPORT)
    channel = Channel.WEB if context.text("channel") == Channel.WEB else Channel.TELEGRAM
    typed = context.text("address")
    address = numbers.whole(typed, most=numbers.LONG) or 0
    state = await state_of(context.session, notice.id, channel, address)
    await context.audit("notice.find", f"notice:{notice.id}", found=state is not None)
    if state is None:
        raise Rejected("notice.no_such_person")
    return back(context, notice, f"copy_{state}")


def back(context: RequestContext, notice: Notice, said: str) -> web.Response:
    return context.to(f"{urls.NOTICES}/{notice.id}", said=said)
