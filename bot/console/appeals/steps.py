"""What staff does with a case: each form is one step, taken only if nobody else changed the case meanwhile."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.console.appeals.actions import ACTS, actor
from bot.console.appeals.case import CASE, found, show, since
from bot.console.appeals.queue import from_list, written
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import case_work, helpers, messages, redirection
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.guards import SHORTEST_TEXT
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import Actor, IllegalStep
from bot.services.staff import accounts
from bot.services.staff.permissions import Right
from bot.store.models import Appeal

LONGEST = 2000  # characters of a text that a worker reads
OPEN_SLOT = "【"  # what a template leaves to be filled in

Work = Callable[[Appeal, Actor], Awaitable[Any]]


@page("POST", f"{CASE}/accept", right=Right.APPEALS_ASSIGN)
async def accept(context: RequestContext) -> web.Response:
    return await _move(context, "accept")


@page("POST", f"{CASE}/reject", right=Right.APPEALS_ASSIGN)
async def reject(context: RequestContext) -> web.Response:
    return await _move(context, "reject", reason=context.text("reason"))


@page("POST", f"{CASE}/assign", right=Right.APPEALS_ASSIGN)
async def assign(context: RequestContext) -> web.Response:
    """A case that nobody accepted yet is accepted on the way, without a message of its own."""
    agency, text = context.text("agency"), _text(context)
    return await _act(context, "assign", lambda case, by: dispatch(context, case, by, agency, text))


@page("POST", f"{CASE}/reassign", right=Right.APPEALS_ASSIGN)
async def reassign(context: RequestContext) -> web.Response:
    """Another unit takes it over; its author reads why."""
    return await _move(context, "reassign", agency=context.text("agency"))


@page("POST", f"{CASE}/recategorise", right=Right.APPEALS_ASSIGN)
async def recategorise(context: RequestContext) -> web.Response:
    """Another kind, with that kind's unit and limit; its author reads why."""
    wanted = {"kind": context.text("kind"), "agency": context.text("agency"), "why": _text(context)}

    async def change(case: Appeal, by: Actor) -> None:
        await redirection.recategorise(context.session, context.services, case, by, **wanted)

    return await _act(context, "recategorise", change)


@page("POST", f"{CASE}/return", right=Right.APPEALS_HANDLE)
async def give_back(context: RequestContext) -> web.Response:
    return await _move(context, "return")


@page("POST", f"{CASE}/begin", right=Right.APPEALS_HANDLE)
async def begin(context: RequestContext) -> web.Response:
    return await _move(context, "begin")


@page("POST", f"{CASE}/ask", right=Right.APPEALS_HANDLE)
async def ask(context: RequestContext) -> web.Response:
    return await _move(context, "ask")


@page("POST", f"{CASE}/answer", right=Right.APPEALS_REVIEW)
async def answer(context: RequestContext) -> web.Response:
    """The reviewed answer leaves for the worker."""
    return await _move(context, "answer")


@page("POST", f"{CASE}/verify", right=Right.APPEALS_ASSIGN)
async def verify(context: RequestContext) -> web.Response:
    """Somebody called the worker back, who says that it is settled."""
    note = context.text("note", most=LONGEST)

    async def settle(case: Appeal, by: Actor) -> None:
        if len(note) < SHORTEST_TEXT:
            raise Rejected("move.text")
        await appeal_transitions.move(
            context.session, context.services, case.number, AppealMove(AppealState.VERIFIED, by, note=note)
        )

    return await _act(context, "verify", settle)


@page("POST", f"{CASE}/close", right=Right.APPEALS_ASSIGN)
async def close(context: RequestContext) -> web.Response:
    return await _move(context, "close")


@page("POST", f"{CASE}/merge", right=Right.APPEALS_ASSIGN)
async def merge(context: RequestContext) -> web.Response:
    return await _move(context, "merge", parent=context.text("parent"))


@page("POST", f"{CASE}/unmerge", right=Right.APPEALS_ASSIGN)
async def unmerge(context: RequestContext) -> web.Response:
    return await _move(context, "unmerge")


@page("POST", f"{CASE}/hand-over", right=Right.APPEALS_HANDLE)
async def hand_over(context: RequestContext) -> web.Response:
    """A colleague of the same unit goes on with it."""
    to, why = context.number("colleague") or 0, context.text("note", most=LONGEST)
    return await _act(
        context, "hand_over", lambda case, by: case_work.hand_over(context.session, case.number, to, why, by)
    )


@page("POST", f"{CASE}/log", right=Right.APPEALS_LOG)
async def log(context: RequestContext) -> web.Response:
    note = context.text("note", most=LONGEST)
    return await _act(context, "log", lambda case, by: case_work.log(context.session, case.number, note, by))


@page("POST", f"{CASE}/propose", right=Right.APPEALS_HANDLE)
async def propose(context: RequestContext) -> web.Response:
    """An answer for somebody else to review; of a light kind it leaves at once."""

    async def write(case: Appeal, by: Actor) -> None:
        if context.knowledge.appeals.kinds[case.kind].light:
            wanted = messages.direct(case, by, _text(context))
            await appeal_transitions.move(context.session, context.services, case.number, wanted)
        else:
            await case_work.propose(context.session, case.number, _text(context), by)

    return await _act(context, "propose", write)


@page("POST", f"{CASE}/send-back", right=Right.APPEALS_REVIEW)
async def send_back(context: RequestContext) -> web.Response:
    why = context.text("note", most=LONGEST)
    return await _act(context, "send_back", lambda case, by: case_work.send_back(context.session, case.number, why, by))


@page("POST", f"{CASE}/extend", right=Right.APPEALS_EXTEND)
async def extend(context: RequestContext) -> web.Response:
    days, why = context.number("days") or 0, context.text("why")

    async def put_off(case: Appeal, by: Actor) -> None:
        await case_work.extend(context.session, context.services, case.number, days, why, by)

    return await _act(context, "extend", put_off)


@page("POST", f"{CASE}/escalate", right=Right.APPEALS_ASSIGN)
async def escalate(context: RequestContext) -> web.Response:
    why = context.text("note", most=LONGEST)
    return await _act(context, "escalate", lambda case, by: case_work.escalate(context.session, case.number, why, by))


@page("POST", f"{CASE}/about", right=Right.APPEALS_ASSIGN)
async def about(context: RequestContext) -> web.Response:
    """Say which unit the case complains about: from now on it is not there for anybody of that unit."""
    code = context.text("unit")
    return await _act(context, "about", lambda case, by: case_work.name_unit(context.session, case.number, code, by))


@page("POST", f"{CASE}/help", right=Right.APPEALS_ASSIGN)
async def ask_for_help(context: RequestContext) -> web.Response:
    """Ask another unit to help; it sees the story and the question, and nobody's name."""
    agency, question = context.text("agency"), context.text("note", most=LONGEST)

    async def ask_unit(case: Appeal, by: Actor) -> None:
        await helpers.ask(context.session, context.services, case.number, agency, question, by)

    return await _act(context, "help", ask_unit)


@page("POST", f"{CASE}/locate", right=Right.APPEALS_ASSIGN)
async def locate(context: RequestContext) -> web.Response:
    code = context.text("district")

    async def place(case: Appeal, by: Actor) -> None:
        if code not in context.knowledge.regions:
            raise Rejected("people.district")
        context.staffer.require(Right.APPEALS_ASSIGN, district=code)
        await case_work.locate(context.session, context.services, case.number, code, by)

    return await _act(context, "locate", place)


async def dispatch(context: RequestContext, case: Appeal, by: Actor, agency: str, text: str = "") -> None:
    """Give a case to an agency; "" is the one that is proposed already.  Raises Rejected, IllegalStep."""
    if case.state == AppealState.SUBMITTED:
        silent = context.services.silently()
        await appeal_transitions.move(context.session, silent, case.number, AppealMove(AppealState.ACCEPTED, by))
    wanted = AppealMove(AppealState.ASSIGNED, by, agency=agency, text=text)
    await appeal_transitions.move(context.session, context.services, case.number, wanted)


async def _move(context: RequestContext, verb: str, **details: str) -> web.Response:
    """A step of the lifecycle."""

    async def move(case: Appeal, by: Actor) -> None:
        target = ACTS[verb].target
        if target is not None:
            wanted = AppealMove(target, by, text=_text(context), verb=verb, **details)
            await appeal_transitions.move(context.session, context.services, case.number, wanted)

    return await _act(context, verb, move)


async def _act(context: RequestContext, verb: str, work: Work) -> web.Response:
    """Do something with the case of the address, unless it changed since the form was opened.

    What is refused is shown on the case's page, with what was typed; nothing of it is written then.
    """
    case = await found(context, lock=True)
    by = actor(context.staffer, case, context.right)
    context.again = CASE.format(number=case.number)
    version = context.number("version")
    if version is None:
        raise Rejected("form.key")
    if version != case.version:
        return await show(context, case, fault=await _meanwhile(context, case, version), at=verb, status=409)
    try:
        async with context.session.begin_nested():
            await work(case, by)
    except (Rejected, IllegalStep) as error:
        fault = _sentence(context, error)
        return await show(context, await found(context, lock=True), fault=fault, at=verb, status=422)
    # Whoever returned a case does not see it any more: "not found" would look as if that had failed.
    still = await appeal_queue.find(context.session, context.staffer, case.number)
    await context.audit(f"appeal.{verb}", f"appeal:{case.number}")
    wanted = from_list(context.http_request.query)
    if still is None:
        return context.to(f"{urls.APPEALS}?{written(wanted)}" if wanted else urls.APPEALS, said=f"case_{verb}")
    return context.to(context.again, said=f"case_{verb}", **({"list": written(wanted)} if wanted else {}))


async def _meanwhile(context: RequestContext, case: Appeal, version: int) -> str:
    """Who did what to the case after the form was opened."""
    words = context.console.layout.words
    lines = await since(context.session, case, version)
    names = await accounts.names(context.session, [each.staff_id for each in lines])
    done = [
        words(
            "case.done_by",
            name=names.get(each.staff_id or 0) or words.get(f"role.{each.role}"),
            what=words.get(f"line.{each.name}"),
        )
        for each in lines
    ]
    return words("case.meanwhile", done="、".join(done))


def _sentence(context: RequestContext, error: Rejected | IllegalStep) -> str:
    layout = context.console.layout
    return layout.rejection(context, error) if isinstance(error, Rejected) else layout.legal(error)


def _text(context: RequestContext) -> str:
    """What the worker will read.  Raises Rejected while a slot of the template is open."""
    text = context.text("text", most=LONGEST)
    if OPEN_SLOT in text:
        raise Rejected("case.slot")
    return text
