"""/console/settings/limits: how long each kind of case may take, here and around here, and who says so."""

from datetime import datetime

from aiohttp import web

from bot.console.core import divisions
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.calendar import limit_changes, time_limits
from bot.services.calendar.limit_changes import LimitWish
from bot.services.core.working_days import Limit, LimitUnit, china_date
from bot.services.staff import accounts
from bot.services.staff.permissions import Right
from bot.store.models import now


@page("GET", urls.LIMITS, right=Right.SETTINGS_READ)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context)


@page("POST", urls.LIMITS, right=Right.SETTINGS_EDIT, fresh=True)
async def change(context: RequestContext) -> web.Response:
    """A limit for cases from a day on; the ones that are open keep theirs."""
    try:
        wish = _wish(context)
        context.staffer.require(Right.SETTINGS_EDIT, district=wish.district)
        kind = context.knowledge.kinds.get(context.text("kind"))
        if kind is None:
            raise Rejected("limit.kind")
        await limit_changes.change(context.session, context.by, kind, wish)
    except Rejected as error:  # raised before anything is written
        return await _show(context, fault=context.console.layout.rejection(context, error))
    return context.to(urls.LIMITS, said="limit_changed")


def _wish(context: RequestContext) -> LimitWish:
    """Raises Rejected."""
    district, unit = divisions.typed(context, Right.SETTINGS_EDIT), context.text("per")
    try:
        begins = datetime.strptime(context.text("from"), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise Rejected("limit.day") from None
    if unit == "none":
        return LimitWish(district, None, context.text("source"), begins)
    if unit not in set(LimitUnit):
        raise Rejected("limit.unit")
    amount = context.number("amount") or 0
    return LimitWish(district, Limit(amount, LimitUnit(unit), context.text("source")), context.text("source"), begins)


async def _show(context: RequestContext, *, fault: str = "") -> web.Response:
    rules, today = await time_limits.rules(context.session), china_date(now())
    mine = context.staffer.districts(Right.SETTINGS_READ)
    kinds = context.knowledge.kinds
    held = {code: {place: rules.limit(kind, place, today) for place in mine} for code, kind in kinds.items()}
    rows = await limit_changes.changes(context.session, mine)
    return context.page(
        "settings/limits.html",
        status=422 if fault else 200,
        kinds=kinds,
        held=held,
        mine=mine,
        rows=rows,
        names=await accounts.names(context.session, [row.staff_id for row in rows]),
        within=context.staffer.districts(Right.SETTINGS_EDIT),
        today=today,
        editable=context.staffer.may(Right.SETTINGS_EDIT),
        form=context.form,
        fault=fault,
    )
