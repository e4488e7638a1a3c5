"""/console/volunteers/NUMBER: one volunteer with their timeline, and what can be done as they stand."""

from collections.abc import Sequence

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.lifecycle import Actor
from bot.services.identity import identities
from bot.services.staff import accounts
from bot.services.staff.permissions import Right, Staffer
from bot.services.volunteers import applications, roster, shifts
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.states import CERTIFIED, VOLUNTEER, VolunteerMove, VolunteerState
from bot.store.models import Team, Volunteer

ONE = f"{urls.VOLUNTEERS}/{{number}}"
LONGEST_REASON = 500  # characters
STEPS = {  # verb of the address -> (where it leads, the right it needs)
    "approve": (VolunteerState.APPROVED, Right.VOLUNTEERS_APPROVE),
    "review": (VolunteerState.REVIEWING, Right.VOLUNTEERS_APPROVE),
    "reject": (VolunteerState.REJECTED, Right.VOLUNTEERS_APPROVE),
    "suspend": (VolunteerState.SUSPENDED, Right.VOLUNTEERS_APPROVE),
    "reinstate": (VolunteerState.ACTIVE, Right.VOLUNTEERS_APPROVE),
    "dismiss": (VolunteerState.DISMISSED, Right.VOLUNTEERS_DISMISS),
}
DECIDES = frozenset({"approve", "reject"})  # also what nobody began to look at: looking needs no press of its own


@page("GET", ONE, right=Right.VOLUNTEERS_READ)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context, await _found(context))


@page("POST", f"{ONE}/review", right=Right.VOLUNTEERS_APPROVE)
async def review(context: RequestContext) -> web.Response:
    return await _step(context, "review")


@page("POST", f"{ONE}/approve", right=Right.VOLUNTEERS_APPROVE)
async def approve(context: RequestContext) -> web.Response:
    return await _step(context, "approve")


@page("POST", f"{ONE}/reject", right=Right.VOLUNTEERS_APPROVE)
async def reject(context: RequestContext) -> web.Response:
    return await _step(context, "reject")


@page("POST", f"{ONE}/suspend", right=Right.VOLUNTEERS_APPROVE)
async def suspend(context: RequestContext) -> web.Response:
    return await _step(context, "suspend")


@page("POST", f"{ONE}/reinstate", right=Right.VOLUNTEERS_APPROVE)
async def reinstate(context: RequestContext) -> web.Response:
    return await _step(context, "reinstate")


@page("POST", f"{ONE}/dismiss", right=Right.VOLUNTEERS_DISMISS, fresh=True)
async def dismiss(context: RequestContext) -> web.Response:
    """Somebody else than who suspended; a fresh code, because it cannot be taken back."""
    return await _step(context, "dismiss")


@page("POST", f"{ONE}/liaison", right=Right.VOLUNTEERS_DISMISS)
async def liaison(context: RequestContext) -> web.Response:
    """Make somebody a 民情联络员, or take that back; it holds from their next tap."""
    volunteer, actor = await _mine(context, Right.VOLUNTEERS_DISMISS)
    wanted = context.form.get("liaison") == "1"
    await volunteer_transitions.appoint(context.session, context.services, volunteer.number, actor, liaison=wanted)
    return await _done(context, volunteer, "appoint" if wanted else "unappoint")


@page("POST", f"{ONE}/tick", right=Right.VOLUNTEERS_APPROVE)
async def tick(context: RequestContext) -> web.Response:
    """An item of the checklist was done on the spot."""
    volunteer, actor = await _mine(context, Right.VOLUNTEERS_APPROVE)
    await volunteer_transitions.learn(context.session, context.services, volunteer.number, context.text("item"), actor)
    return await _done(context, volunteer, "tick")


@page("POST", f"{ONE}/renew", right=Right.VOLUNTEERS_APPROVE)
async def renew(context: RequestContext) -> web.Response:
    volunteer, actor = await _mine(context, Right.VOLUNTEERS_APPROVE)
    await volunteer_transitions.renew(context.session, context.services, volunteer.number, actor)
    return await _done(context, volunteer, "renew")


@page("POST", f"{ONE}/hours", right=Right.VOLUNTEERS_APPROVE)
async def hours(context: RequestContext) -> web.Response:
    """Count a shift, or refuse it with a reason."""
    volunteer, actor = await _mine(context, Right.VOLUNTEERS_APPROVE)
    counts = context.form.get("count") == "1"
    shift = await roster.shift_of(context.session, volunteer, context.number("shift"))
    if shift is None:
        raise Rejected("volunteer.shift_settled")
    why = context.text("reason")
    await shifts.settle(context.session, context.services, shift.id, actor.id, approve=counts, why=why)
    return await _done(context, volunteer, "hours" if counts else "no_hours")


@page("POST", f"{ONE}/identity", right=Right.VOLUNTEERS_UNMASK, fresh=True)
async def unmask(context: RequestContext) -> web.Response:
    """Name and phone, for a purpose; shown this once."""
    volunteer, actor = await _mine(context, Right.VOLUNTEERS_UNMASK)
    context.again = ONE.format(number=volunteer.number)
    subject = f"volunteer:{volunteer.number}"
    known = await identities.unmask(
        context.session,
        volunteer.alias,
        actor,
        subject=subject,
        purpose=context.text("purpose"),
        request_id=context.request_id,
        may=applications.MAY_UNMASK,
    )
    await context.audit("volunteer.unmask", subject, granted=bool(known))
    return await _show(context, volunteer, known=list(known.values()))


async def _step(context: RequestContext, verb: str) -> web.Response:
    target, right = STEPS[verb]
    volunteer, actor = await _mine(context, right)
    wanted = VolunteerMove(
        target, actor, text=context.text("reason", most=LONGEST_REASON), team_id=context.number("team")
    )
    if verb in DECIDES and volunteer.state == VolunteerState.APPLIED:
        began = VolunteerMove(VolunteerState.REVIEWING, actor)
        await volunteer_transitions.change(context.session, context.services.silently(), volunteer.number, began)
    await volunteer_transitions.change(context.session, context.services, volunteer.number, wanted)
    return await _done(context, volunteer, verb)


async def _done(context: RequestContext, volunteer: Volunteer, verb: str) -> web.Response:
    await context.audit(f"volunteer.{verb}", f"volunteer:{volunteer.number}")
    return context.to(ONE.format(number=volunteer.number), said="volunteer_done")


async def _mine(context: RequestContext, right: Right) -> tuple[Volunteer, Actor]:
    """The volunteer of the address, and who somebody acts as there.  Raises Denied."""
    volunteer = await _found(context)
    subject = f"volunteer:{volunteer.number}"
    return volunteer, context.staffer.require(right, district=volunteer.district, subject=subject)


async def _found(context: RequestContext) -> Volunteer:
    """Raises Denied, which shows as "not found", for volunteers of other districts."""
    return await context.find(roster.VOLUNTEERS, context.http_request.match_info["number"], Right.VOLUNTEERS_READ)


async def _show(context: RequestContext, volunteer: Volunteer, *, known: Sequence[str] = ()) -> web.Response:
    session, lines = context.session, await applications.timeline(context.session, volunteer.id)
    ticked = await roster.trainings(session, volunteer)
    given = await roster.shifts_of(session, volunteer)
    people = [*(each.staff_id for each in lines), *(each.staff_id for each in ticked.values())]
    return context.page(
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
        grid=context.knowledge.grid,
        certified=CERTIFIED,
        acts=_acts(context.staffer, volunteer),
        may=lambda right: context.staffer.may(right, district=volunteer.district),
    )


def _fits(team: Team, volunteer: Volunteer) -> bool:
    return volunteer.district.startswith(team.district)


def _acts(staffer: Staffer, volunteer: Volunteer) -> list[str]:
    """The steps this person may take with this volunteer as they stand."""
    found = []
    for verb, (target, right) in STEPS.items():
        begun = verb in DECIDES and volunteer.state == VolunteerState.APPLIED
        source = VolunteerState.REVIEWING if begun else volunteer.state
        role, step = staffer.role_for(right, volunteer.district), VOLUNTEER.steps.get((source, target))
        if role is not None and step is not None and step.name == verb and role in step.who:
            found.append(verb)
    return found
