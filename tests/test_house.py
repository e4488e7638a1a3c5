"""The rules of the house that a reader must be able to trust."""

import ast
import re
import shlex
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from bot.__main__ import parse
from bot.settings import Settings
from tests.support import diagrams
from tests.support.project import ROOT

SOURCES = sorted(path for folder in ("bot", "handlers", "knowledge") for path in (ROOT / folder).rglob("*.py"))


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


def test_the_store_alone_knows_which_database_it_is():
    for path in SOURCES:
        if not path.is_relative_to(ROOT / "bot" / "store"):
            assert "sqlalchemy.dialects" not in path.read_text(encoding="utf-8"), path


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


def test_every_version_the_tests_run_with_is_locked():
    named = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    locked = {canonicalize_name(name): version for name, version in named}
    ours = {"nuanxin", "pip", "uv"}
    found = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    assert {name: version for name, version in found.items() if name not in ours} == {
        name: locked.get(name) for name in found if name not in ours
    }


def test_the_diagrams_are_those_of_the_code():
    drawn = "python -m tests.support.diagrams > docs/diagrams.md"
    assert diagrams.DOCUMENT.read_text(encoding="utf-8") == diagrams.document(), drawn


DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMAND = re.compile(r"^(?:.*\| )?(?:\.venv/bin/)?python -m bot ([^\[|\n]+)$", re.MULTILINE)
PATH = re.compile(r"\b(?:bot|handlers|tests|benchmarks|deploy)/[\w/]+\.\w+")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page):
    dead = [to for to in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / to).exists()]
    assert dead == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_files_that_documents_name_are_there(page):
    named = PATH.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_commands_of_the_documents_are_understood():
    lines = [line for page in DOCUMENTS for line in COMMAND.findall(page.read_text(encoding="utf-8"))]
    assert len(lines) >= 20
    for line in lines:
        assert parse(shlex.split(line, comments=True)), line
