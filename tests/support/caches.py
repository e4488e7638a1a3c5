"""What every test's application would prepare anew, though it is the same for all of them: kept for the whole process."""

from typing import Any

from jinja2 import Environment
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

from bot.app import Application
from bot.store.opening import secret_of

STATEMENTS = 2_000  # that are kept of each database

_kept: dict[object, tuple[Dialect, LRUCache[Any, Any]]] = {}


def compile_templates_once() -> None:
    """Compiling the templates of an application takes longer than most tests."""
    compile_one: Any = Environment.compile
    compiled: dict[object, Any] = {}

    def kept(self: Environment, source: Any, name: str | None = None, *rest: Any, **more: Any) -> Any:
        key = (source, name, self.trim_blocks, rest, tuple(more.items()))
        if key not in compiled:
            compiled[key] = compile_one(self, source, name, *rest, **more)
        return compiled[key]

    Environment.compile = kept  # type: ignore[method-assign]


def compile_statements_once(app: Application) -> None:
    """Databases that are opened with the same keys share a dialect, and with it what SQLAlchemy compiled for it."""
    settings = app.settings
    keys = settings.vault_key.get_secret_value() or (settings.var / "vault.key").read_text(), secret_of(settings)
    for engine in (app.db.engine.sync_engine, app.db.reader.sync_engine):
        dialect, compiled = _kept.setdefault((engine.dialect.name, keys), (engine.dialect, LRUCache(STATEMENTS)))
        engine.dialect = dialect
        engine.update_execution_options(compiled_cache=compiled)
