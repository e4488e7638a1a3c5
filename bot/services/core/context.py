"""What services need to know besides their transaction: the content, and whether a backend listens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import time

from bot.services.core.quiet_hours import EVENING, MORNING
from knowledge import Knowledge, Policy


@dataclass(frozen=True, slots=True)
class ServiceContext:
    knowledge: Knowledge
    hears: bool = False  # Voice notes are turned into words.
    sms: bool = False  # The operator has a gateway for text messages.
    queue: bool = False  # Events leave for a backend; without one the console is the desk.
    rephrase: Callable[[str, Policy], Awaitable[str | None]] | None = None  # the optional writer
    quiet: tuple[time, time] = (EVENING, MORNING)  # what is not urgent waits until these hours are over
    base_url: str = ""  # how people reach this server, without a slash at the end
    operator: tuple[str, str] = ("", "")  # name and phone of who runs this; either may be empty
    silent: bool = False  # Workers are not told: of steps in between, on the way to news worth telling.

    def silently(self) -> "ServiceContext":
        """The same for steps that nobody is told of."""
        return replace(self, silent=True)
