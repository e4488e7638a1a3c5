"""Reads opening hours: a subset of OpenStreetMap's `opening_hours`, and what Chinese operators write.

    hours  := rule (";" rule)*
    rule   := [season] [days] (span ("," span)* | "24/7" | "off")
    season := Jun-Sep | Jun 15-Sep 10 | Nov-Mar
    days   := Mo-Fr | Sa,Su | PH | Sa,Su,PH          PH: public holidays
    span   := 08:00-20:00 | 20:00-02:00 | 20:00-26:00

Left out of OpenStreetMap's syntax, and refused: sunrise, weeks, years, school holidays, open ends (18:00+), comments, and
a comma between rules.  Two rules for the same days are two periods, which is what people mean by them.
"""

import re
from collections.abc import Iterable

from knowledge.hours.chinese import translate
from knowledge.hours.value import DAY, EVERY_DAY, WHOLE_DAY, Hours, OpeningRule, Span

LONGEST = 400  # characters
NOON = 720  # minutes

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENDS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TOKEN = re.compile(
    rf"\s*(?:(?P<time>\d\d?:\d\d)|(?P<all>24/7)|(?P<off>off|closed)\b|(?P<day>{'|'.join(_DAYS)})(?![a-z])|(?P<ph>ph)\b"
    rf"|(?P<month>{'|'.join(_MONTHS)})(?![a-z])|(?P<date>\d\d?)(?![\d:])|(?P<mark>[-,;]))",
    re.IGNORECASE,
)


class UnreadableHours(ValueError):
    """Opening hours that cannot be read.  `rest` is the part that made no sense, in the reader's spelling."""

    def __init__(self, text: str, rest: str) -> None:
        super().__init__(f"opening hours cannot be read: {text!r}, at {rest!r}")
        self.text, self.rest = text, rest


def read(text: str) -> Hours:
    """The hours a text says.  Raises Unreadable when a part of it is not understood: a guess would send people out."""
    if len(text) > LONGEST:
        raise UnreadableHours(text[:20], f"more than {LONGEST} characters")
    prose = not text.isascii()
    read_in_order = _Reader(text, translate(text)).rules()
    _refuse_afternoons_without_a_word(text, read_in_order)
    rules = _joined(read_in_order)
    if rules != (OpeningRule(()),) and not any(rule.spans for rule in rules):
        raise UnreadableHours(
            text, text.strip()[:20]
        )  # 节假日休息 alone says when it is closed, and not when it is open.
    # In prose the order is free; the narrower rule is the exception to the wider one.
    return Hours(tuple(sorted(rules, key=_narrow)) if prose else rules)


def _refuse_afternoons_without_a_word(text: str, rules: Iterable[OpeningRule]) -> None:
    """Raises UnreadableHours for 8:30-11:30,1:30-5:00: half past one at night, or with the word for afternoon left out?

    Periods are written in their order.  One that goes back, while nothing says that hours are counted to 24, is not.
    """
    before: dict[tuple[int, bool, tuple[int, int] | None], list[Span]] = {}
    for rule in rules:
        earlier = before.setdefault((rule.weekdays, rule.holidays, rule.season), [])
        for start, end in rule.spans:
            if start < NOON and any(start < last and first < NOON + 60 for first, last in earlier):
                raise UnreadableHours(text, f"{start // 60}:{start % 60:02}")
            earlier.append((start, end))


def _narrow(rule: OpeningRule) -> tuple[bool, bool, bool]:
    return not rule.weekdays, rule.season is not None, rule.weekdays != EVERY_DAY


def _joined(rules: Iterable[OpeningRule]) -> tuple[OpeningRule, ...]:
    found: dict[tuple[int, bool, tuple[int, int] | None], OpeningRule] = {}
    for rule in rules:
        days = (rule.weekdays, rule.holidays, rule.season)
        before = found.pop(days, None)
        spans = {*rule.spans, *(before.spans if before and rule.spans else ())}
        found[days] = OpeningRule(tuple(sorted(spans)), *days)
    return tuple(found.values())


class _Reader:
    """Reads one text from left to right.  Positions are in tokens: (kind, word, where it begins)."""

    def __init__(self, text: str, plain: str) -> None:
        self.text, self.plain = text, plain
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        position = 0
        while position < len(plain.rstrip()):
            match = _TOKEN.match(plain, position)
            if not match:
                word = re.search(r"[^\s;,]*$", plain[:position])  # the whole word, not from its middle
                raise UnreadableHours(text, plain[word.start() if word else position :].strip()[:20])
            kind = str(match.lastgroup)
            self.tokens.append((kind, match[kind].lower(), match.start(kind)))
            position = match.end()

    def rules(self) -> list[OpeningRule]:
        rules = []
        while self.peek():
            if not self.mark(";"):
                rules.append(self.rule())
                if self.peek() and not self.mark(";"):
                    raise self.stuck()
        if not rules:
            raise UnreadableHours(self.text, self.plain.strip()[:20])
        return rules

    def rule(self) -> OpeningRule:
        season = self.season() if self.peek() == "month" else None
        weekdays, holidays = EVERY_DAY, False
        if self.peek() in ("day", "ph"):
            weekdays, holidays = self.days()
        return OpeningRule(self.spans(), weekdays, holidays, season)

    def season(self) -> tuple[int, int]:
        month, first = self.month_and_date()
        last_month, last = month, first
        if self.mark("-"):
            last_month, last = self.month_and_date() if self.peek() == "month" else (month, int(self.take("date")))
        if not (0 <= first <= _ENDS[month - 1] and 0 <= last <= _ENDS[last_month - 1]):
            raise self.stuck(back=1)
        return month * 100 + (first or 1), last_month * 100 + (last or _ENDS[last_month - 1])

    def month_and_date(self) -> tuple[int, int]:
        month = _MONTHS.index(self.take("month")) + 1
        return month, int(self.take("date")) if self.peek() == "date" else 0

    def days(self) -> tuple[int, bool]:
        weekdays, holidays = 0, False
        while True:
            if self.peek() == "ph":
                self.take("ph")
                holidays = True
            else:
                first = last = _DAYS.index(self.take("day"))
                if self.mark("-"):
                    last = _DAYS.index(self.take("day"))
                for number in range(first, last + 1 if last >= first else last + 8):  # Sa-Mo goes over the weekend.
                    weekdays |= 1 << number % 7
            if not self.mark(","):
                return weekdays, holidays

    def spans(self) -> tuple[Span, ...]:
        if self.peek() == "off":
            self.take("off")
            return ()
        if self.peek() == "all":
            self.take("all")
            return WHOLE_DAY
        spans = [self.span()]
        while self.mark(",") or self.peek() == "time":
            spans.append(self.span())
        return tuple(spans)

    def span(self) -> Span:
        start = self.minutes()
        if not self.mark("-"):
            raise self.stuck()
        end = self.minutes()
        if end <= start:
            if self.tokens[self.at - 1][1][1] == ":":  # 8:30-5:30, which the translation has left as it was
                raise self.stuck(back=1)
            end += DAY
        if start >= DAY or end > start + DAY:
            raise self.stuck(back=1)
        return start, end

    def minutes(self) -> int:
        hour, minute = map(int, self.take("time").split(":"))
        if minute > 59 or hour * 60 + minute > 2 * DAY:
            raise self.stuck(back=1)
        return hour * 60 + minute

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, kind: str) -> str:
        if self.peek() != kind:
            raise self.stuck()
        self.at += 1
        return self.tokens[self.at - 1][1]

    def mark(self, mark: str) -> bool:
        """Steps over a mark when it is the next token."""
        found = self.at < len(self.tokens) and self.tokens[self.at][:2] == ("mark", mark)
        self.at += found
        return found

    def stuck(self, *, back: int = 0) -> UnreadableHours:
        at = self.at - back
        rest = self.plain[self.tokens[at][2] :] if at < len(self.tokens) else ""
        return UnreadableHours(self.text, rest[:20] or self.plain.strip()[-20:])
