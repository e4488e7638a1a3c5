"""A sheet that somebody takes out of the console: it says who did, and on which day."""

import asyncio

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.services.core import periods, spreadsheets
from bot.services.core.spreadsheets import Rows


def watermark(context: RequestContext) -> str:
    who = f"{context.staffer.name}（{context.staffer.username}）"
    return context.knowledge.measures.words["watermark"].format(who=who, day=periods.today())


async def download(lines: Rows, form: str, name: str) -> web.Response:
    """The lines as a file of one of sheets.FORMS."""
    write, kind = spreadsheets.FORMS[form]
    body = await asyncio.to_thread(write, lines)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return web.Response(body=body, content_type=kind, headers=headers)
