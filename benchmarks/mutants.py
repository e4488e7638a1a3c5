"""Which faults the tests would let through: `python -m benchmarks.mutants [--most 12] [NAME...]`.

Each mutant is one small change of a file (a comparison, a constant, a condition, a returned value), put in its place in
a fork of one session; the tests of its noun run until the first one fails.  What survives is printed with its line: a missing test, or a
change that means the same.
"""

import argparse
import ast
import contextlib
import copy
import os
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[1]
PATIENCE = 300  # seconds; tests that never end have found it, too
OURS = ("bot", "handlers", "knowledge", "tests")
SUBJECTS = {  # the file, and the tests that hold it
    "lifecycle": (
        "bot/services/core/lifecycle.py",
        "tests/core/test_lifecycle.py",
    ),
    "permissions": ("bot/services/staff/permissions.py", "tests/staff/test_permissions.py"),
    "deadlines": (
        "bot/services/core/working_days.py",
        "tests/calendar/test_working_days.py tests/calendar/test_case_clock.py",
    ),
    "clocks": ("bot/services/core/case_clock.py", "tests/calendar/test_case_clock.py"),
    "audience": ("bot/services/notices/audience.py", "tests/notices/test_audience.py"),
    "points": ("bot/services/points/ledger.py", "tests/points/test_ledger.py"),
}
SWAPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


def mutants(source: str) -> Iterator[tuple[int, str]]:
    """The line and the changed text of each mutant there is of a file."""
    tree = ast.parse(source)
    passed_by = {
        part for node in ast.walk(tree) for each in getattr(node, "decorator_list", ()) for part in ast.walk(each)
    }
    for at, node in enumerate(ast.walk(tree)):
        if node in passed_by:
            continue
        changed = copy.deepcopy(tree)
        twin = next(each for number, each in enumerate(ast.walk(changed)) if number == at)
        if _change(twin):
            yield node.lineno, ast.unparse(changed)  # type: ignore[attr-defined]


def _change(node: ast.AST) -> bool:
    """Change a node in place; whether there is anything to change about it."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in SWAPPED:
            node.ops = [SWAPPED[type(operator)]()]
        case ast.BoolOp() | ast.BinOp() if type(node.op) in SWAPPED and not _of_text(node):
            node.op = SWAPPED[type(node.op)]()
        case ast.UnaryOp(op=ast.Not()):
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int()):
            node.value += 1
        case ast.Return(value=ast.Compare() | ast.BoolOp() | ast.Call()):
            node.value = ast.Constant(None)
        case _:
            return False
    return True


def _of_text(node: ast.AST) -> bool:
    """Adding texts and joining types are no arithmetic."""
    return isinstance(node, ast.BinOp) and any(isinstance(each, ast.JoinedStr) for each in ast.walk(node))


class Trials:
    """Runs a session's tests once as they are, and then, in a fork each, with one mutant after another in the place of
    the module: what the tests share, such as a database with its tables, is made once."""

    def __init__(self, path: str, source: str, chosen: Sequence[tuple[int, str]]) -> None:
        self.path, self.lines, self.chosen = path, source.splitlines(), chosen
        self.sound, self.found = False, 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.sound = _pass(session)
        for line, text in self.chosen if self.sound else ():
            survives = self._survives(session, text)
            self.found += not survives
            if survives:
                print(
                    f"  survived  {self.path}:{line}  {self.lines[line - 1].strip()}", file=sys.__stdout__, flush=True
                )
        return True

    def _survives(self, session: pytest.Session, text: str) -> bool:
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            with contextlib.suppress(BaseException):
                _swap(self.path, text)
                os._exit(0 if _pass(session) else 1)
            os._exit(1)  # It cannot even be imported.
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _pass(session: pytest.Session) -> bool:
    """Whether all tests pass; nothing after the first that fails."""
    for at, item in enumerate(session.items):
        following = session.items[(at + 1) % len(session.items)]  # never the last one: what they share stays
        if any(report.failed for report in runtestprotocol(item, nextitem=following, log=False)):
            return False
    return True


def _swap(path: str, text: str) -> None:
    """Run a changed text in the place of a module, and hand what it made to whoever has imported the old."""
    module = sys.modules[path.removesuffix(".py").replace("/", ".")]
    old = {id(value): name for name, value in vars(module).items() if not name.startswith("__")}
    kept = list(vars(module).values())  # so that no number is given to another thing
    exec(compile(text, path, "exec"), vars(module))  # noqa: S102
    for other in [each for name, each in sys.modules.items() if name.startswith(OURS)]:
        for name, value in list(vars(other).items()):
            if (was := old.get(id(value))) == name and vars(module).get(name) is not value:
                setattr(other, name, vars(module)[was])
    del kept


def run(name: str, most: int) -> tuple[int, int]:
    """How many mutants there were, and how many the tests found."""
    path, tests = SUBJECTS[name]
    source = (ROOT / path).read_text(encoding="utf-8")
    chosen = list(mutants(source))
    if len(chosen) > most:
        chosen = sorted(random.Random(name).sample(chosen, most))
    trials = Trials(path, source, chosen)
    with Path(os.devnull).open("w") as silence, contextlib.redirect_stdout(silence):
        pytest.main(["-q", "-s", "-n0", "-p", "no:cacheprovider", "--tb=no", *tests.split()], plugins=[trials])
    if not trials.sound:
        raise SystemExit(f"{name}: its tests fail without any change")
    print(f"{name:12} {trials.found} of {len(chosen)} found", flush=True)
    return len(chosen), trials.found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUBJECTS)}")
    parser.add_argument("--most", type=int, default=12, help="mutants of a file, taken at random")
    given = parser.parse_args()
    counts = [run(name, given.most) for name in given.names or SUBJECTS]
    print(f"{sum(found for _, found in counts)} of {sum(count for count, _ in counts)} mutants found")


if __name__ == "__main__":
    main()
