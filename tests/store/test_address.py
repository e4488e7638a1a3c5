"""The URL of a database takes what people know from PostgreSQL, and says what it does not take."""

import secrets

import pytest
from sqlalchemy import make_url, text

from bot.__main__ import main
from bot.store.address import checked, postgres
from bot.store.db import connect
from bot.store.vault import Vault, new_key
from tests.support import databases

USUAL = (
    "prepared_statement_cache_size=0&statement_cache_size=0&sslmode=prefer&application_name=nuanxin-test"
    "&connect_timeout=10&command_timeout=30&search_path=public"
)


def test_the_usual_words_become_those_of_the_driver():
    url, options = postgres(make_url(f"postgresql://u:p@h/d?{USUAL}"))
    assert url.render_as_string(hide_password=False) == "postgresql+asyncpg://u:p@h/d"
    assert (options["ssl"], options["timeout"], options["statement_cache_size"]) == ("prefer", 10.0, 0)
    assert options["server_settings"] == {"application_name": "nuanxin-test", "search_path": "public"}
    names = {options["prepared_statement_name_func"]() for _ in range(100)}
    assert len(names) == 100  # no two clients of a pooler have the same statement


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "no URL"),
        ("mysql://h/d", "PostgreSQL or SQLite"),
        ("postgresql://h/d?statement_cache_size=none", "is a number"),
        ("postgresql://h/d?colour=red", "colour"),
    ],
)
def test_what_cannot_be_opened_is_refused_when_the_program_starts(url, said, monkeypatch, capsys):
    with pytest.raises(ValueError, match=said):
        checked(url)
    monkeypatch.setenv("NUANXIN_DATABASE_URL", url)
    assert main(["audit", "verify"]) == 2
    assert "NUANXIN_DATABASE_URL" in capsys.readouterr().err


@pytest.mark.skipif(not databases.is_meant(), reason="SQLite makes the file it is asked for")
async def test_a_connection_has_what_the_url_says(database_url):
    db = connect(f"{database_url}?{USUAL}", Vault.parse(new_key(), secrets.token_urlsafe(32)))
    async with db.connect() as connection:
        assert await connection.scalar(text("SHOW application_name")) == "nuanxin-test"
    await db.close()


@pytest.mark.skipif(not databases.is_meant(), reason="SQLite makes the file it is asked for")
def test_a_database_that_is_not_there_is_said_in_a_sentence(database_url, monkeypatch, capsys, tmp_path):
    there = make_url(database_url).set(database="nobody_made_it").render_as_string(hide_password=False)
    monkeypatch.setenv("NUANXIN_DATABASE_URL", there)
    monkeypatch.setenv("NUANXIN_VAR", str(tmp_path))
    assert main(["migrate"]) == 1
    assert "make it first" in capsys.readouterr().err


def test_a_place_where_nothing_answers_is_said_in_a_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("NUANXIN_DATABASE_URL", "postgresql://u@127.0.0.1:1/d")
    monkeypatch.setenv("NUANXIN_VAR", str(tmp_path))
    assert main(["migrate"]) == 1
    assert "nothing answers" in capsys.readouterr().err
