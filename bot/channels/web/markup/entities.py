"""Entities: what is bold, a link or a command, counted in UTF-16 code units as every Telegram client does."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bot.channels.web.markup import html, markdown
from bot.channels.web.markup.marks import CannotParse, Entities, units
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import refused

MOST = 100  # entities kept; Telegram drops the rest
PARSERS: dict[str, Callable[[str], tuple[str, Entities]]] = {
    "html": html.parse,
    "markdown": markdown.parse,
    "markdownv2": markdown.parse_v2,
}
# What Telegram finds by itself.  PTB's CommandHandler, for one, needs the bot_command at offset 0.
FOUND = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"“”，。、；）】》]+)"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/<>])(?P<bot_command>/\w{1,64}(?:@\w{3,32})?)(?![\w/<>])"
    r"|(?<![\w@])(?P<mention>@\w{3,32})\b"
    r"|(?<![\w#])(?P<hashtag>#\w*[^\W\d]\w*)",
    re.ASCII,
)
HINTS = ("://", "@", "/", "#")
OPAQUE = {"code", "pre", "text_link", "url", "text_mention"}
GIVEN = frozenset(
    "bold italic underline strikethrough spoiler blockquote expandable_blockquote code pre text_link "
    "text_mention custom_emoji mention hashtag cashtag bot_command url email phone_number".split()
)
EXTRA = ("url", "user", "language", "custom_emoji_id")


class Formatted(NamedTuple):
    """Plain text and what is special in it."""

    text: str
    entities: Entities


def formatted(parameters: Parameters, text: str, *, mode: str = "parse_mode", given: str = "entities") -> Formatted:
    """The text as it will be shown.  Raises Refused: `can't parse entities: ...`."""
    raw = parameters.text(text)
    entities = parameters.nested(given)
    if entities:
        return finished(raw, _checked(entities, units(raw)))
    return parsed(raw, parameters.text(mode))


def parsed(raw: str, mode: str) -> Formatted:
    """Raises Refused."""
    if not mode:
        return finished(raw, [])
    parser = PARSERS.get(mode.lower())
    if parser is None:
        raise refused("unsupported parse_mode")
    try:
        return finished(*parser(raw))
    except CannotParse as error:
        raise refused(f"can't parse entities: {error}") from None


def finished(text: str, entities: Entities) -> Formatted:
    """Trimmed at both ends, with the entities Telegram finds by itself."""
    lead = len(text) - len(text.lstrip())
    if lead or text[-1:].isspace():
        shift = units(text[:lead])
        text = text.strip()
        entities = list(_moved(entities, shift, units(text)))
    if any(hint in text for hint in HINTS):
        entities = sorted([*entities, *_found(text, entities)], key=_order)
    return Formatted(text, entities[:MOST])


def _order(entity: dict[str, Any]) -> tuple[int, int]:
    return entity["offset"], -entity["length"]


def _moved(entities: Iterable[dict[str, Any]], shift: int, total: int) -> Iterable[dict[str, Any]]:
    for each in entities:
        start = max(each["offset"] - shift, 0)
        end = min(each["offset"] + each["length"] - shift, total)
        if end > start:
            yield each | {"offset": start, "length": end - start}


def _found(text: str, entities: Entities) -> Entities:
    """Links, mentions, hashtags and commands outside of code and links."""
    taken = [(each["offset"], each["offset"] + each["length"]) for each in entities if each["type"] in OPAQUE]
    plain = text.isascii()
    found = []
    for match in FOUND.finditer(text):
        start = match.start() if plain else units(text[: match.start()])
        length = units(match.group())
        if not any(start < right and left < start + length for left, right in taken):
            found.append({"type": str(match.lastgroup), "offset": start, "length": length})
    return found


def _checked(entities: Any, total: int) -> Entities:
    """Entities the bot counted itself; the unknown and the misplaced ones are dropped, as Telegram does.

    Raises Refused when they are no list of objects.
    """
    if not isinstance(entities, list) or not all(isinstance(each, dict) for each in entities):
        raise refused("can't parse entities: expected an Array of MessageEntity")
    kept = []
    for each in entities:
        kind, offset, length = each.get("type"), each.get("offset"), each.get("length")
        if kind not in GIVEN or not isinstance(offset, int) or not isinstance(length, int):
            continue
        if 0 <= offset < total and 0 < length <= total - offset:
            extra = {name: each[name] for name in EXTRA if name in each}
            kept.append({"type": kind, "offset": offset, "length": length, **extra})
    return sorted(kept, key=_order)
