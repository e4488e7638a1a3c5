"""The program in a process of its own, and people and colleagues who reach it over HTTP only."""

import asyncio
import contextlib
import itertools
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import pyotp

from bot.services.core.lifecycle import Role
from tests.conftest import free_port
from tests.support.desk import Desk
from tests.support.founding import LINK
from tests.support.phone import Phone
from tests.support.project import ROOT

BOT = (sys.executable, "-m", "bot")
START = 120.0  # seconds until it listens
ANSWER = 20.0  # seconds for an answer in the chat
LOOK, SETTLED = 0.1, 0.5  # seconds between two looks; after which nobody expects more of an answer
STEP = 30  # seconds for which a code of the second factor is the same
_hosts = itertools.count(1)


def somewhere() -> str:
    """An address that nobody had before, as a proxy on this machine tells it."""
    number = next(_hosts)
    return f"198.18.{number >> 8}.{number & 255}"


@dataclass
class Running:
    """`python -m bot run` in a fresh folder.  Stands where tests have their application: a port, and `settled`."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    what: tuple[str, ...] = ("run",)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {"NUANXIN_VAR": str(self.folder / "var"), "NUANXIN_PORT": str(self.port), "NUANXIN_SEARCH": "lexical"}
        quiet = {"NUANXIN_QUIET_HOURS": "0-0", "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        return own | quiet | self.more

    async def start(self) -> Self:
        self.log = (self.folder / f"log-{self.port}").open("wb")
        run = BOT + self.what
        self.process = await asyncio.create_subprocess_exec(
            *run, cwd=self.folder, env=self.environment, stdout=self.log, stderr=self.log
        )
        async with asyncio.timeout(START), aiohttp.ClientSession() as http:
            while self.process.returncode is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return self
                await asyncio.sleep(LOOK)
        raise RuntimeError(self.said())

    async def stop(self) -> str:
        """How it ended that was told to, and after how long."""
        begun = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        status = await self.process.wait()
        self.log.close()
        return f"stopped in {time.monotonic() - begun:.1f} s with status {status}"

    async def command(self, *words: str) -> tuple[int, str]:
        """`python -m bot WORDS` in the same environment: its status and all it said."""
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
        ran = await asyncio.create_subprocess_exec(*BOT, *words, cwd=self.folder, env=self.environment, **pipes)  # type: ignore[arg-type]
        said, _ = await ran.communicate()
        return ran.returncode or 0, said.decode()

    def said(self) -> str:
        return (self.folder / f"log-{self.port}").read_text(encoding="utf-8", errors="replace")

    def memory(self, name: str = "VmRSS") -> float:
        """MB that it has, or at most had since `forget_peak`, by the name of /proc/PID/status."""
        if self.process.returncode is not None:
            return 0.0
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    async def settled(self) -> None:
        """Nothing to wait on: it is another process, and whoever listens waits for an answer."""

    def http(self, **headers: str) -> aiohttp.ClientSession:
        """A browser of its own, at an address of its own."""
        jar = aiohttp.CookieJar(unsafe=True)
        said = {"X-Forwarded-For": somewhere(), **headers}
        return aiohttp.ClientSession(self.url, cookie_jar=jar, headers=said, timeout=aiohttp.ClientTimeout(total=150))


class Person(Phone):
    """Somebody at the chat page, who waits for an answer as people do."""

    async def __aenter__(self) -> Self:
        self._http, self.url = self.app.http(), self.app.url  # type: ignore[attr-defined]
        await self.opens()
        return self

    async def hears(self, *, settle: bool = True, within: float = ANSWER) -> list[str]:
        until = time.monotonic() + within
        while time.monotonic() < until and not await self._has_news():  # noqa: ASYNC110 (another process)
            await asyncio.sleep(LOOK)
        await asyncio.sleep(SETTLED)
        return await super().hears(settle=False)

    async def _has_news(self) -> bool:
        return any(not each["mine"] and each["event"] > self._seen for each in await self.messages())


class Colleague(Desk):
    """Somebody of the staff, in by the link that was handed over, with a chat and a second factor of their own."""

    phone: Person

    def __init__(self, running: Running, link: str, role: Role) -> None:
        super().__init__(running, None)  # type: ignore[arg-type]
        self.running, self.link, self.role = running, link, role
        self.id = 0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"X-Forwarded-For": somewhere()}
        )
        await self.submits(self.link)
        self.phone = await Person(self.running).__aenter__()  # type: ignore[arg-type]
        await self.enrols(self.phone)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.phone.http.close()
        await self.http.close()

    async def proves(self) -> None:
        """Give a code of the second factor that was not given yet, and be fresh for five minutes."""
        await asyncio.sleep(STEP - time.time() % STEP)
        await self.gets("/console/second", status=None)
        await self.submits("/console/second", status=None, code=pyotp.TOTP(self.secret).now())

    async def adds(self, name: str, username: str, role: Role, district: str, unit: str = "") -> tuple[str, int]:
        """Add a colleague by the form; the link to hand over, and their number."""
        wanted = {"name": name, "username": username, "role": role, "district": district, "unit": unit}
        page = await self.submits("/console/people", **wanted, kind="")
        link = LINK.search(page)
        assert link, page.words[:400]
        people = await self.gets("/console/people")
        return link[0], max(int(each) for each in re.findall(r"/console/people/(\d+)", people))


class Beside:
    """Somebody innocent, in a process of their own, who opens the chat page again and again."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.seen: list[tuple[float, float]] = []  # when each began, and how many seconds it took

    async def start(self) -> Self:
        run = (sys.executable, "-m", "benchmarks.attacks.beside", str(self.running.port))
        self._process = await asyncio.create_subprocess_exec(*run, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        self._reading = asyncio.create_task(self._read())
        return self

    async def stop(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reading

    async def during(self, begun: float, ended: float) -> list[float]:
        """How long each took that began or ended meanwhile; waits for the one that was underway at the end."""
        async with asyncio.timeout(START):
            while not self.seen or self.seen[-1][0] < ended:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        return [took for at, took in self.seen if at + took >= begun and at <= ended] or [self.seen[-1][1]]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            at, took = map(float, line.split())
            self.seen.append((at, took))


async def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Look again until something holds, for so long."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:  # noqa: ASYNC110 (another process)
        await asyncio.sleep(LOOK)
    return holds()
