"""What staff does with a case: each form is one step, taken only if nobody else changed the case meanwhile."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.console.appeals.actions import ACTS, actor
from bot.console.appeals.case import CASE, found, show, since
from bot.console.appeals.queue import QUEUE
from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.services.appeals import case_work
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.guards import SHORTEST_TEXT
from bot.services.appeals.states import Move, State
from bot.services.core.lifecycle import Actor, IllegalStep
from bot.services.staff import accounts
from bot.store.models import Appeal

LONGEST = 2000  # characters of a text that a worker reads
OPEN_SLOT = "【"  # what a template leaves to be filled in

Work = Callable[[Appeal, Actor], Awaitable[Any]]


@page("POST", f"{CASE}/accept", right="appeals.assign")
async def accept(visit: Visit) -> web.Response:
    return await _move(visit, "accept")


@page("POST", f"{CASE}/reject", right="appeals.assign")
async def reject(visit: Visit) -> web.Response:
    return await _move(visit, "reject", reason=visit.text("reason"))


@page("POST", f"{CASE}/assign", right="appeals.assign")
async def assign(visit: Visit) -> web.Response:
    """A case that nobody accepted yet is accepted on the way, without a message of its own."""
    return await _act(visit, "assign", lambda case, by: dispatch(visit, case, by, visit.text("agency")))


@page("POST", f"{CASE}/return", right="appeals.handle")
async def give_back(visit: Visit) -> web.Response:
    return await _move(visit, "return")


@page("POST", f"{CASE}/begin", right="appeals.handle")
async def begin(visit: Visit) -> web.Response:
    return await _move(visit, "begin")


@page("POST", f"{CASE}/ask", right="appeals.handle")
async def ask(visit: Visit) -> web.Response:
    return await _move(visit, "ask")


@page("POST", f"{CASE}/answer", right="appeals.review")
async def answer(visit: Visit) -> web.Response:
    """The reviewed answer leaves for the worker."""
    return await _move(visit, "answer")


@page("POST", f"{CASE}/verify", right="appeals.assign")
async def verify(visit: Visit) -> web.Response:
    """Somebody called the worker back, who says that it is settled."""
    note = visit.text("note", most=LONGEST)

    async def settle(case: Appeal, by: Actor) -> None:
        if len(note) < SHORTEST_TEXT:
            raise Rejected("move.text")
        await appeal_transitions.move(visit.session, visit.frame, case.number, Move(State.VERIFIED, by, note=note))

    return await _act(visit, "verify", settle)


@page("POST", f"{CASE}/close", right="appeals.assign")
async def close(visit: Visit) -> web.Response:
    return await _move(visit, "close")


@page("POST", f"{CASE}/merge", right="appeals.assign")
async def merge(visit: Visit) -> web.Response:
    return await _move(visit, "merge", parent=visit.text("parent"))


@page("POST", f"{CASE}/unmerge", right="appeals.assign")
async def unmerge(visit: Visit) -> web.Response:
    return await _move(visit, "unmerge")


@page("POST", f"{CASE}/log", right="appeals.log")
async def log(visit: Visit) -> web.Response:
    note = visit.text("note", most=LONGEST)
    return await _act(visit, "log", lambda case, by: case_work.log(visit.session, case.number, note, by))


@page("POST", f"{CASE}/propose", right="appeals.handle")
async def propose(visit: Visit) -> web.Response:
    return await _act(
        visit, "propose", lambda case, by: case_work.propose(visit.session, case.number, _text(visit), by)
    )


@page("POST", f"{CASE}/send-back", right="appeals.review")
async def send_back(visit: Visit) -> web.Response:
    why = visit.text("note", most=LONGEST)
    return await _act(visit, "send_back", lambda case, by: case_work.send_back(visit.session, case.number, why, by))


@page("POST", f"{CASE}/extend", right="appeals.extend")
async def extend(visit: Visit) -> web.Response:
    days, why = visit.number("days") or 0, visit.text("why")

    async def put_off(case: Appeal, by: Actor) -> None:
        await case_work.extend(visit.session, visit.frame, case.number, days, why, by)

    return await _act(visit, "extend", put_off)


@page("POST", f"{CASE}/escalate", right="appeals.assign")
async def escalate(visit: Visit) -> web.Response:
    why = visit.text("note", most=LONGEST)
    return await _act(visit, "escalate", lambda case, by: case_work.escalate(visit.session, case.number, why, by))


@page("POST", f"{CASE}/about", right="appeals.assign")
async def about(visit: Visit) -> web.Response:
    """Say which unit the case complains about: from now on it is not there for anybody of that unit."""
    code = visit.text("unit")
    return await _act(visit, "about", lambda case, by: case_work.name_unit(visit.session, case.number, code, by))


@page("POST", f"{CASE}/locate", right="appeals.assign")
async def locate(visit: Visit) -> web.Response:
    code = visit.text("district")

    async def place(case: Appeal, by: Actor) -> None:
        if code not in visit.knowledge.regions:
            raise Rejected("people.district")
        visit.staffer.require("appeals.assign", district=code)
        await case_work.locate(visit.session, case.number, code, by)

    return await _act(visit, "locate", place)


async def dispatch(visit: Visit, case: Appeal, by: Actor, agency: str) -> None:
    """Give a case to an agency; "" is the one that is proposed already.  Raises Rejected, IllegalStep."""
    if case.state == State.SUBMITTED:
        silent = visit.frame.silently()
        await appeal_transitions.move(visit.session, silent, case.number, Move(State.ACCEPTED, by))
    await appeal_transitions.move(visit.session, visit.frame, case.number, Move(State.ASSIGNED, by, agency=agency))


async def _move(visit: Visit, verb: str, **details: str) -> web.Response:
    """A step of the lifecycle."""

    async def move(case: Appeal, by: Actor) -> None:
        target = ACTS[verb].target
        if target is not None:
            wanted = Move(target, by, text=_text(visit), **details)
            await appeal_transitions.move(visit.session, visit.frame, case.number, wanted)

    return await _act(visit, verb, move)


async def _act(visit: Visit, verb: str, work: Work) -> web.Response:
    """Do something with the case of the address, unless it changed since the form was opened.

    What is refused is shown on the case's page, with what was typed; nothing of it is written then.
    """
    case = await found(visit, lock=True)
    by = actor(visit.staffer, case, visit.right)
    visit.again = CASE.format(number=case.number)
    version = visit.number("version")
    if version is None:
        raise Rejected("form.key")
    if version != case.version:
        return await show(visit, case, fault=await _meanwhile(visit, case, version), at=verb, status=409)
    try:
        async with visit.session.begin_nested():
            await work(case, by)
    except (Rejected, IllegalStep) as error:
        fault = _sentence(visit, error)
        return await show(visit, await found(visit, lock=True), fault=fault, at=verb, status=422)
    # Whoever returned a case does not see it any more: "not found" would look as if that had failed.
    still = await appeal_queue.find(visit.session, visit.staffer, case.number)
    await visit.audit(f"appeal.{verb}", f"appeal:{case.number}")
    return visit.to(visit.again if still is not None else QUEUE, said=f"case_{verb}")


async def _meanwhile(visit: Visit, case: Appeal, version: int) -> str:
    """Who did what to the case after the form was opened."""
    words = visit.console.layout.words
    lines = await since(visit.session, case, version)
    names = await accounts.names(visit.session, [each.staff_id for each in lines])
    done = [
        words(
            "case.done_by",
            name=names.get(each.staff_id or 0) or words.get(f"role.{each.role}"),
            what=words.get(f"line.{each.name}"),
        )
        for each in lines
    ]
    return words("case.meanwhile", done="、".join(done))


def _sentence(visit: Visit, error: Rejected | IllegalStep) -> str:
    layout = visit.console.layout
    return layout.rejection(visit, error) if isinstance(error, Rejected) else layout.legal(error)


def _text(visit: Visit) -> str:
    """What the worker will read.  Raises Rejected while a slot of the template is open."""
    text = visit.text("text", most=LONGEST)
    if OPEN_SLOT in text:
        raise Rejected("case.slot")
    return text
