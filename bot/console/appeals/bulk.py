"""/console/appeals/bulk: one step for many cases, shown first, then taken for each that has not changed meanwhile."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.console.appeals.actions import actor, possible
from bot.console.appeals.queue import BULK_MOST, LONGEST_QUERY, from_list, parsed, written
from bot.console.appeals.steps import LONGEST, dispatch
from bot.console.core import listing
from bot.console.core.listing import ListAddress
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import case_work, consultations
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.counting import Count
from bot.services.core.keyset import Page
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


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a filter is taken at once.  count: of the whole filter, as far as this person may dispatch."""

    page: Page
    count: Count
    address: ListAddress

    @property
    def cases(self) -> list[Appeal]:
        return [appeal for appeal, _ in self.page.rows]


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
    """Which of the ticked cases, or of those of a filter, would go along, before anything is done."""
    act = listing.one_of(context.http_request.query, "act", ACTS, "assign")
    piece = await _piece(context, act)
    known = piece.cases if piece is not None else await _ticked(context)
    free = await consultations.free(context.session, [case.id for case in known]) if act == CONSULT else frozenset()
    outcomes = [_foreseen(context, case, act, case.id in free) for case in known]
    return await _show(context, act, outcomes, piece)


@page("POST", BULK, right=Right.APPEALS_ASSIGN)
async def take(context: RequestContext) -> web.Response:
    """Each case for itself: what does not go is named, and holds nothing up.  Ticked are numbers with versions."""
    act, ticked = context.text("act"), dict(each.partition(":")[::2] for each in _few(context.every("case")))
    if act not in TAKES or not ticked:
        raise Rejected("bulk.none")
    cases = await appeal_queue.several(context.session, context.staffer, ticked, lock=True)
    said = {case.number: await _take(context, case, ticked[case.number], act) for case in cases}
    for number, fault in said.items():
        if not fault:
            await context.audit(f"appeal.{act}", f"appeal:{number}", bulk=len(ticked))
    context.again = urls.APPEALS
    rows = await appeal_queue.several(context.session, context.staffer, list(said), lock=True)
    return await _show(context, act, [_outcome(context, row, act, said[row.number]) for row in rows])


async def _piece(context: RequestContext, act: str) -> Piece | None:
    """What of the filter in the address is taken at once; None without one."""
    if (wanted := from_list(context.http_request.query)) is None:
        return None
    session, staffer, right = context.session, context.staffer, Right.APPEALS_ASSIGN
    page = await appeal_queue.queue(session, staffer, wanted, context.place, size=BULK_MOST, right=right)
    count = await appeal_queue.count(session, staffer, wanted, right)
    return Piece(page, count, ListAddress(BULK, [("list", written(wanted)), ("act", act)]))


async def _ticked(context: RequestContext) -> Sequence[Appeal]:
    numbers = _few(context.http_request.query.getall("number", []))
    return await appeal_queue.several(context.session, context.staffer, numbers)


def _few(ticked: Sequence[str]) -> Sequence[str]:
    """Raises Rejected for more than one step takes: none of them is left out silently."""
    if len(ticked) > BULK_MOST:
        raise Rejected("bulk.many", most=BULK_MOST, given=len(ticked))
    return ticked


def _foreseen(context: RequestContext, case: Appeal, act: str, free: bool) -> BulkOutcome:
    """free: no consultation has the case yet."""
    words = context.console.layout.words
    good = free if act == CONSULT else act in possible(context.staffer, case)
    return BulkOutcome(case, good, words("bulk.can") if good else words("bulk.cannot", verb=words(f"verb.{act}")))


async def _take(context: RequestContext, case: Appeal, version: str, act: str) -> str:
    """Take the step with a locked case of which this version was previewed; or what is in the way, in words."""
    layout = context.console.layout
    if str(case.version) != version:
        return layout.words("bulk.changed")
    try:
        async with context.session.begin_nested():
            await TAKES[act](context, case, actor(context.staffer, case, context.right))
    except Rejected as error:
        return layout.rejection(context, error)
    except IllegalStep as error:
        return layout.legal(error)
    return ""


def _outcome(context: RequestContext, case: Appeal, act: str, fault: str) -> BulkOutcome:
    words = context.console.layout.words
    return BulkOutcome(case, not fault, fault or words("bulk.done", verb=words(f"verb.{act}")))


async def _show(
    context: RequestContext, act: str, outcomes: Sequence[BulkOutcome], piece: Piece | None = None
) -> web.Response:
    before = context.http_request.method == "GET"
    return context.page(
        "appeals/bulk.html",
        outcomes=outcomes,
        before=before,
        piece=piece,
        address=piece.address if piece is not None else None,
        further=None if before else _further(context, act),
        many=BULK_MOST,
        act=act,
        acts=ACTS,
        consult=CONSULT,
        agencies=await agencies.around(context.session, context.staffer.districts(Right.APPEALS_ASSIGN)),
        kinds=context.knowledge.appeals.kinds,
        going=sum(each.good for each in outcomes),
    )


def _further(context: RequestContext, act: str) -> str:
    """Where the next piece of the filter begins; "" when this was the last one, or when no filter led here."""
    wanted, after = context.text("list", most=LONGEST_QUERY), context.text("after", most=LONGEST_QUERY)
    pairs = [("list", written(parsed(wanted))), ("act", act)]
    return ListAddress(BULK, pairs).to(after=after) if wanted and after else ""
