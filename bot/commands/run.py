"""python -m bot run: production, as the environment says.  python -m bot demo: everything on this machine, no token."""

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import knowledge
from bot import log
from bot.app import Application
from bot.commands import migrate
from bot.services.staff import accounts, sign_in
from bot.services.stations import stations
from bot.settings import Settings

logger = log.get(__name__)

LINKS = """
  暖新 Nuanxin is running - demo, nothing leaves this machine

  web chat   {url}/chat
  workers    {url}/demo        several phones side by side
  console    {url}/console
  health     {url}/readyz

  sign in to the console as (one click, on this machine only):
{people}

  Ctrl+C stops it."""
PERSON = "    {name}\t{url}/console/enter/{token}"


def add(commands: Any) -> None:
    commands.add_parser("run", help="production: what the environment configures").set_defaults(run=_run)
    demo = commands.add_parser("demo", help="SQLite and web chat on this machine, no token, no internet")
    demo.add_argument("--port", type=int, help="port to listen on (default: NUANXIN_PORT)")
    demo.set_defaults(run=_demo)


def _run(_given: argparse.Namespace, settings: Settings) -> int:
    run(_serve(Application(settings, knowledge.load())))
    return 0


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
    return 0


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
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await app.start()
    if greeting is not None:
        print(await greeting(app), flush=True)
    try:
        await stopping.wait()
    finally:
        await app.stop()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
