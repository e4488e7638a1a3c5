"""/console/rewards: how many of each reward are left, and what is put in or taken out."""

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.points import vouchers
from bot.services.staff.permissions import Right

MOST = 9_999  # at once
SHORTEST = 2  # characters of a reason


@page("GET", urls.REWARDS, right=Right.REWARDS_STOCK, nav="rewards")
async def listed(context: RequestContext) -> web.Response:
    mine = {code: each for code, each in context.knowledge.rewards.items() if _is_mine(context, each.region)}
    return context.page("points/rewards.html", rewards=mine, stocks=await vouchers.stocks(context.session), most=MOST)


@page("POST", urls.REWARDS, right=Right.REWARDS_STOCK)
async def restock(context: RequestContext) -> web.Response:
    """More came in, or some are gone without a voucher: broken, or given out elsewhere."""
    reward, count, why = (
        context.knowledge.rewards.get(context.text("reward")),
        context.number("count") or 0,
        context.text("why"),
    )
    if reward is None or not _is_mine(context, reward.region):
        raise Rejected("answer.choose")
    if not 0 < count <= MOST:
        raise Rejected("points.stock_count")
    if len(why) < SHORTEST:
        raise Rejected("points.stock_why", least=SHORTEST)
    change = -count if context.form.get("out") == "1" else count
    stock = await vouchers.restock(context.session, reward.code, change)
    await context.audit("reward.stock", f"reward:{reward.code}", change=change, left=stock.remaining, why=why)
    return context.to(urls.REWARDS, said="reward_stocked")


def _is_mine(context: RequestContext, region: str) -> bool:
    """A reward for everywhere may be filled up anywhere; one of a district there only."""
    return context.staffer.may(Right.REWARDS_STOCK, district=region or None)
