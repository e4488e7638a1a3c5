"""Readers: what a person gives, turned into a value a form can keep, or refused with a plain reason."""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from telegram import Message, Update

from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from knowledge import phones

LARGEST = 20 * 2**20  # bytes; the Bot API hands out no larger file


class AnswerKind(StrEnum):
    TEXT = "text"
    PRESS = "press"
    PLACE = "place"
    PHOTO = "photo"
    FILE = "file"
    VOICE = "voice"
    CONTACT = "contact"


FILES = frozenset({AnswerKind.PHOTO, AnswerKind.FILE, AnswerKind.VOICE})


@dataclass(frozen=True, slots=True)
class Given:
    """What a person sent in answer to a question."""

    kind: AnswerKind
    text: str = ""  # the words, the button's value, the caption or the phone number
    point: tuple[float, float] | None = None  # latitude, longitude; degrees, WGS-84
    file: str = ""  # the channel's file id
    size: int = 0  # bytes
    own: bool = True  # A contact card is the sender's own.
    album: str = ""  # what pictures sent together have in common


Read = Callable[[Context, Given], Awaitable[Any]]


def given(update: Update) -> Given | None:
    """What an update gives; None when no form could want it."""
    if update.callback_query is not None:
        return Given(AnswerKind.PRESS, (update.callback_query.data or "").split(":", 3)[-1])
    message = update.message
    return _of_message(message) if message is not None else None


def _of_message(message: Message) -> Given | None:
    if message.text is not None:
        return Given(AnswerKind.TEXT, message.text)
    if message.location is not None:
        return Given(AnswerKind.PLACE, point=(message.location.latitude, message.location.longitude))
    if message.photo:
        best = message.photo[-1]
        return _file(AnswerKind.PHOTO, message, best.file_id, best.file_size)
    if message.contact is not None:
        own = message.from_user is not None and message.contact.user_id == message.from_user.id
        return Given(AnswerKind.CONTACT, message.contact.phone_number, own=own)
    if file := message.voice or message.document:
        kind = AnswerKind.VOICE if message.voice else AnswerKind.FILE
        return _file(kind, message, file.file_id, file.file_size)
    return None


def _file(kind: AnswerKind, message: Message, file: str, size: int | None) -> Given:
    return Given(kind, message.caption or "", file=file, size=size or 0, album=message.media_group_id or "")


def tidy(text: str) -> str:
    """Text without invisible characters, odd spaces and empty lines at its ends."""
    kept = "".join(char for char in text if char == "\n" or unicodedata.category(char)[0] != "C")
    return re.sub(r"\n{3,}", "\n\n", kept).strip()


def words(least: int, most: int, short: str = "answer.short") -> Read:
    """Text of `least` to `most` characters; short: key of what is said to who wrote less."""

    async def read(context: Context, what: Given) -> str:
        text = tidy(what.text)
        if len(text) < least:
            raise Rejected(short, least=least)
        if len(text) > most:
            raise Rejected("answer.long", most=most, given=len(text))
        return text

    return read


async def name(context: Context, what: Given) -> str:
    """What somebody is called: at least two letters in it, of any script."""
    text = str(await words(2, 30)(context, what))
    if sum(char.isalpha() for char in text) < 2:
        raise Rejected("answer.name")
    return text


def one_of(values: Callable[[Context], dict[str, str]]) -> Read:
    """One of some values, by its button or by its label typed out; `values` maps value to label."""

    async def read(context: Context, what: Given) -> str:
        known = values(context)
        text = tidy(what.text)
        if text in known:
            return text
        for value, label in known.items():
            if text and text in (label, label.partition(" ")[2]):
                return value
        raise Rejected("answer.choose")

    return read


async def phone(context: Context, what: Given) -> str:
    """Somebody's own mobile or landline number, as `knowledge.phones` writes it.  Somebody else's card is refused."""
    if what.kind is AnswerKind.CONTACT and not what.own:
        raise Rejected("answer.other_contact")
    number = phones.read(what.text)
    if not phones.is_personal(number):
        raise Rejected("answer.phone")
    return number


async def attachment(context: Context, what: Given) -> dict[str, Any]:
    """A photo, a file or a voice note, by the channel's id; it is fetched when the form is handed in."""
    if what.size > LARGEST:
        raise Rejected("answer.large", most=LARGEST // 2**20)
    text = tidy(what.text)
    return {"kind": what.kind.value, "file": what.file, **({"text": text} if text else {})}


async def point(context: Context, what: Given) -> dict[str, Any]:
    """A position the phone sent, or the words for a place."""
    if what.point is None:
        return {"text": await words(2, 100)(context, what)}
    latitude, longitude = what.point
    if abs(latitude) < 1e-6 and abs(longitude) < 1e-6:
        raise Rejected("answer.nowhere")
    return {"lat": latitude, "lon": longitude}
