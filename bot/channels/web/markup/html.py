"""The HTML parse mode.

Tags, attributes and messages as in tdlib/td, MessageEntity.cpp, parse_html, and its tests; offsets in the
messages are bytes.
"""

import re

from bot.channels.web.markup.marks import CannotParse, Entities, Open, entity, link, octets, sort
from bot.doors import numbers

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]*)|#(?P<dec>[0-9]*)|(?P<name>[a-zA-Z]*));?")
SPECIAL = re.compile("[<&]")
SPACE = " \t\r\n\0\v"
NAME = re.compile(r"[^ \t\r\n\0\v>]*")
ATTRIBUTE = re.compile(r"[^ \t\r\n\0\v=>]*")
TOKEN = re.compile(r"[0-9A-Za-z.-]*")
LAST = 0x10FFFF
LONGEST = 10  # characters of a numeric reference, without its semicolon


def parse(source: str) -> tuple[str, Entities]:
    """Plain text and entities.  Raises CannotParse."""
    if not SPECIAL.search(source):
        return source, []
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[str] = []
        self.offset = 0
        self.entities: Entities = []
        self.open: list[Open] = []
        self.languages: dict[int, str] = {}  # of code entities, by place in the list: they may turn into pre

    def run(self) -> tuple[str, Entities]:
        at, source = 0, self.source
        while match := SPECIAL.search(source, at):
            self._add(source[at : match.start()])
            at = match.start()
            at = self._reference(at) if match[0] == "&" else self._tag(at)
        self._add(source[at:])
        if self.open:
            raise CannotParse(f'Can\'t find end tag corresponding to start tag "{self.open[-1].kind}"')
        return self._text(), sort(self.entities)

    def _text(self) -> str:
        text = "".join(self.pieces)
        try:
            # Two numeric references may make up one character, as halves of a surrogate pair; Telegram refuses it.
            text.encode()
        except UnicodeEncodeError:
            raise CannotParse(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            ) from None
        return text

    def _add(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.offset += len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2

    def _reference(self, at: int) -> int:
        text, at = decode(self.source, at)
        self._add(text)
        return at

    def _tag(self, at: int) -> int:
        return self._end(at) if self.source.startswith("/", at + 1) else self._start(at)

    def _fail(self, what: str, at: int, more: str = "") -> CannotParse:
        return CannotParse(f"{what} at byte offset {octets(self.source, at)}{more}")

    def _start(self, begin: int) -> int:
        source = self.source
        at = NAME.match(source, begin + 1).end()  # type: ignore[union-attr]  # It matches nothing, too.
        if at >= len(source):
            raise self._fail("Unclosed start tag", begin)
        tag = source[begin + 1 : at].lower()
        if tag not in TAGS:
            raise self._fail(f'Unsupported start tag "{tag}"', begin)
        attributes, at = self._attributes(tag, begin, at)
        argument = _argument(tag, attributes)
        if tag == "span" and argument != "spoiler":
            raise self._fail('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append(Open(tag, argument, self.offset, begin, len(self.pieces)))
        return at

    def _attributes(self, tag: str, begin: int, at: int) -> tuple[dict[str, str], int]:
        """Everything up to the tag's end; the position behind it."""
        source, found = self.source, dict[str, str]()
        while True:
            at = self._skip(at)
            if source.startswith(">", at):
                return found, at + 1
            end = ATTRIBUTE.match(source, at).end()  # type: ignore[union-attr]  # It matches nothing, too.
            name = source[at:end]
            if at >= len(source):
                raise self._fail(f'Unclosed start tag "{tag}"', begin)
            if not name:
                raise self._fail(f'Empty attribute name in the tag "{tag}"', begin)
            at = self._skip(end)
            if not source.startswith("=", at):
                found[name] = ""
                continue
            at = self._skip(at + 1)
            if at >= len(source):
                raise self._fail(f'Unclosed start tag "{tag}"', begin)
            found[name], at = self._value(begin, at)

    def _value(self, begin: int, at: int) -> tuple[str, int]:
        source, quote = self.source, self.source[at]
        if quote not in "'\"":
            end = TOKEN.match(source, at).end()  # type: ignore[union-attr]  # It matches nothing, too.
            if end < len(source) and source[end] not in f"{SPACE}>":
                raise self._fail("Unexpected end of name token", at)
            if end >= len(source):
                raise self._fail("Unclosed start tag", begin)
            return source[at:end].lower(), end
        end = source.find(quote, at + 1)
        if end < 0 or end + 1 >= len(source):
            raise self._fail("Unclosed start tag", begin)
        return unescape(source[at + 1 : end]), end + 1

    def _skip(self, at: int) -> int:
        while at < len(self.source) and self.source[at] in SPACE:
            at += 1
        return at

    def _end(self, begin: int) -> int:
        if not self.open:
            raise self._fail("Unexpected end tag", begin)
        at = NAME.match(self.source, begin + 2).end()  # type: ignore[union-attr]  # It matches nothing, too.
        name = self.source[begin + 2 : at].lower()
        at = self._skip(at)
        if not self.source.startswith(">", at):
            raise self._fail("Unclosed end tag", begin)
        mark = self.open.pop()
        if name and name != mark.kind:
            raise self._fail("Unmatched end tag", begin, f', expected "</{mark.kind}>", found "</{name}>"')
        if self.offset > mark.offset:
            self._close(mark)
        return at + 1

    def _close(self, mark: Open) -> None:
        length = self.offset - mark.offset
        kind = TAGS[mark.kind]
        if kind == "text_link":
            found = link(mark.argument or "".join(self.pieces[mark.start :]), mark.offset, length)
            self.entities += [found] if found else []
        elif kind == "custom_emoji":
            if not numbers.whole(mark.argument, most=numbers.LONG):
                raise CannotParse("Invalid custom emoji identifier specified")
            self.entities.append(entity(kind, mark.offset, length, custom_emoji_id=mark.argument))
        elif kind in ("pre", "code"):
            self._close_code(kind, mark, length)
        else:
            expandable = kind == "blockquote" and mark.argument == "expandable"
            self.entities.append(entity("expandable_blockquote" if expandable else kind, mark.offset, length))

    def _close_code(self, kind: str, mark: Open, length: int) -> None:
        """`<pre><code class="language-x">`, in either order and over the same text, is one pre with a language."""
        last = self.entities[-1] if self.entities else {}
        place = len(self.entities) - 1
        same = (last.get("offset"), last.get("length")) == (mark.offset, length)
        language = mark.argument if kind == "code" else self.languages.get(place, "")
        other = "pre" if kind == "code" else "code"
        if same and last.get("type") == other and language and "language" not in last:
            self.entities[-1] = entity("pre", mark.offset, length, language=language)
            return
        self.entities.append(entity(kind, mark.offset, length))
        if kind == "code" and mark.argument:
            self.languages[place + 1] = mark.argument


def _argument(tag: str, attributes: dict[str, str]) -> str:
    """What the tag's attributes say that matters."""
    if tag == "a":
        return attributes.get("href", "")
    if tag == "code":
        name = attributes.get("class", "")
        return name.removeprefix("language-") if name.startswith("language-") else ""
    if tag == "span":
        name = attributes.get("class", "")
        return name.removeprefix("tg-") if name.startswith("tg-") else ""
    if tag == "tg-emoji":
        return attributes.get("emoji-id", "")
    return "expandable" if tag == "blockquote" and "expandable" in attributes else ""


def decode(source: str, at: int) -> tuple[str, int]:
    """The character a reference stands for and the position behind it; an unknown one stands for itself."""
    match = REFERENCE.match(source, at)
    if match is None:
        return "&", at + 1
    if (name := match["name"]) is not None:
        return (NAMED[name], match.end()) if name in NAMED else ("&", at + 1)
    if len(match[0].removesuffix(";")) >= LONGEST:
        return "&", at + 1
    code = int(match["hex"] or "0", 16) if match["hex"] is not None else int(match["dec"] or "0")
    if not 0 < code < LAST:
        return "&", at + 1
    return chr(code), match.end()


def unescape(text: str) -> str:
    """An attribute's value."""
    if "&" not in text:
        return text
    pieces, at = [], 0
    while (found := text.find("&", at)) >= 0:
        pieces.append(text[at:found])
        piece, at = decode(text, found)
        pieces.append(piece)
    return "".join([*pieces, text[at:]]).encode("utf-8", "ignore").decode()
