"""A sheet that somebody takes out of the console: it says who did, and on which day."""

import asyncio

from aiohttp import web

from bot.console.core.request import Visit
from bot.services.core import periods, spreadsheets
from bot.services.core.spreadsheets import Rows


def watermark(visit: Visit) -> str:
    who = f"{visit.staffer.name}（{visit.staffer.username}）"
    return visit.knowledge.measures.words["watermark"].format(who=who, day=periods.today())


async def download(lines: Rows, form: str, name: str) -> web.Response:
    """The lines as a file of one of sheets.FORMS."""
    write, kind = spreadsheets.FORMS[form]
    body = await asyncio.to_thread(write, lines)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return web.Response(body=body, content_type=kind, headers=headers)
