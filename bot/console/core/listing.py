"""What every list can do: an order, the columns somebody chose, a district, days, and the same rows as a file.

A list declares its columns once, as a file shows them; its page asks `view.shows` of each.  A file has what the address
asks for, at most MOST rows, only of those its reader may take out; it is watermarked, needs a fresh code, and is a line in
the audit.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from multidict import MultiMapping

from bot.console.core.files import FileContent
from bot.console.core.request import RequestContext
from bot.console.core.watermark import watermark
from bot.services.core import periods
from bot.services.core.spreadsheets import Cell
from bot.services.core.working_days import ZONE, shown
from bot.services.staff.permissions import Right

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST = 10_000  # rows of a file
NAMES = {"text": "q", "staff_id": "staff"}  # fields of a filter that an address calls something else
TAB = "view"  # the field that stands in every address, also where it is as usual

Columns = Mapping[str, Callable[[Any], Cell]]  # by the name of its word in [list_column]: what a file has of a row
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListView:
    """How an address wants a list to look.  sorts: the orders there are, the usual one first."""

    sort: str
    sorts: Sequence[str]
    columns: Sequence[str]
    chosen: frozenset[str]

    def shows(self, column: str) -> bool:
        return column in self.chosen

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The same as parts of an address; nothing where it is as usual."""
        sort = [("sort", self.sort)] if self.sort != self.sorts[0] else []
        few = [("col", each) for each in self.columns if each in self.chosen]
        return sort + (few if len(few) < len(self.columns) else [])


@dataclass(frozen=True, slots=True)
class ListAddress:
    """The address of a list as far as the list knows what it asks for: all links of its page are made of it."""

    path: str
    pairs: Pairs

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    @property
    def names(self) -> list[str]:
        """By what it narrows or orders, without a word of what for: that may be somebody's name."""
        return sorted({name for name, _ in self.pairs})

    def to(self, **change: str | int) -> str:
        """The same list with something else asked for, from its beginning."""
        return self._at(self.path, [*(each for each in self.pairs if each[0] not in change), *_pairs(change)])

    def file(self, form: str) -> str:
        return self._at(f"{self.path}.{form}", self.pairs)

    def _at(self, path: str, pairs: Pairs) -> str:
        return f"{path}?{urlencode(pairs)}" if pairs else path


def view(query: MultiMapping[str], sorts: Sequence[str], columns: Collection[str]) -> ListView:
    """What it does not know counts as nothing; without any column, all are shown."""
    wanted = {each for each in query.getall("col", []) if each in columns}
    return ListView(one_of(query, "sort", sorts, sorts[0]), sorts, list(columns), frozenset(wanted or columns))


def one_of(query: Mapping[str, str], name: str, known: Collection[str], usual: str = "") -> str:
    """What an address asks for by a name, where the list knows it; else the usual."""
    wanted = query.get(name, "")
    return wanted if wanted in known else usual


def district(query: Mapping[str, str]) -> str:
    """The GB/T 2260 prefix an address asks for; "" for none."""
    wanted = query.get("district", "")
    return wanted if wanted.isascii() and wanted.isdecimal() and len(wanted) in (2, 4, 6) else ""


def day(query: Mapping[str, str], name: str) -> date | None:
    """A day as a browser writes it, within a century."""
    try:
        found = date.fromisoformat(query.get(name, ""))
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def asked(wanted: "DataclassInstance") -> list[tuple[str, str]]:
    """A filter as parts of an address: its tab, and whatever is not as usual."""
    values = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    usual = {each.name: each.default for each in fields(wanted) if each.default is not MISSING}
    unusual = {name: value for name, value in values.items() if name == TAB or value != usual.get(name)}
    return _pairs({NAMES.get(name, name): value for name, value in unusual.items()})


def address(path: str, wanted: "DataclassInstance", view: ListView | None = None) -> ListAddress:
    """view: how the list is to look, where that is not a part of its filter."""
    pairs = asked(wanted)
    known = {name for name, _ in pairs}
    return ListAddress(path, [*pairs, *(each for each in (view.asked if view else ()) if each[0] not in known)])


def _pairs(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Yes is 1, as a ticked box says it; no, nothing and "" are not said."""
    said = {name: value for name, value in values.items() if value not in (None, "") and value is not False}
    return [(name, "1" if value is True else str(value)) for name, value in said.items()]


def places(context: RequestContext, right: Right, asked: str = "") -> list[str]:
    """The cities or districts inside the person's own: districts for whoever works in a city.

    asked: what the address asks for, such as a whole city; it is offered, too, unless it lies elsewhere.
    """
    mine = context.staffer.districts(right)
    near = [code for code in context.knowledge.regions if code.startswith(tuple(mine))]
    usual = [code for code in near if len(code) == (6 if any(len(each) >= 4 for each in mine) else 4)]
    also = asked in context.knowledge.regions and asked not in usual and context.staffer.near(right, asked)
    return [asked, *usual] if also else usual


def content(
    context: RequestContext,
    noun: str,
    columns: Columns,
    rows: Sequence[Any],
    address: ListAddress,
    view: ListView | None = None,
) -> FileContent:
    """The rows of a list as a file.  rows: one more than MOST where there are further ones."""
    words = context.console.layout.words
    names = [name for name in columns if view is None or view.shows(name)]
    taken = rows[:MOST]
    lines: list[list[Cell]] = [[words(f"nav.{noun}")], [watermark(context)]]
    if len(rows) > MOST:
        lines.append([words("sheet.only", most=MOST)])
    lines += [[], [words(f"list_column.{name}") for name in names]]
    lines += [[columns[name](row) for name in names] for row in taken]
    detail = {"rows": len(taken), "asked": address.names}
    return FileContent(f"{noun}-{periods.today()}", lines, f"{noun}.list", f"list:{noun}", detail)


def moment(at: datetime | None) -> str:
    """A moment as a file shows it, by China's clock."""
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at is not None else ""


def due(at: datetime | None) -> str:
    """The day by whose end something is due."""
    return shown(at).isoformat() if at is not None else ""
