"""/healthz: the process lives.  /readyz: it can work.  /metrics: how it does, for Prometheus."""

import asyncio
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import prometheus_client
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import literal, make_url, true

from bot.backend.relay import EventRelay
from bot.channels.telegram.channel import BotChannel
from bot.doors import addresses, refusals
from bot.queue import outbox
from bot.queue.relay import Relay
from bot.services.appeals import deliveries as appeal_deliveries
from bot.services.core.counting import capped, counted
from bot.settings import Settings
from bot.store.db import Database, is_down
from bot.store.models import Channel, Outbox, OutboxState, ParkedUpdate
from bot.supervisor import Supervisor
from knowledge import Knowledge
from knowledge.search import Search

ROOM = 2**18  # bytes; with less, SQLite and uploads stand still
LATE = 120.0  # seconds; older than that, a due row says that the relay does not keep up


class Process(Protocol):
    """What runs here, as far as its health goes."""

    settings: Settings
    db: Database
    relay: Relay
    events: EventRelay | None
    channels: dict[Channel, BotChannel]
    supervisor: Supervisor

    @property
    def knowledge(self) -> Knowledge: ...


async def of_process(process: Process) -> dict[str, Any]:
    """What /readyz says: each check with `ok` and what it saw.

    The web chat is our own, and has to be open; Telegram or a backend that is away is reported, and the process stays
    ready: workers use the web chat, and file appeals all the same.
    """
    seen = await report(process.db, process.events)
    channels = {name: channel.report() for name, channel in process.channels.items()}
    own = channels.get(Channel.WEB, {"ok": True})
    tasks = process.supervisor.report()
    disk = await asyncio.to_thread(room, folders(process.settings))
    return {
        **seen,
        "ok": seen["ok"] and tasks["ok"] and disk["ok"] and own["ok"],
        "tasks": tasks,
        "channels": channels,
        "disk": disk,
        "search": depth(process.knowledge.search),
    }


def folders(settings: Settings) -> set[Path]:
    """Where this installation writes."""
    file = make_url(settings.database).database if settings.database.startswith("sqlite") else None
    return {settings.var, *([Path(file).parent] if file else [])}


def room(folders: Iterable[Path]) -> dict[str, Any]:
    """Whether files can be written: a quota or a file system that turned read-only shows only in trying."""
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as trial:
                if trial.write(bytes(ROOM)) < ROOM:
                    return {"ok": False, "why": f"{folder}: no space left"}
        except OSError as error:
            return {"ok": False, "why": f"{folder}: {error.strerror}"}
    return {"ok": True}


async def report(db: Database, events: EventRelay | None = None) -> dict[str, Any]:
    """What the database tells, for every process, by look-ups that end soon whatever the tables hold."""
    try:
        async with db.read() as session:
            oldest = await outbox.oldest_due(session)
            parked = (await counted(session, {"parked": capped(ParkedUpdate, true())}))["parked"]
            backend = await appeal_deliveries.counts(session)
    except Exception as error:
        if not is_down(error):
            raise
        return {"ok": False, "database": {"ok": False, "why": type(error).__name__}}
    late = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
    relay = {"ok": late < LATE, "oldest_due_seconds": round(late, 1)}
    return {
        "ok": relay["ok"],
        "database": {"ok": True},
        "relay": relay,
        "updates_parked": parked,
        "backend": _backend(backend, events),
    }


async def figures(db: Database) -> dict[str, int]:
    """What is counted for curves only."""
    waiting = capped(Outbox, Outbox.state == literal(OutboxState.WAITING, literal_execute=True))
    try:
        async with db.read() as session:
            return dict(await counted(session, {"rows_waiting": waiting}))
    except Exception as error:
        if not is_down(error):
            raise
        return {}


def _backend(counts: dict[str, Any], events: EventRelay | None) -> dict[str, Any]:
    well = counts["oldest_seconds"] < LATE and not counts["dead"] and not counts["dead_letters"]
    return {"ok": well, **counts, **({"breaker": events.breaker.state} if events else {})}


def depth(search: Search) -> dict[str, Any]:
    """How deep the search looks.  A shallow one still answers, so it is no fault; `why` says what keeps it there."""
    return {"ok": True, "tier": search.tier.name.lower(), "why": search.why_shallow}


def add_routes(app: web.Application, process: Process, *, metrics: bool = True) -> None:
    """The pages that tell how a process does; `metrics`: whether the figures are among them."""
    app.router.add_get("/healthz", _healthz)

    async def readyz(_: web.Request) -> web.Response:
        seen = await of_process(process)
        return web.json_response(seen, status=200 if seen["ok"] else 503)

    app.router.add_get("/readyz", _near(readyz))
    if metrics:
        app.router.add_get("/metrics", _near(_figures(process)))


async def _healthz(_: web.Request) -> web.Response:
    return web.json_response({"ok": True})


def _figures(process: Process) -> Handler:
    registry = CollectorRegistry()
    sent = prometheus_client.Gauge("nuanxin_outbox_sent_total", "Rows sent by this process.", registry=registry)
    sent.set_function(lambda: process.relay.sent)

    registry.register(refusals.TOTAL)

    async def metrics(_: web.Request) -> web.Response:
        seen = {**await of_process(process), **await figures(process.db)}
        lines = [prometheus_client.generate_latest(registry)]
        for name, about, value in _gauges(seen):
            family = GaugeMetricFamily(name, about, value=value)
            lines.append(prometheus_client.generate_latest(_Once(family)))
        return web.Response(body=b"".join(lines), headers={"Content-Type": prometheus_client.CONTENT_TYPE_LATEST})

    return metrics


def _near(page: Handler) -> Handler:
    """A page that is not there for the rest of the world."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not addresses.is_near(request):
            raise web.HTTPNotFound
        return await page(request)

    return answer


class _Once:
    """One value, as a registry that Prometheus's writer accepts."""

    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> list[GaugeMetricFamily]:
        return [self._family]


def _gauges(seen: dict[str, Any]) -> list[tuple[str, str, float]]:
    relay, backend, tasks = seen.get("relay", {}), seen.get("backend", {}), seen["tasks"]
    return [
        ("nuanxin_ready", "1 when the process can work.", float(seen["ok"])),
        (
            "nuanxin_tasks_down",
            "Pieces of background work that ended and wait to be started again.",
            len(tasks["down"]),
        ),
        ("nuanxin_outbox_waiting", "Rows waiting to be sent, timers included.", float(seen.get("rows_waiting", 0))),
        ("nuanxin_outbox_oldest_seconds", "Age of the oldest row that is due.", relay.get("oldest_due_seconds", 0.0)),
        ("nuanxin_updates_parked", "Updates nobody could read.", float(seen.get("updates_parked", 0) or 0)),
        ("nuanxin_backend_waiting", "Events waiting for the backend.", float(backend.get("waiting", 0))),
        ("nuanxin_backend_oldest_seconds", "Age of the oldest of them.", float(backend.get("oldest_seconds", 0.0))),
        ("nuanxin_backend_dead", "Events that will not be tried again.", float(backend.get("dead", 0))),
        ("nuanxin_dead_letters", "News that fit no case.", float(backend.get("dead_letters", 0))),
    ]
