"""/console/appeals/bulk: one step for many cases, shown first, then taken for each that has not changed meanwhile."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.console.appeals.actions import actor, possible
from bot.console.appeals.steps import LONGEST, dispatch
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import case_work, consultations
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.queue import PAGE
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import Actor, IllegalStep
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Appeal

BULK = f"{urls.APPEALS}/bulk"
Take = Callable[[RequestContext, Appeal, Actor], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of a case, or would: the words for it, and whether it is good."""

    case: Appeal
    good: bool
    words: str


async def _accept(context: RequestContext, case: Appeal, by: Actor) -> None:
    await appeal_transitions.move(context.session, context.services, case.number, AppealMove(AppealState.ACCEPTED, by))


async def _assign(context: RequestContext, case: Appeal, by: Actor) -> None:
    await dispatch(context, case, by, context.text("agency"))


async def _merge(context: RequestContext, case: Appeal, by: Actor) -> None:
    wanted = AppealMove(AppealState.MERGED, by, parent=context.text("parent"))
    await appeal_transitions.move(context.session, context.services, case.number, wanted)


async def _escalate(context: RequestContext, case: Appeal, by: Actor) -> None:
    await case_work.escalate(context.session, case.number, context.text("note", most=LONGEST), by)


async def _log(context: RequestContext, case: Appeal, by: Actor) -> None:
    await case_work.log(context.session, case.number, context.text("note", most=LONGEST), by)


# What can be done with many at once.
TAKES: Mapping[str, Take] = {
    "accept": _accept,
    "assign": _assign,
    "merge": _merge,
    "escalate": _escalate,
    "log": _log,
}
CONSULT = "consult"  # begins one thing with all of them, at its own address
ACTS = (*TAKES, CONSULT)


@page("GET", BULK, right=Right.APPEALS_ASSIGN)
async def preview(context: RequestContext) -> web.Response:
    """Which of the ticked cases would go along, before anything is done."""
    query = context.http_request.query
    act = query.get("act", "") if query.get("act") in ACTS else "assign"
    cases = [
        await appeal_queue.find(context.session, context.staffer, number)
        for number in query.getall("number", [])[:PAGE]
    ]
    known = [case for case in cases if case is not None]
    free = await consultations.free(context.session, [case.id for case in known]) if act == CONSULT else frozenset()
    outcomes = [_foreseen(context, case, act, case.id in free) for case in known]
    return await _show(context, act, outcomes, before=True)


@page("POST", BULK, right=Right.APPEALS_ASSIGN)
async def take(context: RequestContext) -> web.Response:
    """Each case for itself: what does not go is named, and holds nothing up."""
    act = context.text("act")
    ticked = context.every("case")[:PAGE]
    if act not in TAKES or not ticked:
        raise Rejected("bulk.none")
    outcomes = [await _take(context, each, act) for each in ticked]
    done = [each for each in outcomes if each is not None]
    for each in done:
        if each.good:
            await context.audit(f"appeal.{act}", f"appeal:{each.case.number}", bulk=len(ticked))
    context.again = urls.APPEALS
    return await _show(context, act, done, before=False)


def _foreseen(context: RequestContext, case: Appeal, act: str, free: bool) -> BulkOutcome:
    """free: no consultation has the case yet."""
    words = context.console.layout.words
    good = free if act == CONSULT else act in possible(context.staffer, case)
    return BulkOutcome(case, good, words("bulk.can") if good else words("bulk.cannot", verb=words(f"verb.{act}")))


async def _take(context: RequestContext, ticked: str, act: str) -> BulkOutcome | None:
    """`ticked` is the number of a case and the version that was previewed."""
    number, _, version = ticked.partition(":")
    words, layout = context.console.layout.words, context.console.layout
    case = await appeal_queue.find(context.session, context.staffer, number, lock=True)
    if case is None:
        return None
    if str(case.version) != version:
        return BulkOutcome(case, False, words("bulk.changed"))
    fault = ""
    try:
        async with context.session.begin_nested():
            await TAKES[act](context, case, actor(context.staffer, case, context.right))
    except Rejected as error:
        fault = layout.rejection(context, error)
    except IllegalStep as error:
        fault = layout.legal(error)
    case = await appeal_queue.find(context.session, context.staffer, number, lock=True)
    return (
        BulkOutcome(case, not fault, fault or words("bulk.done", verb=words(f"verb.{act}")))
        if case is not None
        else None
    )


async def _show(context: RequestContext, act: str, outcomes: list[BulkOutcome], *, before: bool) -> web.Response:
    return context.page(
        "appeals/bulk.html",
        outcomes=outcomes,
        before=before,
        act=act,
        acts=ACTS,
        consult=CONSULT,
        agencies=await agencies.around(context.session, context.staffer.districts(Right.APPEALS_ASSIGN)),
        kinds=context.knowledge.appeals.kinds,
        going=sum(each.good for each in outcomes),
    )
