"""What staff does with a hazard besides moving it: a line in its timeline, and more time, which somebody else decides."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.calendar.wording import by
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.services.hazards import followers, hazards
from bot.services.hazards.deadlines import DEADLINES
from bot.store.models import Hazard, now

SHORTEST = 4  # characters
LONGEST_EXTENSION = 10  # working days, once


async def log(session: AsyncSession, hazard: Hazard, text: str, actor: Actor) -> None:
    """A dated line that only staff reads.  `hazard` is locked.  Raises Rejected for an empty one."""
    if len(text.strip()) < SHORTEST:
        raise Rejected("move.text")
    hazard.version += 1
    await hazards.note(session, hazard, "log", actor, note=text.strip())


async def extend(
    session: AsyncSession, context: ServiceContext, hazard: Hazard, days: int, why: str, actor: Actor
) -> None:
    """Put the deadline off: once, before it has passed, with a reason that whoever reported it reads.

    Nobody gives themselves more time.  `hazard` is locked.  Raises Rejected.
    """
    if actor.id is not None and actor.id == hazard.handler_id:
        raise Rejected("move.extend_own")
    if hazard.extension:
        raise Rejected("move.extended")
    if hazard.due_at is None or hazard.due_at <= now():
        raise Rejected("move.extend_late")
    if not 1 <= days <= LONGEST_EXTENSION or len(why.strip()) < SHORTEST:
        raise Rejected("move.extend_how", most=LONGEST_EXTENSION)
    await DEADLINES.put_off(session, context, hazard, days)
    hazard.version += 1
    await hazards.note(session, hazard, "extend", actor, text=why.strip())
    due = by(context.knowledge.texts, hazard.due_at, of="hazard")
    await followers.tell(session, context, hazard, "hazard.extended", why=why.strip(), by=due)
