"""/console/audit and /console/views: who did what, who was not let, who looked.  Identities are in neither."""

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListAddress
from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.doors import numbers
from bot.messaging import urls
from bot.services.staff import access_anomalies, accounts, audit
from bot.services.staff.audit import PAGE, AuditFilter
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Audit, View

NAMED = 20  # things of one row that are named
NUMBERED = ("session", "staff")  # subjects whose number tells an auditor nothing


@topic("audit", right=Right.AUDIT_READ)
async def grown(session: AsyncSession, staffer: Staffer) -> object:
    last = await audit.head(session, Audit)
    return last.id if last is not None else 0


@card(Right.AUDIT_READ, order=10)
async def refused(context: RequestContext) -> Card:
    words = context.console.layout.words
    count = await audit.refused_today(context.session)
    return Card(words("card.refused"), count, f"{urls.AUDIT}?denied=1", words("card.refused_note"), urgent=count > 0)


@page("GET", urls.AUDIT, right=Right.AUDIT_READ, nav="audit")
async def listed(context: RequestContext) -> web.Response:
    wanted, groups = _wanted(context), context.console.layout.words.group("action_group")
    rows = await audit.rows(context.session, wanted)
    names = {person.id: person.name for person, _ in await accounts.listed(context.session)}
    return context.page(
        "staff/audit.html",
        rows=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        wanted=wanted,
        address=_address(urls.AUDIT, wanted),
        group=wanted.action.removesuffix("."),
        groups=groups,
        names=names,
        subject=lambda text: _subject(context, text, names),
        detail=lambda name, value: _detail(context, name, value),
    )


@file_page(f"{urls.AUDIT}.{{form}}", right=Right.AUDIT_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """What the filter gives, as a sheet; that somebody took it is in the audit, too."""
    wanted = replace(_wanted(context), before=None)
    rows = await audit.rows(context.session, wanted, listing.MOST)
    names = {person.id: person.name for person, _ in await accounts.listed(context.session)}
    return listing.content(context, "audit", _columns(context, names), rows, _address(urls.AUDIT, wanted))


def _wanted(context: RequestContext) -> AuditFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    query = context.http_request.query
    group = listing.one_of(query, "group", context.console.layout.words.group("action_group"))
    return AuditFilter(
        staff_id=context.number("staff"),
        action=f"{group}." if group else "",
        denied=query.get("denied") == "1",
        before=context.number("before"),
        since=listing.day(query, "since"),
        until=listing.day(query, "until"),
    )


def _address(path: str, wanted: AuditFilter) -> ListAddress:
    """The list by what its address asks for; where in it somebody reads is no part of that."""
    plain = listing.asked(replace(wanted, before=None))
    return ListAddress(
        path, [("group", text.removesuffix(".")) if name == "action" else (name, text) for name, text in plain]
    )


def _columns(context: RequestContext, names: Mapping[int, str]) -> Columns:
    words = context.console.layout.words
    return {
        "at": lambda row: listing.moment(row.at),
        "who": lambda row: names.get(row.staff_id, ""),
        "action": lambda row: words.get(f"action.{row.action}", row.action),
        "subject": lambda row: _subject(context, row.subject, names),
        "denied": lambda row: words("detail_value.yes") if row.denied else "",
    }


@card(Right.VIEWS_READ, order=11)
async def unusual(context: RequestContext) -> Card:
    words = context.console.layout.words
    many = await access_anomalies.unusual(context.session)
    return Card(words("card.readers"), len(many), urls.VIEWS, words("card.readers_note"), urgent=bool(many))


@topic("views", right=Right.VIEWS_READ)
async def looked(session: AsyncSession, staffer: Staffer) -> object:
    last = await audit.head(session, View)
    return last.id if last is not None else 0


@page("GET", urls.VIEWS, right=Right.VIEWS_READ, nav="views")
async def looks(context: RequestContext) -> web.Response:
    """Who looked at names, phones and photos, and what for.  What they saw is not in it."""
    denied = context.http_request.query.get("denied") == "1"
    wanted = AuditFilter(staff_id=context.number("staff"), denied=denied, before=context.number("before"))
    rows = await audit.looks(context.session, wanted)
    names = {person.id: person.name for person, _ in await accounts.listed(context.session)}
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    many = await access_anomalies.unusual(context.session)
    address = _address(urls.VIEWS, wanted)
    return context.page(
        "staff/views.html", rows=rows[:PAGE], older=older, wanted=wanted, address=address, names=names, many=many
    )


def _subject(context: RequestContext, text: str, names: Mapping[int, str]) -> str:
    """What a row is about, in words: a colleague or a district by name, anything else by its sort and number."""
    kind, _, number = text.partition(":")
    if kind == "staff" and (staff_id := numbers.whole(number)) is not None:
        return names.get(staff_id, text)
    if kind == "district":
        return context.console.layout.district(context.knowledge.regions, number)
    sort = context.console.layout.words.get(f"subject.{kind}", kind)
    return sort if kind in NUMBERED else f"{sort} {number}".strip()


def _detail(context: RequestContext, name: str, value: object) -> str:
    """A detail's value in words, where it has any."""
    layout = context.console.layout
    if name == "district":
        return layout.district(context.knowledge.regions, str(value))
    if isinstance(value, bool):
        return layout.words("detail_value.yes" if value else "detail_value.no")
    if name == "sessions" and isinstance(value, list):
        return layout.words("detail_value.sessions", count=len(value))
    if name == "changed" and isinstance(value, dict):
        columns = layout.words.group("station_column")
        value = [f"{key}（{'、'.join(columns.get(each, each) for each in changed)}）" for key, changed in value.items()]
    if name == "asked" and isinstance(value, (dict, list)):  # Names alone: what was looked for may be somebody's name.
        return "、".join(layout.words.get(f"list_filter.{each}", each) for each in value)
    if isinstance(value, dict):
        return "、".join(f"{key} {count}" for key, count in value.items())
    if isinstance(value, list):
        return "、".join(value[:NAMED]) + (layout.words("detail_value.more", count=len(value)) if value[NAMED:] else "")
    if name == "measure" and value in context.knowledge.measures.every:
        return context.knowledge.measures.every[str(value)].title
    return layout.words.get(f"{name}.{value}", str(value))
