"""How long to wait before trying again, wherever something is tried again."""


def pause(failures: int, first: float, longest: float) -> float:
    """Seconds after so many failures in a row: twice as long each time, up to the longest."""
    return min(longest, first * 2.0 ** min(failures - 1, 30))
