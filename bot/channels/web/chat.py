"""The web chat as a whole: a Bot API on this machine, and the page of those who talk to the bot through it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.channels.web import updates
from bot.channels.web.api import Api
from bot.channels.web.assets import Assets
from bot.channels.web.bots import Bots
from bot.channels.web.delivery import WebhookDelivery
from bot.channels.web.demo import WORKERS, Demo
from bot.channels.web.faults import Faults, Recorded
from bot.channels.web.files import Files
from bot.channels.web.identity import WebIdentity
from bot.channels.web.page import Page
from bot.channels.web.people import People
from bot.channels.web.push import PushSettings, WebPush
from bot.channels.web.rules import MESSAGES_A_MINUTE, Clocks, Limits
from bot.channels.web.shared import Shared
from bot.channels.web.telephones import Hotline, Telephones
from bot.channels.web.views import Views
from bot.channels.web.wakeups import QUIET, Wakeups
from bot.channels.web.watch import Watch
from bot.channels.web.words import load
from bot.maps.tiles import Tiles
from bot.store.base import vault_of
from bot.store.db import Database
from bot.supervisor import Supervisor

CALLS = 1000  # calls remembered
NO_TILES, NO_PUSH = Tiles(), PushSettings()
Stations = Callable[[float, float], list[dict[str, Any]]]


def _none(latitude: float, longitude: float) -> list[dict[str, Any]]:
    return []


class WebChat:
    """Plays Telegram's part for people without Telegram, for the demo and for every test.

    The bot knows it by its base URL only: `<server>/bot<token>/<method>`, `<server>/file/bot<token>/<path>`.
    Several processes may serve the same database; each delivers what it took.

    secret: signs cookies and file addresses.
    token: of the bot behind the page; in production every other one is refused with 401.
    files: a folder for sealed uploads, the same for all processes.
    demo: any well-formed token is a bot of its own, /demo and /sim/update exist, workers 101-104 can be played.
    origin: how people reach the server, when a proxy in front of it changes the host.
    limits: Telegram's rates, to rehearse 429; none by default.
    messages_a_minute: what one person may send; None for no limit.
    hotlines: numbers the page offers to call by their names.
    stations: what the map shows around a latitude and a longitude, in degrees of WGS-84.
    tiles: the streets under the map.
    push: how browsers are rung while the page is closed; not at all by default.
    calls_kept: how many calls `calls` remembers, with their texts: 0 where real people write.
    """

    def __init__(
        self,
        db: Database,
        *,
        secret: str,
        token: str,
        files: Path,
        demo: bool = False,
        origin: str = "",
        limits: Limits | None = None,
        messages_a_minute: int | None = MESSAGES_A_MINUTE,
        calls_kept: int = CALLS,
        clocks: Clocks | None = None,
        hotlines: Iterable[Hotline] = (),
        stations: Stations = _none,
        tiles: Tiles = NO_TILES,
        push: PushSettings = NO_PUSH,
    ) -> None:
        self.shared = Shared(
            db=db,
            bots=Bots(db, token, demo=demo),
            files=Files(files, vault_of(db.engine.dialect)),
            wakeups=Wakeups(),
            clocks=clocks or Clocks(),
            words=load(),
            workers=WORKERS if demo else {},
        )
        self.api = Api(self.shared, limits=limits, calls_kept=calls_kept)
        self.delivery = WebhookDelivery(self.shared, self.api)
        self.people = People(self.shared, self.delivery, messages_a_minute=messages_a_minute)
        self.watch = Watch(self.shared)
        lines = list(hotlines)
        assets, identity = Assets(self.shared.words, tiles, lines, demo=demo), WebIdentity(secret)
        views = Views(self.shared, identity, Telephones(lines))
        self.push = WebPush(self.shared, self.shared.bots.own, push, secret=secret)
        self.page = Page(self.shared, self.people, views, identity, assets, stations, self.push, origin=origin)
        self.demo = Demo(self.shared, self.people, assets) if demo else None

    @property
    def faults(self) -> Faults:
        """Errors on purpose: `faults.add("sendMessage", 429, "...", parameters={"retry_after": 1})`."""
        return self.api.faults

    @property
    def calls(self) -> deque[Recorded]:
        """The last calls of bots, newest last."""
        return self.api.calls

    def routes(self) -> list[web.RouteDef]:
        """For the one server.  Run it with `handler_cancellation=True`: a poll ends when its client leaves."""
        return [*self.bot_routes(), *self.page.routes(), *(self.demo.routes() if self.demo else [])]

    def bot_routes(self) -> list[web.RouteDef]:
        """What its bot needs, in a process that people do not write to."""
        methods = [web.route(verb, "/bot{token:[^/]+}/{method}", self.api.answer) for verb in ("GET", "POST")]
        return [*methods, web.get("/file/bot{token:[^/]+}/{path:.+}", self.api.file)]

    async def start(self, supervisor: Supervisor | None = None, *, hears: bool = True) -> None:
        """Deliver what is in the table, and what comes.

        hears: whether people write to this process, and their bot has an address here to be told of it.
        """
        supervisor = supervisor or Supervisor()
        await self.shared.bots.own()
        if not hears:
            return
        if self.demo:
            await self.demo.start()
        self.watch.start(supervisor)
        await self.delivery.start(supervisor)

    async def stop(self) -> None:
        """Finish what is in flight; updates that were not delivered stay in the table for the next process.

        Long polls end with what they have: nothing.
        """
        await self.shared.wakeups.close()
        await self.delivery.stop()
        await self.api.finishing.settled()
        await self.page.finishing.settled()
        await self.watch.stop()

    async def close(self) -> None:
        """Ring nobody any more: the relay, which rings, ends after the page."""
        await self.push.close()

    async def settled(self) -> None:
        """Wait until no update waits to be delivered, confirmed or answered, of any bot."""
        with self.shared.wakeups.listen((QUIET, 0)) as listener:
            while await updates.pending(self.shared.db):
                await listener.wait(self.shared.clocks.look)
        await asyncio.sleep(0)
