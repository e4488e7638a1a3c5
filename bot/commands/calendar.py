"""python -m bot calendar: which days are worked, and how long things may take, as the console's settings pages do it."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import knowledge
from bot.commands import migrate
from bot.commands.running import command, opened
from bot.errors import Rejected
from bot.services import replanning
from bot.services.calendar import announcement, changes, coverage, limit_changes
from bot.services.calendar.changes import DayMove
from bot.services.calendar.limit_changes import LimitWish
from bot.services.calendar.time_limits import Limited
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import Limit, LimitUnit, china_date
from bot.services.staff.audit import By
from bot.settings import Settings
from bot.store.models import now
from knowledge import appeals, hazards
from knowledge.tables.encoding import decoded
from knowledge.tables.rows import FileRefused

BY = By(role=Role.SYSTEM)
DAYS = {True: "worked", False: "off", None: "unknown"}


def add(commands: Any) -> None:
    parser = commands.add_parser("calendar", help="working days and time limits: show, enter, limit")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("show", help="until when the days are known").set_defaults(run=_show)
    enters = actions.add_parser("enter", help="days from a file: shown without --yes, entered with it")
    enters.add_argument("file", help="the announcement as text, or lines such as: 2027-02-06 上班 春节; - reads stdin")
    enters.add_argument("--source", required=True, help="who says so, such as the number of the document")
    enters.add_argument("--whole", action="store_true", help="these are all the special days of their year")
    enters.add_argument("--yes", action="store_true", help="enter them")
    enters.set_defaults(run=_enter)
    limits = actions.add_parser("limit", help="how long a kind of case may take, from a day on")
    limits.add_argument("kind", help="the code of a kind of appeals or hazards")
    limits.add_argument("amount", type=int, help="0: no limit of its own any more")
    limits.add_argument("--unit", choices=[str(each) for each in LimitUnit], default=str(LimitUnit.WORKING_DAYS))
    limits.add_argument("--district", default="", help="GB/T 2260 prefix such as 2101; default: the whole country")
    limits.add_argument("--source", required=True, help="who says so")
    limits.add_argument("--from", dest="begins", type=date.fromisoformat, help="default: today, by China's clock")
    limits.set_defaults(run=_limit)


@command
async def _show(_given: argparse.Namespace, settings: Settings) -> None:
    await asyncio.to_thread(migrate.upgrade, settings)
    async with opened(settings) as db:
        async with db.read() as session:
            reach = await coverage.coverage(session, _kinds().values())
            entered = await changes.entered(session)
        over = ", ".join(reach.over) or "none"
        print(f"known until {reach.until}, {reach.days} days; limits that run past it: {over}")
        for each in entered:
            print(f"{each.entered_at:%Y-%m-%d} {each.year or f'{len(each.days)} days'}  {each.source}")


@command
async def _enter(given: argparse.Namespace, settings: Settings) -> int:
    await asyncio.to_thread(migrate.upgrade, settings)
    try:
        text = await asyncio.to_thread(_text, given.file)
    except (OSError, FileRefused) as error:
        print(f"the file cannot be read: {error}", file=sys.stderr)
        return 1
    announced = announcement.read(text)
    async with opened(settings) as db:
        async with db.read() as session:
            draft = await changes.drafted(session, None, announced, given.source, whole=given.whole)
            after, days = await changes.previewed(session, draft)
            moves = await replanning.moves(session, ServiceContext(knowledge.shipped()), after)
        _print_days(days)
        print(f"{len(days)} days change, {len(moves)} deadlines move{'' if given.yes else '; nothing is entered yet'}")
        if given.yes:
            async with db.begin() as session:
                await changes.keep(session, draft)
                await replanning.begin(session)
                await changes.enter(session, BY, draft)
    return 0


@command
async def _limit(given: argparse.Namespace, settings: Settings) -> None:
    await asyncio.to_thread(migrate.upgrade, settings)
    async with opened(settings) as db:
        kind = _kinds().get(given.kind)
        if kind is None:
            raise Rejected("limit.kind")
        limit = Limit(given.amount, LimitUnit(given.unit), given.source) if given.amount else None
        wish = LimitWish(given.district, limit, given.source, given.begins or china_date(now()))
        async with db.begin() as session:
            await limit_changes.change(session, BY, kind, wish)
        print(f"{given.kind} {given.district or 'everywhere'}: {given.amount or 'as around it'} from {wish.valid_from}")


def _kinds() -> dict[str, Limited]:
    return {**appeals.load().kinds, **hazards.load().kinds}


def _text(file: str) -> str:
    return sys.stdin.read() if file == "-" else decoded(Path(file).read_bytes())


def _print_days(days: Sequence[DayMove]) -> None:
    for each in days:
        print(f"{each.day} {each.day:%a}  {DAYS[each.before]} -> {DAYS[each.after]}  {each.why}")
