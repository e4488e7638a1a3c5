"""When and where a sitting is, as people say it."""

from bot.services.core.working_days import ZONE
from bot.store.models import Offering, Sitting
from knowledge.texts import Texts


def when(texts: Texts, language: str, sitting: Sitting) -> str:
    """12月3日 周四 19:00–20:30, China time."""
    start, end = sitting.start_at.astimezone(ZONE), sitting.end_at.astimezone(ZONE)
    return texts.say(
        language,
        "booking.when",
        month=start.month,
        day=start.day,
        weekday=texts.say(language, f"booking.weekday_{start.weekday()}"),
        start=f"{start:%H:%M}",
        end=f"{end:%H:%M}",
    )


def begins(texts: Texts, language: str, sitting: Sitting) -> str:
    """12月3日 周四 19:00, where there is little room."""
    return when(texts, language, sitting).partition("–")[0]


def where(sitting: Sitting, offering: Offering) -> str:
    return sitting.place or offering.place
