"""Telephone numbers in what the bot says, marked so that a tap calls them: the hotlines, and numbers by their form."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from bot.channels.web.markup.marks import units

MOST = 60  # numbers marked in one message
TEXTED = "12110"  # the police by text message; what stands behind it is the area
OPAQUE = frozenset({"code", "pre", "text_link", "url", "email", "bot_command"})  # what is tappable or copied already
URGENT = "emergency"
# What a message advises to call: all it names where it sounds the alarm; in an answer whose first number to call is one for
# emergencies, those it says to call before all else.  Elsewhere 110 is one number among others.
_ALARM = re.compile(r"^(?:‼️|⚠️ 先打)", re.MULTILINE)
_WARNING = re.compile(r"^🚨 ", re.MULTILINE)  # an emergency's notice, which may name others too
_FIRST_CALLED = re.compile(r"^☎️ (\d+)", re.MULTILINE)
_AT_ONCE = re.compile(r"(?:先(?:救人，)?|伤重|马上|立即|立刻|赶紧|快|跑，再)打 ?$|(?:报警|急救|火警) ?$")
BEFORE = 8  # characters in which it is said how urgent a number is
_TOGETHER = re.compile(r"、| ?[或和] ?")
NEVER = r"(?!)"

_AREA = r"0(?:10|2\d|[3-9]\d\d)"
_GAP = r"[-–\s]?"
_SHORT = r"12[1-4]\d\d(?<!00)|9[56]\d{3,4}(?<!000)"  # round ones are sums of money
_FORM = (
    rf"[(（]{_AREA}[)）]\s?\d{{3,4}}{_GAP}\d{{4}}"
    rf"|{_AREA}{_GAP}\d{{7,8}}(?:(?:转|-)\d{{1,6}})?"
    rf"|{_AREA}-?(?:{_SHORT})"
    rf"|(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}"
    rf"|[48]00{_GAP}\d{{3}}{_GAP}\d{{4}}"
    rf"|{TEXTED}\d{{3}}"
    rf"|{_SHORT}"
)
# A hotline's digits may be an amount: what is counted, or paid, is no number to call.
_COUNTED = (
    r"(?!\s*(?:[元块米个名岁年天日次度条件%％万千百多余]|人(?![力社民])|小时|分[钟之]|公[里斤]|平[米方]|号[楼院门店])"
    r"|\.?[\dA-Za-z])"  # A full stop ends an English sentence; with a digit behind it, it is a decimal one.
)
_PAID = r"(?<![\d.A-Za-z第满扣罚欠赔付交涨¥￥~～×+*/])"
_NOT_DIALLED = re.compile(r"[^\d+]")


class Hotline(Protocol):
    """A number anybody may call, and what it is called."""

    @property
    def number(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Telephones:
    """Finds numbers to call.  Numbers of people are found by their form, short ones by the list of hotlines."""

    def __init__(self, hotlines: Iterable[Hotline] = ()) -> None:
        self._hotlines: Mapping[str, Hotline] = {each.number: each for each in hotlines}
        listed = "|".join(sorted(map(re.escape, self._hotlines), key=len, reverse=True)) or NEVER
        self._pattern = re.compile(rf"{_PAID}(?:{_FORM}|{listed}){_COUNTED}")

    def marked(self, text: str, entities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The entities with one `phone_number` for every number: `href` calls it.

        A hotline says its `name`, one for emergencies that is advised is `urgent`.  Offsets are UTF-16 units, outer entities first.
        """
        kept = list(entities)
        taken = [(each["offset"], each["offset"] + each["length"]) for each in kept if each["type"] in OPAQUE]
        found: list[dict[str, Any]] = []
        numbers = list(self._pattern.finditer(text))
        advised = self._advised(text, numbers)
        for match in numbers:
            start = match.start() if text.isascii() else units(text[: match.start()])
            length = len(match.group())
            if not any(start < right and left < start + length for left, right in taken):
                about = self._about(match.group(), advised)
                found.append({"type": "phone_number", "offset": start, "length": length, **about})
        return sorted([*kept, *found[:MOST]], key=lambda each: (each["offset"], -each["length"]))

    def _advised(self, text: str, numbers: list[re.Match[str]]) -> frozenset[str]:
        """The emergency numbers that a message says to call, as against those it only mentions."""
        if _ALARM.search(text):
            return frozenset(each.group() for each in numbers if each.group() in self._hotlines)
        urgent = [each for each in numbers if self._is_urgent(each.group())]
        if _WARNING.search(text):
            return frozenset(each.group() for each in urgent)
        first = _FIRST_CALLED.search(text)
        if first is None or not self._is_urgent(first[1]):
            return frozenset()
        advised: set[str] = set()
        end = 0  # of the last of them; what stands together with it is meant as well
        for each in urgent:
            together = end > 0 and _TOGETHER.fullmatch(text, end, each.start())
            end = each.end() if together or _AT_ONCE.search(text, max(0, each.start() - BEFORE), each.start()) else 0
            advised |= {each.group()} if end else set()
        return frozenset({*advised, first[1]}) if advised else frozenset()

    def _is_urgent(self, number: str) -> bool:
        known = self._hotlines.get(number)
        return known is not None and known.kind == URGENT

    def _about(self, number: str, advised: frozenset[str]) -> dict[str, Any]:
        dialled, *extension = number.split("转")
        digits = _NOT_DIALLED.sub("", dialled) + "".join(f",{each}" for each in extension)
        scheme = "sms" if digits.startswith(TEXTED) else "tel"
        known = self._hotlines.get(digits)
        about: dict[str, Any] = {"href": f"{scheme}:{digits}"}
        if known is None:
            return about
        return about | {"name": known.name} | ({"urgent": True} if digits in advised else {})
