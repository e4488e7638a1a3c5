"""Sending notices: one lane for each channel, held by one process at a time."""

from bot.bulk.lane import Bulk, Clocks

__all__ = ["Bulk", "Clocks"]
