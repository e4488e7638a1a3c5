"""Charts as plain shapes: numbers in, rectangles out; the template draws them and puts the numbers in a table behind."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640.0, 160.0  # of the drawing, in its own units; it stretches to the page
GAP = 0.3  # of a column's share of the width


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int  # which one of several, from 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Bars side by side, one group for each moment."""

    bars: tuple[Bar, ...]
    top: int  # the number that the height of the drawing stands for
    width: float = WIDTH
    height: float = HEIGHT


def columns(series: Sequence[Sequence[int]]) -> Columns:
    """Several rows of numbers, all of one length, as groups of columns."""
    top = max((number for row in series for number in row), default=0)
    share = WIDTH / max(max(map(len, series), default=0), 1)
    wide = share * (1 - GAP) / max(len(series), 1)
    bars = [
        _bar(at * share + share * GAP / 2 + which * wide, wide, number / top, which)
        for which, row in enumerate(series)
        for at, number in enumerate(row)
        if number
    ]
    return Columns(tuple(bars), top)


def _bar(x: float, width: float, part: float, series: int) -> Bar:
    height = round(HEIGHT * part, 2)
    return Bar(round(x, 2), round(HEIGHT - height, 2), round(width, 2), height, series)
