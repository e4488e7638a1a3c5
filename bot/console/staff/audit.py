"""/console/audit and /console/views: who did what, who was not let, who looked.  Identities are in neither."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, Card, card, page, topic
from bot.services.staff import access_anomalies, accounts, audit
from bot.services.staff.audit import PAGE, Wanted
from bot.services.staff.permissions import Staffer
from bot.store.models import Audit, View

NUMBERED = ("session", "staff")  # subjects whose number tells an auditor nothing


@topic("audit", right="audit.read")
async def grown(session: AsyncSession, staffer: Staffer) -> object:
    last = await audit.head(session, Audit)
    return last.id if last is not None else 0


@card("audit.read", order=10)
async def refused(visit: Visit) -> Card:
    words = visit.console.layout.words
    count = await audit.refused_today(visit.session)
    return Card(words("card.refused"), count, f"{ROOT}/audit?denied=1", words("card.refused_note"), urgent=count > 0)


@page("GET", f"{ROOT}/audit", right="audit.read", nav="audit")
async def listed(visit: Visit) -> web.Response:
    query = visit.request.query
    groups = visit.console.layout.words.group("action_group")
    group = query.get("group", "") if query.get("group") in groups else ""
    wanted = Wanted(
        staff_id=visit.number("staff"),
        action=f"{group}." if group else "",
        denied=query.get("denied") == "1",
        before=visit.number("before"),
    )
    rows = await audit.rows(visit.session, wanted)
    names = {person.id: person.name for person, _ in await accounts.listed(visit.session)}
    return visit.page(
        "staff/audit.html",
        rows=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        wanted=wanted,
        group=group,
        groups=groups,
        names=names,
        subject=lambda text: _subject(visit, text, names),
        detail=lambda name, value: _detail(visit, name, value),
    )


@card("views.read", order=11)
async def unusual(visit: Visit) -> Card:
    words = visit.console.layout.words
    many = await access_anomalies.unusual(visit.session)
    return Card(words("card.readers"), len(many), f"{ROOT}/views", words("card.readers_note"), urgent=bool(many))


@topic("views", right="views.read")
async def looked(session: AsyncSession, staffer: Staffer) -> object:
    last = await audit.head(session, View)
    return last.id if last is not None else 0


@page("GET", f"{ROOT}/views", right="views.read", nav="views")
async def looks(visit: Visit) -> web.Response:
    """Who looked at names, phones and photos, and what for.  What they saw is not in it."""
    denied = visit.request.query.get("denied") == "1"
    wanted = Wanted(staff_id=visit.number("staff"), denied=denied, before=visit.number("before"))
    rows = await audit.looks(visit.session, wanted)
    names = {person.id: person.name for person, _ in await accounts.listed(visit.session)}
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    many = await access_anomalies.unusual(visit.session)
    return visit.page("staff/views.html", rows=rows[:PAGE], older=older, wanted=wanted, names=names, many=many)


def _subject(visit: Visit, text: str, names: Mapping[int, str]) -> str:
    """What a row is about, in words: a colleague or a district by name, anything else by its sort and number."""
    kind, _, number = text.partition(":")
    if kind == "staff" and number.isdigit():
        return names.get(int(number), text)
    if kind == "district":
        return visit.console.layout.district(visit.knowledge.regions, number)
    sort = visit.console.layout.words.get(f"subject.{kind}", kind)
    return sort if kind in NUMBERED else f"{sort} {number}".strip()


def _detail(visit: Visit, name: str, value: object) -> str:
    """A detail's value in words, where it has any."""
    layout = visit.console.layout
    if name == "district":
        return layout.district(visit.knowledge.regions, str(value))
    if isinstance(value, bool):
        return layout.words("detail_value.yes" if value else "detail_value.no")
    if name == "sessions" and isinstance(value, list):
        return layout.words("detail_value.sessions", count=len(value))
    if isinstance(value, dict):
        return "、".join(f"{key} {count}" for key, count in value.items())
    if name == "measure" and value in visit.knowledge.measures.every:
        return visit.knowledge.measures.every[str(value)].title
    return layout.words.get(f"{name}.{value}", str(value))
