"""Volunteers of the grid: applying, finding one's own membership.  `memberships` changes how somebody stands."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.services.core.numbers import new_number
from bot.services.core.working_days import shown
from bot.services.identity import identities
from bot.services.staff import calls
from bot.services.volunteers.states import CLOSED, VolunteerState
from bot.store.base import locked, vault_of
from bot.store.models import Chat, Naming, Team, Volunteer, VolunteerStep, now

MAY_UNMASK = {Naming.NAMED: {Role.ORGANISER, Role.ADMIN}}  # those who approve; each look is written down


@dataclass(frozen=True)
class VolunteerApplication:
    """What somebody tells us to join; name and phone go into the vault."""

    name: str
    phone: str
    platform: str
    job: str
    district: str  # GB/T 2260
    grid: str
    availability: str
    skills: str = ""


class UnknownVolunteer(LookupError):
    """A number that we never gave out."""


async def check_may_apply(session: AsyncSession, context: ServiceContext, chat: Chat) -> None:
    """Raises Rejected for a member, for somebody rejected a short while ago, and for somebody dismissed."""
    known = await own(session, chat.id)
    if known is None or known.state == VolunteerState.RESIGNED:
        return
    if known.state not in CLOSED:
        raise Rejected("volunteer.known", number=known.number)
    if known.state == VolunteerState.DISMISSED:
        raise Rejected("volunteer.was_dismissed")
    again = (known.closed_at or now()) + timedelta(days=context.knowledge.grid.reapply)
    if again > now():
        raise Rejected("volunteer.was_rejected", date=f"{shown(again):%Y-%m-%d}")


async def apply(session: AsyncSession, context: ServiceContext, chat: Chat, wanted: VolunteerApplication) -> Volunteer:
    """Hand in an application: identity, volunteer, first line of the timeline, all or nothing.  Raises Rejected.

    The district is also where they run from now on, if they never said so.
    """
    await check_may_apply(session, context, chat)
    chat.region = chat.region or wanted.district
    consent = context.knowledge.grid.consent
    alias = await identities.keep(session, chat, Naming.NAMED, name=wanted.name, phone=wanted.phone, consent=consent)
    volunteer = Volunteer(
        number=await _new_number(session),
        alias=alias,
        owner=owner_key(session, chat.id),
        state=VolunteerState.APPLIED,
        consent=consent,
        platform=wanted.platform,
        job=wanted.job,
        district=wanted.district,
        grid=wanted.grid,
        availability=wanted.availability,
        skills=wanted.skills,
    )
    session.add(volunteer)
    await session.flush()
    step = {"name": "apply", "source": "", "target": VolunteerState.APPLIED, "role": Role.WORKER, "at": now()}
    await session.execute(insert(VolunteerStep).values(volunteer_id=volunteer.id, **step))
    await outbox.put(session, [calls.call("volunteer", volunteer.number, "approve", "apply")])
    return volunteer


async def own(session: AsyncSession, chat_id: int) -> Volunteer | None:
    """A person's newest application or membership, whatever became of it."""
    query = select(Volunteer).where(Volunteer.owner == owner_key(session, chat_id))
    found: Volunteer | None = await session.scalar(query.order_by(Volunteer.id.desc()).limit(1))
    return found


async def acting(session: AsyncSession, chat_id: int) -> Volunteer | None:
    """The membership of somebody who may act for the grid at this moment.

    Read anew for each thing they do: whoever is suspended or dismissed is nobody special with their next tap.
    """
    found = await own(session, chat_id)
    if found is None or found.state != VolunteerState.ACTIVE or found.expires_at is None or found.expires_at <= now():
        return None
    return found


async def liaison(session: AsyncSession, chat_id: int) -> Volunteer | None:
    """The same for 民情联络员: their reports go first, and they may report on behalf of others."""
    found = await acting(session, chat_id)
    return found if found is not None and found.liaison else None


async def team_of(session: AsyncSession, volunteer: Volunteer) -> Team | None:
    return await session.get(Team, volunteer.team_id) if volunteer.team_id is not None else None


async def get(session: AsyncSession, number: str, *, lock: bool = False) -> Volunteer:
    """Raises UnknownVolunteer."""
    query = select(Volunteer).where(Volunteer.number == number)
    found: Volunteer | None = await session.scalar(locked(query) if lock else query)
    if found is None:
        raise UnknownVolunteer(number)
    return found


async def every(session: AsyncSession, chat_id: int) -> list[Volunteer]:
    """All applications a person has made, oldest first."""
    query = select(Volunteer).where(Volunteer.owner == owner_key(session, chat_id)).order_by(Volunteer.id)
    return list(await session.scalars(query))


async def timeline(session: AsyncSession, volunteer_id: int) -> list[VolunteerStep]:
    steps = select(VolunteerStep).where(VolunteerStep.volunteer_id == volunteer_id).order_by(VolunteerStep.id)
    return list(await session.scalars(steps))


def owner_key(session: AsyncSession, chat_id: int) -> bytes:
    """The blind index a person finds their own membership by; another one than that of their appeals."""
    return vault_of(session.get_bind().dialect).blind(str(chat_id), "volunteers.owner")


async def _new_number(session: AsyncSession) -> str:
    while True:
        number = f"V{new_number('%y%m')}"
        if await session.scalar(select(Volunteer.id).where(Volunteer.number == number)) is None:
            return number
