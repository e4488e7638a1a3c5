"""/console/appeals/bulk: one step for many cases, shown first, then taken for each that has not changed meanwhile."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.console.appeals.actions import actor, possible
from bot.console.appeals.queue import QUEUE
from bot.console.appeals.steps import LONGEST, dispatch
from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.services.appeals import case_work
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.queue import PAGE
from bot.services.appeals.states import Move, State
from bot.services.core.lifecycle import Actor, IllegalStep
from bot.services.units import agencies
from bot.store.models import Appeal

BULK = f"{QUEUE}/bulk"
Take = Callable[[Visit, Appeal, Actor], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case, or would: the words for it, and whether it is good."""

    case: Appeal
    good: bool
    words: str


async def _accept(visit: Visit, case: Appeal, by: Actor) -> None:
    await appeal_transitions.move(visit.session, visit.frame, case.number, Move(State.ACCEPTED, by))


async def _assign(visit: Visit, case: Appeal, by: Actor) -> None:
    await dispatch(visit, case, by, visit.text("agency"))


async def _merge(visit: Visit, case: Appeal, by: Actor) -> None:
    wanted = Move(State.MERGED, by, parent=visit.text("parent"))
    await appeal_transitions.move(visit.session, visit.frame, case.number, wanted)


async def _escalate(visit: Visit, case: Appeal, by: Actor) -> None:
    await case_work.escalate(visit.session, case.number, visit.text("note", most=LONGEST), by)


async def _log(visit: Visit, case: Appeal, by: Actor) -> None:
    await case_work.log(visit.session, case.number, visit.text("note", most=LONGEST), by)


# What can be done with many at once.
TAKES: Mapping[str, Take] = {
    "accept": _accept,
    "assign": _assign,
    "merge": _merge,
    "escalate": _escalate,
    "log": _log,
}


@page("GET", BULK, right="appeals.assign")
async def preview(visit: Visit) -> web.Response:
    """Which of the ticked cases would go along, before anything is done."""
    query = visit.request.query
    act = query.get("act", "") if query.get("act") in TAKES else "assign"
    cases = [
        await appeal_queue.find(visit.session, visit.staffer, number) for number in query.getall("number", [])[:PAGE]
    ]
    outcomes = [_foreseen(visit, case, act) for case in cases if case is not None]
    return await _show(visit, act, outcomes, before=True)


@page("POST", BULK, right="appeals.assign")
async def take(visit: Visit) -> web.Response:
    """Each case for itself: what does not go is named, and holds nothing up."""
    act = visit.text("act")
    ticked = visit.every("case")[:PAGE]
    if act not in TAKES or not ticked:
        raise Rejected("bulk.none")
    outcomes = [await _take(visit, each, act) for each in ticked]
    done = [each for each in outcomes if each is not None]
    for each in done:
        if each.good:
            await visit.audit(f"appeal.{act}", f"appeal:{each.case.number}", bulk=len(ticked))
    visit.again = QUEUE
    return await _show(visit, act, done, before=False)


def _foreseen(visit: Visit, case: Appeal, act: str) -> Outcome:
    words, good = visit.console.layout.words, act in possible(visit.staffer, case)
    return Outcome(case, good, words("bulk.can") if good else words("bulk.cannot", verb=words(f"verb.{act}")))


async def _take(visit: Visit, ticked: str, act: str) -> Outcome | None:
    """`ticked` is the number of a case and the version that was previewed."""
    number, _, version = ticked.partition(":")
    words, layout = visit.console.layout.words, visit.console.layout
    case = await appeal_queue.find(visit.session, visit.staffer, number, lock=True)
    if case is None:
        return None
    if str(case.version) != version:
        return Outcome(case, False, words("bulk.changed"))
    fault = ""
    try:
        async with visit.session.begin_nested():
            await TAKES[act](visit, case, actor(visit.staffer, case, visit.right))
    except Rejected as error:
        fault = layout.rejection(visit, error)
    except IllegalStep as error:
        fault = layout.legal(error)
    case = await appeal_queue.find(visit.session, visit.staffer, number, lock=True)
    return (
        Outcome(case, not fault, fault or words("bulk.done", verb=words(f"verb.{act}"))) if case is not None else None
    )


async def _show(visit: Visit, act: str, outcomes: list[Outcome], *, before: bool) -> web.Response:
    return visit.page(
        "appeals/bulk.html",
        outcomes=outcomes,
        before=before,
        act=act,
        acts=list(TAKES),
        agencies=await agencies.every(visit.session),
        kinds=visit.knowledge.appeals.kinds,
        going=sum(each.good for each in outcomes),
    )
