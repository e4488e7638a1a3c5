"""What we hold about somebody in hazards: told to them, and erased when they wish."""

from dataclasses import replace
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER
from bot.services.core.timers import written
from bot.services.hazards import hazards, transitions
from bot.services.hazards.states import HAZARD, HazardMove, HazardState
from bot.services.identity import identities
from bot.store.models import Chat, Hazard, HazardFollower, HazardPhoto

COARSE = 2  # decimals of a degree, about a kilometre


async def held(session: AsyncSession, chat: Chat) -> list[dict[str, Any]]:
    """What somebody reported or follows, as plain values."""
    return [await _plain(session, each) for each in await hazards.own(session, chat.id)]


async def _plain(session: AsyncSession, hazard: Hazard) -> dict[str, Any]:
    names = ("number", "kind", "state", "text", "place", "latitude", "longitude", "result")
    steps = await hazards.timeline(session, hazard.id)
    return {
        **{name: getattr(hazard, name) for name in names},
        "created_at": written(hazard.created_at),
        "timeline": [{"at": written(each.at), "name": each.name, "text": each.text} for each in steps],
    }


async def erase(session: AsyncSession, context: ServiceContext, chat: Chat) -> list[str]:
    """Make somebody's reports nobody's and end what they follow.  Returns the names of the pictures to shred.

    What is wrong with a place stays known: it is about nobody, and others follow it.
    """
    aliases, files = set(await identities.aliases_of(session, chat.id)), []
    for hazard in await hazards.own(session, chat.id):
        if hazard.alias in aliases:
            if (hazard.state, HazardState.WITHDRAWN) in HAZARD.steps:
                await transitions.move(
                    session, replace(context, silent=True), hazard.number, HazardMove(HazardState.WITHDRAWN, WORKER)
                )
            files += await _anonymise(session, hazard)
    follows = delete(HazardFollower).where(HazardFollower.alias.in_(aliases)).returning(HazardFollower.alias)
    for alias in list(await session.scalars(follows)):
        await identities.forget(session, alias)
    return files


async def _anonymise(session: AsyncSession, hazard: Hazard) -> list[str]:
    if hazard.alias is not None:
        await identities.forget(session, hazard.alias)
    if hazard.latitude is not None and hazard.longitude is not None:
        hazard.latitude, hazard.longitude = round(hazard.latitude, COARSE), round(hazard.longitude, COARSE)
    mine = (HazardPhoto.hazard_id == hazard.id, HazardPhoto.part == "report")
    gone = delete(HazardPhoto).where(*mine).returning(HazardPhoto.name, HazardPhoto.shown)
    return [name for row in await session.execute(gone) for name in row if name]
