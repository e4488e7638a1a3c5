"""python -m bot ledger: freeze weeks and months, list them, check their stamps, write one to a file."""

import argparse
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge
from bot.commands.running import command, transaction
from bot.errors import Rejected
from bot.services.core import periods, spreadsheets
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.services.reports import ledgers
from bot.services.reports.ledgers import LedgerRequest
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.settings import Settings
from bot.store.models import Ledger

BY = By(role=Role.SYSTEM)


def add(commands: Any) -> None:
    parser = commands.add_parser("ledger", help="freeze, list, check and write out ledgers")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    freeze = actions.add_parser("freeze", help="freeze a month, or a week; again gives the same")
    freeze.add_argument("month", nargs="?", type=_month, metavar="YYYY-MM", help="the last one, without it")
    freeze.add_argument("--week", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the week of this day instead")
    freeze.add_argument("--district", metavar="CODE", help="all that have readers, without it; '' for the whole")
    amend = actions.add_parser("amend", help="count anew, and keep what is different as a correction")
    amend.add_argument("id", type=int)
    amend.add_argument("--why", required=True)
    export = actions.add_parser("export", help="write one to a file, .csv or .xlsx")
    export.add_argument("id", type=int)
    export.add_argument("file", type=Path)
    for each, function in ((freeze, _freeze), (amend, _amend), (export, _export)):
        each.set_defaults(run=_run, act=function, counts=function is not _export)
    actions.add_parser("list", help="all of them").set_defaults(run=_run, act=_list, counts=False)
    verify = actions.add_parser("verify", help="whether every content is the one that was stamped; exit 1 if not")
    verify.set_defaults(run=_run, act=_verify, counts=False)


@command
async def _run(given: argparse.Namespace, settings: Settings) -> int:
    if given.counts:
        _service_context()  # Reading takes seconds, in which the bot must not wait for our transaction.
    async with transaction(settings) as session:
        status: int = await given.act(session, given)
        return status


@cache
def _service_context() -> ServiceContext:
    return ServiceContext(knowledge.shipped())


async def _freeze(session: AsyncSession, given: argparse.Namespace) -> int:
    context = _service_context()
    kind = "week" if given.week else "month"
    period = periods.week_of(given.week) if given.week else given.month or ledgers.last("month")
    places = [given.district] if given.district is not None else await ledgers.districts(session)
    for district in places:
        ledger = await ledgers.freeze(session, context, LedgerRequest(kind, period, district))
        await audit.note(session, BY, "ledger.freeze", f"ledger:{ledger.id}", district=district)
        print(line(ledger))
    return 0


async def _amend(session: AsyncSession, given: argparse.Namespace) -> int:
    made = await ledgers.amend(session, _service_context(), await _get(session, given.id), given.why)
    await audit.note(session, BY, "ledger.amend", f"ledger:{made.id}")
    print(line(made))
    return 0


async def _export(session: AsyncSession, given: argparse.Namespace) -> int:
    ledger, form = await _get(session, given.id), given.file.suffix.removeprefix(".")
    if form not in spreadsheets.FORMS:
        raise Rejected("ledger.form", known=" ".join(spreadsheets.FORMS))
    content = ledgers.read(ledger)
    said = content["words"]
    mark = said["watermark"].format(who=said["command"], day=periods.today())
    given.file.write_bytes(spreadsheets.FORMS[form][0](spreadsheets.rows(content, ledger.stamp, mark)))
    await audit.note(session, BY, "ledger.export", f"ledger:{ledger.id}", form=form)
    return 0


async def _list(session: AsyncSession, _given: argparse.Namespace) -> int:
    for ledger in await session.scalars(select(Ledger).order_by(Ledger.id)):
        print(line(ledger))
    return 0


async def _verify(session: AsyncSession, _given: argparse.Namespace) -> int:
    broken = 0
    for ledger in await session.scalars(select(Ledger).order_by(Ledger.id)):
        whole = ledgers.is_whole(ledger)
        broken += not whole
        print(f"{'ok    ' if whole else 'BROKEN'}  {line(ledger)}")
    return 1 if broken else 0


def line(ledger: Ledger) -> str:
    """A ledger in one line: its id, what it is, and its stamp to keep elsewhere."""
    correction = f" correction {ledger.number}" if ledger.number else ""
    return f"{ledger.id} {ledger.kind} {ledger.first} {ledger.district or 'all'}{correction} {ledger.stamp}"


async def _get(session: AsyncSession, number: int) -> Ledger:
    ledger = await session.get(Ledger, number)
    if ledger is None:
        raise Rejected("ledger.unknown", id=number)
    return ledger


def _month(text: str) -> periods.Period:
    return periods.month_of(date.fromisoformat(f"{text}-01"))
