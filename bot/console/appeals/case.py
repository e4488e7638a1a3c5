"""/console/appeals/NUMBER: one case with its timeline, whoever else has it open, and what can be done with it."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.appeals import deadline
from bot.console.appeals.actions import has_handled, possible
from bot.console.appeals.queue import from_list, written
from bot.console.core import listing
from bot.console.core.request import RequestContext
from bot.console.core.routes import page, topic
from bot.console.core.words import ConsoleWords
from bot.messaging import urls
from bot.services.appeals import appeals, case_work, helpers, neighbours, presence, replies
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals.dispatch import GIVEN
from bot.services.appeals.queue import APPEALS, BUSY
from bot.services.appeals.states import TO_DISPATCH
from bot.services.attachments import attachments
from bot.services.calendar.wording import day
from bot.services.core.working_days import ZONE
from bot.services.identity.identities import MAY_UNMASK
from bot.services.staff import accounts
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Appeal, AppealStep, Naming, now
from knowledge.stations.shown import moment

CASE = f"{urls.APPEALS}/{{number}}"
TOLD = frozenset(
    "accept reject merge unmerge assign reassign recategorise return begin ask answer expire reopen extend help published".split()
)  # steps whose author is sent a message
SILENT = frozenset({"warn", "overdue", "redate"})  # lines of the clock, which do not count as a change


@topic("case", right=Right.APPEALS_READ, about=True, pulse=presence.moments, personal=True)
async def changed(session: AsyncSession, staffer: Staffer, number: str) -> object:
    """The case, its timeline with the ticks, and who else has it open."""
    case = await appeal_queue.find(session, staffer, number)
    if case is None:
        return None
    lines = select(func.max(AppealStep.id), func.count(AppealStep.told_at)).where(AppealStep.appeal_id == case.id)
    told = tuple((await session.execute(lines)).one())
    return case.version, case.level, told, await presence.others(session, case.id, staffer.id)


@page("GET", CASE, right=Right.APPEALS_READ)
async def shown(context: RequestContext) -> web.Response:
    return await show(context, await found(context))


@page("POST", f"{CASE}/here", right=Right.APPEALS_READ, live=True)
async def here(context: RequestContext) -> web.Response:
    """The page tells that it is open, every few seconds, and when it is left."""
    async with context.console.db.begin() as context.transaction:
        case = await found(context)
        if context.form.get("gone") == "1":
            await presence.leave(context.session, case.id, context.staffer.id)
        else:
            typing = context.form.get("typing") == "1"
            await presence.enter(context.session, case.id, context.staffer.id, typing=typing)
    return web.Response(status=204)


async def found(context: RequestContext, *, lock: bool = False) -> Appeal:
    """The case of the address.  Raises Denied, which shows as "not found", for one that is not theirs to see."""
    return await context.find(APPEALS, context.http_request.match_info["number"], Right.APPEALS_READ, lock=lock)


async def show(
    context: RequestContext,
    case: Appeal,
    *,
    fault: str = "",
    at: str = "",
    status: int = 200,
    known: Sequence[str] = (),
) -> web.Response:
    """The page of a case.

    fault: what is wrong with what was handed in, by the form `at`, whose fields keep what was typed.
    known: name and phone of the author, when somebody has just asked for them.
    """
    session, knowledge = context.session, context.knowledge
    lines = await appeals.timeline(session, case.id)
    templates = await replies.offered(session, knowledge.appeals, case)
    offices = await agencies.around(session, context.staffer.districts(Right.APPEALS_READ))
    return context.page(
        "appeals/case.html",
        status=status,
        case=case,
        kind=knowledge.appeals.kinds[case.kind],
        agency=await agencies.names(session),
        offices=[each for each in offices if each.id != case.about_id],
        units=offices,
        lines=lines,
        **await _in_list(context, case),
        given=GIVEN,
        returned={each.agency_id for each in lines if each.name == "return"},
        sent_back=next((each for each in reversed(lines) if each.name == "send_back"), None),
        colleagues=await case_work.colleagues(session, case),
        earlier=await neighbours.earlier(session, context.staffer, case),
        helpers=await helpers.of_case(session, case.id),
        kinds=knowledge.appeals.kinds,
        to_dispatch=TO_DISPATCH,
        busy=BUSY,
        names=await accounts.names(session, [each.staff_id for each in lines] + [case.handler_id, case.proposal_by]),
        told=TOLD,
        arrival=lambda line: _arrival(context.console.layout.words, line),
        files=await attachments.of_case(session, case.id),
        others=await presence.others(session, case.id, context.staffer.id),
        children=await appeal_queue.children(session, context.staffer, case),
        parent=await appeal_queue.number_of(session, context.staffer, case.parent_id),
        previous=await appeal_queue.number_of(session, context.staffer, case.previous_id),
        acts=possible(context.staffer, case),
        may_unmask=_may_unmask(context.staffer, case),
        handled=has_handled(context.staffer, case),
        rejections=knowledge.appeals.rejections,
        templates=templates,
        inserted=next((each for each in templates if each.code == context.http_request.query.get("t")), None),
        districts=listing.places(context, Right.APPEALS_ASSIGN),
        left=deadline.left(context.console.layout.words, case),
        due=day(knowledge.texts, case.due_at),
        fault=fault,
        at=at,
        typed=context.form if fault else {},
        known=known,
    )


async def _in_list(context: RequestContext, case: Appeal) -> dict[str, str]:
    """The list somebody comes from, and the cases around this one there."""
    wanted = from_list(context.http_request.query)
    if wanted is None:
        return {"list": "", "view": "", "before": "", "after": ""}
    before, after = await neighbours.around(context.session, context.staffer, wanted, case)
    return {"list": written(wanted), "view": wanted.view, "before": before, "after": after}


async def since(session: AsyncSession, case: Appeal, version: int) -> list[AppealStep]:
    """What happened to a case after somebody had opened it."""
    lines = [each for each in await appeals.timeline(session, case.id) if each.name not in SILENT]
    return lines[-max(case.version - version, 1) :]


def _arrival(words: ConsoleWords, line: AppealStep) -> str:
    """How far the message about a line of the timeline is: it arrived, it waits for the worker's morning, or there is none."""
    if line.told_at is not None:
        return words("told.arrived", time=f"{line.told_at.astimezone(ZONE):%H:%M}")
    if line.tell_at is None:
        return words("told.none")
    return words("told.waits", time=moment(line.tell_at, now())) if line.tell_at > now() else words("told.under_way")


def _may_unmask(staffer: Staffer, case: Appeal) -> bool:
    role = staffer.role_for(Right.APPEALS_UNMASK, case.region or None, case.agency_id or 0, case.kind)
    return role in MAY_UNMASK[Naming(case.naming)]
