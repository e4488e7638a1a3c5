"""Turns a reply into a Bot API call."""

import io
from typing import Any

import segno

from bot.channels.telegram.transport import OutgoingFile
from bot.messaging.reply import Button, Caption, Edit, Key, Photo, Place, Reply, Say

Call = tuple[str, dict[str, Any]]

NO_PREVIEW = {"is_disabled": True}


def render(reply: Reply, address: int) -> Call:
    """The method and its parameters.  Raises KeyError for a reply nobody knows how to do."""
    method, parameters = _call(reply)
    return method, {"chat_id": address, **parameters}


def _call(reply: Reply) -> Call:
    if reply["do"] == "say":
        return _say(reply)
    if reply["do"] == "edit":
        return _edit(reply)
    if reply["do"] == "place":
        return _place(reply)
    if reply["do"] == "photo":
        return _photo(reply)
    if reply["do"] == "caption":
        return _caption(reply)
    if reply["do"] == "settle":
        return "editMessageReplyMarkup", {"message_id": reply["message"]}
    if reply["do"] == "unsay":
        return "deleteMessage", {"message_id": reply["message"]}
    raise KeyError(reply["do"])  # written by a newer version of us


def _say(reply: Say) -> Call:
    call: dict[str, Any] = {"text": reply["text"], "parse_mode": "HTML"}
    if not reply.get("links"):
        call["link_preview_options"] = NO_PREVIEW
    if "thread" in reply:
        call["message_thread_id"] = reply["thread"]
    return "sendMessage", call | _markup(reply)


def _edit(reply: Edit) -> Call:
    call = {
        "message_id": reply["message"],
        "text": reply["text"],
        "parse_mode": "HTML",
        "link_preview_options": NO_PREVIEW,
    }
    return "editMessageText", call | _markup(reply)


def _place(reply: Place) -> Call:
    call = {
        "latitude": reply["lat"],
        "longitude": reply["lon"],
        "title": reply["name"],
        "address": reply["address"],
    }
    return "sendVenue", call | _markup(reply)


def _photo(reply: Photo) -> Call:
    call = {"photo": _picture(reply), "caption": reply.get("text", ""), "parse_mode": "HTML"}
    return "sendPhoto", call | _markup(reply)


def _picture(reply: Photo) -> OutgoingFile | str:
    if "qr" in reply:
        return _code(reply["qr"])
    return OutgoingFile("photo.jpg", reply["jpeg"]) if "jpeg" in reply else str(reply["file"])


def _caption(reply: Caption) -> Call:
    call = {"message_id": reply["message"], "caption": reply["text"], "parse_mode": "HTML"}
    return "editMessageCaption", call | _markup(reply)


def _code(text: str) -> OutgoingFile:
    """A QR code as a PNG, large enough for a scratched phone held by a glove."""
    picture = io.BytesIO()
    segno.make(text, micro=False, error="m").save(picture, kind="png", scale=10, border=4)
    return OutgoingFile("code.png", picture.getvalue())


def _markup(reply: Say | Edit | Place | Photo | Caption) -> dict[str, Any]:
    if choices := reply.get("choices"):
        return {"reply_markup": {"inline_keyboard": [[_button(each) for each in row] for row in choices]}}
    if reply["do"] != "say" or (keys := reply.get("keyboard")) is None:
        return {}
    if not keys:
        return {"reply_markup": {"remove_keyboard": True}}
    rows = [[_key(each) for each in row] for row in keys]
    return {"reply_markup": {"keyboard": rows, "resize_keyboard": True, "is_persistent": True}}


def _button(choice: Button) -> dict[str, str]:
    if "url" in choice:
        return {"text": choice["label"], "url": choice["url"]}
    return {"text": choice["label"], "callback_data": choice["press"]}


def _key(key: Key) -> dict[str, Any]:
    asked = {f"request_{what}": True for what in ("location", "contact") if key.get(what)}
    return {"text": key["label"], **asked}
