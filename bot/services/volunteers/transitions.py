"""How a volunteer stands, and who changes it: one function for the chat, the console and timers."""

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue.jobs import CaseTimer
from bot.services.appeals import consultation_votes
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, WORKER, Actor, Role
from bot.services.identity import identities
from bot.services.volunteers import applications, audience_tags, training
from bot.services.volunteers.effects import EFFECTS, issue, remind
from bot.services.volunteers.guards import CHECKS
from bot.services.volunteers.states import CERTIFIED, CLOSED, VOLUNTEER, VolunteerMove, VolunteerState
from bot.store.models import Chat, Volunteer, VolunteerStep, now


async def change(session: AsyncSession, context: ServiceContext, number: str, wanted: VolunteerMove) -> Volunteer:
    """Take a step: state, timeline, certificate, timers and message in one transaction.

    The same key twice changes nothing.
    Raises UnknownVolunteer, IllegalStep (which names the legal ones), Rejected (something is missing), SamePerson.
    """
    volunteer = await applications.get(session, number, lock=True)
    if wanted.key and await _seen(session, volunteer, wanted.key):
        return volunteer
    step = VOLUNTEER.step(volunteer.state, wanted.target, wanted.actor.role)
    if check := CHECKS.get(step.name):
        await check(session, context, volunteer, wanted)
    before, volunteer.state = volunteer.state, wanted.target
    volunteer.version += 1
    await EFFECTS[step.name](session, context, volunteer, wanted)
    await note(session, volunteer, step.name, wanted.actor, source=before, text=wanted.text, key=wanted.key)
    await session.flush()
    await audience_tags.follow(session, volunteer)
    return volunteer


async def learn(session: AsyncSession, context: ServiceContext, number: str, code: str, actor: Actor) -> Volunteer:
    """An item of the checklist is done; with the last one the certificate is issued.

    What is done on the spot is ticked by staff only.  Raises Rejected when there is nothing to tick.
    """
    volunteer = await applications.get(session, number, lock=True)
    item = context.knowledge.grid.items.get(code)
    if item is None or volunteer.state != VolunteerState.TRAINING or (not item.in_chat and actor.role is Role.WORKER):
        raise Rejected("volunteer.not_training")
    await training.tick(session, volunteer, item, actor.id)
    if not await training.missing(session, context, volunteer):
        await change(session, context, number, VolunteerMove(VolunteerState.ACTIVE, SYSTEM))
    return volunteer


def may_renew(context: ServiceContext, volunteer: Volunteer) -> bool:
    """Whether it is time to ask for another term: near the end of this one, or after it."""
    if volunteer.state == VolunteerState.LAPSED:
        return True
    days = timedelta(days=context.knowledge.grid.remind)
    ends_soon = volunteer.expires_at is not None and volunteer.expires_at - now() <= days
    return volunteer.state in CERTIFIED and ends_soon


async def ask_renewal(session: AsyncSession, context: ServiceContext, number: str, actor: Actor) -> bool:
    """The volunteer wants another term; somebody of their district says yes.  Returns False when it is not time."""
    volunteer = await applications.get(session, number, lock=True)
    if volunteer.renewal_at is not None or not may_renew(context, volunteer):
        return False
    volunteer.renewal_at = now()
    await note(session, volunteer, "ask_renewal", actor)
    return True


async def renew(session: AsyncSession, context: ServiceContext, number: str, actor: Actor) -> Volunteer:
    """Another term, from the end of this one; for a lapsed certificate from today.  Raises IllegalStep, Rejected."""
    volunteer = await applications.get(session, number, lock=True)
    if volunteer.renewal_at is None:
        raise Rejected("volunteer.no_renewal")
    if volunteer.state == VolunteerState.LAPSED:
        return await change(session, context, number, VolunteerMove(VolunteerState.ACTIVE, actor))
    VOLUNTEER.step(VolunteerState.LAPSED, VolunteerState.ACTIVE, actor.role)  # whoever may renew later may renew early
    await issue(session, context, volunteer)
    await note(session, volunteer, "renew", actor)
    return volunteer


async def appoint(
    session: AsyncSession, context: ServiceContext, number: str, actor: Actor, *, liaison: bool
) -> Volunteer:
    """Make an active volunteer a 民情联络员, or take that back; it holds from their next tap.  Raises Rejected."""
    volunteer = await applications.get(session, number, lock=True)
    if liaison and volunteer.state != VolunteerState.ACTIVE:
        raise Rejected("volunteer.not_active")
    if volunteer.liaison != liaison:
        volunteer.liaison = liaison
        name = "appoint" if liaison else "unappoint"
        await note(session, volunteer, name, actor)
        await EFFECTS[name](session, context, volunteer, VolunteerMove(VolunteerState(volunteer.state), actor))
        await audience_tags.follow(session, volunteer)
    return volunteer


async def erase(session: AsyncSession, context: ServiceContext, chat: Chat) -> None:
    """Somebody is to be forgotten: they leave, and what is left of them is a number."""
    alone = replace(context, silent=True)
    for volunteer in await applications.every(session, chat.id):
        if volunteer.state not in CLOSED:
            await change(session, alone, volunteer.number, VolunteerMove(VolunteerState.RESIGNED, WORKER))
        await consultation_votes.forget(session, volunteer.alias)
        await identities.forget(session, volunteer.alias)
        volunteer.owner, volunteer.grid, volunteer.skills = secrets.token_bytes(16), "", ""
        for step in await applications.timeline(session, volunteer.id):
            step.text = ""


async def note(
    session: AsyncSession,
    volunteer: Volunteer,
    name: str,
    actor: Actor,
    *,
    source: str = "",
    text: str = "",
    key: str = "",
) -> None:
    """A line of the timeline."""
    values = {
        "volunteer_id": volunteer.id,
        "name": name,
        "source": source or volunteer.state,
        "target": volunteer.state,
        "role": actor.role,
        "staff_id": actor.id,
        "text": text,
        "key": key or None,
        "at": now(),
    }
    await session.execute(insert(VolunteerStep).values(values))


async def ring(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """A timer has rung.  One that was set for an earlier term changes nothing; ringing twice neither."""
    volunteer = await applications.get(session, payload["number"], lock=True)
    if volunteer.expires_at is None or timers.written(volunteer.expires_at) != payload["due"]:
        return
    if volunteer.state not in CERTIFIED:
        return
    if payload["do"] == "lapse":
        await change(session, context, volunteer.number, VolunteerMove(VolunteerState.LAPSED, SYSTEM))
    elif volunteer.renewal_at is None:
        key = f"remind:{payload['due']}"
        if not await _seen(session, volunteer, key):
            await note(session, volunteer, "remind", SYSTEM, key=key)
            await remind(session, context, volunteer)


async def _seen(session: AsyncSession, volunteer: Volunteer, key: str) -> bool:
    line = select(VolunteerStep.id).where(VolunteerStep.volunteer_id == volunteer.id, VolunteerStep.key == key)
    return await session.scalar(line) is not None
