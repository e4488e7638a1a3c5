"""The one place that says what a request may be: what cannot be read is a 4xx with a sentence, never a traceback."""

import logging
from collections.abc import Awaitable, Callable, Iterable

import asyncpg
from aiohttp import hdrs, web
from aiohttp.helpers import parse_mimetype
from aiohttp.http import HttpProcessingError
from sqlalchemy.exc import DataError, StatementError

from bot import log

logger = log.get(__name__)
_server = logging.getLogger("aiohttp.server")

SOFTWARE = "nuanxin"  # what the Server header says: no versions
_UTF8 = frozenset({"", "utf-8", "utf8"})
_LIMIT = "Exceeds the limit"  # how Python begins to refuse a number of more than 4,300 digits
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def readable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what nobody can read before any application sees it, and what turned out unreadable on the way."""
    fault = _fault(request)
    if fault is not None:
        return _refuse(*fault)
    try:
        return await handler(request)
    except Exception as error:
        if not is_unreadable(error):
            raise
        note(error, request.path)
        return _refuse(400, "The request holds something that cannot be read.")


def is_unreadable(error: BaseException) -> bool:
    """Whether an error means that a text or a number of the request is none.

    No such number fits a date or a column, and no such text can be written down.
    """
    if isinstance(error, DataError | asyncpg.DataError):
        return True
    if isinstance(error, StatementError) and error.orig is not None:
        return is_unreadable(error.orig.__cause__ or error.orig)
    if isinstance(error, asyncpg.InterfaceError):  # A number that no column takes; the others are about connections.
        return isinstance(error, ValueError)
    return isinstance(error, UnicodeError | OverflowError) or (
        isinstance(error, ValueError) and str(error).startswith(_LIMIT)
    )


def note(error: BaseException, path: str) -> None:
    """One line without a traceback: it is the sender's fault, and a sender may repeat it as often as they like."""
    logger.warning("unreadable request", path=path[:200], why=type(error).__name__)


def says_utf8(content_type: str) -> bool:
    """Whether a Content-Type names no other charset than UTF-8: some that Python knows take minutes to decode."""
    return parse_mimetype(content_type).parameters.get("charset", "").strip("\"' ").lower() in _UTF8


def without_traces() -> logging.Logger:
    """The server's own log, for the runner: what its parser refuses is a stranger's fault, and not worth a line."""
    if _is_ours not in _server.filters:
        _server.addFilter(_is_ours)
    return _server


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


async def unnamed(_: web.Request, response: web.StreamResponse) -> None:
    """Say no version of anything: a signal of the application, just before an answer leaves."""
    response.headers[hdrs.SERVER] = SOFTWARE


def _fault(request: web.Request) -> tuple[int, str] | None:
    """The status and the sentence for a request that is refused unread; None for one that may go on."""
    headers = request.headers
    if not _are_texts(text for pair in headers.items() for text in pair):
        return 400, "A header holds bytes that are not UTF-8."
    if not _are_texts([request.path, *(text for pair in request.query.items() for text in pair)]):
        return 400, "The address holds bytes that are not UTF-8."
    if not all(says_utf8(each) for each in headers.getall(hdrs.CONTENT_TYPE, ())):
        return 415, "Only UTF-8 is read here."
    if headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        return 415, "Compressed bodies are not read here."
    return None


def _are_texts(texts: Iterable[str]) -> bool:
    """Whether these can be written down at all: no halves of characters, as bytes that are no UTF-8 leave."""
    return not any("\ud800" <= char <= "\udfff" for text in texts for char in text)


def _refuse(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=why, headers={"X-Content-Type-Options": "nosniff"})
