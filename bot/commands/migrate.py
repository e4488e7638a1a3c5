"""python -m bot migrate: the database to the newest revision; safe to repeat, and for several at once."""

import argparse
import asyncio
import logging
import re
import time
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import inspect, make_url, text

import migrations
from bot.commands.running import opened, transaction
from bot.settings import Settings
from bot.store.db import Database
from bot.store.vault import private

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
logging.getLogger("alembic.runtime").setLevel(logging.WARNING)  # `migrate` says itself what it does


def add(commands: Any) -> None:
    parser = commands.add_parser("migrate", help="bring the database to the newest revision")
    parser.add_argument("--app", metavar="ROLE", help="PostgreSQL: the role that `run` connects as; it changes no log")
    parser.add_argument("--finish", action="store_true", help="every process runs the new code: clear up what is old")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, settings: Settings) -> int:
    try:
        ahead, waiting = pending(settings, finish=given.finish), _waiting(settings, finish=given.finish)
        for each in ahead:
            print(_line(each))
        for each in waiting:
            print(f"{_line(each)}\n      waits for `migrate --finish`, once every process runs the new code")
        if given.dry_run:
            return 0
        began = time.perf_counter()
        upgrade(settings, finish=given.finish)
    except (CommandError, RevisionError) as error:
        print(f"this database was made by another version of the program, which this one cannot continue: {error}")
        return 1
    took = time.perf_counter() - began
    reached = "the newest revision" + (" that the code before this one can live with" if waiting else "")
    print(f"database is at {reached} after {took:.1f} s: {_name(settings.database)}")
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


def upgrade(settings: Settings, *, finish: bool = True) -> None:
    """Apply what is missing.  Raises CommandError for a revision nobody knows, and whatever the database raises.

    Without `finish`, only what processes of the version before can live with.
    """
    if not settings.database_url:
        private(settings.var)
    if asyncio.run(_revision(settings)) == PREVIEW:
        command.stamp(config(settings), BASELINE, purge=True)
    if ahead := pending(settings, finish=finish):
        command.upgrade(config(settings), ahead[-1].revision)


def pending(settings: Settings, *, finish: bool = True) -> list[Script]:
    """What `upgrade` would apply, in its order.  Raises CommandError for a database of another version."""
    begun = settings.database_url or Path(make_url(settings.database).database or "").exists()
    current = asyncio.run(_revision(settings)) if begun else None
    return _ahead(current, finish=finish or current is None)


def _waiting(settings: Settings, *, finish: bool) -> list[Script]:
    """What stays for later."""
    return pending(settings)[len(pending(settings, finish=finish)) :]


def _ahead(current: str | None, *, finish: bool) -> list[Script]:
    """Revisions after this one, oldest first.

    Those at the end that say they run after the new code wait for `finish`.  Whatever a later version puts after them
    means that the code before them is long gone, so then they go along.
    """
    after = BASELINE if current == PREVIEW else current or "base"
    ahead = list(reversed(list(scripts().iterate_revisions("head", after))))
    while ahead and not finish and getattr(ahead[-1].module, "after_the_new_code", False):
        ahead.pop()
    return ahead


async def is_behind(db: Database) -> bool:
    """Whether the tables lack something that this code needs.  A newer version's tables lack nothing."""
    async with db.connect() as connection:
        current, made = await connection.run_sync(
            lambda sync: (MigrationContext.configure(sync).get_current_revision(), inspect(sync).has_table("chats"))
        )
    if current is None:
        return not made
    try:
        return bool(_ahead(current, finish=False))
    except (CommandError, RevisionError):
        return False


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(REVISIONS))


def _line(script: Script) -> str:
    return f"{script.revision}  {' '.join(script.longdoc.split())}"


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
