"""python -m bot doctor: looks at everything an installation needs and says in plain words what to do."""

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select

from bot import health
from bot.channels.telegram.transport import BotApi
from bot.channels.wechat import checks, settings_of
from bot.commands import migrate
from bot.commands.running import command
from bot.console.core import words
from bot.content_store import endpoint_of
from bot.doors import listening
from bot.errors import Refused, TryLater
from bot.services.appeals import deliveries as appeal_deliveries
from bot.services.calendar import coverage as calendar_coverage
from bot.services.calendar.time_limits import Limited
from bot.services.core import hash_chain
from bot.services.core.context import ServiceContext
from bot.services.setup import checklist
from bot.services.staff.audit import CHAINS
from bot.settings import Settings
from bot.store.db import Database, is_down
from bot.store.models import ParkedUpdate
from bot.store.opening import database_of
from knowledge import appeals, hazards, regions, search, shipped

SHOWN = 5  # of each list
PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "nats": 4222,
    "kafka": 9092,
    "http": 80,
    "https": 443,
    "redis": 6379,
    "rediss": 6379,
}

Finding = tuple[bool | None, str]  # whether it is well, None for not much longer, and the line that says so
MARKS: dict[bool | None, str] = {True: "ok  ", None: "SOON", False: "MEND"}


def add(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="settings, database, migrations, channels: plain advice")
    parser.add_argument("--district", metavar="CODE", help="what this district still lacks, instead; such as 210106")
    parser.set_defaults(run=_run)


@command
async def _run(given: argparse.Namespace, settings: Settings) -> int:
    return await examine(settings, given.district)


async def examine(settings: Settings, district: str | None = None) -> int:
    """Print every finding, or those about one district.  Returns 1 when something has to be mended."""
    found: Counter[bool | None] = Counter()
    async for well, line in _findings(settings) if district is None else _district(settings, district):
        print(f"{MARKS[well]}  {line}")
        found[well] += 1
    if found[False]:
        print(f"{found[False]} to mend")
        return 1
    print("everything is well" if not found[None] else f"well for now, {found[None]} to see to soon")
    return 0


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for finding in _settings(settings):
        yield finding
    db = database_of(settings)
    try:
        async for finding in _database(db, settings):
            yield finding
    finally:
        await db.close()
    async for finding in _telegram(settings):
        yield finding
    if (account := settings_of(settings)) is not None:
        async for finding in checks.findings(account, settings.base_url, settings.var / "wechat"):
            yield finding
    async for finding in _process(settings):
        yield finding
    yield _search(settings)
    if settings.speech_url:
        yield await _reached("speech", settings.speech_url, "NUANXIN_SPEECH_URL")
    if settings.sms_url:
        yield await _reached("text messages", settings.sms_url, "NUANXIN_SMS_URL")


def _settings(settings: Settings) -> list[Finding]:
    public = settings.public_url.startswith("https://")
    own_keys = settings.secret_key.get_secret_value() and settings.vault_key.get_secret_value()
    return [
        (True, f"listens on {settings.host} port {settings.port}, reached as {settings.base_url}"),
        (
            public or not settings.telegram_token.get_secret_value(),
            "NUANXIN_PUBLIC_URL is https"
            if public
            else "NUANXIN_PUBLIC_URL is not https: people must not type into it",
        ),
        (
            True,
            "keys come from the environment"
            if own_keys
            else f"keys are kept in {settings.var}/*.key: back them up apart from the database, without them it cannot be read",
        ),
    ]


async def _process(settings: Settings) -> AsyncIterator[Finding]:
    """What the process on this machine says of itself, and whether it has room to write."""
    disk = health.room(health.folders(settings))
    yield disk["ok"], f"disk: {disk.get('why', 'there is room')}"
    try:
        url = f"http://{listening.own(settings.host, settings.port)}/readyz"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http, http.get(url) as response:
            seen = await response.json()
            tasks, channels = seen["tasks"], seen["channels"]
    except (aiohttp.ClientError, TimeoutError, OSError, listening.CannotListen, KeyError, TypeError, ValueError):
        yield True, "it does not run here, or under other settings: nothing is known of its background work"
        return
    down = ", ".join(f"{each['work']} ({each['why']}, {each['failures']} times)" for each in tasks["down"])
    yield tasks["ok"], f"background work that ended: {down}; see the log" if down else "background work goes on"
    for name, channel in channels.items():
        yield channel["ok"], f"channel {name}: {channel.get('why', 'open')}"


async def _database(db: Database, settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with db.connect() as connection:
            current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    except Exception as error:
        if not is_down(error):
            raise
        yield False, f"no database: {type(error).__name__}. Is it running, and is NUANXIN_DATABASE_URL right?"
        return
    newest = migrate.scripts().get_current_head()
    if await migrate.is_behind(db):
        yield False, f"database is at revision {current}, the code wants {newest}: run python -m bot migrate"
        return
    if current != newest:
        yield None, f"once every process runs this version: python -m bot migrate --finish (up to revision {newest})"
    yield True, f"database answers, revision {current}"
    seen = await health.report(db)
    yield seen["relay"]["ok"], f"outbox: {(await health.figures(db))['rows_waiting']} rows waiting"
    async for finding in _backend(db, seen["backend"], settings):
        yield finding
    async with db.read() as session:
        parked = (await session.scalars(select(ParkedUpdate).order_by(ParkedUpdate.id.desc()).limit(5))).all()
    yield not parked, f"{seen['updates_parked']} updates that nobody could read"
    async with db.read() as session:
        broken = [(model.__tablename__, await hash_chain.broken_at(session, model)) for model in CHAINS]
    for table, row in broken:
        yield row is None, f"log {table}: {'unbroken' if row is None else f'changed at row {row}, see audit verify'}"
    async for finding in _calendar(db):
        yield finding
    async for finding in _readers(db, settings):
        yield finding
    for each in parked:
        yield True, f"  parked {each.at:%Y-%m-%d %H:%M} {each.channel} {each.update_id}: {each.why}"


async def _district(settings: Settings, code: str) -> AsyncIterator[Finding]:
    """The same list as the console's home, in its words."""
    if code not in regions.load():
        yield False, f"no district has the code {code}; one of 210106 has six digits, a city four"
        return
    say, db = words.load(), database_of(settings)
    try:
        async with db.read() as session:
            items = await checklist.of_district(session, _context(settings), code)
    finally:
        await db.close()
    for each in items:
        lacking = f": {'、'.join(each.lacking)}" if each.lacking else ""
        how = "" if each.well else f"  ({say(f'checklist_how.{each.name}')})"
        yield each.well, f"{say(f'checklist.{each.name}')}{lacking}{how}"


async def _readers(db: Database, settings: Settings) -> AsyncIterator[Finding]:
    """Whether somebody reads every kind in each district that was begun."""
    context = _context(settings)
    async with db.read() as session:
        for code in await checklist.set_up(session):
            item = await checklist.kinds(session, context, code)
            if not item.well:
                yield False, f"nobody reads in {code}: {'、'.join(item.lacking)}; see doctor --district {code}"
            item = await checklist.second(session, context, code)
            if not item.well:
                yield None, f"no second person in {code} for: {'、'.join(item.lacking)}; see doctor --district {code}"


def _context(settings: Settings) -> ServiceContext:
    return ServiceContext(shipped(), queue=bool(settings.queue_url))


async def _calendar(db: Database) -> AsyncIterator[Finding]:
    """Whether deadlines can be worked out: in time, at /console/settings/calendar or by `calendar enter`."""
    kinds: list[Limited] = [*appeals.load().kinds.values(), *hazards.load().kinds.values()]
    async with db.read() as session:
        reach = await calendar_coverage.coverage(session, kinds)
    enter = f"enter {reach.next_year} in the console, or by: python -m bot calendar enter FILE"
    yield None if reach.short else True, f"calendar: known until {reach.until}" + (f": {enter}" if reach.short else "")
    over = ", ".join(reach.over)
    yield not over, f"limits that run past the calendar: {f'{over}: {enter}' if over else 'none'}"


async def _backend(db: Database, seen: dict[str, Any], settings: Settings) -> AsyncIterator[Finding]:
    if settings.queue_url:
        yield await _reached("backend", settings.queue_url, "NUANXIN_QUEUE_URL")
    waiting = f"{seen['waiting']} events waiting"
    yield True, f"backend: {waiting}" if settings.queue_url else f"no backend: the console is the desk, {waiting}"
    async with db.read() as session:
        stuck, letters = await appeal_deliveries.stuck(session, SHOWN), await appeal_deliveries.letters(session, SHOWN)
    yield not stuck, f"events that do not get out: {'see python -m bot backend stuck' if stuck else 'none'}"
    for each in stuck:
        yield (
            True,
            f"  {each.number} {each.delivery} since {each.since:%Y-%m-%d %H:%M}, {each.attempts} tries: {each.why}",
        )
    yield not letters, f"{seen['dead_letters']} dead letters: news from the backend that fit no case"
    for letter in letters:
        yield True, f"  {letter.at:%Y-%m-%d %H:%M}: {letter.why}"


def _search(settings: Settings) -> Finding:
    wanted = search.Tier[settings.search.upper()]
    model, why = search.model(wanted, endpoint_of(settings))
    if why:
        return False, f"search looks no deeper than lexical: {'; '.join(why)}"
    return True, f"search: {wanted.name.lower()}{f', with {model.name}' if model else ''}"


async def _reached(what: str, url: str, name: str) -> Finding:
    """Whether somebody listens where events go.  Nothing is said to them: news could come that only a bot can take."""
    where = urlsplit(url.partition(",")[0])
    port = where.port or PORTS[where.scheme]
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(where.hostname, port)
            writer.close()
    except OSError as error:
        why = error.strerror or type(error).__name__
        return False, f"{what}: nobody answers at {where.hostname}:{port}: {why}. Is {name} right?"
    return True, f"{what}: {where.hostname}:{port} answers"


async def _telegram(settings: Settings) -> AsyncIterator[Finding]:
    token = settings.telegram_token.get_secret_value()
    if not token:
        yield True, "no Telegram token: the web chat is the only channel"
        return
    api = BotApi(settings.telegram_api_url, settings.telegram_file_url, token)
    await api.open()
    try:
        me = await api.call("getMe", {}, seconds=10)
        yield True, f"Telegram knows us as @{me['username']}"
        hook = await api.call("getWebhookInfo", {}, seconds=10)
        error = hook.get("last_error_message", "")
        yield not error, f"webhook: {hook.get('url') or 'none, polling'} {error}"
    except (AttributeError, KeyError, TypeError):
        yield False, "what NUANXIN_TELEGRAM_API_URL leads to answers, and is no Bot API server"
    except (Refused, TryLater) as error:
        yield False, f"Telegram: {error}. Is NUANXIN_TELEGRAM_TOKEN right, and is the server reachable from here?"
    finally:
        await api.close()
