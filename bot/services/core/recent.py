"""The newest rows of a table that only grows, such as a timeline: what tells that something happened, at any size.

Numbers are given before the commit, so a lower one may come to light after a higher one: whoever looks again compares
the numbers themselves, not only the highest.
"""

from typing import Any

from sqlalchemy import Subquery, select
from sqlalchemy.orm import InstrumentedAttribute

NEWEST = 200  # rows; so many numbers may be given out between two looks


class Recent(frozenset[int]):
    """Numbers of rows.  Something happened when one came in; one that leaves has become old."""

    def since(self, before: object) -> bool:
        """Whether a number is here that was not there before."""
        return not isinstance(before, Recent) or bool(self - before)


def differs(new: object, old: object) -> bool:
    """Whether something happened between two looks."""
    if isinstance(new, tuple) and isinstance(old, tuple) and len(new) == len(old):
        return any(differs(*each) for each in zip(new, old, strict=True))
    return new.since(old) if isinstance(new, Recent) else new != old


def newest(number: InstrumentedAttribute[int], *more: InstrumentedAttribute[Any]) -> Subquery:
    """The newest rows by their number, as a table to select from."""
    return select(number, *more).order_by(number.desc()).limit(NEWEST).subquery("newest")
