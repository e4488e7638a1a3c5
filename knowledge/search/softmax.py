"""Softmax regression by L-BFGS, in numpy: some thousand examples of some hundred classes in seconds."""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Loss = Callable[[Matrix], tuple[float, Matrix]]  # the loss at some weights, and its slope there

STEPS = 60
REMEMBERED = 8  # steps from which the curvature is guessed
SETTLED = 1e-5  # relative gain below which another step is not worth its time
ENOUGH = 1e-4  # share of the expected gain that a step has to bring
SHORTEST = 1e-6  # step tried


def learn(rows: Matrix, classes: NDArray[np.intp], count: int, ridge: float) -> Matrix:
    """The weights (count x features) under which each row is most likely of its class.  The same rows give the same weights."""
    at = np.arange(len(rows))

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        odds = rows @ weights.T
        odds -= odds.max(axis=1, keepdims=True)
        own = odds[at, classes]
        np.exp(odds, out=odds)
        total = odds.sum(axis=1)
        value = float((np.log(total) - own).sum()) + ridge / 2 * _dot(weights, weights)
        odds /= total[:, None]
        odds[at, classes] -= 1
        return value, odds.T @ rows + np.float32(ridge) * weights

    return minimum(loss, np.zeros((count, rows.shape[1]), dtype=np.float32))


def minimum(loss: Loss, start: Matrix) -> Matrix:
    """Where a smooth convex loss is least.  Source: J. Nocedal, S. Wright, "Numerical Optimization", 2006, algorithm 7.5."""
    here = start
    value, slope = loss(here)
    seen: deque[tuple[Matrix, Matrix, float]] = deque(maxlen=REMEMBERED)
    for _ in range(STEPS):
        way = _downhill(slope, seen)
        length, gain = 1.0, _dot(slope, way)
        there = here - way
        next_value, next_slope = loss(there)
        while next_value > value - ENOUGH * length * gain and length > SHORTEST:
            length /= 2
            there = here - np.float32(length) * way
            next_value, next_slope = loss(there)
        if value - next_value < SETTLED * abs(value):
            return there if next_value < value else here
        moved, turned = there - here, next_slope - slope
        if (curve := _dot(moved, turned)) > 0:
            seen.append((moved, turned, curve))
        here, value, slope = there, next_value, next_slope
    return here


def _downhill(slope: Matrix, seen: deque[tuple[Matrix, Matrix, float]]) -> Matrix:
    """The slope, bent by the curvature of the last steps (two-loop recursion)."""
    if not seen:
        return slope / np.float32(np.abs(slope).sum() + 1e-9)
    way, shares = slope.copy(), []
    for moved, turned, curve in reversed(seen):
        share = _dot(moved, way) / curve
        shares.append(share)
        way -= np.float32(share) * turned
    _, turned, curve = seen[-1]
    way *= np.float32(curve / _dot(turned, turned))
    for (moved, turned, curve), share in zip(seen, reversed(shares), strict=True):
        way += np.float32(share - _dot(turned, way) / curve) * moved
    return way


def _dot(a: Matrix, b: Matrix) -> float:
    return float(np.vdot(a, b))
