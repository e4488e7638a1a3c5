"""What somebody sent in WeChat, as something they do in the web chat: say, press, send a file, leave.

It is decided once, in the transaction that writes the message's number down: a repeated attempt finds what was decided,
also when `2` means another button by then.
"""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import conversations, messages
from bot.channels.web.shared import Shared
from bot.channels.wechat import faces, rows
from bot.channels.wechat.rows import CALLBACKS, Account
from bot.channels.wechat.xml import Document
from bot.store.base import now

WRITES, TAPS = (5, timedelta(hours=48)), (3, timedelta(minutes=1))  # messages we may send, and how long
BUSY = timedelta(seconds=8)  # in which an attempt gives its passive answer, or is dead
TAPPED = re.compile(r"(\d{1,15})\.(\d{1,3})")  # our own number of a tapped link: message and button
SCENE = re.compile(r"[A-Za-z0-9_-]{1,64}")
START = "/start"
WIDE = str.maketrans("０１２３４５６７８９", "0123456789")
STOP = "。.、)）号"  # what people type behind a number
FILES = {"image": "photo", "voice": "voice"}

Act = dict[str, Any]
NOTHING: Act = {"do": "nothing"}
_KNOWN = select(CALLBACKS.c.act).where(CALLBACKS.c.key == bindparam("own_key"))
_NOTE = insert(CALLBACKS)


async def decided(
    connection: AsyncConnection, shared: Shared, account: Account, key: bytes, document: Document
) -> tuple[Act, bool]:
    """What they do, and whether this is its first attempt.  What WeChat lets us tell them is noted with it."""
    known = await connection.execute(_KNOWN, {"own_key": key})
    if (row := known.first()) is not None:
        return row.act, False
    act = await _act(connection, shared, account, document)
    values = {"key": key, "account_id": account.id, "act": act, "at": now()}
    await connection.execute(_NOTE, values)
    if act != NOTHING:
        await rows.change(connection, account, busy_until=now() + BUSY, **window(account, document))
    return act, True


def key_of(document: Document) -> str:
    """What a repeated attempt has in common with the first one: a message's number, an event's moment and kind."""
    parts = ("MsgId",) if document.get("MsgId") else ("CreateTime", "Event", "EventKey")
    return " ".join([document.get("FromUserName"), *map(document.get, parts)])


def window(account: Account, document: Document) -> dict[str, Any]:
    """What we may send after this.  A tap of our links is not known to be as good as a line of theirs: what was left stays."""
    at = now()
    if document.get("MsgType") != "event" and not document.get("bizmsgmenuid"):
        return {"left": WRITES[0], "window_until": at + WRITES[1]}
    if account.window_until is not None and account.window_until > at + TAPS[1]:
        return {"left": max(account.left, TAPS[0])}
    return {"left": TAPS[0], "window_until": at + TAPS[1]}


async def _act(connection: AsyncConnection, shared: Shared, account: Account, document: Document) -> Act:
    kind = document.get("MsgType")
    if kind == "event":
        return _event(document)
    if kind == "text":
        tapped = await _tapped(connection, shared, account, document.get("bizmsgmenuid"))
        return tapped or await _typed(connection, shared, account, document.get("Content"))
    if kind in FILES and document.get("MediaId"):
        return {"do": "file", "kind": FILES[kind], "media": document.get("MediaId")}
    if kind == "location":
        return {"do": "place", "at": [document.get("Location_X"), document.get("Location_Y")]}
    return {"do": "hint", "key": "unsupported"}


def _event(document: Document) -> Act:
    name, key = document.get("Event").lower(), document.get("EventKey")
    if name == "unsubscribe":
        return {"do": "leave"}
    if name in ("subscribe", "scan"):
        scene = key.removeprefix("qrscene_")
        return {"do": "say", "text": f"{START} {scene}" if SCENE.fullmatch(scene) else START}
    if name == "click" and key:
        return {"do": "say", "text": key}
    return NOTHING


async def _tapped(connection: AsyncConnection, shared: Shared, account: Account, number: str) -> Act | None:
    """A link that was tapped presses its own button, however old it is."""
    match = TAPPED.fullmatch(number)
    if match is None:
        return None
    message = int(match[1])
    buttons = await _buttons(connection, shared, account, message)
    index = int(match[2])
    return {"do": "press", "message": message, "data": buttons[index][1] if index < len(buttons) else ""}


async def _typed(connection: AsyncConnection, shared: Shared, account: Account, text: str) -> Act:
    """A number, a label, or both, of what can be pressed just now; everything else is said."""
    wanted = text.translate(WIDE).strip()
    for number, label, message, data in account.choices or ():
        if wanted.rstrip(STOP) == number != "" or wanted in (label, f"{number} {label}"):
            buttons = await _buttons(connection, shared, account, message)
            if data in (each for _, each in buttons):
                return {"do": "press", "message": message, "data": data}
    return {"do": "say", "text": text}


async def _buttons(
    connection: AsyncConnection, shared: Shared, account: Account, message: int
) -> list[tuple[str, str]]:
    """What can be pressed below a message that is still there."""
    conversation = await conversations.find(connection, await shared.bots.own(), account.person_id, lock=False)
    found = await messages.find(connection, conversation, message) if conversation is not None else None
    return faces.pressable(found.body or {}) if found is not None else []
