"""/console/volunteers/NUMBER: one volunteer with their timeline, and what can be done as they stand."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy import select

from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.console.volunteers.list import LIST
from bot.errors import Rejected
from bot.services.core.lifecycle import Actor
from bot.services.identity import identities
from bot.services.staff import accounts
from bot.services.staff.permissions import Staffer
from bot.services.volunteers import applications, roster, shifts
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.states import CERTIFIED, VOLUNTEER, Change, Standing
from bot.store.models import Team, Volunteer

ONE = f"{LIST}/{{number}}"
LONGEST_REASON = 500  # characters
STEPS = {  # verb of the address -> (where it leads, the right it needs)
    "review": (Standing.REVIEWING, "volunteers.approve"),
    "approve": (Standing.APPROVED, "volunteers.approve"),
    "reject": (Standing.REJECTED, "volunteers.approve"),
    "suspend": (Standing.SUSPENDED, "volunteers.approve"),
    "reinstate": (Standing.ACTIVE, "volunteers.approve"),
    "dismiss": (Standing.DISMISSED, "volunteers.dismiss"),
}


@page("GET", ONE, right="volunteers.read")
async def shown(visit: Visit) -> web.Response:
    return await _show(visit, await _found(visit))


@page("POST", f"{ONE}/review", right="volunteers.approve")
async def review(visit: Visit) -> web.Response:
    return await _step(visit, "review")


@page("POST", f"{ONE}/approve", right="volunteers.approve")
async def approve(visit: Visit) -> web.Response:
    return await _step(visit, "approve")


@page("POST", f"{ONE}/reject", right="volunteers.approve")
async def reject(visit: Visit) -> web.Response:
    return await _step(visit, "reject")


@page("POST", f"{ONE}/suspend", right="volunteers.approve")
async def suspend(visit: Visit) -> web.Response:
    return await _step(visit, "suspend")


@page("POST", f"{ONE}/reinstate", right="volunteers.approve")
async def reinstate(visit: Visit) -> web.Response:
    return await _step(visit, "reinstate")


@page("POST", f"{ONE}/dismiss", right="volunteers.dismiss", fresh=True)
async def dismiss(visit: Visit) -> web.Response:
    """Somebody else than who suspended; a fresh code, because it cannot be taken back."""
    return await _step(visit, "dismiss")


@page("POST", f"{ONE}/liaison", right="volunteers.dismiss")
async def liaison(visit: Visit) -> web.Response:
    """Make somebody a 民情联络员, or take that back; it holds from their next tap."""
    volunteer, actor = await _mine(visit, "volunteers.dismiss")
    wanted = visit.form.get("liaison") == "1"
    await volunteer_transitions.appoint(visit.session, visit.frame, volunteer.number, actor, liaison=wanted)
    return await _done(visit, volunteer, "appoint" if wanted else "unappoint")


@page("POST", f"{ONE}/tick", right="volunteers.approve")
async def tick(visit: Visit) -> web.Response:
    """An item of the checklist was done on the spot."""
    volunteer, actor = await _mine(visit, "volunteers.approve")
    await volunteer_transitions.learn(visit.session, visit.frame, volunteer.number, visit.text("item"), actor)
    return await _done(visit, volunteer, "tick")


@page("POST", f"{ONE}/renew", right="volunteers.approve")
async def renew(visit: Visit) -> web.Response:
    volunteer, actor = await _mine(visit, "volunteers.approve")
    await volunteer_transitions.renew(visit.session, visit.frame, volunteer.number, actor)
    return await _done(visit, volunteer, "renew")


@page("POST", f"{ONE}/hours", right="volunteers.approve")
async def hours(visit: Visit) -> web.Response:
    """Count a shift, or refuse it with a reason."""
    volunteer, actor = await _mine(visit, "volunteers.approve")
    counts, number = visit.form.get("count") == "1", visit.number("shift") or 0
    if number not in {each.id for each in await roster.shifts_of(visit.session, volunteer)}:
        raise Rejected("volunteer.shift_settled")
    why = visit.text("reason")
    await shifts.settle(visit.session, visit.frame, number, actor.id, approve=counts, why=why)
    return await _done(visit, volunteer, "hours" if counts else "no_hours")


@page("POST", f"{ONE}/identity", right="volunteers.unmask", fresh=True)
async def unmask(visit: Visit) -> web.Response:
    """Name and phone, for a purpose; shown this once."""
    volunteer, actor = await _mine(visit, "volunteers.unmask")
    visit.again = ONE.format(number=volunteer.number)
    subject = f"volunteer:{volunteer.number}"
    known = await identities.unmask(
        visit.session,
        volunteer.alias,
        actor,
        subject=subject,
        purpose=visit.text("purpose"),
        request_id=visit.request_id,
        may=applications.MAY_UNMASK,
    )
    await visit.audit("volunteer.unmask", subject, granted=bool(known))
    return await _show(visit, volunteer, known=list(known.values()))


async def _step(visit: Visit, verb: str) -> web.Response:
    target, right = STEPS[verb]
    volunteer, actor = await _mine(visit, right)
    wanted = Change(target, actor, text=visit.text("reason", most=LONGEST_REASON), team_id=visit.number("team"))
    await volunteer_transitions.change(visit.session, visit.frame, volunteer.number, wanted)
    return await _done(visit, volunteer, verb)


async def _done(visit: Visit, volunteer: Volunteer, verb: str) -> web.Response:
    await visit.audit(f"volunteer.{verb}", f"volunteer:{volunteer.number}")
    return visit.to(ONE.format(number=volunteer.number), said="volunteer_done")


async def _mine(visit: Visit, right: str) -> tuple[Volunteer, Actor]:
    """The volunteer of the address, and who somebody acts as there.  Raises Denied."""
    volunteer = await _found(visit)
    subject = f"volunteer:{volunteer.number}"
    return volunteer, visit.staffer.require(right, district=volunteer.district, subject=subject)


async def _found(visit: Visit) -> Volunteer:
    """Raises Denied, which shows as "not found", for volunteers of other districts."""
    number = visit.request.match_info["number"]
    volunteer = await visit.session.scalar(select(Volunteer).where(Volunteer.number == number))
    if volunteer is None:
        raise web.HTTPNotFound
    subject = f"volunteer:{volunteer.number}"
    visit.staffer.require("volunteers.read", district=volunteer.district, subject=subject, hidden=True)
    return volunteer


async def _show(visit: Visit, volunteer: Volunteer, *, known: Sequence[str] = ()) -> web.Response:
    session, lines = visit.session, await applications.timeline(visit.session, volunteer.id)
    ticked = await roster.trainings(session, volunteer)
    given = await roster.shifts_of(session, volunteer)
    people = [*(each.staff_id for each in lines), *(each.staff_id for each in ticked.values())]
    return visit.page(
        "volunteers/volunteer.html",
        volunteer=volunteer,
        masked=await identities.masked_name(session, volunteer.alias),
        known=known,
        lines=lines,
        names=await accounts.names(session, people),
        ticked=ticked,
        shifts=given,
        minutes=(await shifts.minutes(session, volunteer))[0],
        team=await applications.team_of(session, volunteer),
        teams=[each for each in await roster.teams(session, [volunteer.district[:4]]) if _fits(each, volunteer)],
        grid=visit.knowledge.grid,
        certified=CERTIFIED,
        acts=_acts(visit.staffer, volunteer),
        may=lambda right: visit.staffer.may(right, district=volunteer.district),
    )


def _fits(team: Team, volunteer: Volunteer) -> bool:
    return volunteer.district.startswith(team.district)


def _acts(staffer: Staffer, volunteer: Volunteer) -> list[str]:
    """The steps this person may take with this volunteer as they stand."""
    found = []
    for verb, (target, right) in STEPS.items():
        role, step = staffer.role_for(right, volunteer.district), VOLUNTEER.steps.get((volunteer.state, target))
        if role is not None and step is not None and step.name == verb and role in step.who:
            found.append(verb)
    return found
