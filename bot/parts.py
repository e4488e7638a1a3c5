"""What a process does.  Without a choice it does everything; a city that grows gives each part machines of its own."""

from enum import StrEnum


class Part(StrEnum):
    """Each may run in as many processes as it needs.  At least one process has each.

    Whatever a process writes for somebody it also sends, at once; the relay is for what was left behind, and for what
    is due later.
    """

    WEB = "web"  # hears people: Telegram, the page, Open311, news of the backend
    CONSOLE = "console"  # the pages of staff
    RELAY = "relay"  # sends what is due, moves what has a date, keeps the daily counts
    BULK = "bulk"  # sends notices


EVERYTHING: frozenset[Part] = frozenset(Part)


def read(names: str) -> frozenset[Part]:
    """Parts by their names, with commas between them.  Raises ValueError."""
    return frozenset(Part(name.strip()) for name in names.split(","))
