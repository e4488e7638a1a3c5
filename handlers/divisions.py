"""Which division a place lies in: read from a position or from words, and asked about where the words mean several."""

from collections.abc import Callable, Sequence
from typing import Any

from bot.channels.telegram.unit import Context
from bot.messaging.reply import Option, Options
from handlers.answers import Given, one_of, point
from handlers.flow import Question
from handlers.standing import Answers
from knowledge.geo import Point
from knowledge.places import Place

CANDIDATES = 6  # offered when a name means several

Pairs = list[list[str]]  # code and full name of each division, as a form keeps them


async def read(context: Context, what: Given) -> Sequence[Place]:
    """The divisions that a position or a typed place may mean; the position itself is forgotten."""
    return found(context, await point(context, what))


def found(context: Context, place: dict[str, Any]) -> Sequence[Place]:
    """The same of a place that was read already: {"lat", "lon"} or {"text"}."""
    known = context.knowledge.places
    if "lat" in place:
        district = known.district_of(Point(place["lat"], place["lon"]))
        return [district] if district is not None else []
    return known.find(place["text"], region=context.chat.region)


def pairs(context: Context, places: Sequence[Place], *, digits: int = 6) -> Pairs:
    """What a form keeps of them; a street counts as its district unless nine digits are wanted."""
    known = context.knowledge.places
    codes = list(dict.fromkeys(place.code[:digits] for place in places))[:CANDIDATES]
    return [[code, getattr(known.get(code), "full", code)] for code in codes]


def which(name: str, ask: str, *, of: Callable[[Answers], Pairs], optional: bool = False) -> Question:
    """The question for one of several divisions.  `of` finds them among the answers."""

    def labels(context: Context) -> dict[str, str]:
        return dict(of(context.chat.answers or {}))

    def choices(context: Context, answers: Answers) -> Options:
        return [[Option(label=full, value=code)] for code, full in of(answers)]

    return Question(
        name,
        ask=ask,
        read=one_of(labels),
        choices=choices,
        optional=optional,
        asked=lambda answers: len(of(answers)) > 1,
        show=lambda context, value: getattr(context.knowledge.places.get(value), "full", value),
    )


def chosen(answers: Answers, name: str, of: Pairs) -> str:
    """The code of the only division, or of the one that was chosen; "" while it is not known."""
    return of[0][0] if len(of) == 1 else str(answers.get(name) or "")


# What appeals and hazards share: where it was, in words or as a position, and which division that is.


async def place(context: Context, what: Given) -> dict[str, Any]:
    """A position or words, as they were given, with the divisions they may mean; none is fine."""
    value = await point(context, what)
    return {**value, "divisions": pairs(context, found(context, value))}


async def place_changed(context: Context, answers: Answers) -> None:
    """Which of several divisions was meant is asked anew."""
    answers.pop("district", None)


def of_place(answers: Answers) -> Pairs:
    return list((answers.get("place") or {}).get("divisions", ()))


WHICH_DISTRICT = which("district", "place.which", of=of_place, optional=True)


def region(context: Context, answers: Answers) -> str:
    """Where a matter belongs: where its place is; where its author runs, when that is not known more closely."""
    home, there = context.chat.region, chosen(answers, "district", of_place(answers))
    return home if home.startswith(there) else there


def shown_place(context: Context, value: dict[str, Any]) -> str:
    """The words that were typed, and the division that is surely meant."""
    typed = str(value["text"]) if "text" in value else context.text("place.position")
    sure = value.get("divisions", ())
    return f"{typed}（{sure[0][1]}）" if len(sure) == 1 else typed
