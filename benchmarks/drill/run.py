"""One run of the drill, and what became of everybody in it."""

import asyncio
import contextlib
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.drill.infrastructure import Balancer, Broker, Consumer, bot_api
from benchmarks.drill.people import FIRST, Colleague, Worker
from bot.queue import jobs
from bot.store.models import Appeal, Hazard, Outbox
from tests.support.web_driver import Server
from tests.test_crash import Replica, environment, opened

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
    hazards: int
    hazards_doubled: int
    answered: Counter[int]  # updates, by the status a replica acknowledged them with
    acknowledged: list[float]  # seconds until each 200
    pages: Counter[str]  # of staff, by status; "dead" where the replica was
    seconds: float

    def __str__(self) -> str:
        killed = ", ".join(f"{count} x {name}" for name, count in sorted(self.killed.items()))
        return (
            f"workers {self.workers}  cases {self.cases}  lost {self.lost}  doubled {self.doubled}  "
            f"redelivered {self.redelivered}  receipts {self.receipts}/{self.workers}  "
            f"disordered {self.disordered}  stuck {self.stuck}  "
            f"killed {killed}  {self.seconds:.0f} s\n"
            f"hazards {self.hazards}  doubled {self.hazards_doubled}  updates {_counts(self.answered)}  "
            f"acknowledged p50 {self._after(50):.0f} ms p99 {self._after(99):.0f} ms  pages of staff {_counts(self.pages)}"
        )

    def _after(self, percent: int) -> float:
        return statistics.quantiles(self.acknowledged, n=100)[percent - 1] * 1000


def _counts(found: Counter[int] | Counter[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(found.items())) or "none"


class Drill:
    """One run: `kills` within `spread` seconds, over which the workers come.

    `staff` colleagues read pages meanwhile; where there are any, each worker reports a hazard and asks a question, too.
    """

    def __init__(
        self, url: str, folder: Path, *, workers: int, replicas: int, kills: int, spread: float, staff: int = 0
    ) -> None:
        self.url, self.folder, self.staff = url, folder, staff
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
        db = opened(made[0])
        colleagues = [Colleague(db, balancer.targets) for _ in range(self.staff)]
        try:
            for each in replicas:
                await each.start()
            await balancer.ready()
            began = time.monotonic()
            underway = asyncio.Semaphore(AT_ONCE)
            filing = [asyncio.create_task(self._take_part(each, underway)) for each in people]
            working = [asyncio.create_task(each.works()) for each in colleagues]
            await self._kill(replicas, broker)
            _, waiting = await asyncio.wait(filing, timeout=PATIENCE)
            for task in (*waiting, *working):
                task.cancel()
            await asyncio.gather(*filing, *working, return_exceptions=True)
            unsent = await self._drained(made[0], consumer)
            receipts = [await each.read() for each in people]
            disordered = [each for each in people if not await each.is_in_order()]
        finally:
            for each in replicas:
                await each.kill()
            await db.close()
        stuck, seconds = len(waiting) + unsent, time.monotonic() - began
        told = {"disordered": len(disordered), "stuck": stuck, "seconds": seconds, "killed": self.killed}
        told |= {"answered": balancer.answered, "acknowledged": balancer.seconds}
        told |= {"pages": sum((each.answered for each in colleagues), Counter())}
        return Report(**told, **await self._written(people, receipts, consumer))

    def _settings(self, server: Server, broker: Broker, balancer: Balancer) -> dict[str, str]:
        settings = environment(server, self.url, self.folder, webhook=True)
        settings["NUANXIN_TELEGRAM_WEBHOOK_URL"] = f"http://127.0.0.1:{balancer.port}/telegram"
        return settings | {"NUANXIN_QUEUE_URL": broker.url, "NUANXIN_QUIET_HOURS": "0-0"}

    async def _take_part(self, worker: Worker, underway: asyncio.Semaphore) -> None:
        await asyncio.sleep(random.uniform(0, self.spread))
        async with underway:
            if self.staff:
                await worker.report()
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

    async def _written(
        self, people: Sequence[Worker], receipts: Sequence[list[str]], consumer: Consumer
    ) -> dict[str, int]:
        """What the database and the consumer have, in the names of the report."""
        db = opened({"NUANXIN_VAR": str(self.folder / "var"), "NUANXIN_DATABASE_URL": self.url})
        async with db.read() as session:
            rows = (await session.execute(select(Appeal.story, Appeal.number))).all()
            hazards = Counter((await session.scalars(select(Hazard.text))).all())
        await db.close()
        cases, mine = Counter(story for story, _ in rows), {number: story for story, number in rows}
        effects = consumer.effects
        read = zip(people, receipts, strict=True)
        return {
            "workers": len(people),
            "cases": len(rows),
            "lost": sum(not cases[each.story] or not effects[each.story] for each in people),
            "doubled": sum(max(0, cases[each.story] - 1) + max(0, effects[each.story] - 1) for each in people),
            "redelivered": sum(times - 1 for times in consumer.seen.values()),
            "receipts": sum({mine.get(number) for number in numbers} == {each.story} for each, numbers in read),
            "hazards": len(hazards),
            "hazards_doubled": hazards.total() - len(hazards),
        }
