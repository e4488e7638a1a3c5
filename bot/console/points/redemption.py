"""/console/redeem: the redemption point's page.  A code works once; a second scan says when it was used."""

from typing import Any

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.messaging import urls
from bot.services.points import rewards, vouchers
from bot.services.points.vouchers import UnknownVoucher
from bot.services.staff import accounts
from bot.services.staff.permissions import Right
from bot.store.models import Reward, Voucher


@page("GET", urls.REDEEM, right=Right.REWARDS_REDEEM, nav="redeem")
async def counter(context: RequestContext) -> web.Response:
    """Somebody types a code, because the camera does not read it."""
    return await _show(context, context.http_request.query.get("code", "")[:20])


@page("GET", f"{urls.REDEEM}/history", right=Right.REWARDS_REDEEM)
async def history(context: RequestContext) -> web.Response:
    """What was asked for and handed over of the rewards that this person hands over; never whose it was."""
    known = await rewards.every(context.session)
    mine = [code for code, row in known.items() if context.staffer.may(Right.REWARDS_REDEEM, **_of(row))]
    found = await vouchers.history(context.session, mine, context.place)
    rows = [row for (row,) in found.rows]
    return context.page(
        "points/history.html",
        rows=rows,
        page=found,
        names=await accounts.names(context.session, [each.used_by for each in rows]),
    )


@page("GET", f"{urls.REDEEM}/{{code}}", right=Right.REWARDS_REDEEM)
async def scanned(context: RequestContext) -> web.Response:
    """Where the code in the picture leads; looking at it uses nothing."""
    return await _show(context, context.http_request.match_info["code"][:20])


@page("POST", urls.REDEEM, right=Right.REWARDS_REDEEM)
async def redeem(context: RequestContext) -> web.Response:
    """Hand the reward over."""
    code = context.text("code", most=20)
    context.again = f"{urls.REDEEM}?code={code}"
    try:
        known = await vouchers.by_code(context.session, code)
        actor = context.staffer.require(
            Right.REWARDS_REDEEM, **await _where(context, known), subject=f"voucher:{known.id}"
        )
        voucher, now_used = await vouchers.fulfil(context.session, context.services, code, actor)
    except UnknownVoucher:
        return await _show(context, code)
    await context.audit("reward.redeem", f"voucher:{voucher.id}", used=now_used)
    return await _page(context, code, voucher, handed=now_used)


async def _show(context: RequestContext, code: str) -> web.Response:
    try:
        voucher = await vouchers.by_code(context.session, code) if code else None
    except UnknownVoucher:
        voucher = None
    return await _page(context, code, voucher)


async def _page(context: RequestContext, code: str, voucher: Voucher | None, *, handed: bool = False) -> web.Response:
    ours = voucher is None or context.staffer.may(Right.REWARDS_REDEEM, **await _where(context, voucher))
    return context.page("points/redemption.html", code=code, voucher=voucher, handed=handed, ours=ours)


async def _where(context: RequestContext, voucher: Voucher) -> dict[str, Any]:
    """Who may hand this over: those of its district, and of a redemption point's people those of its reward."""
    return _of(await context.session.get_one(Reward, voucher.reward))


def _of(row: Reward) -> dict[str, Any]:
    return {"district": row.region or None, "category": row.code}
