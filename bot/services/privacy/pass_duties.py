"""What the rules of retention mean for passes, lists and what people say of compounds."""

from collections.abc import Sequence

from bot.services.privacy.duty import Duty, deletes
from bot.store.models import CompoundReport, Pass, RosterEntry

DUTIES: Sequence[Duty] = (
    deletes("passes", Pass, lambda at, before: Pass.closed_at < before),
    deletes("rosters", RosterEntry, lambda at, before: RosterEntry.valid_until < before.date()),
    deletes("compound_reports", CompoundReport, lambda at, before: CompoundReport.at < before),
)
