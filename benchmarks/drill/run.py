"""The crash drill: workers file appeals while replicas and the broker are killed and started again.

    python -m benchmarks.drill [--workers 600] [--kills 12] [--postgres URL]

Two replicas of `python -m bot run` share a PostgreSQL database; a Bot API server of ours (the web chat's) plays Telegram
and hands each update to a replica at random; a Redis server of the drill's own is the backend's broker, and a consumer
reads its stream.  Each worker goes the short way: one line, two presses, one text, one press; nobody goes on before
they have read what came before.  Then each sends three lines at once, whose answers have to come in their order.  What
is killed is killed by SIGKILL.
"""

import argparse
import asyncio
import contextlib
import random
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import redis.asyncio as redis
from aiohttp import web
from sqlalchemy import func, select

from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot import log
from bot.channels.web import Clocks
from bot.channels.web.wakeups import CONVERSATION
from bot.commands import migrate
from bot.queue import jobs
from bot.settings import Settings
from bot.store.models import Appeal, Outbox
from bot.store.vault import new_key
from tests.conftest import free_port
from tests.support.web_driver import Server, database
from tests.test_crash import Replica, environment, opened, write

FIRST = 3_000_001  # the first worker's number at the Bot API server
NUMBER = re.compile(r"编号：(\d{12})")
BURST = {"我的诉求": "您的诉求", "设置": "您的设置", "热线电话": "点号码就能打"}  # lines, and what answers them
AT_ONCE = 60  # workers underway; the Bot API server shares two cores with everything else
PATIENCE = 1_200.0  # seconds after the last kill until whoever still waits is stuck


@dataclass(frozen=True)
class Report:
    """What became of everybody."""

    workers: int
    killed: Counter[str]
    cases: int
    lost: int  # workers without a case, or whose case is not at the consumer
    doubled: int  # cases, or effects at the consumer, beyond one a worker
    redelivered: int  # events the consumer got again, under an id it had
    receipts: int  # workers who read the number of their own case
    disordered: int  # bursts whose answers came in another order than the lines
    stuck: int  # workers who wait for an answer, and events that have not left
    seconds: float

    def __str__(self) -> str:
        killed = ", ".join(f"{count} x {name}" for name, count in sorted(self.killed.items()))
        return (
            f"workers {self.workers}  cases {self.cases}  lost {self.lost}  doubled {self.doubled}  "
            f"redelivered {self.redelivered}  receipts {self.receipts}/{self.workers}  "
            f"disordered {self.disordered}  stuck {self.stuck}  "
            f"killed {killed}  {self.seconds:.0f} s"
        )


class Broker:
    """A Redis server that keeps what it confirmed, also when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0?name=drill"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        kept = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(self.folder))
        self._process = await asyncio.create_subprocess_exec(
            *("redis-server", "--bind", "127.0.0.1", "--port", str(self.port), *kept),
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


class Consumer:
    """The backend: an effect for each event it has not seen."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.seen: Counter[str] = Counter()  # times each id came
        self.effects: Counter[str] = Counter()  # by the story, which is one worker's
        self.numbers: set[str] = set()

    async def run(self) -> None:
        last = "0"
        while True:
            try:
                async with redis.Redis(port=self._broker.port) as client:
                    while True:
                        for _, entries in await client.xread({"drill.events": last}, count=500, block=500) or ():
                            for key, fields in entries:
                                last = key
                                self._take(orjson.loads(fields[b"data"]))
            except (redis.RedisError, OSError):
                await asyncio.sleep(0.1)  # It has been killed; there is nothing to wait on.

    def _take(self, event: dict[str, Any]) -> None:
        self.seen[event["id"]] += 1
        if self.seen[event["id"]] == 1 and event["type"] == "appeal.submitted":
            self.effects[event["data"]["story"]] += 1
            self.numbers.add(event["subject"])


class Balancer:
    """What stands before the replicas: any of them gets any update."""

    def __init__(self) -> None:
        self.port = free_port()
        self.targets: list[int] = []
        self._http: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        self._http = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_post("/telegram", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    async def _pass(self, request: web.Request) -> web.Response:
        assert self._http is not None
        kept = {name: value for name, value in request.headers.items() if name.startswith(("X-", "Content-Type"))}
        body = await request.read()
        for port in random.sample(self.targets, len(self.targets)):
            url = f"http://127.0.0.1:{port}/telegram"
            try:
                async with self._http.post(url, data=body, headers=kept) as response:
                    answer, kind = await response.read(), response.content_type
                    return web.Response(body=answer, status=response.status, content_type=kind)
            except aiohttp.ClientConnectorError:
                continue  # It is dead: the next one.
            except aiohttp.ClientError:
                break  # It died over this one; Telegram sends it again.
        return web.Response(status=502)

    async def ready(self) -> None:
        """Wait until all replicas listen."""
        assert self._http is not None
        for port in self.targets:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with self._http.get(f"http://127.0.0.1:{port}/healthz") as response:
                        if response.status == 200:
                            break
                await asyncio.sleep(0.1)  # It is another process: there is nothing to wait on.


@dataclass
class Worker:
    """Somebody who files an appeal and reads what comes back."""

    server: Server
    number: int
    receipts: list[str] = field(default_factory=list)

    @property
    def story(self) -> str:
        return f"站点拖着十月的工资没给，问了三次都说再等等。我是第{self.number - FIRST + 1}位。"

    async def file(self) -> None:
        await write(self.server, self.number, "我要反映")
        await self._press("写一份诉求")
        await self._press("欠薪")
        await self._hear(lambda said, _: "怎么回事" in said)
        await write(self.server, self.number, self.story)
        await self._press("提交")
        await self._hear(lambda said, _: bool(NUMBER.search(said)))
        for line in BURST:
            await write(self.server, self.number, line)
        for sign in BURST.values():
            await self._hear(lambda said, _, sign=sign: sign in said)

    async def is_in_order(self) -> bool:
        """Whether the answers to the three lines came as the lines did; one that came twice counts where it came first."""
        said = [message.get("text", "") for message in await self._messages() if not message["mine"]]
        first = [next((at for at, text in enumerate(said) if sign in text), -1) for sign in BURST.values()]
        return -1 not in first and first == sorted(first)

    async def read(self) -> list[str]:
        """The numbers on all receipts this worker has got."""
        return [found[1] for message in await self._messages() if (found := NUMBER.search(message.get("text", "")))]

    async def _press(self, label: str) -> None:
        def holds(_: str, buttons: Sequence[dict[str, Any]]) -> bool:
            return any(label in each["text"] for each in buttons)

        message = await self._hear(holds)
        data = next(each["callback_data"] for each in _buttons(message) if label in each["text"])
        bot = await self.server.chat.shared.bots.own()
        await self.server.chat.people.press(bot, self.number, message["id"], data)

    async def _hear(self, wanted: Any) -> dict[str, Any]:
        """The newest message of the bot that is wanted, once it is there."""
        while True:
            bot = await self.server.chat.shared.bots.own()
            state = await self.server.chat.page.views.state(bot, self.number)
            if state is not None:
                with self.server.chat.shared.wakeups.listen(
                    (CONVERSATION, state.id), seen=state.last_event
                ) as listener:
                    for message in reversed(await self._messages()):
                        if not message["mine"] and wanted(message.get("text", ""), _buttons(message)):
                            return message
                    await listener.wait(1.0)

    async def _messages(self) -> list[dict[str, Any]]:
        bot = await self.server.chat.shared.bots.own()
        state = await self.server.chat.page.views.state(bot, self.number)
        if state is None:
            return []
        return list((await self.server.chat.page.views.first(state, self.number))["messages"])


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in message.get("buttons", []) for button in row if "callback_data" in button]


class Drill:
    """One run."""

    def __init__(self, url: str, folder: Path, *, workers: int, replicas: int, kills: int, spread: float) -> None:
        self.url, self.folder = url, folder
        self.workers, self.replicas, self.kills, self.spread = workers, replicas, kills, spread
        self.killed: Counter[str] = Counter()

    async def run(self) -> Report:
        broker, balancer = Broker(self.folder), Balancer()
        await broker.start()
        await balancer.start()
        consumer = Consumer(broker)
        consuming = asyncio.create_task(consumer.run())
        try:
            async with bot_api(self.folder / "telegram") as server:
                return await self._run(server, broker, balancer, consumer)
        finally:
            consuming.cancel()
            await asyncio.gather(consuming, return_exceptions=True)
            await balancer.stop()
            await broker.kill()

    async def _run(self, server: Server, broker: Broker, balancer: Balancer, consumer: Consumer) -> Report:
        made = [self._settings(server, broker, balancer) for _ in range(self.replicas)]
        balancer.targets = [int(each["NUANXIN_PORT"]) for each in made]
        replicas = [Replica(each) for each in made]
        people = [Worker(server, FIRST + number) for number in range(self.workers)]
        try:
            for each in replicas:
                await each.start()
            await balancer.ready()
            began = time.monotonic()
            underway = asyncio.Semaphore(AT_ONCE)
            filing = [asyncio.create_task(self._file(each, underway)) for each in people]
            await self._kill(replicas, broker)
            _, waiting = await asyncio.wait(filing, timeout=PATIENCE)
            for each in waiting:
                each.cancel()
            await asyncio.gather(*filing, return_exceptions=True)
            unsent = await self._drained(made[0], consumer)
            receipts = [await each.read() for each in people]
            disordered = [each for each in people if not await each.is_in_order()]
        finally:
            for each in replicas:
                await each.kill()
        stuck, seconds = len(waiting) + unsent, time.monotonic() - began
        return await self._report(people, receipts, consumer, stuck, seconds, disordered=len(disordered))

    def _settings(self, server: Server, broker: Broker, balancer: Balancer) -> dict[str, str]:
        settings = environment(server, self.url, self.folder, webhook=True)
        settings["NUANXIN_TELEGRAM_WEBHOOK_URL"] = f"http://127.0.0.1:{balancer.port}/telegram"
        return settings | {"NUANXIN_QUEUE_URL": broker.url, "NUANXIN_QUIET_HOURS": "0-0"}

    async def _file(self, worker: Worker, underway: asyncio.Semaphore) -> None:
        await asyncio.sleep(random.uniform(0, self.spread))
        async with underway:
            await worker.file()

    async def _kill(self, replicas: Sequence[Replica], broker: Broker) -> None:
        """Kill at random, mostly replicas; what was killed comes back a moment later."""
        for number in range(self.kills):
            await asyncio.sleep(self.spread / self.kills * random.uniform(0.7, 1.3))
            one: Replica | Broker = broker if number % 3 == 1 else random.choice(replicas)
            await one.kill()
            self.killed["broker" if one is broker else "replica"] += 1
            await asyncio.sleep(random.uniform(0, 0.5))
            await one.start()

    async def _drained(self, settings: dict[str, str], consumer: Consumer) -> int:
        """Wait until all events have left and come; returns how many have not."""
        db = opened(settings)
        unsent = select(func.count()).where(Outbox.kind == jobs.EVENT.kind, Outbox.sent_at.is_(None))
        left = -1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    async with db.read() as session:
                        left = int(await session.scalar(unsent) or 0)
                        cases = int(await session.scalar(select(func.count()).select_from(Appeal)) or 0)
                    if left == 0 and len(consumer.numbers) >= cases:
                        break
                    await asyncio.sleep(0.2)  # The bot is another process: there is nothing to wait on.
        await db.close()
        return left

    async def _report(
        self,
        people: Sequence[Worker],
        receipts: Sequence[list[str]],
        consumer: Consumer,
        stuck: int,
        seconds: float,
        *,
        disordered: int,
    ) -> Report:
        db = opened({"NUANXIN_VAR": str(self.folder / "var"), "NUANXIN_DATABASE_URL": self.url})
        async with db.read() as session:
            rows = (await session.execute(select(Appeal.story, Appeal.number))).all()
        await db.close()
        cases = Counter(story for story, _ in rows)
        mine = {number: story for story, number in rows}
        lost = [each for each in people if not cases[each.story] or not consumer.effects[each.story]]
        extra = sum(max(0, cases[each.story] - 1) + max(0, consumer.effects[each.story] - 1) for each in people)
        got = [
            each
            for each, numbers in zip(people, receipts, strict=True)
            if {mine.get(n) for n in numbers} == {each.story}
        ]
        return Report(
            workers=len(people),
            killed=self.killed,
            cases=len(rows),
            lost=len(lost),
            doubled=extra,
            redelivered=sum(times - 1 for times in consumer.seen.values()),
            receipts=len(got),
            disordered=disordered,
            stuck=stuck,
            seconds=seconds,
        )


@asynccontextmanager
async def bot_api(folder: Path) -> AsyncIterator[Server]:
    """A Bot API server in Telegram's place, with a database of its own; it is in less of a hurry than in tests."""
    folder.mkdir()  # noqa: ASYNC240
    clocks = Clocks(look=0.5, lease=10.0, first_retry=0.3, last_retry=1.0, conflict=1.0, grace=2.0)
    async with database(folder) as url:
        server = await Server(url, folder, key=new_key(), clocks=clocks).start()
        try:
            yield server
        finally:
            await server.stop()


async def _main(given: argparse.Namespace) -> None:
    log.configure("CRITICAL", as_json=False)
    async with fresh(given.postgres) as url:
        with tempfile.TemporaryDirectory() as folder:
            await asyncio.to_thread(
                migrate.upgrade, Settings(database_url=url, var=Path(folder) / "var", _env_file=None)
            )
            drill = Drill(
                url, Path(folder), workers=given.workers, replicas=2, kills=given.kills, spread=given.workers / 12
            )
            print(machine())
            print(await drill.run())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=600)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--postgres", default=POSTGRES)
    asyncio.run(_main(parser.parse_args()))
