"""/console/sittings: the dates of offerings: who has a seat, who waits, another date, a message, the end of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import segno
from aiohttp import web
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing, words
from bot.console.core.listing import ListAddress
from bot.console.core.request import RequestContext
from bot.console.core.routes import page, topic
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.bookings import attendance, consulting, line, offerings, seats, sittings
from bot.services.bookings.seats import UnknownSeat
from bot.services.bookings.sittings import LONGEST_REASON, SittingEntry
from bot.services.bookings.states import RUNNING, SITTING, SeatState, SittingState
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.services.staff import audit
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Offering, Sitting

SITTING_PAGE = f"{urls.SITTINGS}/{{id}}"
FIELDS = ("day", "from", "to", "place", "capacity", "least")
BEGUN: Mapping[str, str] = {**dict.fromkeys(FIELDS, ""), "capacity": "20", "least": "0"}
VIEWS = ("coming", "over")
TICKS = {"attend": SeatState.ATTENDED, "miss": SeatState.ABSENT, "excuse": SeatState.CANCELLED}
TICKED = {SeatState.BOOKED: ("attend",), SeatState.ATTENDED: ("miss",), SeatState.ABSENT: ("attend", "excuse")}


@topic("sittings", right=Right.SITTINGS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    """Also what workers do: their seats are in no audit."""
    return await audit.newest(session, *words.load().actions("offering", "sitting")), await seats.newest_step(session)


@page("GET", urls.SITTINGS, right=Right.SITTINGS_READ, nav="sittings")
async def listed(context: RequestContext) -> web.Response:
    view = listing.one_of(context.http_request.query, "view", VIEWS, "coming")
    page = await sittings.listed(context.session, context.staffer, view, context.place)
    return context.page(
        "bookings/sittings.html",
        rows=page.rows,
        page=page,
        wanted={"view": view},
        address=ListAddress(urls.SITTINGS, [("view", view)]),
        views=VIEWS,
        counts=await sittings.counts(context.session, context.staffer),
        may_write=context.staffer.may(Right.OFFERINGS_WRITE),
    )


@page("GET", SITTING_PAGE, right=Right.SITTINGS_READ)
async def shown(context: RequestContext) -> web.Response:
    row, offering = await _found(context, Right.SITTINGS_READ)
    return await _show(context, row, offering, _typed(row))


@page("POST", SITTING_PAGE, right=Right.SITTINGS_RUN)
async def change(context: RequestContext) -> web.Response:
    """Another date, place or size; with a fault nothing is written and nothing typed is lost."""
    row, offering = await _found(context, Right.SITTINGS_RUN)
    wanted = given(context)
    try:
        await sittings.change(context.session, context.services, row.id, entry(wanted))
    except Rejected as error:
        return await _show(context, row, offering, wanted, context.console.layout.rejection(context, error))
    return await _done(context, row, "change", "sitting_changed")


@page("POST", f"{SITTING_PAGE}/cancel", right=Right.SITTINGS_RUN)
async def cancel(context: RequestContext) -> web.Response:
    row, offering = await _found(context, Right.SITTINGS_RUN)
    actor = context.staffer.require(Right.SITTINGS_RUN, district=offering.region)
    await sittings.cancel(context.session, context.services, row.id, actor, context.text("reason", most=LONGEST_REASON))
    return await _done(context, row, "cancel", "sitting_cancelled")


@page("POST", f"{SITTING_PAGE}/message", right=Right.SITTINGS_RUN)
async def message(context: RequestContext) -> web.Response:
    row, _ = await _found(context, Right.SITTINGS_RUN)
    await sittings.message(context.session, context.services, row.id, context.text("text", most=LONGEST_REASON))
    return await _done(context, row, "message", "sitting_messaged")


@page("POST", f"{SITTING_PAGE}/tick", right=Right.SITTINGS_TICK)
async def tick(context: RequestContext) -> web.Response:
    """Who of the ticked was there, was not, or is excused; a seat that cannot be so any more is left alone."""
    row, offering = await _found(context, Right.SITTINGS_TICK)
    actor = context.staffer.require(Right.SITTINGS_TICK, district=offering.region)
    verb = context.text("step")
    target = TICKS.get(verb)
    if target is None:
        raise Rejected("answer.choose")
    for number in context.every("seat"):
        try:
            await attendance.tick(context.session, context.services, row.id, number, target, actor)
        except UnknownSeat:
            raise Rejected("sitting.seat") from None
        await context.audit(f"sitting.{verb}", f"sitting:{row.id}", seat=number)
    return context.to(f"{urls.SITTINGS}/{row.id}", said="sitting_ticked")


@page("POST", f"{SITTING_PAGE}/decline", right=Right.SITTINGS_DECLINE)
async def decline(context: RequestContext) -> web.Response:
    """A conflict of interest: somebody else's next free time is offered, and nobody says why."""
    row, offering = await _found(context, Right.SITTINGS_DECLINE)
    actor = context.staffer.require(Right.SITTINGS_DECLINE, district=offering.region)
    number = context.text("seat")
    try:
        await consulting.decline(context.session, context.services, row.id, number, actor)
    except UnknownSeat:
        raise Rejected("sitting.seat") from None
    return await _done(context, row, "decline", "sitting_declined")


@page("GET", f"{SITTING_PAGE}/screen", right=Right.SITTINGS_RUN)
async def screen(context: RequestContext) -> web.Response:
    """For the wall of the room: a code that is another one in half a minute, and how many are in."""
    row, offering = await _found(context, Right.SITTINGS_RUN)
    link = f"{context.console.base_url}{urls.SCANNED}/{attendance.code(context.session, row)}"
    drawn = Markup(segno.make(link, micro=False, error="m").svg_inline(border=4, light="#fff", omitsize=True))  # noqa: S704
    response = context.page(
        "bookings/screen.html",
        offering=offering,
        row=row,
        picture=drawn,
        present=len(await seats.at(context.session, row.id, SeatState.ATTENDED)),
        path=f"{urls.SITTINGS}/{row.id}",
    )
    response.headers["Refresh"] = str(attendance.RENEWED // 2)  # Browsers look again by themselves, without a script.
    return response


async def _done(context: RequestContext, row: Sitting, verb: str, said: str) -> web.Response:
    await context.audit(f"sitting.{verb}", f"sitting:{row.id}")
    return context.to(f"{urls.SITTINGS}/{row.id}", said=said)


def given(context: RequestContext) -> dict[str, str]:
    return {name: context.text(name) for name in FIELDS}


def entry(typed: Mapping[str, str]) -> SittingEntry:
    """A sitting as the form describes it, China time.  Raises Rejected."""
    start, end = (_moment(typed["day"], typed[name]) for name in ("from", "to"))
    return SittingEntry(start, end, typed["place"], whole(typed["capacity"]), whole(typed["least"]))


def whole(text: str) -> int:
    """A whole number; -1, which fits nowhere, for what is none."""
    found = numbers.whole(text)
    return -1 if found is None else found


def _moment(day: str, time: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZONE)
    except ValueError:
        raise Rejected("sitting.moment") from None


def _typed(row: Sitting) -> dict[str, str]:
    """A sitting as its form shows it."""
    start, end = row.start_at.astimezone(ZONE), row.end_at.astimezone(ZONE)
    moments = {"day": f"{start:%Y-%m-%d}", "from": f"{start:%H:%M}", "to": f"{end:%H:%M}"}
    return {**moments, "place": row.place, "capacity": str(row.capacity), "least": str(row.least)}


async def _found(context: RequestContext, right: Right) -> tuple[Sitting, Offering]:
    """The sitting of the address with its offering.  Raises Denied, which shows as "not found", for one of elsewhere."""
    row = await context.find(sittings.SITTINGS, context.number("id"), right, lock=right is not Right.SITTINGS_READ)
    return row, await offerings.get(context.session, row.offering_id)


async def _show(
    context: RequestContext, row: Sitting, offering: Offering, typed: Mapping[str, str], fault: str = ""
) -> web.Response:
    runs = context.staffer.may(Right.SITTINGS_RUN, district=offering.region)
    told: dict[str, Any] = {
        "found": {state: await seats.at(context.session, row.id, state) for state in SeatState},
        "ticks": TICKED if context.staffer.may(Right.SITTINGS_TICK, district=offering.region) else {},
        "asked": offering.provider_id == context.staffer.id,
        "may_decline": context.staffer.may(Right.SITTINGS_DECLINE, district=offering.region),
        "may_read_offering": context.staffer.may(Right.OFFERINGS_READ, district=offering.region),
        "ratings": await attendance.ratings(context.session, row.id),
        "runs": runs and row.state in RUNNING,
        "ends": line.booking_ends(row, offering),
        "may_change": runs and row.state in (SittingState.DRAFT, SittingState.OPEN),
        "may_cancel": runs and _goes(row.state, SittingState.CANCELLED),
        "may_message": runs and row.state in (SittingState.OPEN, SittingState.CLOSED),
    }
    path = f"{urls.SITTINGS}/{row.id}"
    status = 422 if fault else 200
    return context.page(
        "bookings/sitting.html",
        status=status,
        row=row,
        offering=offering,
        path=path,
        sitting=typed,
        fault=fault,
        **told,
    )


def _goes(source: str, target: SittingState) -> bool:
    return target in SITTING.legal(source, Role.ORGANISER)
