"""What the rules of retention mean for passes, lists, entries at gates and what people say of compounds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.services.passes import privacy as passes
from bot.services.privacy.duty import Duty, deletes
from bot.store.models import CompoundReport, Entry, GateDevice, Pass, RosterEntry, TurnedAway


def _whose(_at: datetime, before: datetime) -> Select[Any]:
    return select(Entry.id).where(Entry.at < before, Entry.key.is_not(None)).order_by(Entry.id)


async def _count_only(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    await session.execute(update(Entry).where(Entry.id.in_([each.id for each in keys])).values(key=None))


def _who_said(_at: datetime, before: datetime) -> Select[Any]:
    said = TurnedAway.at < before, TurnedAway.reporter != passes.NOBODY
    return select(TurnedAway.id).where(*said).order_by(TurnedAway.id)


async def _unsign(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    said = update(TurnedAway).where(TurnedAway.id.in_([each.id for each in keys]))
    await session.execute(said.values(reporter=passes.NOBODY))


DUTIES: Sequence[Duty] = (
    Duty("turned_away_by", _who_said, _unsign),
    deletes("turned_away", TurnedAway, lambda at, before: TurnedAway.at < before),
    Duty("entries", _whose, _count_only),
    deletes("passes", Pass, lambda at, before: Pass.closed_at < before),
    deletes("rosters", RosterEntry, lambda at, before: RosterEntry.valid_until < before.date()),
    deletes("compound_reports", CompoundReport, lambda at, before: CompoundReport.at < before),
    deletes("gate_devices", GateDevice, lambda at, before: GateDevice.revoked_at < before),
)
