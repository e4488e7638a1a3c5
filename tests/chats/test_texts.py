"""Every sentence the bot says is content: used, complete, short enough for a message, and never a literal in code."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from bot.channels.telegram.renderer import render
from knowledge.english import EnglishTopic
from knowledge.texts import flatten
from tests.support.project import ROOT

SOURCES = [
    path
    for folder in ("bot", "handlers", "knowledge")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.is_relative_to(ROOT / "bot" / "console")  # the console has words of its own, and a test of them
]
SPEAKING = {
    "say",
    "text",
    "button",
    "option",
    "note",
    "toast",
    "Rejected",
    "tell",
    "edit",
}  # take a key first, or after a language
CONSOLE = {
    key.removeprefix("rejected.")
    for key, _ in flatten(tomllib.loads((ROOT / "bot" / "console" / "core" / "words.toml").read_text(encoding="utf-8")))
}
MESSAGE, BUTTON = 4_096, 64  # Telegram's limits: characters, and bytes of callback_data
HAN = re.compile(r"[\u4e00-\u9fff]")
NO_SENTENCES = {  # Chinese that stands in code, and why
    "bot/channels/web/bots.py": "the bot's own name",
    "bot/channels/web/telephones.py": "patterns of numbers to call, and of figures that are none",
    "bot/channels/web/demo.py": "names of the demo's people",
    "bot/channels/wechat/checks.py": "names of menus in WeChat's own console, for the operator",
    "bot/channels/wechat/faces.py": "words of buttons that lead out of something, which get no number",
    "bot/channels/wechat/hearing.py": "signs that people type behind a number",
    "bot/services/calendar/announcement.py": "patterns of announcements and of their days",
    "bot/services/notices/audience.py": "a word that no audience may ask for",
    "bot/services/identity/redaction.py": "patterns of plates and addresses",
    "bot/services/staff/mfa.py": "the name that an authenticator shows",
    "bot/services/staff/accounts.py": "names of the demo's people",
    "bot/writer.py": "a prompt and patterns, for a model",
    "handlers/answers.py": "a pattern of cities' names",
    "handlers/stations/spots.py": "patterns of roads and squares",
    "handlers/stations/typed.py": "patterns of places, and of the words around them",
    "handlers/privacy/my_data.py": "what people type in place of a command",
    "handlers/policies/browse.py": "names of categories, as the entries write them",
}


@pytest.fixture(scope="module")
def constants() -> set[str]:
    paths = [*SOURCES, *(ROOT / "bot" / "console").rglob("*.py")]  # It says some of them, too.
    return {node.value for path in paths for node in _walk(path) if _is_text(node)}


@pytest.fixture(scope="module")
def beginnings() -> set[str]:
    """What stands before the first value of an f-string: "form." of f"form.{name}"."""
    return {
        node.values[0].value
        for path in SOURCES
        for node in _walk(path)
        if isinstance(node, ast.JoinedStr) and node.values and _is_text(node.values[0])
    }


def _walk(path: Path):
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _keys_in(node: ast.Call) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = [each.value for each in node.args[:2] if _is_text(each)]
    return [text for text in given[:1] if name in SPEAKING and re.fullmatch(r"[a-z_]+\.[a-z_.]+", text)]


def test_every_key_that_is_said_exists(knowledge):
    said = {key for path in SOURCES for node in _walk(path) if isinstance(node, ast.Call) for key in _keys_in(node)}
    assert said - knowledge.texts.raw["zh"].keys() - CONSOLE == set()


def test_every_text_is_said_somewhere(knowledge, constants, beginnings):
    raw = knowledge.texts.raw["zh"]
    begun = tuple(beginning for beginning in beginnings if "." in beginning)
    unused = [key for key in raw if key not in constants and not key.startswith(begun)]
    assert unused == [], unused


def test_another_language_says_a_part_with_the_same_values_and_what_is_its_own(knowledge):
    texts = knowledge.texts
    for key in texts.raw["en"]:
        if not key.startswith("english."):
            assert texts.values("en", key) == texts.values("zh", key), key
    assert texts.raw.keys() == {"zh", "en"}
    assert {key.removeprefix("english.") for key in texts.raw["en"] if key.startswith("english.")} == {
        *EnglishTopic,
        "begin",
    }


def test_a_text_that_is_joined_on_keeps_the_line_break_it_begins_with():
    written = {"zh": {"part": "\n证书：{number}", "whole": "状态\n"}}
    assert dict(flatten(written)) == {"zh.part": "\n证书：{number}", "zh.whole": "状态"}


def test_no_text_is_too_long_for_a_message(knowledge):
    for language, raw in knowledge.texts.raw.items():
        for key, text in raw.items():
            assert len(text.encode("utf-16-le")) // 2 < MESSAGE - 1_000, (language, key)


def test_every_card_fits_into_a_message_and_its_buttons_into_their_bytes(knowledge):
    for entry in knowledge.policies.values():
        details = {"do": "say", "text": knowledge.cards.details(entry, "zh", "2101")}
        for card in (knowledge.cards.card(entry, "zh", "2101"), details):
            _, call = render(card, 1)
            assert len(call["text"].encode("utf-16-le")) // 2 <= MESSAGE, entry.id
            for row in call.get("reply_markup", {}).get("inline_keyboard", []):
                assert all(len(each.get("callback_data", "").encode()) <= BUTTON for each in row), entry.id


def test_nothing_that_people_read_stands_in_code():
    """Chinese in code is a pattern, a name in the world or a comment's example; a sentence to a person is content."""
    spoken = {
        f"{path.relative_to(ROOT)}: {node.value}"
        for path in SOURCES
        if not path.is_relative_to(ROOT / "knowledge") and not path.is_relative_to(ROOT / "bot" / "commands")
        if str(path.relative_to(ROOT)) not in NO_SENTENCES
        for node in _walk(path)
        if _is_text(node) and HAN.search(node.value) and not _is_docstring(path, node)
    }
    assert spoken == set()


def _is_docstring(path: Path, node: ast.Constant) -> bool:
    return any(
        each.body and isinstance(each.body[0], ast.Expr) and getattr(each.body[0].value, "value", None) == node.value
        for each in _walk(path)
        if isinstance(each, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    )
