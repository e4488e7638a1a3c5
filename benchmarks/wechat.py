"""Callbacks of WeChat answered per second of a processor, side by side with echoes that do the same decryption.

    python -m benchmarks.wechat [--rounds 3] [--n 200] [--at-once 4] [--werobot PYTHON]

Each system is a process of its own on core 0; the followers are this process, on core 1.  A callback counts when its
answer is a sealed text that its follower can open.  Ours is `python -m bot run` as an operator starts it, and answers a
question with a card from the content; the peers give the text back: `echo` is a bare aiohttp handler with our own
crypto, WeRoBot (of PYTHON, an environment of its own that has it) its documentation's example.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from benchmarks import traffic
from benchmarks.loopback import cpu_of
from benchmarks.machine import machine
from benchmarks.updates import deep, quiet
from bot.channels.wechat import xml
from bot.channels.wechat.crypto import Envelope
from tests.conftest import free_port
from tests.support import weixin
from tests.support.weixin import Weixin

ROOT = Path(__file__).parents[1]
FLOOR, GOAL = 0.5, 1.0  # times the echo's callbacks per second of a processor
FOLLOWERS = 100  # who take turns: whoever writes too fast is told so
APART = 4  # followers for each line at least: who writes twice at once has both answers in one of them
AT_ONCE = 4  # lines that wait for an answer
HURRY = "发得太快"  # of the sentence that says so, which is no answer
START = 60  # seconds in which a peer has to be up
WAIT = aiohttp.ClientTimeout(total=weixin.PATIENCE)
OURS, ECHO, WEROBOT = "ours, a question answered", "aiohttp, echo", "WeRoBot, echo"


@dataclass(frozen=True)
class Result:
    """One measurement, or the medians of several."""

    rate: float  # answered per s
    cpu: float  # answered per s of a processor
    p50: float  # ms
    unanswered: int


def echo(port: int) -> None:
    """The least that answers WeChat: both signatures, the envelope and the XML, and the text goes back."""
    envelope = Envelope(weixin.TOKEN, weixin.AES_KEY, weixin.APP_ID)

    async def callback(request: web.Request) -> web.Response:
        query, outer = request.query, xml.parse(await request.read())
        stamp, nonce, sealed = query["timestamp"], query["nonce"], outer.get("Encrypt")
        signed = envelope.is_signed(query["signature"], stamp, nonce)
        if not signed or not envelope.is_signed(query["msg_signature"], stamp, nonce, sealed):
            return web.Response(status=403)
        heard, at = xml.parse(envelope.open(sealed)), int(time.time())
        names = {"ToUserName": heard.get("FromUserName"), "FromUserName": heard.get("ToUserName")}
        said = envelope.seal(xml.write(**names, CreateTime=at, MsgType="text", Content=heard.get("Content")))
        signature = envelope.sign(str(at), nonce, said)
        body = xml.write(Encrypt=said, MsgSignature=signature, TimeStamp=at, Nonce=nonce)
        return web.Response(body=body, content_type="application/xml")

    app = web.Application()
    app.router.add_post("/wechat", callback)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=lambda *_: None)


WEROBOT_ECHO = """
import sys
import werobot
from werobot.contrib.bottle import make_view
port, server, token, app_id, aes_key = sys.argv[1:]
robot = werobot.WeRoBot(token=token, app_id=app_id, encoding_aes_key=aes_key, enable_session=False)
robot.text(lambda message: message.content)
robot.wsgi.route("/wechat", ["GET", "POST"], make_view(robot))
robot.run(server=server, host="127.0.0.1", port=int(port), enable_pretty_logging=False)
"""


@contextlib.contextmanager
def started(name: str, folder: Path, port: int, api: str, werobot: str) -> Iterator[int]:
    """The system under test, running on core 0; its process id."""
    environment = dict(os.environ)
    if name == WEROBOT:
        command = [werobot, "-c", WEROBOT_ECHO, str(port), "waitress"]
        command += [weixin.TOKEN, weixin.APP_ID, weixin.AES_KEY]
    elif name == ECHO:
        command = [sys.executable, "-m", "benchmarks.wechat", "--serve", str(port)]
    else:
        command, environment = [sys.executable, "-m", "bot", "run"], ours(folder, port, api)
        migrate = [sys.executable, "-m", "bot", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, capture_output=True)
    with (folder / "stderr").open("wb") as errors:
        pinned = ["taskset", "-c", "0", *command]
        process = subprocess.Popen(pinned, cwd=ROOT, env=environment, stdout=errors, stderr=errors)
        try:
            yield process.pid
        except BaseException:
            print((folder / "stderr").read_text(errors="replace")[-2000:], file=sys.stderr)
            raise
        finally:
            process.kill()
            process.wait()


def ours(folder: Path, port: int, api: str) -> dict[str, str]:
    """The environment of `python -m bot run`."""
    values = {
        "VAR": str(folder),
        "PORT": str(port),
        "SEARCH": "lexical",
        "WECHAT_APP_ID": weixin.APP_ID,
        "WECHAT_APP_SECRET": weixin.APP_SECRET,
        "WECHAT_TOKEN": weixin.TOKEN,
        "WECHAT_AES_KEY": weixin.AES_KEY,
        "WECHAT_API_URL": api,
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUANXIN_")}
    return inherited | {f"NUANXIN_{name}": value for name, value in values.items()}


class Crowd:
    """Followers who write as fast as they are answered."""

    def __init__(self, url: str, at_once: int) -> None:
        self.url, self.at_once, self.texts = url, at_once, traffic.usual_questions()
        self.followers = max(FOLLOWERS, APART * at_once)
        self.numbers, self.people = itertools.count(1), itertools.count()
        self.waits, self.unanswered = list[float](), 0

    async def write(self, count: int) -> None:
        """`count` lines in all; their waits, in ms, are noted."""
        self.waits, self.unanswered, left = [], 0, itertools.repeat(None, count)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=WAIT, connector=connector) as http:

            async def lane() -> None:
                for _ in left:
                    began, openid = time.perf_counter(), f"oFollower-{next(self.people) % self.followers:018}"
                    if not await self._answered(http, openid, next(self.texts)):
                        self.unanswered += 1
                    self.waits.append((time.perf_counter() - began) * 1000)

            await asyncio.gather(*(lane() for _ in range(self.at_once)))

    async def _answered(self, http: aiohttp.ClientSession, openid: str, text: str) -> bool:
        at = int(time.time())
        names = {"ToUserName": weixin.ACCOUNT, "FromUserName": openid, "CreateTime": str(at), "MsgType": "text"}
        sealed = weixin.encrypted(weixin.xml({**names, "Content": text, "MsgId": str(next(self.numbers))}))
        body = weixin.xml({"ToUserName": weixin.ACCOUNT, "Encrypt": sealed})
        given = {"params": weixin.query(at, sealed), "headers": {"Content-Type": "text/xml"}}
        try:
            async with http.post(f"{self.url}/wechat", data=body, **given) as response:
                body = await response.read()
                said = weixin.shown(body) if response.status == 200 else ""
                return said not in ("", weixin.BROKEN) and HURRY not in said
        except (TimeoutError, aiohttp.ClientError):
            return False


async def listening(port: int) -> None:
    """Wait until a peer is there."""
    async with asyncio.timeout(START):
        while True:
            with contextlib.suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                return
            await asyncio.sleep(0.2)


async def measure(name: str, count: int, at_once: int, werobot: str) -> Result:
    quiet()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nuanxin_bench_") as folder:
        async with Weixin() as account:
            with started(name, Path(folder), port, account.origin, werobot) as pid:
                await (deep(port, "lexical") if name == OURS else listening(port))
                crowd = Crowd(f"http://127.0.0.1:{port}", at_once)
                await crowd.write(crowd.followers)
                cpu, began = cpu_of(pid), time.perf_counter()
                await crowd.write(count)
                taken, cpu = time.perf_counter() - began, cpu_of(pid) - cpu
    answered = count - crowd.unanswered
    return Result(answered / taken, answered / cpu, statistics.median(crowd.waits), crowd.unanswered)


def report(results: dict[str, list[Result]]) -> None:
    medians = {
        name: Result(
            *(statistics.median(getattr(each, part) for each in found) for part in ("rate", "cpu", "p50")),
            sum(each.unanswered for each in found),
        )
        for name, found in results.items()
    }
    print(machine())
    print(f"{'':28} answered/s  a CPU second  p50 ms  unanswered")
    for name, result in medians.items():
        print(
            f"{name:28} {result.rate:10.0f} {result.cpu:13.0f} {result.p50:7.0f} {result.unanswered:11}{said(name, medians)}"
        )


def said(name: str, medians: dict[str, Result]) -> str:
    """How ours stands to each echo, a second of a processor."""
    parts = []
    for peer in (ECHO, WEROBOT) if name == OURS else ():
        if peer in medians:
            times = medians[OURS].cpu / medians[peer].cpu
            verdict = "goal met" if times >= GOAL else "floor met" if times >= FLOOR else "BELOW FLOOR"
            parts.append(f"{times:.2f} x {peer} {verdict}")
    return "  " + ", ".join(parts) if parts else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n", type=int, default=200, help="callbacks of a measurement")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="lines that wait for an answer")
    parser.add_argument("--werobot", default="", metavar="PYTHON", help="an interpreter that has WeRoBot and waitress")
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        echo(given.serve)
        return
    os.sched_setaffinity(0, {1})
    results: dict[str, list[Result]] = {}
    for _ in range(given.rounds):
        for name in (ECHO, *([WEROBOT] if given.werobot else []), OURS):
            result = uvloop.run(measure(name, given.n, given.at_once, given.werobot))
            results.setdefault(name, []).append(result)
            print(f"  {name:28} {result.cpu:7.0f} a CPU second", file=sys.stderr, flush=True)
    report(results)


if __name__ == "__main__":
    main()
