"""python -m bot migrate: the database to the newest revision; safe to repeat, and for several at once."""

import argparse
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

from bot.settings import Settings

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def add(commands: Any) -> None:
    commands.add_parser("migrate", help="bring the database to the newest revision").set_defaults(run=_run)


def _run(_given: argparse.Namespace, settings: Settings) -> int:
    upgrade(settings)
    print(f"database is at the newest revision: {_name(settings.database)}")
    return 0


def upgrade(settings: Settings) -> None:
    """Apply what is missing.  Raises whatever the database raises."""
    if not settings.database_url:
        settings.var.mkdir(parents=True, exist_ok=True)
    command.upgrade(config(settings), "head")


def config(settings: Settings) -> Config:
    made = Config(toml_file=PROJECT)
    made.attributes["settings"] = settings
    return made


def _name(url: str) -> str:
    """The URL without its password."""
    head, found, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if found else url
