"""What an attack is, and how it says that it got through."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks.attacks.town import Town

Run = Callable[[Town], Awaitable[str]]


class NotHeld(Exception):
    """The attack got through; what came back."""


@dataclass(frozen=True)
class Attempt:
    """One attack or odd input."""

    name: str  # its id in the review
    sent: str  # in words
    run: Run  # says what came back; raises NotHeld


def attempts(into: list[Attempt]) -> Callable[[str, str], Callable[[Run], Run]]:
    """A decorator that keeps the attacks of a module, in their order."""

    def attack(name: str, sent: str) -> Callable[[Run], Run]:
        def keep(run: Run) -> Run:
            into.append(Attempt(name, sent, run))
            return run

        return keep

    return attack


def held(holds: object, came: str) -> str:
    """What came back.  Raises NotHeld unless it is as it should be."""
    if not holds:
        raise NotHeld(came)
    return came
