"""/console/rewards: how many of each reward are left, and what is put in or taken out."""

from aiohttp import web

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, page
from bot.errors import Rejected
from bot.services.points import vouchers

REWARDS = f"{ROOT}/rewards"
MOST = 9_999  # at once
SHORTEST = 2  # characters of a reason


@page("GET", REWARDS, right="rewards.stock", nav="rewards")
async def listed(visit: Visit) -> web.Response:
    mine = {code: each for code, each in visit.knowledge.rewards.items() if _is_mine(visit, each.region)}
    return visit.page("points/rewards.html", rewards=mine, stocks=await vouchers.stocks(visit.session), most=MOST)


@page("POST", REWARDS, right="rewards.stock")
async def restock(visit: Visit) -> web.Response:
    """More came in, or some are gone without a voucher: broken, or given out elsewhere."""
    reward, count, why = (
        visit.knowledge.rewards.get(visit.text("reward")),
        visit.number("count") or 0,
        visit.text("why"),
    )
    if reward is None:
        raise Rejected("answer.choose")
    visit.staffer.require("rewards.stock", district=reward.region or None, subject=f"reward:{reward.code}")
    if not 0 < count <= MOST:
        raise Rejected("points.stock_count")
    if len(why) < SHORTEST:
        raise Rejected("points.stock_why", least=SHORTEST)
    change = -count if visit.form.get("out") == "1" else count
    stock = await vouchers.restock(visit.session, reward.code, change)
    await visit.audit("reward.stock", f"reward:{reward.code}", change=change, left=stock.remaining, why=why)
    return visit.to(REWARDS, said="reward_stocked")


def _is_mine(visit: Visit, region: str) -> bool:
    """A reward for everywhere may be filled up anywhere; one of a district there only."""
    return visit.staffer.may("rewards.stock", district=region or None)
