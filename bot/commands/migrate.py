"""python -m bot migrate: the database to the newest revision; safe to repeat, and for several at once."""

import argparse
import asyncio
import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import text

import migrations
from bot.commands.running import opened, transaction
from bot.settings import Settings

ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
KEPT = ("audit", "views", "ledgers", "points_entries", "notice_approvals")  # append-only
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE, TRUNCATE ON {kept} FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
)
BASELINE = "0001"
PREVIEW = "20261122_1205"  # the last revision before the baseline, which makes the very same tables
REVISIONS = Path(migrations.__file__).parent


def add(commands: Any) -> None:
    parser = commands.add_parser("migrate", help="bring the database to the newest revision")
    parser.add_argument("--app", metavar="ROLE", help="PostgreSQL: the role that `run` connects as; it changes no log")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, settings: Settings) -> int:
    try:
        upgrade(settings)
    except CommandError as error:
        print(f"this database was made by another version of the program, which this one cannot continue: {error}")
        return 1
    print(f"database is at the newest revision: {_name(settings.database)}")
    if given.app is None:
        return 0
    if not settings.database.startswith("postgresql") or not ROLE.fullmatch(given.app):
        print("--app takes the name of a PostgreSQL role: small letters, digits and _")
        return 1
    asyncio.run(grant(settings, given.app))
    print(f"{given.app} may do what the program does, and change or delete nothing of: {' '.join(KEPT)}")
    return 0


async def grant(settings: Settings, role: str) -> None:
    """Let a role do all that the running program does: with the tables' owner, a thief could switch the triggers off."""
    async with transaction(settings) as session:
        for statement in GRANTS:
            await session.execute(text(statement.format(role=f'"{role}"', kept=", ".join(KEPT))))


def upgrade(settings: Settings) -> None:
    """Apply what is missing.  Raises CommandError for a revision nobody knows, and whatever the database raises."""
    if not settings.database_url:
        settings.var.mkdir(parents=True, exist_ok=True)
    if asyncio.run(_revision(settings)) == PREVIEW:
        command.stamp(config(settings), BASELINE, purge=True)
    command.upgrade(config(settings), "head")


async def _revision(settings: Settings) -> str | None:
    """Where the database stands; None for an empty one."""
    async with opened(settings) as db, db.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def config(settings: Settings) -> Config:
    made = Config()
    made.set_main_option("script_location", str(REVISIONS).replace("%", "%%"))
    made.attributes["settings"] = settings
    return made


def _name(url: str) -> str:
    """The URL without its password."""
    head, found, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if found else url
