"""python -m bot run: production, as the environment says.  python -m bot demo: everything on this machine, no token."""

import argparse
import asyncio
import faulthandler
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from functools import cache, partial
from typing import Any, NoReturn

import knowledge
from bot import log, parts, traces
from bot.app import Application
from bot.backup import backups
from bot.commands import migrate, privacy
from bot.demo import history
from bot.errors import CannotStart
from bot.parts import EVERYTHING, Part
from bot.services.bookings import samples as booking_samples
from bot.services.contacts import samples
from bot.services.core.lifecycle import Actor, Role
from bot.services.passes import samples as pass_samples
from bot.services.points import samples as reward_samples
from bot.services.privacy import deletion_log
from bot.services.staff import accounts, sign_in
from bot.services.stations import stations
from bot.settings import Settings
from bot.store.base import as_of
from bot.store.models import Staff, now

logger = log.get(__name__)

NAMES = ", ".join(Part)
LIMIT = 9.5  # seconds from the word to stop to the end, whatever happens

LINKS = """
  暖新 Nuanxin is running - demo, nothing leaves this machine

  web chat   {url}/chat
  workers    {url}/demo        several phones side by side
  console    {url}/console
  health     {url}/readyz

  sign in to the console as (one click, on this machine only):
{people}

  Ctrl+C stops it."""
TELLING = "\n  making up sixty days of work, once (--empty begins without) ..."
MADE_BY_DEMO = """This database was made by `python -m bot demo`: its staff and stations are made up.
Give production its own: another folder in NUANXIN_VAR, or a database in NUANXIN_DATABASE_URL."""
NO_DEMO = """Real staff works in this database, and the demo lets anybody on this machine in as any of them.
Give the demo a folder of its own: NUANXIN_VAR=demo python -m bot demo"""
UNFINISHED = """A backup was being put back here, and that did not end: nobody may be answered from half of it.
Run the same `python -m bot restore FILE` once more."""
OLD_TABLES = (
    """This program needs newer tables than the database has.  Run `python -m bot migrate` first, then start again."""
)
PERSON = "    {name}\t{url}/console/enter/{token}"


def add(commands: Any) -> None:
    production = commands.add_parser("run", help="production: what the environment configures")
    production.add_argument(
        "--only",
        type=_parts,
        default=EVERYTHING,
        metavar="PARTS",
        help=f"what this process does, with commas between: {NAMES} (default: everything)",
    )
    production.set_defaults(run=_run)
    demo = commands.add_parser("demo", help="SQLite and web chat on this machine, no token, no internet")
    demo.add_argument("--port", type=int, help="port to listen on (default: NUANXIN_PORT)")
    demo.add_argument("--empty", action="store_true", help="begin with nothing, without sixty days of made-up work")
    demo.set_defaults(run=_demo)


def _parts(names: str) -> frozenset[Part]:
    try:
        return parts.read(names)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; there are {NAMES}") from None


def _run(given: argparse.Namespace, settings: Settings) -> int:
    if settings.traces_url:
        traces.begin(settings.traces_url, ",".join(sorted(given.only)))
    run(_serve(Application(settings, knowledge.shipped(), parts=given.only)))


def _demo(given: argparse.Namespace, settings: Settings) -> int:
    chosen: dict[str, Any] = {
        "telegram_token": "",
        "database_url": "",
        "web_chat": True,
        "queue_url": "",
        "host": "127.0.0.1",
    }
    chosen["quiet_hours"] = "0-0"  # Whoever looks at the demo at night sees what happens, too.
    if given.port:
        chosen["port"] = given.port
    settings = Settings(**{**settings.model_dump(), **chosen})
    migrate.upgrade(settings)
    demo = Demo(Application(settings, knowledge.shipped(), demo=True), empty=given.empty)
    run(_serve(demo.app, before=demo.settle, greeting=demo.greet))


class Demo:
    """What the demo does besides running."""

    def __init__(self, app: Application, *, empty: bool) -> None:
        self.app, self._empty = app, empty
        self._people: dict[int, str] = {}  # made up just now: the web chat does not know them yet

    async def settle(self) -> None:
        """People and stations, and what they lived through, before anybody can look: one transaction takes a while."""
        app = self.app
        await app.prepare()
        async with app.db.begin() as session:
            await stations.seed_demo(session, [each for each in app.knowledge.stations if each.sample])
            people = await accounts.seed_demo(session)
            by_role = dict(zip(accounts.DEMO, people, strict=False))
            writer, approver = by_role[Role.ORGANISER], by_role[Role.APPROVER]
            actors = Actor(Role.ORGANISER, writer.id), Actor(Role.APPROVER, approver.id)
            with as_of(now() - timedelta(days=history.DAYS + 1)):  # before anybody asks for one
                await reward_samples.seed_demo(session, *actors, accounts.DEMO_DISTRICT)
        if self._empty:
            await history.skip(app.db)
        elif not await history.is_told(app.db):
            print(TELLING, flush=True)
            self._people = await history.tell(app.db, app.services, app.settings.var / "uploads", people)
        async with app.db.begin() as session:
            await samples.seed_demo(session)
            await pass_samples.seed_demo(session)
            await booking_samples.seed_demo(session, writer, approver)

    async def greet(self) -> str:
        """Where everything is, with a way into the console as each kind of staff."""
        url, web_chat = self.app.settings.base_url, self.app.web_chat
        if web_chat is not None and web_chat.demo is not None:
            await web_chat.demo.acquaint(self._people)
        async with self.app.db.begin() as session:
            people = [
                *await accounts.seed_demo(session),
                *await samples.colleagues(session),
                *await pass_samples.colleagues(session),
            ]
            tokens = await sign_in.demo_links(session, people)
        return _links(url, people, tokens)


def _links(url: str, people: Sequence[Staff], tokens: Sequence[str]) -> str:
    pairs = zip(people, tokens, strict=True)
    lines = [PERSON.format(name=person.name, url=url, token=token) for person, token in pairs]
    return LINKS.format(url=url, people="\n".join(lines))


async def _serve(
    app: Application,
    before: Callable[[], Awaitable[None]] | None = None,
    greeting: Callable[[], Awaitable[str]] | None = None,
) -> None:
    """Serve until somebody says stop, which may be before the start is over."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, partial(_told, asyncio.get_running_loop(), stopping))
    asked = asyncio.create_task(stopping.wait())
    starting = asyncio.create_task(_start(app, before, greeting))
    try:
        await asyncio.wait({asked, starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asked
    finally:
        _limit()
        starting.cancel()
        await asyncio.wait({starting})
        await app.stop()


def _told(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event, *_signal: object) -> None:
    """Somebody said stop, and the time counts from now on: a loop that is held up hears of it only later."""
    _limit()
    loop.call_soon_threadsafe(stopping.set)


@cache
def _limit() -> None:
    """End soon, whatever holds it up: the thread that waits for that needs nobody's leave.  Set once, it stays."""
    faulthandler.dump_traceback_later(LIMIT, exit=True)


async def _start(
    app: Application, before: Callable[[], Awaitable[None]] | None, greeting: Callable[[], Awaitable[str]] | None
) -> None:
    await check_tables(app)
    await _check_purpose(app, demo=before is not None)
    await erase_again(app)
    if before is not None:
        await before()
    await app.start()
    gc.collect()
    gc.freeze()  # What is loaded now stays; the collector need not look at it again.
    if greeting is not None:
        print(await greeting(), flush=True)


async def check_tables(app: Application) -> None:
    """Half the answers would be errors.  Raises CannotStart."""
    if await migrate.is_behind(app.db):
        raise CannotStart(OLD_TABLES)


async def erase_again(app: Application) -> None:
    """Whoever was erased stays erased when somebody put an older database back by hand.  Raises CannotStart."""
    if backups.is_unfinished(app.settings.var):
        raise CannotStart(UNFINISHED)
    async with app.db.read() as session:
        since = now() - app.knowledge.retention.keep("tombstones")
        restored = await deletion_log.is_behind(session, app.settings.var, since)
    if restored:
        erased = await privacy.reapply(app.settings, app.knowledge, ())
        logger.warning("erased again", chats=erased)


async def _check_purpose(app: Application, *, demo: bool) -> None:
    """The demo lets everybody in who sits at this machine.

    So production takes over nothing that the demo made, and the demo opens nothing that was made for production.
    Raises CannotStart.
    """
    async with app.db.read() as session:
        its_own, people = await accounts.is_demo(session), await accounts.counted(session)
    if its_own and not demo:
        raise CannotStart(MADE_BY_DEMO)
    if people and demo and not its_own:
        raise CannotStart(NO_DEMO)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop that the program runs on: uvloop's where it is installed."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop


def run(work: Coroutine[Any, Any, None]) -> NoReturn:
    """Run, and leave the program.

    Threads are not waited for: the models that one of them may still load are of no use any more.
    """
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(work)
        traces.end()
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
