"""What the bot said, as a text of WeChat: bubbles joined, buttons as numbered links that a tap or a typed number presses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from bot.channels.web.messages import Message
from bot.channels.web.words import Words
from knowledge.geo import Point, from_wgs

MOST = 2048  # bytes of a text, in UTF-8
LEAST, PIECE = 450, 120  # bytes of words that stay before buttons, and how much is cut at once
BYTES = 2  # of a UTF-16 unit, in which the Bot API counts
AWAY = ("先不写了", "上一步", "返回", "取消", "跳过")  # ways out of something; a number belongs to an answer
PRESSES = "weixin://bizmsgmenu"  # how a link begins whose tap sends something
MAP = "https://apis.map.qq.com/uri/v1/marker"

Choice = list[Any]  # [what is typed, the label, the message, the button's data]


@dataclass(slots=True)
class Block:
    """One bubble: its words may be cut, its links stay whole."""

    text: str
    links: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.text, *self.links]))


@dataclass(slots=True)
class Spoken:
    """A text for WeChat, and what can be pressed below it."""

    text: str = ""
    choices: list[Choice] = field(default_factory=list)


def spoken(messages: Iterable[Message], words: Words, page: str, first: Sequence[str] = ()) -> Spoken:
    """Put bubbles together.

    words: sentences of this face.  page: where the same conversation is read in full.  first: said before them.
    """
    blocks, choices = [Block(plain(each)) for each in first if each], list[Choice]()
    for message in messages:
        body = message.body or {}
        block = Block(_said(body, words, page))
        for button in buttons_of(body):
            if link := _link(button, message.message_id, choices):
                block.links.append(link)
        if str(block):
            blocks.append(block)
    return Spoken(_fitted(blocks, f'<a href="{page}">{words["whole"]}</a>'), choices)


def buttons_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    rows = (body.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def pressable(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Label and data of the buttons that can be pressed; a link's number is the place in this list."""
    return [(each["text"], each["callback_data"]) for each in buttons_of(body) if "callback_data" in each]


def plain(text: str) -> str:
    """Words that are no markup, whoever wrote them: WeChat shows links of anybody's."""
    return text.replace("<", "＜")


def _said(body: dict[str, Any], words: Words, page: str) -> str:
    if venue := body.get("venue"):
        has_ways = any("url" in each for each in buttons_of(body))
        return "\n".join(
            [plain(venue["title"]), plain(venue["address"]), *([] if has_ways else [_on_map(venue, words)])]
        )
    for kind in ("photo", "document", "voice"):
        if kind in body:
            shown = f'<a href="{page}">{words[f"shown_{kind}"]}</a>'
            return "\n".join(filter(None, [shown, _marked(body, "caption")]))
    return _marked(body, "text")


def _on_map(venue: dict[str, Any], words: Words) -> str:
    at = venue["location"]
    lat, lon = from_wgs(Point(at["latitude"], at["longitude"]), "gcj02")
    marker = quote(f"coord:{lat:.6f},{lon:.6f};title:{venue['title']};addr:{venue['address']}", safe="")
    return f'<a href="{MAP}?marker={marker}&referer=nuanxin">{words["on_map"]}</a>'


def _marked(body: dict[str, Any], name: str) -> str:
    """A text with its links; everything else that marks it is left out."""
    text = str(body.get(name) or "")
    kinds = [each for each in body.get("entities" if name == "text" else "caption_entities", ()) if "url" in each]
    raw, parts, at = text.encode("utf-16-le"), list[str](), 0
    for each in sorted(kinds, key=lambda each: int(each["offset"])):
        start, end = each["offset"] * BYTES, (each["offset"] + each["length"]) * BYTES
        if start >= at:
            label = plain(raw[start:end].decode("utf-16-le"))
            parts += [plain(raw[at:start].decode("utf-16-le")), _anchor(each["url"], label)]
            at = end
    return "".join([*parts, plain(raw[at:].decode("utf-16-le"))])


def _anchor(url: str, label: str) -> str:
    if not url.startswith(("https://", "http://", "weixin://")):
        return label
    return f'<a href="{url.replace(chr(34), "%22")}">{label}</a>'


def _link(button: dict[str, Any], message: int, choices: list[Choice]) -> str:
    """A button's link; one that presses something is noted among the choices.  "" for what WeChat cannot do."""
    label = button["text"]
    if "url" in button:
        return _anchor(button["url"], plain(label))
    if "callback_data" not in button:
        return ""
    index = sum(each[2] == message for each in choices)
    away = any(word in label for word in AWAY)
    number = "" if away else str(1 + sum(bool(each[0]) for each in choices))
    choices.append([number, label, message, button["callback_data"]])
    shown = f"{number} {label}".strip()
    typed = quote(number or label, safe="")  # A number is short: a character of Chinese takes nine bytes here.
    tapped = f"{PRESSES}?msgmenucontent={typed}&msgmenuid={message}.{index}"
    return _anchor(tapped, plain(shown))


def _fitted(blocks: list[Block], more: str) -> str:
    """At most MOST bytes: ways to other pages go first, all but one, then the ends of the longest words, then links."""
    if len(whole := _joined(blocks)) <= MOST:
        return whole.decode()
    tail, cut = [Block(more)], [Block(each.text, [*each.links]) for each in blocks]
    while (over := len(_joined([*cut, *tail])) - MOST) > 0:
        longest = max(cut, key=lambda each: len(each.text.encode()))
        if _left_out(cut):
            continue
        linked = next((each for each in reversed(cut) if each.links), None)
        if len(longest.text.encode()) > LEAST or linked is None:
            longest.text = _shortened(longest.text, min(over, PIECE))
        else:
            linked.links.pop()
    return _joined([*cut, *tail]).decode()


def _left_out(blocks: list[Block]) -> bool:
    """Leave the last link to another page out, unless it is the only one."""
    away = [(block, at) for block in blocks for at, link in enumerate(block.links) if PRESSES not in link]
    if len(away) > 1:
        block, at = away[-1]
        del block.links[at]
    return len(away) > 1


def _shortened(text: str, by: int) -> str:
    """A text without its end, by at least so many bytes; a line that holds a link stays whole or goes."""
    room, kept = len(text.encode()) - by - len("…".encode()), list[str]()
    for line in text.split("\n"):
        size = len(line.encode()) + 1
        if size > room:
            kept += [line.encode()[: max(room, 0)].decode(errors="ignore")] if "<a " not in line else []
            break
        kept.append(line)
        room -= size
    shown = "\n".join(kept).strip()
    return f"{shown}…" if shown else ""


def _joined(blocks: list[Block]) -> bytes:
    return "\n\n".join(filter(None, map(str, blocks))).encode()
