"""The pictures of docs/diagrams.md, drawn from the lifecycles and the models: `python -m tests.support.diagrams`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import Table

from bot.services.appeals.states import APPEAL
from bot.services.bookings.states import OFFERING, SEAT, SITTING
from bot.services.core.lifecycle import Lifecycle, Step
from bot.services.hazards.states import HAZARD
from bot.services.notices.states import NOTICE
from bot.services.passes.states import PASS
from bot.services.points.rewards import REWARD
from bot.services.points.vouchers import VOUCHER
from bot.services.volunteers.states import VOLUNTEER
from bot.store.base import Base
from tests.support.project import ROOT

DOCUMENT = ROOT / "docs" / "diagrams.md"
LIFECYCLES = {
    "An appeal": APPEAL,
    "A hazard": HAZARD,
    "A notice": NOTICE,
    "A volunteer": VOLUNTEER,
    "A reward": REWARD,
    "A voucher": VOUCHER,
    "An offering": OFFERING,
    "A sitting": SITTING,
    "A pass": PASS,
    "A seat": SEAT,
}
HEAD = """\
# States and tables

Drawn from the code by `python -m tests.support.diagrams > docs/diagrams.md`; a test holds this file to it.

A step is written as its verb and who may take it. The same table stands in the database, where a trigger refuses whatever is not in it.
"""


def document() -> str:
    """The whole file."""
    states = [_section(title, _states(lifecycle)) for title, lifecycle in LIFECYCLES.items()]
    tables = [_section(f"Tables of `models/{noun}.py`", _entities(noun, found)) for noun, found in _nouns().items()]
    return "\n".join([HEAD, *states, *tables])


def _section(title: str, drawn: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", "```mermaid", *drawn, "```", ""])


def _states(lifecycle: Lifecycle) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {lifecycle.states[0]}"
    for step in lifecycle.steps.values():
        yield f"    {step.source} --> {step.target}: {_told(step)}"
    for state in lifecycle.states:
        if not lifecycle.legal(state):
            yield f"    {state} --> [*]"


def _told(step: Step) -> str:
    return f"{step.name} ({', '.join(sorted(step.who))})"


def _nouns() -> dict[str, list[Table]]:
    """The tables by the module of models they stand in."""
    found: defaultdict[str, list[Table]] = defaultdict(list)
    for mapper in Base.registry.mappers:
        if isinstance(table := mapper.local_table, Table):
            found[mapper.class_.__module__.rpartition(".")[2]].append(table)
    return {noun: sorted(found[noun], key=lambda table: table.name) for noun in sorted(found)}


def _entities(noun: str, tables: Iterable[Table]) -> Iterator[str]:
    """Keys only: a model says what its other columns mean."""
    yield "erDiagram"
    for table in tables:
        yield f"    {table.name} {{"
        for column in table.columns:
            if marks := _marks(column.primary_key, bool(column.foreign_keys), bool(column.unique)):
                yield f"        {type(column.type).__name__} {column.name} {marks}"
        yield "    }"
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            many = "|o" if key.parent.nullable else "||"
            yield f"    {key.column.table.name} {many}--o{{ {table.name} : {key.parent.name}"


def _marks(primary: bool, foreign: bool, unique: bool) -> str:
    return ", ".join(name for name, given in (("PK", primary), ("FK", foreign), ("UK", unique)) if given)


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201
