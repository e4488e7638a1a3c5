"""What we hold about somebody's passes: told to them, and erased when they wish."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.services.core.timers import written
from bot.services.identity import identities
from bot.services.passes import entries, passes, transitions
from bot.store.models import Chat, Pass

NOBODY = bytes(16)  # in place of whose it was


async def plain(session: AsyncSession, row: Pass) -> dict[str, Any]:
    """A pass as plain values, without the identity behind it."""
    looks = await identities.seen_by(session, f"pass:{row.number}")
    return {
        "number": row.number,
        "state": f"pass_{row.state}",
        "consent": row.consent,
        "platform": row.platform,
        "region": row.region,
        "checked_how": f"door_{row.checked_how}" if row.checked_how else "",
        "valid_until": written(row.valid_until) if row.valid_until is not None else None,
        "timeline": [
            {"at": written(each.at), "name": f"pass_{each.name}", "role": each.role, "text": each.text}
            for each in await passes.timeline(session, row.id)
        ],
        "entries": [
            {"at": written(at), "result": f"entry_{result}", "place": place}
            for at, result, place in await entries.of_pass(session, row)
        ],
        "looked_at": [
            {"at": written(each.at), "role": each.role, "field": each.field, "purpose": each.purpose} for each in looks
        ],
    }


async def erase(session: AsyncSession, context: ServiceContext, chat: Chat) -> None:
    """The open one is nothing from now on, and none is anybody's any more."""
    await transitions.withdraw(session, context, chat)
    for row in await passes.every(session, chat.id):
        await identities.forget(session, row.alias)
        row.owner, row.phone = NOBODY, None
        await entries.forget(session, row)
        for step in await passes.timeline(session, row.id):
            step.text = ""
    await session.flush()
