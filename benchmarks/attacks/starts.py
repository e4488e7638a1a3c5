"""How the program starts, stands and stops: settings that can be guessed, addresses, databases, a full disk, a stop."""

import asyncio
import resource
import secrets
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.attacks.attempts import Attempt, attempts, held
from benchmarks.attacks.doors import status_of, waiting
from benchmarks.attacks.running import Person, Running
from benchmarks.attacks.town import Town
from bot.health import ROOM
from tests.support.phone import MARK

ALL: list[Attempt] = []
attack = attempts(ALL)
IDLE = 10_000  # as many as may wait
SAID = 160  # characters of what it said, its last line


@asynccontextmanager
async def fresh(at: str = "127.0.0.1", **more: str) -> AsyncIterator[Running]:
    """Another installation, not started yet."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {f"NUANXIN_{name.upper()}": value for name, value in more.items()}
        running = Running(Path(folder), settings, host=at)
        try:
            yield running
        finally:
            if hasattr(running, "process") and running.process.returncode is None:
                await running.stop()


async def refused(*words: str, **more: str) -> tuple[bool, str]:
    """Whether a command with these settings ends with a sentence, and not with a traceback; its last line."""
    async with fresh(**more) as running:
        status, said = await running.command(*words)
        last = said.strip().splitlines()[-1][:SAID].replace(str(running.folder), "")
        return status in (1, 2) and "Traceback" not in said, last


@attack("M9", "NUANXIN_SECRET_KEY=a, NUANXIN_QUEUE_SECRET=x, a web hook secret of one letter")
async def guessed_secrets(town: Town) -> str:
    names = ("secret_key", "queue_secret", "telegram_webhook_secret")
    said = [await refused("run", **{name: "a" * number}) for name, number in zip(names, (1, 40, 33), strict=True)]
    return held(all(well for well, _ in said), said[0][1])


@attack("case-06", "NUANXIN_HOST=127.0.0.2 and ::1: reached there, and stopped")
async def other_addresses(town: Town) -> str:
    said = []
    for host in ("127.0.0.2", "::1"):
        async with fresh(f"[{host}]" if ":" in host else host, host=host) as running:
            await running.command("migrate")
            await running.start()
            async with Person(running) as person:  # type: ignore[arg-type]
                answered = await person.types("/help")
            said.append((bool(answered), await running.stop()))
    return held(all(well and end.endswith("status 0") for well, end in said), "; ".join(end for _, end in said))


@attack("case-27", "addresses of databases as managed PostgreSQL and PgBouncer give them, to the doctor")
async def database_addresses(town: Town) -> str:
    base = "postgresql://nobody@127.0.0.1:1/no"
    urls = [f"{base}?sslmode=disable&application_name=a&connect_timeout=3", "mysql://a@127.0.0.1/b"]
    urls.append(f"{base}?prepared_statement_cache_size=0&statement_cache_size=0")
    said = [await refused("doctor", database_url=each) for each in urls]
    return held(all(well for well, _ in said), said[1][1])


@attack("case-29", "NUANXIN_VAR with a percent sign and with a question mark")
async def odd_folders(town: Town) -> str:
    found = []
    for name in ("a%20b", "a?b"):
        async with fresh() as running:
            running.more["NUANXIN_VAR"] = str(running.folder / name)
            await running.command("migrate")
            found.append((running.folder / name / "nuanxin.db").exists() and len(list(running.folder.iterdir())) == 1)
    return held(all(found), "the database lies in it")


@attack(
    "demo", "the demo with NUANXIN_HOST=0.0.0.0, another Host and another Origin; its database to `run`, ours to it"
)
async def demos(town: Town) -> str:
    async with fresh() as running:
        running.more["NUANXIN_HOST"] = "0.0.0.0"  # noqa: S104
        running.what = ("demo", "--empty")
        await running.start()
        said = []
        async with running.http() as http:
            async with http.get("/demo", headers={"Host": "rebound.example"}) as response:
                said.append(response.status)
            for path in ("/sim/update", "/bot777:x/setWebhook"):
                async with http.post(path, data=b"{}", headers={"Origin": "https://evil.example"}) as response:
                    said.append(response.status)
        near = listens_near(running)
        await running.stop()
        status, why = await running.command("run")
    ours, _ = await town.running.command("demo", "--empty", "--port", "0")
    well = said == [421, 403, 403] and near and status == 1 and "Traceback" not in why and ours == 1
    return held(well, f"{said}, on loopback only: {near}, run {status}, demo {ours}")


def listens_near(running: Running) -> bool:
    """Whether its port is open to this machine only."""
    lines = Path(f"/proc/{running.process.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    where = {each.split()[1] for each in lines}
    return f"0100007F:{running.port:04X}" in where and f"00000000:{running.port:04X}" not in where


@attack("case-31", "a disk without room, and room again")
async def full_disk(town: Town) -> str:
    async with fresh() as running:
        await running.command("migrate")
        await running.start()
        async with Person(running) as person:  # type: ignore[arg-type]
            await person.types("/start")
            number, hard = running.process.pid, resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)[1]
            said = [await ready(running)]
            resource.prlimit(number, resource.RLIMIT_FSIZE, (ROOM // 2, hard))
            said += [await ready(running), await posted(person)]
            resource.prlimit(number, resource.RLIMIT_FSIZE, (hard, hard))
            said += [await ready(running), await posted(person)]
            answered = await person.hears()
    return held(said == [200, 503, 503, 200, 200] and answered, f"ready, full, said, ready, said: {said}")


async def ready(running: Running) -> int:
    async with running.http() as http, http.get("/readyz") as response:
        return response.status


async def posted(person: Person) -> int:
    body = {"key": secrets.token_hex(8), "text": "/help"}
    async with person.http.post("/chat/messages", json=body, headers=MARK) as response:
        return response.status


@attack("idle", f"{IDLE:,} pages that wait for news, each from an address of its own")
async def idle(town: Town) -> str:
    """They belong to one person, whose cookie any browser may show."""
    polls = await waiting(town, await town.person(), IDLE, at_once=100)
    said = await asyncio.gather(*(status_of(reader) for reader, _ in polls))
    for _, writer in polls:
        writer.close()
    return held(set(said) == {"200"}, ", ".join(f"{times} x {status}" for status, times in Counter(said).items()))


@attack("stop", "the word to stop while 9,000 pages ask for news at once")
async def stopped(town: Town) -> str:
    """The last one: the town's own program."""
    polls = await waiting(town, await town.person(), 9_000, at_once=9_001)
    ended = await town.running.stop()
    for _, writer in polls:
        writer.close()
    seconds = float(ended.split()[2])
    return held(ended.endswith("status 0") and seconds < 10, ended)
