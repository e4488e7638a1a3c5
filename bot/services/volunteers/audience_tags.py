"""What notices may ask of a chat: whether it is an acting volunteer's, or a liaison's.  Follows the membership."""

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.identity import identities
from bot.services.volunteers.states import VolunteerState
from bot.store.base import locked
from bot.store.models import ChatTag, Volunteer

ROLES = ("volunteer", "liaison")


def tag(role: str) -> str:
    return f"role:{role}"


async def follow(session: AsyncSession, volunteer: Volunteer) -> None:
    """Write down what the membership makes of the chat behind it; harmless twice."""
    chat = await identities.chat_behind(session, volunteer.alias)
    if chat is None:
        return
    acting = volunteer.state == VolunteerState.ACTIVE
    held = {"volunteer": acting, "liaison": acting and volunteer.liaison}
    tags = [tag(role) for role in ROLES]
    await session.execute(delete(ChatTag).where(ChatTag.chat_id == chat.id, ChatTag.tag.in_(tags)))
    session.add_all([ChatTag(chat_id=chat.id, tag=tag(role)) for role in ROLES if held[role]])
    await session.flush()


async def ensure(session: AsyncSession) -> None:
    """See to it that memberships from before there were tags have theirs, although none of them takes a step.

    Who is behind a membership is sealed, so the program does this at its start, and not a migration.
    When there are as many tags as volunteers, nobody lacks one, and no identity is opened.
    """
    acting = Volunteer.state == VolunteerState.ACTIVE
    people = select(func.count(Volunteer.id)).where(acting)
    tagged = select(func.count(ChatTag.chat_id)).where(ChatTag.tag == tag("volunteer"))
    if await session.scalar(people) == await session.scalar(tagged):
        return
    for volunteer in await session.scalars(locked(select(Volunteer).where(acting).order_by(Volunteer.id))):
        await follow(session, volunteer)
