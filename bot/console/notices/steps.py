"""What is done with a notice: tried out, handed in, agreed to, stopped, corrected, taken back."""

from aiohttp import web

from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.console.notices.list import HERE, one
from bot.console.notices.trial_groups import one as trial_group
from bot.errors import Rejected
from bot.services.notices import approvals, notices, trial_groups, trials
from bot.services.notices import start as notice_start
from bot.services.notices import totals as notice_totals
from bot.services.notices.results import state_of
from bot.services.notices.states import State
from bot.store.models import Channel, CopyState, Notice

STEPS = {  # what a button asks for, and where that leads
    "pause": State.PAUSED,
    "resume": State.FREEZING,
    "cancel": State.CANCELLED,
    "draft": State.DRAFT,
}


@page("POST", f"{HERE}/{{id}}/try", right="notices.write")
async def attempt(visit: Visit) -> web.Response:
    """Send it to oneself, to a trial group, or to all colleagues here who linked a chat."""
    notice = await one(visit, "notices.write")
    group = await trial_group(visit, number) if (number := visit.number("whom")) is not None else None
    if group is not None:
        whom = trial_groups.of(group)
    else:
        whom = trials.team(notice) if visit.text("whom") == "team" else trials.oneself(visit.staffer.id)
    sent = await trials.send(visit.session, visit.frame, notice, whom)
    if not sent:
        raise Rejected("trial_group.no_chat", name=group.name) if group is not None else Rejected("notice.no_chat")
    visit.leave(sent)
    which = {"group": group.id} if group is not None else {}
    await visit.audit("notice.try", f"notice:{notice.id}", people=len(sent), **which)
    return back(visit, notice, "notice_tried")


@page("POST", f"{HERE}/{{id}}/submit", right="notices.write")
async def submit(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.write", lock=True)
    actor = visit.staffer.require("notices.write", district=notice.district)
    await notices.submit(visit.session, visit.frame, notice, actor)
    await visit.audit("notice.submit", f"notice:{notice.id}", count=notice.count)
    return back(visit, notice, "notice_submitted")


@page("POST", f"{HERE}/{{id}}/approve", right="notices.approve", fresh=True)
async def approve(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.approve", lock=True)
    actor = visit.staffer.require("notices.approve", district=notice.district)
    notices.check_buttons(visit.frame, notice)
    typed = visit.number("count")
    enough = await approvals.approve(
        visit.session, notice, actor, -1 if typed is None else typed, visit.text("comment")
    )
    await visit.audit("notice.approve", f"notice:{notice.id}", count=notice.count)
    return back(visit, notice, "notice_approved" if enough else "notice_one_more")


@page("POST", f"{HERE}/{{id}}/refuse", right="notices.approve")
async def refuse(visit: Visit) -> web.Response:
    notice = await one(visit, "notices.approve", lock=True)
    actor = visit.staffer.require("notices.approve", district=notice.district)
    await approvals.refuse(visit.session, notice, actor, visit.text("comment"))
    await visit.audit("notice.refuse", f"notice:{notice.id}")
    return back(visit, notice, "notice_refused")


@page("POST", f"{HERE}/{{id}}/step", right="notices.stop")
async def step(visit: Visit) -> web.Response:
    """Pause, resume, cancel, back to draft, or begin although it is late."""
    notice = await one(visit, "notices.stop", lock=True)
    actor = visit.staffer.require("notices.stop", district=notice.district)
    asked = visit.text("step")
    if asked == "begin":
        await notice_start.begin_late(visit.session, notice, actor)
    elif asked in STEPS:
        notices.move(notice, STEPS[asked], actor)
    else:
        raise web.HTTPBadRequest
    await visit.session.flush()
    await visit.audit(f"notice.{asked}", f"notice:{notice.id}")
    return back(visit, notice, f"notice_{asked}")


@page("POST", f"{HERE}/{{id}}/again", right="notices.write")
async def again(visit: Visit) -> web.Response:
    """Send the failed ones once more, or those of whom nobody knows."""
    notice = await one(visit, "notices.write", lock=True)
    actor = visit.staffer.require("notices.write", district=notice.district)
    state = CopyState.UNKNOWN if visit.text("which") == "unknown" else CopyState.FAILED
    queued = await notices.again(visit.session, notice, actor, state)
    await visit.audit("notice.again", f"notice:{notice.id}", which=state, people=queued)
    return back(visit, notice, "notice_again")


@page("POST", f"{HERE}/{{id}}/correct", right="notices.write")
async def correct(visit: Visit) -> web.Response:
    """A correction is a notice of its own, and needs a second person, too."""
    original = await one(visit, "notices.write")
    actor = visit.staffer.require("notices.write", district=original.district)
    text = visit.text("text", most=8000)
    notice = await notices.correct(visit.session, visit.frame, original, actor, visit.text("title"), text)
    notice.count = (await notice_totals.tally(visit.session, original.id)).get(CopyState.SENT, 0)
    await notices.submit(visit.session, visit.frame, notice, actor)
    await visit.audit("notice.correct", f"notice:{original.id}", notice=notice.id)
    return back(visit, notice, "notice_submitted")


@page("POST", f"{HERE}/{{id}}/recall", right="notices.stop")
async def recall(visit: Visit) -> web.Response:
    original = await one(visit, "notices.stop", lock=True)
    actor = visit.staffer.require("notices.stop", district=original.district)
    notice = await notices.recall(visit.session, original, actor)
    await visit.audit("notice.recall", f"notice:{original.id}", notice=notice.id)
    return back(visit, notice, "notice_recalled")


@page("POST", f"{HERE}/{{id}}/find", right="notices.export")
async def find(visit: Visit) -> web.Response:
    """What became of one person's copy, by the number of their chat; every look is written down."""
    notice = await one(visit, "notices.export")
    channel = Channel.WEB if visit.text("channel") == Channel.WEB else Channel.TELEGRAM
    typed = visit.text("address")
    address = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 20 else 0
    state = await state_of(visit.session, notice.id, channel, address)
    await visit.audit("notice.find", f"notice:{notice.id}", found=state is not None)
    if state is None:
        raise Rejected("notice.no_such_person")
    return back(visit, notice, f"copy_{state}")


def back(visit: Visit, notice: Notice, said: str) -> web.Response:
    return visit.to(f"{HERE}/{notice.id}", said=said)
