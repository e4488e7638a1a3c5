"""Who is told about a hazard besides its reporter: people who saw the same thing, each sealed on their own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.chats import notifications
from bot.services.chats.notifications import Row
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.store import upsert
from bot.store.base import vault_of
from bot.store.models import Chat, Hazard, HazardFollower, Naming
from knowledge.retention import Retention


async def follow(session: AsyncSession, hazard: Hazard, chat: Chat) -> bool:
    """Follow a hazard.  Returns False for whoever does so already."""
    alias = await identities.keep(session, chat, Naming.HIDDEN)
    values = {"alias": alias, "hazard_id": hazard.id, "owner": _owner(session, hazard, chat.id)}
    put = upsert.insert(session, HazardFollower).values(values).on_conflict_do_nothing().returning(HazardFollower.alias)
    await session.flush()
    if await session.scalar(put) is not None:
        return True
    await identities.forget(session, alias)
    return False


async def count(session: AsyncSession, hazard: Hazard) -> int:
    return len(await aliases(session, hazard))


async def aliases(session: AsyncSession, hazard: Hazard) -> Sequence[str]:
    """Everybody who is told: the reporter first."""
    followed = select(HazardFollower.alias).where(HazardFollower.hazard_id == hazard.id).order_by(HazardFollower.at)
    return [*([hazard.alias] if hazard.alias else []), *await session.scalars(followed)]


async def followed(session: AsyncSession, mine: Sequence[str]) -> Sequence[int]:
    """The hazards that these aliases follow, by id."""
    return list(await session.scalars(select(HazardFollower.hazard_id).where(HazardFollower.alias.in_(mine))))


async def tell(
    session: AsyncSession,
    context: ServiceContext,
    hazard: Hazard,
    key: str,
    *,
    choices: Sequence[Row] = (),
    but: int | None = None,
    **values: Any,
) -> None:
    """Tell the reporter and all followers what changed, each in their own chat, `but` not in one."""
    for alias in await aliases(session, hazard):
        chat = await identities.chat_behind(session, alias)
        if chat is not None and chat.id != but:
            await notifications.tell(session, context, chat, key, choices=choices, number=hazard.number, **values)


async def closed(session: AsyncSession, policy: Retention, hazard: Hazard) -> None:
    """It is over: from now on the identities have a date."""
    for alias in await aliases(session, hazard):
        await identities.closed(session, policy, alias)


async def reopened(session: AsyncSession, hazard: Hazard) -> None:
    for alias in await aliases(session, hazard):
        await identities.reopened(session, alias)


def _owner(session: AsyncSession, hazard: Hazard, chat_id: int) -> bytes:
    """A key of its own for each hazard: a dump does not tell what else the same person follows."""
    return vault_of(session.get_bind().dialect).blind(f"{hazard.id}:{chat_id}", "hazard_followers.owner")
