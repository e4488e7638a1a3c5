"""The whole house in a test: a fresh database, the web chat in Telegram's place, people on their phones."""

import asyncio
import gc
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.async_api import Browser
from sqlalchemy import event

from bot.app import Application
from bot.commands import migrate
from bot.commands.run import loop_factory
from bot.services.core.lifecycle import Role
from bot.settings import Settings
from bot.store.opening import database_of, vault_of
from knowledge import Knowledge, shipped
from tests.support import browser as browsers
from tests.support import databases, web_driver
from tests.support.caches import compile_statements_once, compile_templates_once
from tests.support.calendar import make_up
from tests.support.desk import Desk
from tests.support.empty import empty_database
from tests.support.phone import Phone
from tests.support.units import dispatch_everywhere

OPENED_BY = (databases, empty_database, web_driver, web_driver.database)  # how a module comes by databases of its own
IN_CI = os.environ.get("CI") == "true"


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    hypothesis.settings.register_profile("nuanxin", deadline=None)  # No test asserts absolute times.
    hypothesis.settings.load_profile("nuanxin")
    for name in [name for name in os.environ if name.startswith("NUANXIN_") and name != databases.UP]:
        del os.environ[name]
    compile_templates_once()
    databases.KEEPS.append(True)


def pytest_sessionfinish() -> None:
    asyncio.run(databases.close())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no process is left alone with it at the end.

    On PostgreSQL only what may turn out otherwise there is run: SQLite's turn has shown the rest already.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if databases.is_meant():
        alike = [item for item in items if not _asks_a_database(item)]
        config.hook.pytest_deselected(items=alike)
        items[:] = [item for item in items if item not in set(alike)]


def _asks_a_database(item: pytest.Item) -> bool:
    """Whether a test is given a database or its module opens some, and it is not only about how a page looks."""
    assert isinstance(item, pytest.Function)
    opens = any(each is way for each in vars(item.module).values() for way in OPENED_BY)
    return item.get_closest_marker("looks") is None and (opens or "template" in item.fixturenames)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores: tests that kill other processes wait for them most of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the program runs on."""
    return {"loop": loop_factory()}


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The real content, read once; it lives as long as the process, and nobody need look through it for garbage."""
    content = shipped()
    gc.collect()
    gc.freeze()
    return content


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the keys of all databases."""
    folder = tmp_path_factory.mktemp("keys")
    vault_of(Settings(var=folder, _env_file=None))
    return folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | databases.Pool]:
    """A migrated database to copy, with a calendar and somebody who dispatches appeals, as every city has them.

    An SQLite file, or PostgreSQL databases to borrow.
    """
    folder = tmp_path_factory.mktemp("template")
    if not databases.is_meant():
        _prepare(Settings(var=folder, _env_file=None))
        yield folder / "nuanxin.db"
        return
    name = f"nuanxin_template_{secrets.token_hex(4)}"
    asyncio.run(databases.execute(f'CREATE DATABASE "{name}"'))
    _prepare(Settings(var=folder, database_url=databases.url(name), _env_file=None))
    yield databases.Pool(lambda copy: databases.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"'))
    asyncio.run(databases.drop(name))


def _prepare(settings: Settings) -> None:
    async def fill() -> None:
        db = database_of(settings)
        async with db.begin() as session:
            await make_up(session)
            await dispatch_everywhere(session)
        await db.close()

    migrate.upgrade(settings)
    asyncio.run(fill())


@pytest.fixture
async def database_url(template: Path | databases.Pool, tmp_path: Path) -> AsyncIterator[str]:
    """A fresh database of this test's own."""
    if isinstance(template, Path):
        copy = tmp_path / "test.db"
        shutil.copyfile(template, copy)
        yield f"sqlite:///{copy}"
        return
    async with template.borrowed() as name:  # noqa: ASYNC240 (no path)
        yield databases.url(name)


@pytest.fixture
def settings(database_url: str, keys: Path, tmp_path: Path) -> Settings:
    shutil.copytree(keys, tmp_path, dirs_exist_ok=True)
    chosen = {"search": "lexical", "quiet_hours": "0-0"}  # Tests must not depend on the time of day.
    return Settings(var=tmp_path, database_url=database_url, port=free_port(), _env_file=None, **chosen)


@pytest.fixture
async def app(settings: Settings, knowledge: Knowledge) -> AsyncIterator[Application]:
    """The house, running, with the web chat as its only channel."""
    app = Application(settings, knowledge, demo=True)
    hasten(app)
    await app.start()
    await app.settled()  # The web chat is open.
    yield app
    await app.stop()


@pytest.fixture
async def phone(app: Application) -> AsyncIterator[Phone]:
    """Somebody's phone."""
    async with Phone(app) as phone:
        await phone.opens()
        yield phone


@pytest.fixture
async def phones(app: Application) -> AsyncIterator[Callable[[], Any]]:
    """As many phones as a test needs: `await phones()` is one more person."""
    opened: list[Phone] = []

    async def another() -> Phone:
        phone = await Phone(app).__aenter__()
        opened.append(phone)
        await phone.opens()
        return phone

    yield another
    for phone in opened:
        await phone.__aexit__(None, None, None)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a browser for all page tests of this process."""
    with browsers.running(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with browsers.connected(chromium) as browser:
        yield browser


@pytest.fixture
async def admin(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.ADMIN) as desk:
        yield desk


@pytest.fixture
async def approver(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.APPROVER) as desk:
        yield desk


@pytest.fixture
async def organiser(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.ORGANISER) as desk:
        yield desk


@pytest.fixture
async def reviewer(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.REVIEWER) as desk:
        yield desk


def hasten(app: Application) -> None:
    """Compile no statement again, and do not wait for the disk: only a power cut loses something by that."""
    compile_statements_once(app)
    if app.db.dialect == "sqlite":
        event.listen(app.db.engine.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
