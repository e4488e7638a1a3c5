"""Points for a hazard: a few when it is found good, the rest when somebody else has seen the fix; never for reporting.

Nothing is given for a photo that was sent before, and what was given is taken back with the reason that took it.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.hazards import dispatch_rules
from bot.services.identity import identities
from bot.services.points import ledger as points_ledger
from bot.store.models import Hazard

AMOUNTS = {"validated": 1, "verified": 4}


async def give(session: AsyncSession, hazard: Hazard, what: str) -> bool:
    """Give the reporter the points of a step, once.  False when nobody is there to have them."""
    chat = await identities.chat_behind(session, hazard.alias) if hazard.alias else None
    if chat is None or hazard.suspect:
        return False
    place = hazard.place[:40]
    if hazard.latitude is not None and hazard.longitude is not None:
        place = dispatch_rules.cell(hazard.latitude, hazard.longitude)
    await points_ledger.grant(session, chat, AMOUNTS[what], _source(hazard, what), place=place)
    return True


async def take_back(session: AsyncSession, hazard: Hazard, *what: str) -> None:
    """It was not fixed, the photo was an old one, or it was no hazard after all."""
    chat = await identities.chat_behind(session, hazard.alias) if hazard.alias else None
    if chat is not None:
        for each in what:
            await points_ledger.reverse(session, chat, _source(hazard, each))


def _source(hazard: Hazard, what: str) -> str:
    return (
        f"hazard:{hazard.number}:{hazard.reopened}:{what}" if what == "verified" else f"hazard:{hazard.number}:{what}"
    )
