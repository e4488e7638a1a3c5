"""Logging: the event name is constant, the values are fields, and no secret ever gets in."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

TOKEN = re.compile(r"\b\d{3,}:[A-Za-z0-9_-]{30,}")  # A bot token; PTB and aiohttp put it into URLs.
QUIET = (
    "aiosqlite",
    "httpx",
    "httpcore",
    "aiohttp.access",
    "telegram",
    "faststream",
    "nats",
    "aio_pika",
    "aiormq",
)


def configure(level: str, *, as_json: bool) -> None:
    """Send our own and the libraries' records through one chain to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _console(sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _console(colors: bool) -> structlog.dev.ConsoleRenderer:
    """Tracebacks without local variables, which may hold names: structlog shows them once rich is installed."""
    return structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)


def hide(text: str) -> str:
    """Text without anything that looks like a bot token."""
    return TOKEN.sub("[token]", text)


def _without_secrets(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = hide(value)
        elif isinstance(value, BaseException):
            fields[name] = hide(repr(value))
    return fields


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


# What is logged before `configure`, and by tests and scripts that never call it.
structlog.configure_once(processors=[structlog.processors.add_log_level, _without_secrets, _console(colors=False)])
