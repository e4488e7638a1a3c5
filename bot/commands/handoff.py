"""python -m bot handoff: cases whose authors agreed, as a file for the office's 12345 platform."""

import argparse
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge
from bot.commands.running import command, transaction
from bot.errors import Rejected
from bot.services.appeals import handoff
from bot.services.core import spreadsheets
from bot.services.core.lifecycle import Role
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.settings import Settings

FORMS = ("csv", "json", "xlsx")


def add(commands: Any) -> None:
    parser = commands.add_parser("handoff", help="cases whose authors agreed, as a file for the local 12345 platform")
    parser.add_argument("file", type=Path, help="is written anew: .csv, .json or .xlsx")
    parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="of a case whose author agreed")
    parser.add_argument("--mapping", type=Path, required=True, help="TOML: the platform's columns and codes")
    parser.set_defaults(run=_run)


@command
async def _run(given: argparse.Namespace, settings: Settings) -> int:
    content = knowledge.shipped()  # Takes seconds, in which nobody waits for our transaction.
    async with transaction(settings) as session:
        await write(session, content, given.file, given.mapping, given.numbers)
    return 0


async def write(
    session: AsyncSession, content: knowledge.Knowledge, file: Path, mapping: Path, numbers: list[str]
) -> None:
    """All of them, or none; each is noted in the audit log.  Raises Rejected."""
    form = file.suffix.removeprefix(".")
    if form not in FORMS:
        raise Rejected("ledger.form", known=" ".join(FORMS))
    known = _read(mapping)
    lines = await handoff.lines(session, content, known, numbers)
    for number in dict.fromkeys(numbers):
        await audit.note(session, By(role=Role.SYSTEM), "appeal.handoff", f"appeal:{number}", form=form)
    rows: list[list[spreadsheets.Cell]] = [[*known.columns.values()]]
    rows += [[*each.values()] for each in lines]
    data = orjson.dumps(lines, option=orjson.OPT_INDENT_2) if form == "json" else spreadsheets.FORMS[form][0](rows)
    _write(file, data)
    print(f"{len(lines)} cases in {file}")


def _read(mapping: Path) -> handoff.Mapping12345:
    try:
        return handoff.read(mapping.read_bytes())
    except OSError as error:
        raise Rejected("handoff.mapping", why=error.strerror or "") from None


def _write(file: Path, data: bytes) -> None:
    """For nobody else on this machine to read, also where a file was there before."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_bytes(data)
