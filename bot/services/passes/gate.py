"""At the gate: the rider scans the gate's code, or a guard's phone scans the rider's, which is another one every half minute.

Whoever looks learns a masked name, a platform and a date.  A row says that somebody was there, and names nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import codes
from bot.services.core.working_days import china_date
from bot.services.identity import identities
from bot.services.passes import passes, signed
from bot.services.passes.signed import Code
from bot.services.passes.states import PassState
from bot.store.base import vault_of
from bot.store.models import Chat, Compound, Entry, Gate, Pass, now

GATE = "g"  # of the tokens that hang at gates
RENEWED = signed.TURN  # seconds
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
    """What a pass that was checked shows at this moment."""
    assert row.valid_until is not None  # noqa: S101 (the table sees to it)
    return signed.write(session, Code(row.id, row.valid_until, row.region[:CITY], signed.turn_of(now())))


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
    code = signed.read(session, token)
    if code is None:
        return Look(Verdict.UNKNOWN), None
    if not 0 <= signed.turn_of(now()) - code.turn < turns:
        return Look(Verdict.STALE), None
    row = await session.get(Pass, code.id, populate_existing=True)
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


async def note(
    session: AsyncSession, gate_id: int, key: bytes | None, result: str, why: str = "", *, at: datetime | None = None
) -> bool:
    """Write down that somebody was there; False where it stands there already: a second tap is no second entry.

    at: when that was, as a phone hands it in later; the same again is no second entry, nor when nobody knows whose it was.
    """
    when = at or now()
    same = select(Entry.id).where(Entry.gate_id == gate_id, Entry.result == result)
    again = [and_(Entry.key == key, Entry.at > when - ONCE, Entry.at < when + ONCE)] if key is not None else []
    again += [and_(Entry.key.is_(None), Entry.at == at)] if at is not None else []
    if again and await session.scalar(same.where(or_(*again)).limit(1)) is not None:
        return False
    values = {"gate_id": gate_id, "key": key, "at": when, "result": result, "why": why}
    await session.execute(insert(Entry).values(values))
    return True
