"""From the bytes of an update to the receiver: what nobody can read is parked, and the next one comes."""

import json
from typing import Any

import orjson
from telegram import Update

from bot import log
from bot.channels.telegram.receiver import Receiver
from bot.doors.texts import storable
from bot.errors import Down
from bot.services.chats import chats
from bot.store.db import is_down

logger = log.get(__name__)


async def take(receiver: Receiver, raw: Any, *, carry: bool) -> dict[str, Any] | None:
    """Handle one update, given as bytes or as JSON, whatever it is.

    Returns what the edge shall carry back.  Raises Down: nothing was done, it must be delivered again.
    """
    try:
        body = decode(raw) if isinstance(raw, bytes) else clean(raw)
        update = Update.de_json(body, receiver.bot)
        return await receiver.receive(update, carry=carry)
    except Exception as error:
        if is_down(error):
            raise Down from error
        await _park(receiver, raw.decode(errors="replace") if isinstance(raw, bytes) else raw, error)
        return None


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in these bytes, without NULs and lone surrogates, which no database takes.

    Raises ValueError.
    """
    odd = b"\\u" in body and (b"\\u0000" in body or b"\\ud" in body.lower())
    raw = clean(json.loads(body)) if odd else orjson.loads(body)
    if number_of(raw) is None:
        raise ValueError("not an update")
    return dict(raw)


def number_of(raw: Any) -> int | None:
    """The number of an update; None for what is none."""
    match raw:
        case {"update_id": int(number)} if 0 <= number < 2**63:
            return number
    return None


def clean(value: Any) -> Any:
    """The same JSON value, its strings writable as UTF-8."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [clean(each) for each in value]
    if isinstance(value, dict):
        return {clean(name): clean(each) for name, each in value.items()}
    return value


async def _park(receiver: Receiver, raw: Any, error: Exception) -> None:
    number = number_of(raw)
    logger.error("update parked", update=number, exc_info=error)
    try:
        async with receiver.db.begin() as session:
            await chats.park(session, receiver.channel, number, raw, repr(error))
    except Exception as failure:
        if is_down(failure):
            raise Down from failure
        logger.exception("parking failed", update=number)
