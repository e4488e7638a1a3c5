"""The rules of the house that a reader must be able to trust."""

import ast
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bot.__main__ import parse
from bot.settings import Settings
from tests.support.project import ROOT

FLOORS = [  # A module imports from its own floor and from those above it in this list, never from below.
    {"knowledge"},
    {"bot.settings", "bot.log", "bot.errors", "bot.store"},
    {"bot.queue.outbox", "bot.queue.rate_limiter"},
    {"bot.services"},
    {
        "bot.queue.relay",
        "bot.bulk",
        "bot.content_store",
        "bot.backend",
        "bot.health",
        "bot.writer",
        "bot.channels.telegram",
        "bot.console",
        "bot.open311",
    },
    {"handlers"},
    {"bot.app"},
    {"bot.commands", "bot.__main__"},
]
BESIDE = "bot.channels.web"  # speaks HTTP with the house; imports floor 1 only
PACKAGES = {"bot", "bot.channels", "bot.queue"}  # hold nothing but a docstring
SOURCES = sorted(path for folder in ("bot", "handlers", "knowledge") for path in (ROOT / folder).rglob("*.py"))


def floor(module: str) -> int | None:
    names = {module.rsplit(".", dots)[0] for dots in range(module.count(".") + 1)}
    return next((number for number, modules in enumerate(FLOORS) if names & modules), None)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Every module of ours that a file imports, as `package.module` or `package.module.name`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name for name in found if name.split(".")[0] in {"bot", "handlers", "knowledge"}}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path):
    module, names = module_of(path), imported(path)
    if module in PACKAGES:
        assert not names
    elif module.startswith(BESIDE):
        outside = {name for name in names if not name.startswith(BESIDE)}
        assert {floor(name) for name in outside} <= {1}, sorted(outside)
    else:
        assert floor(module) is not None, f"{module} has no floor"
        for name in names:
            if name.startswith(BESIDE):
                assert module == "bot.app", "only bot.app and tests know the web chat"
            elif name not in PACKAGES and f"{name.rsplit('.', 1)[0]}" not in PACKAGES:
                assert floor(name) <= floor(module), f"{module} imports {name}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "handlers").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_handlers_meet_only_in_the_flow_and_never_see_sql(path):
    source = path.read_text(encoding="utf-8")
    assert "sqlalchemy" not in source
    if path.name not in {"__init__.py", "flow.py"}:
        others = {name for name in imported(path) if name.startswith("handlers.")}
        assert {name.split(".")[1] for name in others} <= {"flow", "answers"}, sorted(others)


def test_state_lives_in_rows_and_not_in_memory():
    forbidden = re.compile(
        r"ConversationHandler|\.user_data|\.chat_data|\.bot_data|drop_pending_updates=True|JobQueue\("
    )
    for path in SOURCES:
        assert not forbidden.search(path.read_text(encoding="utf-8")), path


def test_nobody_commits_but_the_edge():
    allowed = {"bot/store/db.py", "bot/channels/web"}
    for path in SOURCES:
        if not any(str(path.relative_to(ROOT)).startswith(each) for each in allowed):
            assert ".commit(" not in path.read_text(encoding="utf-8"), path


def test_files_hold_one_noun_and_functions_stay_short():
    long_files = {str(path.relative_to(ROOT)): lines for path in SOURCES if (lines := _lines(path)) > 320}
    assert not long_files
    lengths = sorted(length for path in SOURCES for length in _bodies(path))
    assert lengths[len(lengths) * 9 // 10] <= 25
    assert lengths[-1] <= 60


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _bodies(path: Path) -> list[int]:
    """Lines of each function without its docstring."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                found.append((body[-1].end_lineno or 0) - body[0].lineno + 1)
    return found


def test_every_module_says_what_it_is_for():
    for path in SOURCES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_every_setting_stands_in_the_example_and_in_the_operations_page():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = {f"NUANXIN_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"^#?\s?(NUANXIN_\w+)=", example, re.MULTILINE)) == names
    assert names <= set(re.findall(r"`(NUANXIN_\w+)`", page))


def test_no_secret_and_no_machine_path_is_in_the_tree():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".html", ".js", ".css", ".yaml", ".csv", ""} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not re.search(r"/(root|home/\w+|work)/|BEGIN (RSA|EC|OPENSSH) PRIVATE", text), name


DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMAND = re.compile(r"^(?:.*\| )?(?:\.venv/bin/)?python -m bot ([^\[|\n]+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page):
    dead = [to for to in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / to).exists()]
    assert dead == []


def test_the_commands_of_the_documents_are_understood():
    lines = [line for page in DOCUMENTS for line in COMMAND.findall(page.read_text(encoding="utf-8"))]
    assert len(lines) >= 20
    for line in lines:
        assert parse(shlex.split(line, comments=True)), line
