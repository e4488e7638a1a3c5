"""/console/audit and /console/views: who did what, who was not let, who looked.  Identities are in neither."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.routes import ROOT, Card, card, page, topic
from bot.console.visit import Visit
from bot.services import audit, staff
from bot.services.audit import PAGE, Wanted
from bot.services.rights import Staffer
from bot.store.models import Audit, View

GROUPS = (
    "ledger",
    "appeal",
    "consultation",
    "policy",
    "gap",
    "station",
    "session",
    "sign_in",
    "second",
    "chat",
    "staff",
)  # of actions, as the filter offers them


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
    group = query.get("group", "") if query.get("group") in GROUPS else ""
    wanted = Wanted(
        staff_id=visit.number("staff"),
        action=f"{group}." if group else "",
        denied=query.get("denied") == "1",
        before=visit.number("before"),
    )
    rows = await audit.rows(visit.session, wanted)
    names = {person.id: person.name for person, _ in await staff.listed(visit.session)}
    return visit.page(
        "audit.html",
        rows=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        wanted=wanted,
        group=group,
        groups=GROUPS,
        names=names,
        subject=lambda text: _subject(text, names),
    )


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
    names = {person.id: person.name for person, _ in await staff.listed(visit.session)}
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    return visit.page("views.html", rows=rows[:PAGE], older=older, wanted=wanted, names=names)


def _subject(text: str, names: Mapping[int, str]) -> str:
    """What a row is about, with the name of a colleague in place of their number."""
    kind, _, number = text.partition(":")
    return names.get(int(number), text) if kind == "staff" and number.isdigit() else text
