"""Webhook delivery: one line per chat for messages and another per person for presses, each strictly in order.

Nothing further in a line goes out until its head got 2xx.  An update is in the table before the person's post is
answered, and leaves it in the transaction that carries out the method its answer brought: a crash anywhere in
between delivers it once more, from whichever process looks first after the lease has run out.
Source: tdlib/telegram-bot-api, WebhookActor.cpp.
"""

import asyncio
import time
from datetime import timedelta
from typing import Any

import aiohttp
import orjson

from bot import backoff, log
from bot.channels.web import parameters, updates
from bot.channels.web.api import Api
from bot.channels.web.bots import Bot
from bot.channels.web.methods import METHODS
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import ApiRefusal
from bot.channels.web.shared import Shared
from bot.channels.web.updates import Put, Waiting
from bot.channels.web.wakeups import HEARD, HOOKS, QUIET, Key
from bot.doors import numbers
from bot.store.base import now
from bot.store.db import is_down
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
LONGEST_ASKED = 3600  # seconds of Retry-After that are honoured
SILENT = ("get", "setwebhook", "deletewebhook", "close", "logout")  # beginnings of methods an answer may not carry
WHY = 300  # characters of an error that are kept
Line = tuple[int, str]


class Failed(Exception):
    """A webhook did not take an update; `after` is its own wish, in seconds."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class WebhookDelivery:
    """One task per line that has something to deliver."""

    def __init__(self, shared: Shared, api: Api) -> None:
        self.shared, self.api = shared, api
        self.lease = timedelta(seconds=shared.clocks.lease)
        self._working: dict[Line, asyncio.Task[None]] = {}
        self._again: set[Line] = set()  # lines that got something while their task looked for the last time
        self._held: dict[Line, Waiting] = {}  # what is in flight
        self._ways: dict[int, asyncio.Semaphore] = {}
        self._timers: dict[Line, asyncio.TimerHandle] = {}
        self._session: aiohttp.ClientSession | None = None
        self._job: Job | None = None
        self._stopping = False

    async def start(self, supervisor: Supervisor) -> None:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        self._job = supervisor.start("web chat delivery", self._sweep)

    async def stop(self) -> None:
        """Finish what is in flight; the rest stays in the table."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        if self._working:
            await asyncio.wait(list(self._working.values()), timeout=self.shared.clocks.grace)
        tasks = list(self._working.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *([self._job.cancel()] if self._job else []), return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def hand(self, bot: Bot, put: Put) -> None:
        """Deliver what has just been committed.  Returns at once."""
        if put.hooked:
            self._work((bot.id, put.queue), put.taken)

    def _work(self, line: Line, taken: Waiting | None = None) -> None:
        if self._stopping or self._session is None:
            return
        if line in self._working:
            self._again.add(line)
            return
        if (timer := self._timers.pop(line, None)) is not None:
            timer.cancel()
        self._working[line] = asyncio.create_task(self._drain(line, taken))

    async def _drain(self, line: Line, waiting: Waiting | None) -> None:
        """Deliver a line until it is empty or its head has to wait."""
        try:
            while True:
                self._again.discard(line)
                if waiting is None:
                    waiting = await self._take(line)
                if waiting is not None:
                    self._held[line] = waiting
                    waiting = await self._deliver(line, waiting)
                if waiting is None and (self._stopping or line not in self._again):
                    break
        except Exception:
            # The database, mostly: the lease runs out and the next look takes the line up again.
            logger.exception("delivery failed", line=line[1])
        finally:
            self._held.pop(line, None)
            del self._working[line]

    async def _take(self, line: Line) -> Waiting | None:
        if self._stopping:
            return None
        async with self.shared.db.connect() as connection:
            return await updates.head(connection, *line, self.lease)

    async def _deliver(self, line: Line, waiting: Waiting) -> Waiting | None:
        """Post one update and write down what came of it; the next of its line, leased."""
        try:
            name, given = await self._post(waiting)
        except Failed as error:
            await self._put_off(line, waiting, error)
            return None
        try:
            return await self._strike_off(line, waiting, name, given)
        except Exception as error:
            if is_down(error):
                raise
            # The answer's method broke us.  It would break us again: the update is done, the method is not.
            logger.exception("method in a webhook's answer failed", method=name)
            return await self._strike_off(line, waiting, "", given)

    async def _strike_off(self, line: Line, waiting: Waiting, name: str, given: Parameters) -> Waiting | None:
        rings: list[Key] = [(QUIET, 0), (HEARD, updates.person_in(line[1]))]
        bot = await self.shared.bots.with_id(waiting.bot_id)
        async with self.shared.db.connect() as connection:
            # Somebody whose lease ran out may have delivered it, too: then the answer's method was carried out.
            if await updates.done(connection, waiting) and name:
                rings += await self.api.carry_out(connection, bot, name, given)
            following = None if self._stopping else await updates.head(connection, *line, self.lease)
        self.shared.wakeups.ring(*rings)
        return following

    async def _put_off(self, line: Line, waiting: Waiting, error: Failed) -> None:
        clocks = self.shared.clocks
        pause = backoff.pause(waiting.attempts + 1, clocks.first_retry, clocks.last_retry)
        if error.after is not None:
            pause = min(max(error.after, pause), LONGEST_ASKED)
        async with self.shared.db.connect() as connection:
            # The bot's row before its updates, as setWebhook locks them.
            await updates.note_error(connection, waiting.bot_id, str(error)[:WHY])
            await updates.hold(connection, waiting, now() + timedelta(seconds=pause), failed=True)
        logger.warning("webhook failed", why=str(error), attempts=waiting.attempts, seconds=round(pause, 1))
        if not self._stopping:
            loop = asyncio.get_running_loop()
            self._timers[line] = loop.call_later(pause + 0.01, self._work, line)

    async def _post(self, waiting: Waiting) -> tuple[str, Parameters]:
        """The method the webhook's answer carries, if any.  Raises Failed."""
        hook = waiting.webhook
        headers = {"Content-Type": "application/json"} | ({SECRET: hook["secret"]} if hook["secret"] else {})
        timeout = aiohttp.ClientTimeout(total=self.shared.clocks.answer, connect=min(10, self.shared.clocks.answer))
        ways = self._ways.setdefault(waiting.bot_id, asyncio.Semaphore(hook["connections"]))
        if self._session is None:
            raise Failed("not started")
        try:
            async with (
                ways,
                self._session.post(
                    hook["url"],
                    data=orjson.dumps(waiting.shown),
                    headers=headers,
                    timeout=timeout,
                    allow_redirects=False,
                ) as response,
            ):
                if 200 <= response.status < 300:
                    return carried(response.content_type, await response.read())
                raise Failed(f"Wrong response from the webhook: {response.status} {response.reason}", _after(response))
        except TimeoutError:
            raise Failed("Read timeout expired") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Failed(f"Connection failed: {type(error).__name__}") from None

    async def _sweep(self) -> None:
        """Take up lines nobody works on: after a crash, a new webhook, or from another process."""
        with self.shared.wakeups.listen((HOOKS, 0)) as listener:
            renewed = time.monotonic()
            while not self._stopping:
                try:
                    for line in await updates.due(self.shared.db):
                        if line not in self._working:
                            self._work(line)
                    if time.monotonic() - renewed > self.shared.clocks.lease / 3:
                        renewed = time.monotonic()
                        await self._renew()
                except Exception:
                    logger.exception("look for updates failed")
                await listener.wait(self.shared.clocks.look)

    async def _renew(self) -> None:
        """Keep what is in flight ours."""
        held = list(self._held.values())
        if held:
            async with self.shared.db.connect() as connection:
                for waiting in held:
                    await updates.hold(connection, waiting, now() + self.lease)


def carried(kind: str, body: bytes) -> tuple[str, Parameters]:
    """The method in a webhook's answer; empty when there is none, or one that may not come this way."""
    try:
        if kind == "application/json":
            values: dict[str, Any] = parameters.from_json(body)
        elif kind == "application/x-www-form-urlencoded":
            values = parameters.from_form(body)
        else:
            return "", Parameters({})
    except ApiRefusal:
        return "", Parameters({})
    name = values.pop("method", "")
    usable = isinstance(name, str) and name.lower() in METHODS and not name.lower().startswith(SILENT)
    return (name, Parameters(values)) if usable else ("", Parameters({}))


def _after(response: aiohttp.ClientResponse) -> float | None:
    seconds = numbers.whole(response.headers.get("Retry-After", ""))
    return None if seconds is None else float(seconds)
