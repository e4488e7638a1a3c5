"""What a guard's phone needs to go on without a network, and what it hands in when there is one again.

It gets our public keys, its gate's name, and the numbers of passes that were stopped lately.  Nobody's name is among it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.passes import gate, signed
from bot.services.passes.devices import AtGate
from bot.services.passes.gate import CITY, REASONS, Decision, Verdict
from bot.services.passes.states import PassState
from bot.store.base import locked
from bot.store.models import GateDevice, Pass, now

CODE_GOOD = timedelta(hours=24)  # for how long a code is good without a network
LIST_GOOD = timedelta(hours=24)  # for how long "valid" may be said by a list
STOPPED = CODE_GOOD + LIST_GOOD  # after which no code of a pass that ended is left that the list has to stop
LATE = timedelta(days=7)  # in which a phone hands in what it kept
FAST = timedelta(minutes=5)  # that a phone's clock may be before ours
MOST = 50  # entries handed in at once


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """What a guard did without a network."""

    token: str
    decision: Decision
    why: str
    at: datetime

    @classmethod
    def read(cls, given: Any) -> "KeptEntry | None":
        """None for what no page of ours kept."""
        try:
            decision, why, at = (
                Decision(given["decision"]),
                given["why"],
                datetime.fromtimestamp(given["at"] / 1000, UTC),
            )
            token = given["token"]
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return None
        fits = isinstance(token, str) and why in ("", *REASONS) and now() - LATE < at < now() + FAST
        return cls(token, decision, why if decision is Decision.TURNED_AWAY else "", at) if fits else None


async def sheet(session: AsyncSession, found: AtGate) -> Mapping[str, Any]:
    """All that the phone keeps, as plain values."""
    _, at, compound = found
    return {
        "at": int(now().timestamp() * 1000),
        "where": f"{compound.name} {at.name}",
        "city": compound.region[:CITY],
        "keys": signed.points(session),
        "stopped": await _stopped(session, compound.region[:CITY]),
        "turn": signed.TURN * 1000,
        "code_good": int(CODE_GOOD.total_seconds() * 1000),
        "list_good": int(LIST_GOOD.total_seconds() * 1000),
    }


async def _stopped(session: AsyncSession, city: str) -> Mapping[int, Verdict]:
    """What a code of these passes is, though its signature is good: for those of one city that hold by their date."""
    ended = Pass.state.in_((PassState.REVOKED, PassState.WITHDRAWN)), Pass.closed_at > now() - STOPPED
    query = select(Pass.id, Pass.state).where(Pass.region.startswith(city), Pass.valid_until > now())
    rows = await session.execute(query.where(or_(Pass.state == PassState.SUSPENDED, and_(*ended))))
    return {number: Verdict.SUSPENDED if state == PassState.SUSPENDED else Verdict.UNKNOWN for number, state in rows}


async def take(session: AsyncSession, found: AtGate, kept: Sequence[KeptEntry]) -> int:
    """Write down what a phone kept, each once however often it is handed in; returns how many were new."""
    device, at, _ = found
    await session.execute(
        locked(select(GateDevice.id).where(GateDevice.id == device.id))
    )  # Two tabs wait for each other.
    device.last_seen = now()
    new = 0
    for each in kept:
        key = await _key(session, each)
        new += await gate.note(session, at.id, key, each.decision, each.why, at=each.at)
    return new


async def _key(session: AsyncSession, kept: KeptEntry) -> bytes | None:
    """Whose pass it was, if its code was good then."""
    code = signed.read(session, kept.token)
    if code is None or not -FAST < kept.at - code.shown_at < CODE_GOOD + FAST:
        return None
    row = await session.get(Pass, code.id)
    return row.key if row is not None else None
