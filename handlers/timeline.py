"""How a matter stands, read downwards: what is done and when, what it waits for now, what comes after.

Each line begins with its mark; the page draws steps from them, and a plain chat shows them as they are.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.channels.telegram.unit import Context
from bot.services.core.working_days import ZONE

WORDS = 80  # characters of what somebody wrote
_GAPS = re.compile(r"\s*\n\s*\n\s*")  # an empty line would end the steps


def drawn(context: Context, done: Iterable[tuple[datetime, str]], *, now: str = "", then: Sequence[str] = ()) -> str:
    """The lines, all of them HTML.  done: when, and what; a step without words is staff's own business."""
    lines = [
        context.text("timeline.done", date=f"{at.astimezone(ZONE):%m-%d %H:%M}", what="") + what
        for at, what in done
        if what
    ]
    lines += [context.text("timeline.now", what="") + f"<b>{now}</b>"] if now else []
    lines += [context.text("timeline.then", what="") + each for each in then if each]
    return "\n".join(_GAPS.sub("\n", line) for line in lines)


def words(context: Context, key: str, **values: str) -> str:
    """What is said of a step or a state, as HTML; "" where nobody wrote anything."""
    return context.text(key, **values) if key in context.knowledge.texts else ""


def excerpt(text: str) -> str:
    """The first words of what somebody wrote."""
    plain = " ".join(text.split())
    return plain if len(plain) <= WORDS else f"{plain[:WORDS]}…"
