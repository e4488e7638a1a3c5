"""Keyboards under a message and instead of the phone's own, checked as Telegram checks them.

Source: Bot API documentation, InlineKeyboardButton and ReplyKeyboardMarkup; tdlib/telegram-bot-api, Client.cpp,
get_inline_keyboard_button and get_reply_markup.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.channels.web.markup.marks import units
from bot.channels.web.parameters import Parameters, clean
from bot.channels.web.refusal import refused

MOST = 100  # buttons under one message
ROW = 8  # buttons in one row
DATA = 64  # bytes of callback_data
COPY = 256  # characters
SCHEMES = ("http", "https", "tg")
ACTIONS = (
    "url",
    "callback_data",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
)
STYLES = ("danger", "success", "primary")
REQUESTS = ("request_contact", "request_location", "request_poll", "request_users", "request_chat", "web_app")
FLAGS = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective")
PLACEHOLDER = 64  # characters


@dataclass(frozen=True, slots=True)
class Keyboards:
    """What a call says about keyboards: `inline` belongs to the message, `reply` to the conversation."""

    inline: dict[str, Any] | None = None
    reply: dict[str, Any] | None = None  # {} takes the keyboard away, None leaves it


NOTHING = Keyboards()


def read(parameters: Parameters) -> Keyboards:
    """The call's `reply_markup`.  Raises Refused."""
    markup = parameters.nested("reply_markup")
    if not markup:
        return NOTHING
    if not isinstance(markup, dict):
        raise refused("object expected as reply markup")
    if "inline_keyboard" in markup:
        return Keyboards(inline=_inline(markup["inline_keyboard"]))
    if "keyboard" in markup:
        return Keyboards(reply=_reply(markup))
    if markup.get("remove_keyboard"):
        return Keyboards(reply={})
    if markup.get("force_reply"):
        return Keyboards(reply={"force_reply": True, **_placeholder(markup)})
    return NOTHING


def data_of(markup: dict[str, Any] | None) -> set[str]:
    """The callback_data under a message: what a person can press."""
    rows = (markup or {}).get("inline_keyboard", [])
    return {button["callback_data"] for row in rows for button in row if "callback_data" in button}


def used(keyboard: dict[str, Any] | None) -> dict[str, Any]:
    """What becomes of the reply keyboard when somebody writes: a one-time one folds up, a forced reply is done."""
    if not keyboard:
        return {}
    if keyboard.get("force_reply"):
        return {"keyboard": None}
    if keyboard.get("one_time_keyboard") and not keyboard.get("used"):
        return {"keyboard": keyboard | {"used": True}}
    return {}


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list):
        raise refused('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    for row in rows:
        if not isinstance(row, list):
            raise refused('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    return [row for row in rows if row]


def _inline(rows: Any) -> dict[str, Any] | None:
    kept = [[_inline_button(button) for button in row] for row in _rows(rows)]
    if sum(map(len, kept)) > MOST or any(len(row) > ROW for row in kept):
        raise refused("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _inline_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise refused("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str) or not clean(text).strip():
        raise refused("can't parse inline keyboard button: Can't find field \"text\"")
    action = next((name for name in ACTIONS if name in button), None)
    if action is None:
        raise refused("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    kept = {"text": clean(text), action: _action(action, button[action])}
    return kept | ({"style": button["style"]} if button.get("style") in STYLES else {})


def _action(name: str, value: Any) -> Any:
    if name == "callback_data":
        if not isinstance(value, str) or not 1 <= len(value.encode("utf-8", "ignore")) <= DATA:
            raise refused("BUTTON_DATA_INVALID")
    elif name == "url":
        _check_url(value)
    elif name == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= units(text) <= COPY:
            raise refused("BUTTON_COPY_TEXT_INVALID")
        return {"text": text}
    elif name in ("web_app", "login_url") and not (isinstance(value, dict) and _is_https(value.get("url"))):
        raise refused(f"inline keyboard button {name.replace('_', ' ')} URL is invalid: Only HTTPS links are allowed")
    return value


def _is_https(url: Any) -> bool:
    return isinstance(url, str) and url.lower().startswith("https://")


def _check_url(url: Any) -> None:
    """Only http, https and tg: nothing else opens from a button, map apps' own schemes included."""
    if not isinstance(url, str) or not url.strip():
        raise refused("inline keyboard button URL '' is invalid: URL must be non-empty")
    try:
        parts = urlsplit(url if ":" in url else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        raise refused(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL") from None
    if parts.scheme.lower() not in SCHEMES:
        raise refused(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    if parts.scheme.lower() != "tg" and ("." not in host or " " in url):
        raise refused(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _reply(markup: dict[str, Any]) -> dict[str, Any]:
    rows = markup["keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise refused('field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays')
    kept = [[_reply_button(button) for button in row] for row in rows if row]
    if not kept:
        return {}
    if sum(map(len, kept)) > 3 * MOST or any(len(row) > 12 for row in kept):
        raise refused("reply markup is too long")
    flags = {name: True for name in FLAGS if markup.get(name)}
    return {"keyboard": kept, **flags, **_placeholder(markup)}


def _placeholder(markup: dict[str, Any]) -> dict[str, Any]:
    text = markup.get("input_field_placeholder")
    return {"input_field_placeholder": clean(text)[:PLACEHOLDER]} if isinstance(text, str) and text else {}


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    text = button.get("text") if isinstance(button, dict) else None
    if not isinstance(text, str) or not clean(text).strip():
        raise refused("can't parse keyboard button: Can't find field \"text\"")
    return {"text": clean(text)} | {name: button[name] for name in REQUESTS if button.get(name)}
