"""How people are told a deadline, and that there is none yet."""

from datetime import datetime
from typing import Literal

from bot.services.core.working_days import ZONE, is_midnight, shown
from knowledge.texts import DEFAULT, Texts

BY = {"case": "case.by", "hazard": "hazard.by"}  # texts


def day(texts: Texts, due_at: datetime | None) -> str:
    """A deadline by China's clock: the last day, or the minute where hours count; without one, when it will be told."""
    if due_at is None:
        return texts.say(DEFAULT, "case.no_day")
    return f"{shown(due_at):%Y-%m-%d}" if is_midnight(due_at) else f"{due_at.astimezone(ZONE):%m-%d %H:%M}"


def by(texts: Texts, due_at: datetime | None, *, of: Literal["case", "hazard"] = "case") -> str:
    """The same as part of a sentence about an appeal, or `of` a hazard."""
    return texts.say(DEFAULT, BY[of], due=day(texts, due_at)) if due_at else texts.say(DEFAULT, "case.by_unknown")


def for_staff(texts: Texts, due_at: datetime | None) -> str:
    """The same as part of a sentence to whoever works on a case."""
    return texts.say(DEFAULT, "call.by", due=day(texts, due_at)) if due_at else texts.say(DEFAULT, "call.no_day")
