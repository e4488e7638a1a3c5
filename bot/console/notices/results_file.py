"""/console/notices/.../results: what became of a notice, a line for each person without a name, as a file."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from bot.console.core.files import FileContent, file_page, form_of
from bot.console.core.request import RequestContext
from bot.console.core.watermark import watermark
from bot.console.notices.list import one
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import spreadsheets
from bot.services.core.spreadsheets import Cell, Rows
from bot.services.notices import results as notice_results
from bot.services.notices import totals as notice_totals
from bot.services.staff.permissions import Right
from bot.store.models import Notice

MOST = 10_000  # people of an XLSX, which is put together in memory; a CSV has them all


@file_page(f"{urls.NOTICES}/{{id}}/results.{{form}}", right=Right.NOTICES_EXPORT, method="POST")
async def file(context: RequestContext) -> FileContent:
    """It says who took it out and on which day; the audit says when exactly."""
    notice, form = await one(context, Right.NOTICES_EXPORT), form_of(context)
    people = sum((await notice_totals.tally(context.session, notice.id)).values())
    if form != "csv" and people > MOST:
        raise Rejected("notice.large", most=MOST, given=people)
    lines = await (_csv(context, notice) if form == "csv" else _rows(context, notice))
    return FileContent(f"notice-{notice.id}", lines, "notice.export", f"notice:{notice.id}")


async def _rows(context: RequestContext, notice: Notice) -> Rows | bytes:
    return [*_head(context, notice), *[line async for line in _lines(context, notice)]]


async def _csv(context: RequestContext, notice: Notice) -> Rows | bytes:
    """Written as it is read: half a million lines as lists would fill the memory."""
    table = io.StringIO()
    written = csv.writer(table)
    written.writerows(map(_plain, _head(context, notice)))
    async for line in _lines(context, notice):
        written.writerow(_plain(line))
    return table.getvalue().encode("utf-8-sig")


def _plain(line: Iterable[Cell]) -> list[Cell]:
    return [spreadsheets.plain(cell) for cell in line]


def _head(context: RequestContext, notice: Notice) -> list[list[Cell]]:
    words = context.console.layout.words
    columns: list[Cell] = list(words.group("notice_column").values())
    return [[words("sheet.notice"), notice.title, notice.unit], [watermark(context)], [], columns]


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
