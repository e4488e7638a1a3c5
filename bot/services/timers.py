"""Who is meant by a timer: its payload says of what kind of case it is."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refused
from bot.services import beginning, erasure, freezing, memberships, retention, ringing, vouchers
from bot.services.frame import Frame
from bot.services.hazards import ringing as hazard_ringing

Ring = Callable[[AsyncSession, Frame, dict[str, Any]], Awaitable[None]]

RINGS: dict[str, Ring] = {
    "appeal": ringing.ring,
    "hazard": hazard_ringing.ring,
    "notice": beginning.ring,
    "volunteer": memberships.ring,
    "voucher": vouchers.ring,
    erasure.OF: erasure.ring,
    freezing.OF: freezing.ring,
    retention.OF: retention.ring,
}


async def ring(session: AsyncSession, frame: Frame, payload: dict[str, Any]) -> None:
    """A timer has rung.  Raises Refused when nobody knows what it is about any more."""
    try:
        await RINGS[payload["of"]](session, frame, payload)
    except LookupError as error:
        raise Refused(f"nothing to ring for: {error!r}") from error
