"""What a collector of OpenTelemetry is sent: how long each piece took, and nobody's words."""

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from bot import traces
from bot.errors import CannotStart
from bot.store.opening import database_of
from tests.support.phone import MARK
from tests.support.web_driver import eventually
from tests.test_parts import leave_behind
from tests.test_supervision import Process

STORY = "站长王大锤扣了我三千块"


@asynccontextmanager
async def collector(port: int) -> AsyncIterator[list[bytes]]:
    """Takes OTLP over HTTP, and keeps what it took."""
    taken: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield taken
    await runner.cleanup()


def spans(taken: list[bytes]) -> list[Span]:
    read = [ExportTraceServiceRequest.FromString(each) for each in taken]
    return [
        span
        for each in read
        for resource in each.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


async def test_each_update_page_row_and_query_is_a_span_without_a_word_of_anybody(settings, unused_tcp_port):
    more = {"NUANXIN_TRACES_URL": f"http://127.0.0.1:{unused_tcp_port}/v1/traces", "OTEL_BSP_SCHEDULE_DELAY": "100"}
    async with collector(unused_tcp_port) as taken, Process(settings, **more) as running:
        await running.listens()
        async with aiohttp.ClientSession(settings.base_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            (await http.get("/chat")).raise_for_status()
            for text in ("我要反映", STORY):
                line = {"key": secrets.token_hex(8), "text": text}
                (await http.post("/chat/messages", json=line, headers=MARK)).raise_for_status()
            await eventually(lambda: has_heard(http, 2))
            db = database_of(settings)
            await leave_behind(db, {"do": "say", "text": STORY})
            await eventually(lambda: has_heard(http, 3))
            await leave_behind(db, {"do": STORY})  # Nothing can be made of it; the reason quotes it.
            await db.close()
            await eventually(lambda: failed(taken))
            (await http.get("/q/secret-code-of-somebody")).release()
        assert await running.stops() == 0
    found = spans(taken)
    by_id = {each.span_id: each.name for each in found}
    pairs = {(by_id.get(each.parent_span_id, ""), each.name) for each in found}
    assert {
        ("POST /channel/web", "update"),
        ("update", "SELECT"),
        ("", "row web"),
        ("", "POST /chat/messages"),
    } <= pairs
    assert not [secret for secret in (STORY, "王大锤", "secret-code") for each in taken if secret.encode() in each]


async def has_heard(http: aiohttp.ClientSession, count: int) -> bool:
    async with http.get("/chat/events") as response:
        return sum(not each["mine"] for each in (await response.json())["messages"]) >= count


async def failed(taken: list[bytes]) -> bool:
    return any(each.name == "row web" and each.status.code == Status.STATUS_CODE_ERROR for each in spans(taken))


def test_without_the_sdk_the_setting_is_answered_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(CannotStart, match=r"nuanxin\[traces\]"):
        traces.begin("http://127.0.0.1:4318/v1/traces", "web")
