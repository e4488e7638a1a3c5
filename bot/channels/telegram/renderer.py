"""Turns a neutral reply into a Bot API call.

A reply says what it wants, not how a channel does it:

    {"do": "say", "text": HTML, "choices": rows of buttons, "keyboard": rows of keys, "links": bool}
    {"do": "edit", "message": id, "text": HTML, "choices": ...}
    {"do": "place", "lat": WGS-84 degrees, "lon": ..., "name": str, "address": str, "choices": ...}
    {"do": "photo", "file": the channel's file id, "text": HTML, "choices": ...}
    {"do": "photo", "qr": what the code says, "text": HTML, "choices": ...}
    {"do": "photo", "jpeg": bytes, "text": HTML, "choices": ...}
    {"do": "caption", "message": id, "text": HTML, "choices": ...}    what stands under a photo
    {"do": "unsay", "message": id}

A button is {"label", "press"} or {"label", "url"}; a key is {"label"} with "location" or "contact" when the
phone shall send that instead of the label.  `keyboard: []` takes the keys away.
"""

import io
from collections.abc import Callable
from typing import Any

import segno

from bot.channels.telegram.transport import OutgoingFile

Reply = dict[str, Any]
Call = tuple[str, dict[str, Any]]

NO_PREVIEW = {"is_disabled": True}


def render(reply: Reply, address: int) -> Call:
    """The method and its parameters.  Raises KeyError for a reply nobody knows how to do."""
    method, parameters = _DO[reply["do"]](reply)
    return method, {"chat_id": address, **parameters}


def _say(reply: Reply) -> Call:
    call: dict[str, Any] = {"text": reply["text"], "parse_mode": "HTML"}
    if not reply.get("links"):
        call["link_preview_options"] = NO_PREVIEW
    return "sendMessage", call | _markup(reply)


def _edit(reply: Reply) -> Call:
    call = {
        "message_id": reply["message"],
        "text": reply["text"],
        "parse_mode": "HTML",
        "link_preview_options": NO_PREVIEW,
    }
    return "editMessageText", call | _markup(reply)


def _place(reply: Reply) -> Call:
    call = {
        "latitude": reply["lat"],
        "longitude": reply["lon"],
        "title": reply["name"],
        "address": reply["address"],
    }
    return "sendVenue", call | _markup(reply)


def _photo(reply: Reply) -> Call:
    call = {"photo": _picture(reply), "caption": reply.get("text", ""), "parse_mode": "HTML"}
    return "sendPhoto", call | _markup(reply)


def _picture(reply: Reply) -> OutgoingFile | str:
    if "qr" in reply:
        return _code(reply["qr"])
    return OutgoingFile("photo.jpg", reply["jpeg"]) if "jpeg" in reply else str(reply["file"])


def _caption(reply: Reply) -> Call:
    call = {"message_id": reply["message"], "caption": reply["text"], "parse_mode": "HTML"}
    return "editMessageCaption", call | _markup(reply)


def _code(text: str) -> OutgoingFile:
    """A QR code as a PNG, large enough for a scratched phone held by a glove."""
    picture = io.BytesIO()
    segno.make(text, micro=False, error="m").save(picture, kind="png", scale=10, border=4)
    return OutgoingFile("code.png", picture.getvalue())


def _unsay(reply: Reply) -> Call:
    return "deleteMessage", {"message_id": reply["message"]}


_DO: dict[str, Callable[[Reply], Call]] = {
    "say": _say,
    "edit": _edit,
    "place": _place,
    "photo": _photo,
    "caption": _caption,
    "unsay": _unsay,
}


def _markup(reply: Reply) -> dict[str, Any]:
    if choices := reply.get("choices"):
        return {"reply_markup": {"inline_keyboard": [[_button(each) for each in row] for row in choices]}}
    if (keys := reply.get("keyboard")) is None:
        return {}
    if not keys:
        return {"reply_markup": {"remove_keyboard": True}}
    rows = [[_key(each) for each in row] for row in keys]
    return {"reply_markup": {"keyboard": rows, "resize_keyboard": True, "is_persistent": True}}


def _button(choice: dict[str, str]) -> dict[str, str]:
    if "url" in choice:
        return {"text": choice["label"], "url": choice["url"]}
    return {"text": choice["label"], "callback_data": choice["press"]}


def _key(key: dict[str, Any]) -> dict[str, Any]:
    asked = {f"request_{what}": True for what in ("location", "contact") if key.get(what)}
    return {"text": key["label"], **asked}
