"""Rehearsals: errors on purpose, Telegram's rates, and a record of every call."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import ApiRefusal, too_many
from bot.channels.web.rules import Limits

METERED = ("send", "copy", "forward")  # beginnings of the methods that count
FORGET = 10_000  # chats whose pace is remembered


@dataclass(slots=True)
class Fault:
    """What a method answers instead of working; without an error code it only takes its time."""

    code: int
    description: str
    times: int
    parameters: dict[str, Any] | None = None
    delay: float = 0.0  # seconds
    when: Callable[[Parameters], bool] | None = None


class Faults:
    """Faults by method; the first that fits is used up first."""

    def __init__(self) -> None:
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)

    def add(
        self,
        method: str,
        error_code: int = 0,
        description: str = "",
        *,
        times: int = 1,
        parameters: dict[str, Any] | None = None,
        delay: float = 0.0,
        when: Callable[[Parameters], bool] | None = None,
    ) -> None:
        """Let the next `times` calls of a method fail, or take `delay` seconds, or both.

        `when` picks the calls by their parameters.
        """
        self._faults[method.lower()].append(Fault(error_code, description, times, parameters, delay, when))

    def clear(self) -> None:
        self._faults.clear()

    async def meet(self, method: str, parameters: Parameters) -> None:
        """Raises Refused when this call is to fail."""
        for fault in self._faults.get(method.lower(), ()):
            if fault.times > 0 and (fault.when is None or fault.when(parameters)):
                fault.times -= 1
                if fault.delay:
                    await asyncio.sleep(fault.delay)
                if fault.code:
                    raise ApiRefusal(fault.code, fault.description, fault.parameters)
                return


class RateCheck:
    """Telegram's rates, counted as a leaky bucket: a time up to which the allowance is used."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._bots: dict[int, float] = {}
        self._chats: dict[tuple[int, str], float] = {}

    def check(self, bot_id: int, method: str, parameters: Parameters) -> None:
        """Raises Refused with 429."""
        if self.limits is None or not method.lower().startswith(METERED):
            return
        chat = (bot_id, parameters.text("chat_id"))
        if len(self._chats) > FORGET:
            self._chats.clear()
        at = time.monotonic()
        bot_next = max(self._bots.get(bot_id, 0.0), at) + 1 / self.limits.per_second
        chat_next = max(self._chats.get(chat, 0.0), at) + 1 / self.limits.chat_per_second
        late = max(bot_next - at - 1.0, chat_next - at - self.limits.burst / self.limits.chat_per_second)
        if late > 1e-9:
            raise too_many(max(1, math.ceil(late)))
        self._bots[bot_id], self._chats[chat] = bot_next, chat_next


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call and its answer."""

    method: str
    parameters: dict[str, Any]
    answer: dict[str, Any]
    files: tuple[str, ...] = ()
    bot: int = 0  # the bot's number
    at: float = field(default_factory=time.time)

    @property
    def ok(self) -> bool:
        return bool(self.answer["ok"])
