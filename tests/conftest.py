"""The whole house in a test: a fresh database, the web chat in Telegram's place, people on their phones."""

import asyncio
import gc
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest
from jinja2 import Environment
from playwright.async_api import Browser
from sqlalchemy import event, make_url

from bot.app import Application, database_of
from bot.commands import migrate
from bot.services.core.lifecycle import Role
from bot.settings import Settings
from knowledge import Knowledge
from knowledge import load as load_knowledge
from tests.support import browser as browsers
from tests.support.calendar import make_up
from tests.support.desk import Desk
from tests.support.phone import Phone
from tests.support.units import dispatch_everywhere

UP = "NUANXIN_TEST_DATABASE"  # "sqlite", or the URL of a PostgreSQL server's database
IN_CI = os.environ.get("CI") == "true"


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    hypothesis.settings.register_profile("nuanxin", deadline=None)  # No test asserts absolute times.
    hypothesis.settings.load_profile("nuanxin")
    for name in [name for name in os.environ if name.startswith("NUANXIN_") and name != UP]:
        del os.environ[name]
    compile_templates_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def compile_templates_once() -> None:
    """Each test has a house of its own; their templates are the same, and compiling them takes longer than most tests."""
    compile_one: Any = Environment.compile
    compiled: dict[object, Any] = {}

    def kept(self: Environment, source: Any, name: str | None = None, *rest: Any, **more: Any) -> Any:
        key = (source, name, self.trim_blocks, rest, tuple(more.items()))
        if key not in compiled:
            compiled[key] = compile_one(self, source, name, *rest, **more)
        return compiled[key]

    Environment.compile = kept  # type: ignore[assignment,method-assign]


def on_postgres() -> bool:
    return os.environ.get(UP, "sqlite").startswith("postgresql")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The real content, read once; it lives as long as the process, and nobody need look through it for garbage."""
    content = load_knowledge()
    gc.collect()
    gc.freeze()
    return content


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database to copy, with a calendar and somebody who dispatches appeals, as every city has them.

    An SQLite file, or the name of a PostgreSQL database.
    """
    folder = tmp_path_factory.mktemp("template")
    if not on_postgres():
        _prepare(Settings(var=folder, _env_file=None))
        yield str(folder / "nuanxin.db")
        return
    name = f"nuanxin_template_{secrets.token_hex(4)}"
    asyncio.run(_execute(f'CREATE DATABASE "{name}"'))
    _prepare(Settings(var=folder, database_url=_url(name), _env_file=None))
    yield name
    asyncio.run(_execute(f'DROP DATABASE "{name}" WITH (FORCE)'))


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
async def database_url(template: str, tmp_path: Path) -> AsyncIterator[str]:
    """A fresh database of this test's own."""
    if not on_postgres():
        copy = tmp_path / "test.db"
        copy.write_bytes(Path(template).read_bytes())  # noqa: ASYNC240
        yield f"sqlite:///{copy}"
        return
    name = f"nuanxin_{secrets.token_hex(6)}"
    await _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield _url(name)
    await _execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
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
    """Do not wait for the disk: a killed process loses nothing by that, only a power cut does."""
    if app.db.dialect == "sqlite":
        event.listen(app.db.engine.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def _url(name: str) -> str:
    return make_url(os.environ[UP]).set(database=name).render_as_string(hide_password=False)


async def _execute(statement: str) -> None:
    plain = make_url(os.environ[UP]).set(drivername="postgresql").render_as_string(hide_password=False)
    admin = await asyncpg.connect(plain)
    try:
        await admin.execute(statement)
    finally:
        await admin.close()
