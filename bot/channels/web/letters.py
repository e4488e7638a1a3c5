"""What the page posts, read strictly: the body of a Bot API Message, or a sentence that says what is wrong."""

import re
from collections.abc import Mapping
from typing import Any

from bot.channels.web.markup.entities import finished
from bot.channels.web.markup.marks import units
from bot.channels.web.messages import FileNote
from bot.channels.web.methods.sending import shown_text
from bot.channels.web.parameters import clean
from bot.channels.web.people import Unwelcome
from bot.channels.web.rules import CAPTION, TEXT
from bot.doors import numbers

KEY = re.compile(r"[\w-]{8,40}", re.ASCII)
PHONE = re.compile(r"\+?\d{5,15}")
GAPS = re.compile(r"[\s()-]")
NAME = 64  # letters of what somebody wants to be called


class Letter:
    """A posted JSON object."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def number(self, name: str) -> int:
        """A whole number that fits the database; 0 for anything else."""
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62 else 0


def read_note(query: Mapping[str, str]) -> FileNote:
    """Raises Unwelcome."""
    caption = finished(clean(query.get("caption", "")), [])
    if units(caption.text) > CAPTION:
        raise Unwelcome("too_long")
    shown = shown_text(caption, "caption", "caption_entities")
    album = read_key(query["album"]) if "album" in query else ""
    reply_to = numbers.whole(query.get("reply_to", "0"), most=2**62) or 0
    return FileNote(read_key(query.get("key")), shown, reply_to, album)


def read_key(value: Any) -> str:
    """The page's own name for a message.  Raises Unwelcome."""
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise Unwelcome("bad_request")
    return value


def read_text(letter: Letter, person: int) -> dict[str, Any] | None:
    """Raises Unwelcome."""
    text = letter.values.get("text")
    if not isinstance(text, str):
        return None
    cleaned = finished(clean(text), [])
    if not cleaned.text:
        raise Unwelcome("empty")
    if units(cleaned.text) > TEXT:
        raise Unwelcome("too_long")
    return shown_text(cleaned)


def read_place(letter: Letter, person: int) -> dict[str, Any] | None:
    """A point in decimal degrees, WGS-84, as browsers give it.  Raises Unwelcome."""
    place = letter.values.get("location")
    if not isinstance(place, dict):
        return None
    latitude, longitude = degrees(place.get("latitude"), 90), degrees(place.get("longitude"), 180)
    point = {"latitude": round(latitude, 6), "longitude": round(longitude, 6)}
    accuracy = place.get("accuracy")  # metres
    if isinstance(accuracy, int | float) and 0 <= accuracy <= 1500:
        point["horizontal_accuracy"] = round(float(accuracy), 1)
    return {"location": point}


def degrees(value: Any, most: int) -> float:
    """A latitude or longitude, in degrees of WGS-84; most is 90 or 180.  Raises Unwelcome for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise Unwelcome("bad_place")
    return float(value)


def read_contact(letter: Letter, person: int) -> dict[str, Any] | None:
    """The person's own number, as they typed it.  Raises Unwelcome."""
    contact = letter.values.get("contact")
    if not isinstance(contact, dict):
        return None
    phone = GAPS.sub("", clean(str(contact.get("phone", ""))))
    if not PHONE.fullmatch(phone):
        raise Unwelcome("bad_phone")
    name = clean(str(contact.get("name", ""))).strip()[:NAME]
    return {"contact": {"phone_number": phone, "first_name": name or phone[-4:], "user_id": person}}


def number_in(query: Mapping[str, str], name: str) -> int:
    """A whole number of an address; 0 for anything else."""
    return numbers.whole(query.get(name, "0"), most=2**62) or 0


def degrees_in(query: Mapping[str, str], name: str, most: int) -> float:
    """Raises Unwelcome for what is no angle."""
    try:
        value = float(query.get(name, ""))
    except ValueError:
        value = None
    return degrees(value, most)
