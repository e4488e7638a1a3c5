"""At the gate: the rider scans the gate's code, or a guard's phone scans the rider's, which is another one every half minute.

Whoever looks learns a masked name, a platform and a date.  A row says that somebody was there, and names nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import codes
from bot.services.core.working_days import china_date
from bot.services.identity import identities
from bot.services.passes import passes
from bot.services.passes.states import PassState
from bot.store.base import vault_of
from bot.store.models import Chat, Compound, Entry, Gate, Pass, now

GATE, PASS = "g", "p"  # kinds of tokens: of what hangs at a gate, and of what a rider shows
RENEWED = 30  # seconds after which a pass shows another code
KEPT = 3  # turns for which a code is good: a picture of it is nothing after 90 s
DECIDED = 20  # turns within which a guard says what they did: ten minutes
ONCE = timedelta(seconds=RENEWED * KEPT)  # within which one pass at one gate is one entry
CITY = 4  # digits: a pass holds in the whole city
COLOURS = "🟥🟧🟨🟩🟦🟪"


class Verdict(StrEnum):
    """What a code says."""

    OK = "ok"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"
    STALE = "stale"  # not of now: a picture, or one that was sent to somebody


class Decision(StrEnum):
    """What a guard did."""

    LET_IN = "let_in"
    TURNED_AWAY = "turned_away"


REASONS = ("rule", "vehicle", "doubt", "other")  # why a guard turned somebody away


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody at a gate reads.  who: masked.  Nothing but the verdict for a code that is none."""

    verdict: Verdict
    who: str = ""
    platform: str = ""
    until: datetime | None = None


def colour(session: AsyncSession) -> str:
    """The colour of the day: a picture of yesterday has another one."""
    day = vault_of(session.get_bind().dialect).blind(china_date(now()).isoformat(), "gates.colour")
    return COLOURS[day[0] % len(COLOURS)]


def gate_code(session: AsyncSession, gate: Gate) -> str:
    """What hangs at a gate."""
    return codes.sign(session, GATE, gate.id)


def pass_code(session: AsyncSession, row: Pass) -> str:
    """What a pass shows at this moment."""
    return codes.sign(session, PASS, row.id, str(_turn()))


def _turn() -> int:
    return int(now().timestamp()) // RENEWED


async def gate_of(session: AsyncSession, token: str) -> tuple[Gate, Compound] | None:
    """The gate that a code names, whoever wrote it down and wherever it hangs now; None for what is no code of ours."""
    named = codes.named(token)
    if named is None or named[0] != GATE or not codes.holds(session, token):
        return None
    query = select(Gate, Compound).join(Compound, Compound.id == Gate.compound_id)
    row = (await session.execute(query.where(Gate.id == named[1], Gate.active, Compound.active))).first()
    return (row[0], row[1]) if row is not None else None


async def arrive(session: AsyncSession, chat: Chat, gate: Gate, compound: Compound) -> Look:
    """A rider has scanned the code of a gate; what they show to the guard, and the row of it."""
    row = await passes.own(session, chat.id)
    verdict = _verdict(row, compound)
    key = row.key if row is not None and verdict is not Verdict.UNKNOWN else None
    await note(session, gate.id, key, verdict)
    return await _look(session, row, verdict)


async def scan(session: AsyncSession, compound: Compound, token: str, *, turns: int = KEPT) -> tuple[Look, Pass | None]:
    """A guard's phone has scanned a rider; nothing is written before the guard has decided."""
    named = codes.named(token)
    if named is None or named[0] != PASS:
        return Look(Verdict.UNKNOWN), None
    if not any(codes.holds(session, token, str(_turn() - turn)) for turn in range(turns)):
        return Look(Verdict.STALE), None
    row = await session.get(Pass, named[1], populate_existing=True)
    verdict = _verdict(row, compound)
    return await _look(session, row, verdict), row


def _verdict(row: Pass | None, compound: Compound) -> Verdict:
    if row is None or row.valid_until is None or not compound.region.startswith(row.region[:CITY]):
        return Verdict.UNKNOWN
    if row.state == PassState.SUSPENDED:
        return Verdict.SUSPENDED
    if row.state == PassState.EXPIRED or (row.state == PassState.ACTIVE and row.valid_until <= now()):
        return Verdict.EXPIRED
    return Verdict.OK if row.state == PassState.ACTIVE else Verdict.UNKNOWN


async def _look(session: AsyncSession, row: Pass | None, verdict: Verdict) -> Look:
    if row is None or verdict is Verdict.UNKNOWN:
        return Look(verdict)
    return Look(verdict, await identities.masked_name(session, row.alias), row.platform, row.valid_until)


async def note(session: AsyncSession, gate_id: int, key: bytes | None, result: str, why: str = "") -> bool:
    """Write down that somebody was there; False where it stands there already: a second tap is no second entry."""
    if key is not None:
        same = select(Entry.id).where(Entry.gate_id == gate_id, Entry.key == key, Entry.result == result)
        if await session.scalar(same.where(Entry.at > now() - ONCE).limit(1)) is not None:
            return False
    values = {"gate_id": gate_id, "key": key, "at": now(), "result": result, "why": why}
    await session.execute(insert(Entry).values(values))
    return True
