"""The parse modes MarkdownV2 and (older) Markdown.

Marks and messages as in tdlib/td, MessageEntity.cpp, parse_markdown_v2 and parse_markdown; offsets in the messages
are bytes.  Of block quotations the plain kind and the expandable kind (closed by `||`) are known.
"""

import re

from bot.channels.web.markup.marks import EMOJI, CannotParse, Entities, Open, entity, link, octets, sort, units

RESERVED = re.compile(r"[_*\[\]()~`>#+\-=|{}.!\n\\]")
IN_CODE = re.compile(r"[`\\]")
MARKS = {"__": "underline", "||": "spoiler", "_": "italic", "*": "bold", "~": "strikethrough", "[": "text_link"}
ENDS = {"bold": "*", "italic": "_", "underline": "__", "strikethrough": "~", "spoiler": "||", "code": "`", "pre": "```"}
ENDS |= {"text_link": "]", "custom_emoji": "]", "blockquote": "\n"}
NAMES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
LANGUAGE = re.compile(r"[^\s`]*")
NEWLINE = re.compile(r"\r\n|\n\r|\n|\r")


def parse_v2(source: str) -> tuple[str, Entities]:
    """Plain text and entities.  Raises CannotParse."""
    return _V2(source).run() if RESERVED.search(source) else (source, [])


class _V2:
    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[str] = []
        self.offset = 0
        self.entities: Entities = []
        self.open: list[Open] = []
        self.quoted = False

    def run(self) -> tuple[str, Entities]:
        at, source = 0, self.source
        while match := self._special(at):
            self._add(source[at : match.start()])
            at = self._step(match.start(), match[0])
        self._add(source[at:])
        if self.quoted and self.open[-1].kind == "blockquote":
            self._close(self.open.pop())
        if self.open:
            raise self._unclosed(self.open[-1])
        return "".join(self.pieces), sort(self.entities)

    def _special(self, at: int) -> re.Match[str] | None:
        inside_code = self.open and self.open[-1].kind in ("code", "pre")
        return (IN_CODE if inside_code else RESERVED).search(self.source, at)

    def _add(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.offset += units(text)

    def _unclosed(self, mark: Open) -> CannotParse:
        name = "PreCode" if mark.kind == "pre" and mark.argument else NAMES[mark.kind]
        return CannotParse(f"Can't find end of {name} entity at byte offset {octets(self.source, mark.at)}")

    def _step(self, at: int, char: str) -> int:
        """Read one special character; the position behind what was read."""
        source = self.source
        if char == "\\":
            following = source[at + 1 : at + 2]
            escaped = following if "\0" < following <= "~" else ""
            self._add(escaped or "\\")
            return at + 1 + len(escaped)
        if char == "\n":
            return self._line(at)
        if self.open and self._ends(at):
            return self._end(at)
        if char == "`":
            return self._code(at)
        return self._begin(at, char)

    def _ends(self, at: int) -> bool:
        mark = self.open[-1]
        if mark.kind == "italic":
            return self.source[at] == "_" and self.source[at + 1 : at + 2] != "_"
        return self.source.startswith(ENDS[mark.kind], at)

    def _begin(self, at: int, char: str) -> int:
        source = self.source
        if char == ">" and at == 0:
            return self._quote(at)
        if source.startswith("![", at):
            return self._push("custom_emoji", at, 2)
        if source.startswith("||", at) and self._closes_quote(at):
            self.open[-1].argument = "expandable"
            return at + 2
        for mark in ("__", "||", "_", "*", "~", "["):
            if source.startswith(mark, at):
                return self._push(MARKS[mark], at, len(mark))
        raise CannotParse(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")

    def _closes_quote(self, at: int) -> bool:
        ends_line = self.source[at + 2 : at + 3] in ("", "\n") and not self.source.startswith("\n>", at + 2)
        return ends_line and bool(self.open) and self.open[-1].kind == "blockquote"

    def _push(self, kind: str, at: int, width: int, argument: str = "") -> int:
        self.open.append(Open(kind, argument, self.offset, at, len(self.pieces)))
        return at + width

    def _quote(self, at: int) -> int:
        self.quoted = True
        return self._push("blockquote", at, 1)

    def _line(self, at: int) -> int:
        """A line's end: quotations begin, go on and end here."""
        goes_on = self.source.startswith(">", at + 1)
        if self.quoted and not goes_on:
            if self.open[-1].kind != "blockquote":
                raise self._unclosed(self.open[-1])
            self._close(self.open.pop())
            self.quoted = False
        self._add("\n")
        if not goes_on:
            return at + 1
        return at + 2 if self.quoted else self._quote(at + 1)

    def _code(self, at: int) -> int:
        source = self.source
        if not source.startswith("```", at):
            return self._push("code", at, 1)
        end = LANGUAGE.match(source, at + 3).end()  # type: ignore[union-attr]  # It matches nothing, too.
        known = at + 3 < end < len(source) and source[end] != "`"
        language = source[at + 3 : end] if known else ""
        start = end if known else at + 3
        if newline := NEWLINE.match(source, start):
            start = newline.end()
        return self._push("pre", at, start - at, language)

    def _end(self, at: int) -> int:
        mark = self.open.pop()
        at += len(ENDS[mark.kind])
        if mark.kind == "text_link":
            url, at = self._url(at, "URL") if self.source.startswith("(", at) else ("", at)
            mark.argument = url or "".join(self.pieces[mark.start :])
        elif mark.kind == "custom_emoji":
            if not self.source.startswith("(", at):
                raise CannotParse("Custom emoji entity must contain a tg://emoji URL")
            url, at = self._url(at, "custom emoji URL")
            found = EMOJI.match(url)
            if not found:
                raise CannotParse("Custom emoji URL must have an emoji identifier")
            mark.argument = found[1]
        self._close(mark)
        return at

    def _url(self, at: int, what: str) -> tuple[str, int]:
        """What stands in the brackets opened at `at`, and the position behind them."""
        source, letters, begin = self.source, list[str](), at + 1
        at = begin
        while at < len(source) and source[at] != ")":
            if source[at] == "\\" and "\0" < source[at + 1 : at + 2] <= "~":
                at += 1
            letters.append(source[at])
            at += 1
        if at >= len(source):
            raise CannotParse(f"Can't find end of a {what} at byte offset {octets(source, begin)}")
        return "".join(letters), at + 1

    def _close(self, mark: Open) -> None:
        length = self.offset - mark.offset
        if length == 0:
            return
        if mark.kind == "text_link":
            found = link(mark.argument, mark.offset, length)
            self.entities += [found] if found else []
        elif mark.kind == "custom_emoji":
            self.entities.append(entity("custom_emoji", mark.offset, length, custom_emoji_id=mark.argument))
        elif mark.kind == "pre" and mark.argument:
            self.entities.append(entity("pre", mark.offset, length, language=mark.argument))
        elif mark.kind == "blockquote" and mark.argument:
            self.entities.append(entity("expandable_blockquote", mark.offset, length))
        else:
            self.entities.append(entity(mark.kind, mark.offset, length))


OLD = re.compile(r"\\[_*`\[]|```|[_*`\[]")
OLD_KINDS = {"_": "italic", "*": "bold", "`": "code", "```": "pre", "[": "text_link"}


def parse(source: str) -> tuple[str, Entities]:
    """The older Markdown: nothing nests.  Raises CannotParse."""
    pieces: list[str] = []
    entities: Entities = []
    at = offset = 0
    while match := OLD.search(source, at):
        pieces.append(source[at : match.start()])
        offset += units(pieces[-1])
        if match[0].startswith("\\"):
            pieces.append(match[0][1:])
            offset += 1
            at = match.end()
            continue
        text, found, at = _old_entity(source, match, offset)
        entities += found
        pieces.append(text)
        offset += units(text)
    return "".join([*pieces, source[at:]]), entities


def _old_entity(source: str, match: re.Match[str], offset: int) -> tuple[str, Entities, int]:
    """One entity of the older Markdown: its text, itself unless it is empty, the position behind it."""
    mark, start = match[0], match.end()
    language = ""
    if mark == "```":
        end = LANGUAGE.match(source, start).end()  # type: ignore[union-attr]  # It matches nothing, too.
        if start < end < len(source) and source[end] != "`":
            language, start = source[start:end], end
        if newline := NEWLINE.match(source, start):
            start = newline.end()
    closing = "]" if mark == "[" else mark
    end = source.find(closing, start)
    if end < 0:
        raise CannotParse(f"Can't find end of the entity starting at byte offset {octets(source, match.start())}")
    text, behind = source[start:end], end + len(closing)
    url = text
    if mark == "[" and source.startswith("(", behind):
        close = source.find(")", behind)
        close = len(source) if close < 0 else close
        url, behind = source[behind + 1 : close], close + 1
    if not text:
        return text, [], behind
    length = units(text)
    if mark == "[":
        found = link(url, offset, length)
        return text, [found] if found else [], behind
    extra = {"language": language} if language else {}
    return text, [entity(OLD_KINDS[mark], offset, length, **extra)], behind
