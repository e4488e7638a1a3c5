"""/console/redeem: the redemption point's page.  A code works once; a second scan says when it was used."""

from typing import Any

from aiohttp import web

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, page
from bot.services.points import vouchers
from bot.services.points.vouchers import UnknownVoucher
from bot.store.models import Voucher

COUNTER = f"{ROOT}/redeem"


@page("GET", COUNTER, right="rewards.redeem", nav="redeem")
async def counter(visit: Visit) -> web.Response:
    """Somebody types a code, because the camera does not read it."""
    return await _show(visit, visit.request.query.get("code", "")[:20])


@page("GET", f"{COUNTER}/{{code}}", right="rewards.redeem")
async def scanned(visit: Visit) -> web.Response:
    """Where the code in the picture leads; looking at it uses nothing."""
    return await _show(visit, visit.request.match_info["code"][:20])


@page("POST", COUNTER, right="rewards.redeem")
async def redeem(visit: Visit) -> web.Response:
    """Hand the reward over."""
    code = visit.text("code", most=20)
    visit.again = f"{COUNTER}?code={code}"
    try:
        known = await vouchers.by_code(visit.session, code)
        actor = visit.staffer.require("rewards.redeem", **_where(visit, known), subject=f"voucher:{known.id}")
        voucher, now_used = await vouchers.fulfil(visit.session, visit.frame, code, actor)
    except UnknownVoucher:
        return await _show(visit, code)
    await visit.audit("reward.redeem", f"voucher:{voucher.id}", used=now_used)
    return _page(visit, code, voucher, handed=now_used)


async def _show(visit: Visit, code: str) -> web.Response:
    try:
        voucher = await vouchers.by_code(visit.session, code) if code else None
    except UnknownVoucher:
        voucher = None
    return _page(visit, code, voucher)


def _page(visit: Visit, code: str, voucher: Voucher | None, *, handed: bool = False) -> web.Response:
    reward = visit.knowledge.rewards.get(voucher.reward) if voucher else None
    ours = voucher is None or visit.staffer.may("rewards.redeem", **_where(visit, voucher))
    return visit.page("points/redemption.html", code=code, voucher=voucher, reward=reward, handed=handed, ours=ours)


def _where(visit: Visit, voucher: Voucher) -> dict[str, Any]:
    """Who may hand this over: those of its district, and of a redemption point's people those of its reward."""
    reward = visit.knowledge.rewards.get(voucher.reward)
    return {"district": (reward.region if reward else "") or None, "category": voucher.reward}
