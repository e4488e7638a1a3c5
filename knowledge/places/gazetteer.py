"""Typed places: 沈阳铁西, 太原街, "Chengdu Wuhou District" to the divisions they may mean; and the district of a point.

Candidates, never a guess: 铁西区 is in Shenyang, in Anshan and in Siping.  A division filters stations and is no point to
rank them from: in Liaoning the middle of a district lies 9 km (median) from its seat.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.folding import fold
from knowledge.geo import Point, distance
from knowledge.places import outlines
from knowledge.places.names import sayings
from knowledge.places.outlines import Outlines

FILE = Path(__file__).parent / "places.csv"
ALIASES = Path(__file__).parent / "aliases.csv"
LEVELS = {2: "province", 4: "city", 6: "district", 9: "street"}  # by the length of the code
LONGEST = 80  # characters of a text that are looked at

_WAY_ON = re.compile(r"大?[路街道巷]|胡同")  # 北京街 is a street, and not in Beijing.
_LANDMARK = re.compile(r"大?[路街道巷桥村屯]|胡同|广场|公园|医院|小区|大厦|花园|商场|市场|中学|小学|大学")
_BESIDES = re.compile(
    r"[\W_]|我们?|主要|平时|一般|经常|现在|都|在|住|跑单?|送(?:单|外卖|快递)?|[这那][边里儿]|附近|一带|的|了|吧|啊|呢|哦|嗯|是|就"
)
_ENGLISH = {
    "street": "jie", "st": "jie", "road": "lu", "rd": "lu", "district": "qu", "county": "xian", "city": "shi", "province": "sheng", "town": "zhen",
}  # fmt: skip
_LETTERS = 5  # the fewest letters that are taken for pinyin
_TOKENS = 6  # the most words that are joined to one name


@dataclass(frozen=True, slots=True)
class Place:
    """A division of the country, or another place people name."""

    code: str  # GB/T 2260 with 2, 4 or 6 digits, streets with 9; a prefix of the codes of what lies inside
    name: str
    within: tuple[str, ...]  # names of what it lies in, the largest first
    point: Point  # its seat; of a street, that of its district
    radius: float  # metres around the point that hold most of it
    exact: bool = False  # whether distances from the point mean something; never so for a division

    @property
    def level(self) -> str:
        return LEVELS[len(self.code)]

    @property
    def full(self) -> str:
        """辽宁省沈阳市铁西区."""
        return "".join(dict.fromkeys((*self.within, self.name)))


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name found in a text."""

    code: str
    start: int
    end: int
    letters: int  # Chinese characters of the name
    needs_parent: bool


_Meaning = tuple[str, int, bool, bool]  # code, characters, bare, needs_parent


class Places:
    """All divisions, found by name and by position.  Immutable."""

    def __init__(
        self, places: Iterable[tuple[Place, str]], outlines: Outlines, aliases: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Places with their pinyin, syllables apart; aliases as (code, name)."""
        self._outlines = outlines
        self._places: dict[str, Place] = {}
        self._names: defaultdict[str, list[_Meaning]] = defaultdict(list)
        self._pinyin: defaultdict[str, list[_Meaning]] = defaultdict(list)
        for place, pinyin in places:
            self._places[place.code] = place
            if place.name not in place.within[-1:]:  # 北京市 inside 北京市 adds nothing.
                self._learn(place, pinyin.split())
        for code, name in aliases:
            self._names[name].append((code, len(name), False, False))
        self._heads = {name[:2] for name in self._names}
        self._lengths = sorted({len(name) for name in self._names}, reverse=True)

    def _learn(self, place: Place, syllables: list[str]) -> None:
        for saying in sayings(place.code, place.name):
            meaning = (place.code, len(saying.name), saying.bare, saying.needs_parent)
            self._names[saying.name].append(meaning)
            letters = "".join(syllables[: len(saying.name)])
            if place.name.startswith(saying.name) and len(letters) >= _LETTERS:
                self._pinyin[letters].append(meaning)

    def get(self, code: str) -> Place | None:
        return self._places.get(code)

    @property
    def divisions(self) -> frozenset[str]:
        """Every name of a province, city or district, as people say it: what `Stations` needs to pass over."""
        return frozenset(name for name, meanings in self._names.items() if any(len(code) <= 6 for code, *_ in meanings))

    def district_of(self, point: Point) -> Place | None:
        """The district a point lies in, None far outside of China: 99.9 % as the full outlines say, about 60 µs.

        Hong Kong, Macao and Taiwan are one region each.
        """
        return self._places.get(self._outlines.district(point))

    def rings_of(self, code: str) -> list[list[tuple[float, float]]]:
        """The outline of a district: rings of (latitude, longitude); none for what is no district."""
        return self._outlines.rings(code)

    def find(self, text: str, *, near: Point | None = None, region: str = "") -> tuple[Place, ...]:
        """The divisions that a text may mean, () when it names none; about 0.05 ms.

        The most closely described ones: 沈阳铁西 is one district, 铁西 three.  Of those, the ones closest around the region
        (the worker's own city) when any share its province.  Nearest first when `near` is given, else by code.
        """
        places = [self._places[code] for code in sorted(self._read(text, region)[0])]
        if near:
            places.sort(key=lambda place: distance(near, place.point))
        return tuple(places)

    def only(self, text: str) -> bool:
        """Whether a text says where somebody is, and nothing else: 沈阳铁西区, 我主要在大连跑."""
        codes, rest = self._read(text, "")
        return bool(codes) and not _BESIDES.sub("", rest) and len(text) <= LONGEST

    def besides(self, text: str) -> str:
        """A text without the places it names, folded."""
        return self._read(text, "")[1]

    def _read(self, text: str, region: str) -> tuple[set[str], str]:
        """The codes of what a text names, and the text without their names."""
        plain = fold(text[:LONGEST])
        hits = list(_longest([*self._chinese(plain), *self._latin(plain)]))
        codes = _closest(_described(hits), region)
        spans = {(hit.start, hit.end) for hit in hits if any(code.startswith(hit.code) for code in codes)}
        named = {at for start, end in spans for at in range(start, end)}
        return codes, "".join(char for at, char in enumerate(plain) if at not in named)

    def _chinese(self, text: str) -> Iterator[_Hit]:
        for start in range(len(text) - 1):
            if text[start : start + 2] not in self._heads:
                continue
            for length in self._lengths:
                end = start + length
                if end <= len(text) and (meanings := self._names.get(text[start:end])):
                    for code, letters, bare, needs_parent in meanings:
                        follows = _LANDMARK if len(code) > 4 else _WAY_ON
                        if not (bare and follows.match(text, end)):
                            yield _Hit(code, start, end, letters, needs_parent)

    def _latin(self, text: str) -> Iterator[_Hit]:
        """Pinyin and English: words joined to names, and single words split into two (shenyangtiexi)."""
        words = [(_ENGLISH.get(match[0], match[0]), match.start()) for match in re.finditer(r"[a-z]+", text)]
        for first in range(len(words)):
            joined = ""
            for word, begins in words[first : first + _TOKENS]:
                joined += word
                yield from self._meant(joined, words[first][1], begins + len(word))
            word, begins = words[first]
            for cut in range(_LETTERS, len(word) - _LETTERS + 1):
                if word[:cut] in self._pinyin and word[cut:] in self._pinyin:
                    yield from self._meant(word[:cut], begins, begins + cut)
                    yield from self._meant(word[cut:], begins + cut, begins + len(word))

    def _meant(self, letters: str, start: int, end: int) -> Iterator[_Hit]:
        for code, length, _, needs_parent in self._pinyin.get(letters, ()):
            yield _Hit(code, start, end, length, needs_parent)


def _longest(hits: list[_Hit]) -> Iterator[_Hit]:
    """Without the hits inside longer ones: 太原 in 太原街 says nothing of Taiyuan."""
    spans = sorted({(hit.start, -hit.end) for hit in hits})
    outermost, reached = set(), -1
    for start, end in spans:
        # By their beginnings, long ones first, a span lies inside an earlier one exactly when it ends no later.
        if -end > reached:
            outermost.add((start, -end))
            reached = -end
    return (hit for hit in hits if (hit.start, hit.end) in outermost)


def _described(hits: list[_Hit]) -> set[str]:
    """The codes of the hits whose surroundings are named most often, then by the longest name."""
    spans = defaultdict(set)
    for hit in hits:
        spans[hit.code].add((hit.start, hit.end))
    ranked = []
    for hit in hits:
        around = [spans[hit.code[:length]] for length in (2, 4, 6) if length < len(hit.code)]
        if any((hit.start, hit.end) in named for named in around[1:]):
            continue  # 抚顺 is the city, and not the county inside it; 吉林 may be the province and the city.
        parents = {span for named in around for span in named} - {(hit.start, hit.end)}
        if parents or not hit.needs_parent:
            ranked.append(((len(parents), hit.letters), hit.code))
    best = max((rank for rank, _ in ranked), default=None)
    return {code for rank, code in ranked if rank == best}


def _closest(codes: set[str], region: str) -> set[str]:
    def shared(code: str) -> int:
        return next((length for length in (6, 4, 2) if region[:length] == code[:length] and len(region) >= length), 0)

    most = max(map(shared, codes), default=0)
    return {code for code in codes if shared(code) == most}


def load(path: Path = FILE, aliases: Path = ALIASES) -> Places:
    """Reads places.csv, aliases.csv and the outlines; 0.1 s."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    with aliases.open(encoding="utf-8", newline="") as file:
        others = [(row["code"], row["name"]) for row in csv.DictReader(file)]
    return Places(((_place(code, rows), row["pinyin"]) for code, row in rows.items()), outlines.load(), others)


def _place(code: str, rows: dict[str, dict[str, str]]) -> Place:
    # Counties under a province directly (429004 仙桃市) have no city.
    around = [code[:length] for length in (2, 4, 6) if length < len(code) and code[:length] in rows]
    # A street takes the point of its district, a development zone that of its city.
    place = next(rows[here] for here in (code, *reversed(around)) if rows[here]["lat"])
    point = Point(float(place["lat"]), float(place["lon"]))
    return Place(
        code, rows[code]["name"], tuple(rows[up]["name"] for up in around), point, float(place["radius"]) * 1000
    )
