"""Phones of guards: enrolled at a gate by a link that works once, without an account, and revoked at any moment."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import codes
from bot.store.models import Compound, Gate, GateDevice, now

KIND = "d"  # of the tokens in links
DAY = timedelta(days=1)  # in which a link has to be opened
NAME = (2, 30)  # characters
MOST = 10  # phones of one gate

AtGate = tuple[GateDevice, Gate, Compound]


async def add(session: AsyncSession, gate: Gate, name: str, staff_id: int) -> GateDevice:
    """A phone that is to come.  Raises Rejected: a bad name, or too many."""
    if not NAME[0] <= len(name) <= NAME[1]:
        raise Rejected("device.name", least=NAME[0], most=NAME[1])
    if len(await of_gates(session, [gate.id])) >= MOST:
        raise Rejected("device.many", most=MOST)
    row = GateDevice(gate_id=gate.id, name=name, enrolled_by=staff_id)
    session.add(row)
    await session.flush()
    return row


def link(session: AsyncSession, row: GateDevice) -> str:
    """The token of its link: good while nobody opened it, for a day."""
    return codes.sign(session, KIND, row.id, row.created_at.isoformat())


async def of_gates(session: AsyncSession, gates: Sequence[int]) -> Sequence[GateDevice]:
    """The phones at some gates that were not revoked."""
    query = select(GateDevice).where(GateDevice.gate_id.in_(gates), GateDevice.revoked_at.is_(None))
    return (await session.scalars(query.order_by(GateDevice.id))).all()


def waits(row: GateDevice) -> bool:
    """Whether its link may still be opened."""
    return row.token is None and row.revoked_at is None and row.created_at > now() - DAY


async def invited(session: AsyncSession, token: str) -> AtGate | None:
    """What a link leads to; None for one that was opened, that is too old, or that we never made."""
    named = codes.named(token)
    found = await _one(session, GateDevice.id == named[1]) if named is not None and named[0] == KIND else None
    if found is None or not waits(found[0]) or not codes.holds(session, token, found[0].created_at.isoformat()):
        return None
    return found


async def enrol(session: AsyncSession, row: GateDevice) -> str | None:
    """The cookie of a phone that opened its link; None where another one was faster."""
    cookie = secrets.token_urlsafe(32)
    free = GateDevice.id == row.id, GateDevice.token.is_(None)
    taken = update(GateDevice).where(*free).values(token=_hash(cookie), last_seen=now()).returning(GateDevice.id)
    return cookie if await session.scalar(taken) is not None else None


async def by_cookie(session: AsyncSession, cookie: str) -> AtGate | None:
    """The phone that says this, with its gate; None for one that was revoked, or that nobody enrolled."""
    found = await _one(session, GateDevice.token == _hash(cookie)) if cookie else None
    return found if found is not None and found[0].revoked_at is None else None


async def _one(session: AsyncSession, condition: object) -> AtGate | None:
    query = select(GateDevice, Gate, Compound).join(Gate, Gate.id == GateDevice.gate_id)
    query = query.join(Compound, Compound.id == Gate.compound_id).where(condition)  # type: ignore[arg-type]
    row = (await session.execute(query)).first()
    return (row[0], row[1], row[2]) if row is not None else None


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


async def revoke(session: AsyncSession, compound_id: int, number: int) -> None:
    """It asks nothing any more, from its next question on.  Of another compound, and twice, it changes nothing."""
    here = select(Gate.id).where(Gate.compound_id == compound_id)
    phone = update(GateDevice).where(GateDevice.id == number, GateDevice.gate_id.in_(here))
    await session.execute(phone.where(GateDevice.revoked_at.is_(None)).values(revoked_at=now()))
