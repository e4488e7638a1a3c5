"""Sending notices: one lane for each channel, held by one process at a time."""

from bot.bulk.clocks import Clocks
from bot.bulk.lane import Bulk

__all__ = ["Bulk", "Clocks"]
