"""What runs in the background goes on whatever ends; where the server listens is where it is reached; it stops in time."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
import time

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import Application
from bot.commands.doctor import examine
from bot.health import ROOM
from bot.store.models import Channel
from tests.conftest import hasten
from tests.support.fake_bot_api import Crowd
from tests.support.phone import Phone
from tests.support.project import ROOT

PATIENCE = 20  # seconds
LIMIT = 10  # seconds a process has to end


async def ready(app) -> tuple[int, dict]:
    async with aiohttp.ClientSession() as http, http.get(f"{app.settings.base_url}/readyz") as response:
        return response.status, await response.json()


async def becomes(app, status: int) -> dict:
    async with asyncio.timeout(PATIENCE):
        while (seen := await ready(app))[0] != status:  # noqa: ASYNC110 (the page is asked, as monitoring does)
            await asyncio.sleep(0.02)
    return seen[1]


async def test_whatever_work_ends_is_begun_again_and_people_are_answered(app, phone, capsys, caplog, monkeypatch):
    monkeypatch.setattr("bot.supervisor.FIRST", 1.0)  # or it is over before a busy machine has asked
    names = {job.name for job in app.supervisor._jobs if not job._once}
    assert {"relay", "notes", "content", "web chat watch", "web chat delivery", "notices web"} <= names
    for task in [each for each in asyncio.all_tasks() if each.get_name() in names]:
        task.cancel()
    await asyncio.sleep(0)
    down = await becomes(app, 503)
    assert {each["work"] for each in down["tasks"]["down"]} <= names
    await becomes(app, 200)
    running = {each.get_name() for each in asyncio.all_tasks()}
    assert names <= running
    assert await phone.types("/help")
    assert "work ended" in capsys.readouterr().out + caplog.text  # wherever this process logs to by now


async def test_work_that_fails_again_and_again_is_shown_with_its_reason(app, settings, capsys):
    broken = app.supervisor.start("a broken one", _broken)
    down = await becomes(app, 503)
    assert {"work": "a broken one", "why": "ZeroDivisionError"}.items() <= down["tasks"]["down"][0].items()
    assert await examine(settings) == 1
    assert "MEND  background work that ended: a broken one (ZeroDivisionError" in capsys.readouterr().out
    await broken.cancel()
    await becomes(app, 200)


async def _broken() -> None:
    raise ZeroDivisionError


@pytest.fixture
async def crowd():
    crowd = await Crowd().start()
    yield crowd
    await crowd.stop()


def with_telegram(settings, api: str):
    more = {"telegram_token": SecretStr("4711:CROWD"), "telegram_api_url": api, "telegram_file_url": api}
    return settings.model_copy(update=more)


ODD = [
    b"",
    b"null",
    b"[]",
    b'"ok"',
    b"{}",
    b'{"ok": true}',
    b'{"ok": true, "result": null}',
    b'{"ok": true, "result": {"update_id": 1}}',
    b'{"ok": true, "result": [1, null, {"update_id": "7"}, {"update_id": 1e99}]}',
    b'{"ok": false}',
    b'{"ok": false, "error_code": "500"}',
    b'{"ok": false, "error_code": 429, "parameters": []}',
    b'{"ok": false, "error_code": 429, "parameters": {"retry_after": -1}}',
    b"<html>504 Gateway Time-out</html>",
]


async def test_an_answer_that_is_none_of_a_bot_api_is_an_error_like_any_other(settings, knowledge, crowd, monkeypatch):
    monkeypatch.setattr("bot.channels.telegram.polling.LONGEST", 0.01)
    monkeypatch.setattr("bot.channels.telegram.channel.LONGEST", 0.01)
    app = Application(with_telegram(settings, crowd.api), knowledge)
    hasten(app)
    crowd.odd = {method: list(ODD) for method in ("getMe", "getUpdates")}
    await app.start()
    try:
        crowd.write(1, 7, "/help")
        async with asyncio.timeout(PATIENCE):
            while not crowd.said(7):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not any(crowd.odd.values())
        assert app.supervisor.report() == {"ok": True, "down": []}
    finally:
        await app.stop()


async def test_a_channel_that_cannot_start_holds_up_neither_the_others_nor_the_stop(settings, knowledge):
    nobody = socket.create_server(("127.0.0.1", 0))  # takes every connection and never says a word
    with contextlib.closing(nobody):
        api = f"http://127.0.0.1:{nobody.getsockname()[1]}/bot"
        app = Application(with_telegram(settings, api), knowledge)
        hasten(app)
        await app.start()
        async with Phone(app) as phone:
            await phone.opens()
            assert await phone.types("/help")
        status, seen = await ready(app)
        assert (status, seen["channels"]["telegram"]["ok"], seen["channels"]["web"]["ok"]) == (200, False, True)
        began = time.monotonic()
        await app.stop()
        assert time.monotonic() - began < LIMIT


def a_lan_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # Nothing is sent: the system only chooses one of its addresses.
        except OSError:
            return "127.0.0.3"
        return str(trial.getsockname()[0])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::", "::1", "", "localhost", a_lan_address()])
async def test_wherever_it_listens_it_finds_itself_and_people_find_it(settings, knowledge, host):
    app = Application(settings.model_copy(update={"host": host}), knowledge)
    hasten(app)
    await app.start()
    try:
        async with Phone(app) as phone:
            phone.url = app.settings.base_url
            await phone.opens()
            assert await phone.types("/help")
        assert (await ready(app))[0] == 200
        assert app.services.base_url == app.settings.base_url
    finally:
        await app.stop()


async def test_any_free_port_will_do(settings, knowledge):
    app = Application(settings.model_copy(update={"port": 0}), knowledge)
    hasten(app)
    await app.start()
    try:
        assert app.settings.base_url.endswith(f":{app.port}")
        assert app.port
        await app.channels[Channel.WEB].opened.wait()
        assert (await ready(app))[0] == 200
    finally:
        await app.stop()


def test_an_address_in_brackets_is_the_address(settings):
    chosen = type(settings)(host="[::1]", port=8080, _env_file=None)
    assert (chosen.host, chosen.base_url) == ("::1", "http://[::1]:8080")


async def test_with_a_full_disk_it_is_not_ready(app, settings, capsys):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM // 2, hard))  # Files end here: the nearest thing to a full disk.
    try:
        status, seen = await ready(app)
        assert (status, seen["ok"], seen["disk"]["ok"]) == (503, False, False)
        await examine(settings)
        assert "MEND  disk: " in capsys.readouterr().out
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (await ready(app))[0] == 200


class Process:
    """`python -m bot run`, to be told to stop."""

    def __init__(self, settings, **more: str) -> None:
        self.settings = settings
        self.environment = {
            **os.environ,
            "NUANXIN_VAR": str(settings.var),
            "NUANXIN_DATABASE_URL": settings.database_url,
            "NUANXIN_PORT": str(settings.port),
            "NUANXIN_SEARCH": "lexical",
            **more,
        }

    async def __aenter__(self) -> "Process":
        command = (sys.executable, "-m", "bot", "run")
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=self.environment, stderr=pipe)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    async def listens(self) -> None:
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{self.settings.base_url}/healthz") as response:
                        assert response.status == 200
                        return
                await asyncio.sleep(0.1)

    async def stops(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(LIMIT):
            return await self.process.wait()


async def test_it_stops_when_told_to(settings):
    async with Process(settings) as running:
        await running.listens()
        assert await running.stops() == 0


async def test_it_stops_in_time_while_telegram_keeps_silent(settings):
    nobody = socket.create_server(("127.0.0.1", 0))
    with contextlib.closing(nobody):
        api = f"http://127.0.0.1:{nobody.getsockname()[1]}/bot"
        more = {"NUANXIN_TELEGRAM_TOKEN": "4711:CROWD", "NUANXIN_TELEGRAM_API_URL": api}
        async with Process(settings, **more) as running:
            await running.listens()
            assert await running.stops() == 0


async def test_it_stops_in_time_before_the_start_is_over(settings):
    called = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()
        writer.close()

    nobody = await asyncio.start_server(silent, "127.0.0.1", 0)  # a database that takes the call and says nothing
    port = nobody.sockets[0].getsockname()[1]
    async with nobody, Process(settings, NUANXIN_DATABASE_URL=f"postgresql://x@127.0.0.1:{port}/x") as running:
        await asyncio.wait_for(called.wait(), 60)
        assert await running.stops() == 0


STUCK = """
import time
from types import SimpleNamespace
from bot.commands import run

async def stuck(*_):
    print("stuck", flush=True)
    time.sleep(60)

run.LIMIT, run._start = 0.5, stuck
run.run(run._serve(SimpleNamespace()))
"""


async def test_a_loop_that_hears_of_nothing_ends_in_time_all_the_same():
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.DEVNULL}
    stuck = await asyncio.create_subprocess_exec(sys.executable, "-c", STUCK, cwd=ROOT, **pipes)
    assert await stuck.stdout.readline() == b"stuck\n"
    for _ in range(2):  # Who asks again does not put it off.
        stuck.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        assert await stuck.wait() == 1


async def test_an_address_that_is_taken_is_said_in_a_sentence(settings):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        async with Process(settings, NUANXIN_PORT=str(port)) as refused:
            _, said = await asyncio.wait_for(refused.process.communicate(), 60)
    assert refused.process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: " in said.decode().splitlines()[-1]
