"""How long the bulk lane waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Clocks:
    """Seconds; tests shorten them."""

    look: float = 0.5  # between two turns at most
    lane: float = 15.0  # lease of the lane
    lease: float = 60.0  # of a copy
    patience: float = 25.0  # for the answer to a call; what cannot be called in time goes back
    last: float = 4.0  # for calls underway when stopping; what became of a later one stays unknown
    margin: float = 3.0  # before the lane's lease ends, nothing leaves any more


USUAL = Clocks()
