"""Files that somebody takes out of the console: read, put together and audited one after another.

What a file holds is read in a transaction that only reads; it is written as CSV or XLSX in none, because that takes long;
its line in the audit has a short one of its own, before the file leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.services.core import spreadsheets
from bot.services.core.spreadsheets import Rows
from bot.services.staff.permissions import Right


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds, and what the audit says of it.

    name: of the file, without its ending.  lines: or the file itself, where it was written as it was read.
    """

    name: str
    lines: Rows | bytes
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


Reader = Callable[[RequestContext], Awaitable[FileContent]]
Handler = Callable[[RequestContext], Awaitable[web.Response]]


def file_page(path: str, *, right: Right, method: str = "GET") -> Callable[[Reader], Handler]:
    """Declare the page of a file, whose address says in {form} which kind; it asks for a fresh code."""

    def declare(read: Reader) -> Handler:
        async def prepare(context: RequestContext) -> tuple[FileContent, web.Response]:
            form = form_of(context)
            async with context.console.db.read() as context.transaction:
                content = await read(context)
            context.transaction = None
            return content, await _written(content, form)

        @page(method, path, right=right, fresh=True, writes=True, prepare=prepare)
        @wraps(read)
        async def hand_out(context: RequestContext) -> web.Response:
            content, response = context.prepared
            await context.audit(content.action, content.subject, form=form_of(context), **content.detail)
            made: web.Response = response
            return made

        return hand_out

    return declare


def form_of(context: RequestContext) -> str:
    """Which kind of file the address asks for.  Raises HTTPNotFound."""
    wanted = context.http_request.match_info["form"]
    if wanted not in spreadsheets.FORMS:
        raise web.HTTPNotFound
    return wanted


async def _written(content: FileContent, form: str) -> web.Response:
    write, kind = spreadsheets.FORMS[form]
    lines = content.lines
    body = lines if isinstance(lines, bytes) else await asyncio.to_thread(write, lines)
    headers = {"Content-Disposition": f'attachment; filename="{content.name}.{form}"'}
    return web.Response(body=body, content_type=kind, headers=headers)
