"""Mixed load for a while: does the process grow, keep files open, or complain?

    python -m benchmarks.steady [--minutes 20] [--riders 30]

The demo runs in a process of its own.  Riders ask, look for stations, file appeals and start anew as somebody else, as
fast as they are answered; staff goes from page to page.  Once a minute the process's memory, open files and threads are
read from /proc.  Ends with 1 when the last third of the minutes has a tenth more of them than the third before it.
"""

import argparse
import asyncio
import random
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.machine import machine
from benchmarks.pictures import demo
from tests.support.desk import OURS
from tests.support.phone import MARK, spoken

QUESTIONS = (
    "押金不退怎么办",
    "送餐路上摔了算工伤吗",
    "站长拖了两个月工资",
    "超时罚款合理吗",
    "怎么加入工会",
    "今天天气咋样",
)
PLACES = ("沈阳铁西区驿站", "附近哪能充电", "中街")
STORY = "站点拖着十月的工资没给，问了三次都说再等等。"
PAGES = ("", "/appeals", "/appeals?view=all", "/overview", "/hazards", "/notices", "/stations")
LOOK = 0.05  # seconds between two looks for an answer
SETTLED = 0.3  # seconds after which nobody expects more of it
GROWS = 1.1  # times as much is growth
Message = dict[str, Any]


@dataclass
class Tally:
    done: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # until a line was answered


class Rider:
    """Somebody with the page open."""

    def __init__(self, http: aiohttp.ClientSession, url: str, tally: Tally) -> None:
        self.http, self.url, self.tally, self.filed = http, url, tally, False

    async def opens(self) -> None:
        await (await self.http.get(f"{self.url}/chat")).read()
        await self.says("/start")

    async def says(self, text: str) -> Message:
        """The answer to a line."""
        return await self._answered("/chat/messages", {"key": secrets.token_hex(8), "text": text})

    async def presses(self, label: str) -> Message:
        for message in reversed(await self._messages()):
            for button in (each for row in message.get("buttons", []) for each in row):
                if label in button["text"] and "callback_data" in button:
                    return await self._answered(
                        "/chat/presses", {"message": message["id"], "data": button["callback_data"]}
                    )
        raise LookupError(label)

    async def _answered(self, path: str, body: dict[str, Any]) -> Message:
        before, began = await self._last(), time.perf_counter()
        async with self.http.post(self.url + path, json=body, headers=MARK) as response:
            response.raise_for_status()
        last = before
        async with asyncio.timeout(60):
            while last["event"] == before["event"]:
                await asyncio.sleep(LOOK)
                last = await self._last()
        self.tally.seconds.append(time.perf_counter() - began)
        await asyncio.sleep(SETTLED)  # An answer may have a second part.
        return await self._last()

    async def _last(self) -> Message:
        said = [each for each in await self._messages() if not each["mine"]]
        return max(said, key=lambda each: int(each["event"]), default={"event": 0})

    async def _messages(self) -> list[Message]:
        async with self.http.get(f"{self.url}/chat/events") as response:
            return list((await response.json()).get("messages", []))


async def asks(rider: Rider) -> None:
    await rider.says(random.choice(QUESTIONS))


async def looks(rider: Rider) -> None:
    await rider.says(random.choice(PLACES))


async def files(rider: Rider) -> None:
    """Once as each person: who files a second one like it is asked whether it is the same."""
    if rider.filed:
        return
    rider.filed = True
    if "哪个区" in spoken(await rider.says("/appeal")):
        await rider.presses("以后再说")
    await rider.presses("欠薪、扣款")
    await rider.says(f"{STORY}第{random.randrange(10**6)}单")
    if "编号" not in spoken(await rider.presses("✅ 提交")):
        raise LookupError("编号")


TASKS: dict[str, Callable[[Rider], Any]] = {"asked": asks, "looked for a station": looks, "filed": files}


async def rides(url: str, tally: Tally, stop: asyncio.Event) -> None:
    while not stop.is_set():
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            rider = Rider(http, url, tally)
            await _counted(tally, "came", rider.opens())
            for name in random.choices(list(TASKS), weights=(6, 3, 1), k=10):
                if stop.is_set():
                    return
                await _counted(tally, name, TASKS[name](rider))


async def works(url: str, link: str, tally: Tally, stop: asyncio.Event) -> None:
    """A colleague goes from page to page."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await _enters(http, url, link)
        while not stop.is_set():
            for path in PAGES:
                await _counted(tally, "pages of staff", _page(http, f"{url}/console{path}"))
            await asyncio.sleep(1)


async def _enters(http: aiohttp.ClientSession, url: str, link: str) -> None:
    """By the link of the demo, and by the digits that the demo shows."""
    async with http.post(link, headers=OURS) as response:
        asked = await response.text()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked))
    code = re.search(r"验证码是\D*(\d{6})", asked)
    assert code, asked
    async with http.post(f"{url}/console/second", data=fields | {"code": code[1]}, headers=OURS) as response:
        assert response.url.path == "/console", response.url


async def _page(http: aiohttp.ClientSession, url: str) -> None:
    async with http.get(url) as response:
        response.raise_for_status()
        await response.read()
        if str(response.url) != url:
            raise LookupError(response.url.path)


async def _counted(tally: Tally, name: str, work: Any) -> None:
    try:
        await work
        tally.done[name] += 1
    except (aiohttp.ClientError, LookupError, TimeoutError) as error:
        tally.done[f"{name}: {type(error).__name__} {error}"[:60]] += 1


def looked(pid: int) -> dict[str, float]:
    """What a process has in hand."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kept = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    files, threads = (len(list(Path(f"/proc/{pid}/{each}").iterdir())) for each in ("fd", "task"))
    return {"MB": kept / 1024, "files": files, "threads": threads}


async def watch(pid: int, minutes: int) -> bool:
    """Print a line a minute.  Returns whether nothing grows."""
    seen = [looked(pid)]
    for minute in range(1, minutes + 1):
        await asyncio.sleep(60)
        seen.append(looked(pid))
        print(
            f"  minute {minute:2}  " + "  ".join(f"{value:.0f} {name}" for name, value in seen[-1].items()), flush=True
        )
    third = max(1, len(seen) // 3)
    return all(
        statistics.mean(each[name] for each in seen[-third:])
        <= GROWS * statistics.mean(each[name] for each in seen[-2 * third : -third])
        for name in seen[0]
    )


async def main(given: argparse.Namespace) -> bool:
    tally, stop = Tally(), asyncio.Event()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        async with demo(folder) as (url, link, pid):
            work = [asyncio.create_task(rides(url, tally, stop)) for _ in range(given.riders)]
            work.append(asyncio.create_task(works(url, link, tally, stop)))
            well = await watch(pid, given.minutes)
            stop.set()
            await asyncio.gather(*work)
    print("  ".join(f"{count} {name}" for name, count in tally.done.most_common()))
    print(f"answered in {statistics.median(tally.seconds) * 1000:.0f} ms (median of {len(tally.seconds)})")
    print("nothing grows" if well else "IT GROWS")
    return well


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=20, help="three at least")
    parser.add_argument("--riders", type=int, default=30)
    sys.exit(0 if asyncio.run(main(parser.parse_args())) else 1)
