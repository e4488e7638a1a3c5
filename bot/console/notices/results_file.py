"""/console/notices/.../results: what became of a notice, a line for each person without a name, as a file."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from aiohttp import web

from bot.console.core import watermark
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.notices.list import one
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import spreadsheets
from bot.services.core.spreadsheets import Cell
from bot.services.notices import results as notice_results
from bot.services.notices import totals as notice_totals
from bot.services.staff.permissions import Right
from bot.store.models import Notice

MOST = 10_000  # people of an XLSX, which is put together in memory; a CSV has them all


@page("POST", f"{urls.NOTICES}/{{id}}/results.{{form}}", right=Right.NOTICES_EXPORT, fresh=True)
async def file(context: RequestContext) -> web.Response:
    """It says who took it out and on which day; the audit says when exactly."""
    notice, form = await one(context, Right.NOTICES_EXPORT), context.http_request.match_info["form"]
    if form not in spreadsheets.FORMS:
        raise web.HTTPNotFound
    people = sum((await notice_totals.tally(context.session, notice.id)).values())
    if form != "csv" and people > MOST:
        raise Rejected("notice.large", most=MOST, given=people)
    name = f"notice-{notice.id}"
    if form == "csv":
        response = await _csv(context, notice, name)
    else:
        lines = [*_head(context, notice), *[list(line) async for line in _lines(context, notice)]]
        response = await watermark.download(lines, form, name)
    await context.audit("notice.export", f"notice:{notice.id}", form=form)
    return response


async def _csv(context: RequestContext, notice: Notice, name: str) -> web.Response:
    """Written as it is read: half a million lines as lists would fill the memory."""
    table = io.StringIO()
    written = csv.writer(table)
    written.writerows(map(_plain, _head(context, notice)))
    async for line in _lines(context, notice):
        written.writerow(_plain(line))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return web.Response(body=table.getvalue().encode("utf-8-sig"), content_type="text/csv", headers=headers)


def _plain(line: Iterable[Cell]) -> list[Cell]:
    return [spreadsheets.plain(cell) for cell in line]


def _head(context: RequestContext, notice: Notice) -> list[list[Cell]]:
    words = context.console.layout.words
    columns: list[Cell] = list(words.group("notice_column").values())
    return [[words("sheet.notice"), notice.title, notice.unit], [watermark.watermark(context)], [], columns]


async def _lines(context: RequestContext, notice: Notice) -> AsyncIterator[list[Cell]]:
    """Each copy in the words of the page."""
    words, regions = context.console.layout.words, context.knowledge.regions
    answers = {True: words("detail_value.yes"), False: words("detail_value.no")}
    places = {code: context.console.layout.district(regions, code) for code in regions}
    async for each in notice_results.rows_of(context.session, notice.id):
        yield [
            each.chat,
            words(f"channel.{each.channel}"),
            places.get(each.region, each.region),
            words.get(f"job.{each.job}", each.job),
            words(f"copy_state.{each.state}"),
            words.refusal(each.why),
            each.at,
            answers[each.responded],
            answers[each.opted_out],
        ]
