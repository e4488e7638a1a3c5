"""What both parsers share: lengths, links, and marks that were opened and not closed yet."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Entities = list[dict[str, Any]]
LINK = re.compile(r"(?i)(?:https?|tg|ton|tonsite)://")
PERSON = re.compile(r"(?i)tg://user/?\?id=(\d{1,19})$")
EMOJI = re.compile(r"(?i)tg://emoji/?\?id=(\d{1,19})")
HOST = re.compile(r"[^\s/@]+\.[^\s/@.]{2,}")


class CannotParse(Exception):
    """The markup is broken; the message says where, in bytes."""


@dataclass(slots=True)
class Open:
    """A mark that waits for its end."""

    kind: str
    argument: str
    offset: int  # UTF-16 units of the text before it
    at: int  # characters of the source before it
    start: int  # pieces of the text before it


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def octets(source: str, at: int) -> int:
    """The byte offset of a character: what Telegram's messages count in."""
    return len(source[:at].encode())


def entity(kind: str, offset: int, length: int, **extra: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **extra}


def link(url: str, offset: int, length: int) -> dict[str, Any] | None:
    """A link's entity; None for what Telegram makes no link of, such as tel: and javascript:."""
    if person := PERSON.match(url):
        user = {"id": int(person[1]), "is_bot": False, "first_name": ""}
        return entity("text_mention", offset, length, user=user)
    checked = checked_url(url)
    return entity("text_link", offset, length, url=checked) if checked else None


def checked_url(url: str) -> str:
    """The URL with scheme and path, as Telegram stores it; empty when it is none."""
    if not LINK.match(url):
        if ":" in url.partition("/")[0].rpartition("@")[2] and not re.match(r"[^/]+:\d+(?:/|$)", url):
            return ""
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() in ("tg", "ton", "tonsite"):
        return url
    if not HOST.fullmatch(host) and host != "localhost":
        return ""
    return url if parts.path else parts._replace(path="/").geturl()


def sort(entities: Entities) -> Entities:
    """By place, the longer first."""
    return sorted(entities, key=lambda each: (each["offset"], -each["length"]))
