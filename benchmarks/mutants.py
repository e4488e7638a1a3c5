"""Which faults the tests would let through: `python -m benchmarks.mutants [--most 12] [NAME...]`.

Each mutant is one small change of a file (a comparison, a constant, a condition, a returned value), made in a copy of the
tree; the tests of its noun run until the first one fails.  What survives is printed with its line: a missing test, or a
change that means the same.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
    "audience": (
        "bot/services/notices/audience.py",
        "tests/notices/test_notices.py tests/notices/test_districts.py tests/notices/test_platforms.py",
    ),
    "points": ("bot/services/points/ledger.py", "tests/points/test_points.py"),
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


def survives(tree: Path, tests: str) -> bool:
    files, _, words = tests.partition(" -k ")
    chosen = ["-k", words] if words else []
    command = [sys.executable, "-m", "pytest", "-x", "--tb=no", *files.split(), *chosen]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=200, check=False)
    return done.returncode == 0


def run(name: str, most: int) -> tuple[int, int]:
    """How many mutants there were, and how many the tests found."""
    path, tests = SUBJECTS[name]
    source = (ROOT / path).read_text(encoding="utf-8")
    chosen = list(mutants(source))
    if len(chosen) > most:
        chosen = sorted(random.Random(name).sample(chosen, most))
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", "var", "__pycache__"))
        if not survives(tree, tests):
            raise SystemExit(f"{name}: its tests fail without any change")
        for line, text in chosen:
            (tree / path).write_text(text, encoding="utf-8")
            if survives(tree, tests):
                was = source.splitlines()[line - 1].strip()
                print(f"  survived  {path}:{line}  {was}", flush=True)
            else:
                found += 1
    print(f"{name:12} {found} of {len(chosen)} found", flush=True)
    return len(chosen), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUBJECTS)}")
    parser.add_argument("--most", type=int, default=12, help="mutants of a file, taken at random")
    given = parser.parse_args()
    counts = [run(name, given.most) for name in given.names or SUBJECTS]
    print(f"{sum(found for _, found in counts)} of {sum(count for count, _ in counts)} mutants found")


if __name__ == "__main__":
    main()
