"""python -m bot run: production, as the environment says.  python -m bot demo: everything on this machine, no token."""

import argparse
import asyncio
import contextlib
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

import knowledge
from bot import log
from bot.app import Application
from bot.commands import migrate
from bot.errors import CannotStart
from bot.services.staff import accounts, sign_in
from bot.services.stations import stations
from bot.settings import Settings

logger = log.get(__name__)

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
MADE_BY_DEMO = """This database was made by `python -m bot demo`: its staff and stations are made up.
Give production its own: another folder in NUANXIN_VAR, or a database in NUANXIN_DATABASE_URL."""
NO_DEMO = """Real staff works in this database, and the demo lets anybody on this machine in as any of them.
Give the demo a folder of its own: NUANXIN_VAR=demo python -m bot demo"""
PERSON = "    {name}\t{url}/console/enter/{token}"


def add(commands: Any) -> None:
    commands.add_parser("run", help="production: what the environment configures").set_defaults(run=_run)
    demo = commands.add_parser("demo", help="SQLite and web chat on this machine, no token, no internet")
    demo.add_argument("--port", type=int, help="port to listen on (default: NUANXIN_PORT)")
    demo.set_defaults(run=_demo)


def _run(_given: argparse.Namespace, settings: Settings) -> int:
    run(_serve(Application(settings, knowledge.load())))


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
    run(_serve(Application(settings, knowledge.load(), demo=True), greeting=_greeting))


async def _greeting(app: Application) -> str:
    """Where everything is, with a way into the console as each kind of staff."""
    url = app.settings.base_url
    async with app.db.begin() as session:
        await stations.seed_demo(session, [each for each in app.knowledge.stations if each.sample])
        people = await accounts.seed_demo(session)
        tokens = await sign_in.demo_links(session, people)
    pairs = zip(people, tokens, strict=True)
    lines = [PERSON.format(name=person.name, url=url, token=token) for person, token in pairs]
    return LINKS.format(url=url, people="\n".join(lines))


async def _serve(app: Application, greeting: Callable[[Application], Awaitable[str]] | None = None) -> None:
    """Serve until somebody says stop, which may be before the start is over."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    asked = asyncio.create_task(stopping.wait())
    starting = asyncio.create_task(_start(app, greeting))
    try:
        await asyncio.wait({asked, starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asked
    finally:
        faulthandler.dump_traceback_later(LIMIT, exit=True)  # Whatever holds it up: this thread needs nobody's leave.
        starting.cancel()
        await asyncio.wait({starting})
        await app.stop()


async def _start(app: Application, greeting: Callable[[Application], Awaitable[str]] | None) -> None:
    await _check_purpose(app, demo=greeting is not None)
    await app.start()
    if greeting is not None:
        print(await greeting(app), flush=True)


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


def run(work: Coroutine[Any, Any, None]) -> NoReturn:
    """Run on uvloop where it is installed, and leave the program.

    Threads are not waited for: the models that one of them may still load are of no use any more.
    """
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with contextlib.suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
