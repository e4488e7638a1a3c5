"""/console/rewards: what points buy; organisers write it and count it, somebody else approves it."""

from collections.abc import Mapping
from datetime import date

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import divisions, listing, words
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.points import rewards
from bot.services.points.rewards import MOST, VIEWS, RewardEntry, RewardFilter, RewardState
from bot.services.staff import accounts, audit
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Reward

REWARD = f"{urls.REWARDS}/{{code}}"
FIELDS = ("label", "about", "points", "stock", "days", "district", "place", "last_day", "funding")
BEGUN = {**dict.fromkeys(FIELDS, ""), "days": "30"}
SHORTEST = 2  # characters of a reason

Given = Mapping[str, str]


@topic("rewards", right=Right.REWARDS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *words.load().actions("reward"))


@card(Right.REWARDS_APPROVE, order=37)
async def waiting(context: RequestContext) -> Card | None:
    """What waits for a second person; nothing while nothing does."""
    return await _card(context, "draft")


@card(Right.REWARDS_STOCK, order=38)
async def empty(context: RequestContext) -> Card | None:
    """What nobody can have because it has run out."""
    return await _card(context, "out")


async def _card(context: RequestContext, view: str) -> Card | None:
    count, said = (await context.once(rewards.counts))[view], context.console.layout.words
    name, note = said(f"card.rewards_{view}"), said(f"card.rewards_{view}_note")
    return Card(name, count, f"{urls.REWARDS}?view={view}", note) if count else None


@page("GET", urls.REWARDS, right=Right.REWARDS_READ, nav="rewards")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = RewardFilter(listing.one_of(query, "view", VIEWS, VIEWS[0]), searched(query))
    found = await rewards.listed(context.session, context.staffer, wanted, context.place)
    return context.page(
        "points/rewards.html",
        rows=found.rows,
        page=found,
        wanted=wanted,
        address=listing.address(urls.REWARDS, wanted),
        views=VIEWS,
        counts=await context.once(rewards.counts),
        may_write=context.staffer.may(Right.REWARDS_WRITE),
    )


@page("GET", f"{urls.REWARDS}/new", right=Right.REWARDS_WRITE)
async def blank(context: RequestContext) -> web.Response:
    return _new(context, BEGUN)


@page("POST", f"{urls.REWARDS}/new", right=Right.REWARDS_WRITE)
async def add(context: RequestContext) -> web.Response:
    given = _given(context)
    try:
        row = await _write(context, None, given)
    except Rejected as error:
        return _new(context, given, context.console.layout.rejection(context, error))
    await context.audit("reward.add", f"reward:{row.code}", label=row.label)
    return context.to(f"{urls.REWARDS}/{row.code}", said="reward_saved")


@page("GET", REWARD, right=Right.REWARDS_READ)
async def shown(context: RequestContext) -> web.Response:
    row = await _found(context)
    return await _show(context, row, _typed(context, row))


@page("POST", REWARD, right=Right.REWARDS_WRITE)
async def edit(context: RequestContext) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    row, given = await _found(context), _given(context)
    before = _typed(context, row)
    try:
        await _write(context, row, given)
    except Rejected as error:
        return await _show(context, row, given, context.console.layout.rejection(context, error))
    after, said = _typed(context, row), context.console.layout.words
    told = [said(f"reward_field.{each}") for each in FIELDS if before[each] != after[each]]
    await context.audit("reward.edit", f"reward:{row.code}", label=row.label, changed=told)
    return context.to(f"{urls.REWARDS}/{row.code}", said="reward_saved")


@page("POST", f"{REWARD}/approve", right=Right.REWARDS_APPROVE)
async def approve(context: RequestContext) -> web.Response:
    row = await _found(context)
    actor = context.staffer.require(Right.REWARDS_APPROVE, district=row.region, subject=f"reward:{row.code}")
    rewards.approve(row, actor, context.number("version") or 0)
    await context.audit("reward.approve", f"reward:{row.code}", label=row.label)
    return context.to(f"{urls.REWARDS}/{row.code}", said="reward_approved")


@page("POST", f"{REWARD}/stop", right=Right.REWARDS_WRITE)
async def stop(context: RequestContext) -> web.Response:
    row = await _found(context)
    rewards.stop(row, context.staffer.require(Right.REWARDS_WRITE, district=row.region))
    await context.audit("reward.stop", f"reward:{row.code}", label=row.label)
    return context.to(f"{urls.REWARDS}/{row.code}", said="reward_stopped")


@page("POST", f"{REWARD}/stock", right=Right.REWARDS_STOCK)
async def restock(context: RequestContext) -> web.Response:
    """More came in, or some are gone without a voucher: broken, or given out elsewhere."""
    row = await _found(context)
    count, why = context.number("count") or 0, context.text("why")
    if not 0 < count <= MOST:
        raise Rejected("points.stock_count", most=MOST)
    if len(why) < SHORTEST:
        raise Rejected("points.stock_why", least=SHORTEST)
    change = -count if context.form.get("out") == "1" else count
    left = (await rewards.restock(context.session, row.code, change)).remaining
    await context.audit("reward.stock", f"reward:{row.code}", change=change, left=left, why=why)
    return context.to(f"{urls.REWARDS}/{row.code}", said="reward_stocked")


def _given(context: RequestContext) -> dict[str, str]:
    return {name: context.text(name) for name in FIELDS}


def _typed(context: RequestContext, row: Reward) -> dict[str, str]:
    """A reward as its form shows it."""
    plain = {name: str(getattr(row, name)) for name in FIELDS if name not in ("district", "stock", "last_day")}
    district = context.console.layout.district(context.knowledge.regions, row.region)
    return {**plain, "district": district, "stock": str(row.total), "last_day": str(row.last_day or "")}


async def _write(context: RequestContext, row: Reward | None, given: Given) -> Reward:
    """Raises Rejected; Denied for a district that is not theirs."""
    if not given["district"]:
        raise Rejected("people.district")
    region = divisions.typed(context, Right.REWARDS_WRITE)
    actor = context.staffer.require(Right.REWARDS_WRITE, district=region, subject="reward")
    entry = RewardEntry(
        label=given["label"],
        about=given["about"],
        points=_whole(given["points"]),
        days=_whole(given["days"]),
        region=region,
        place=given["place"],
        stock=_whole(given["stock"]),
        last_day=_day(given["last_day"]),
        funding=given["funding"],
    )
    return await rewards.write(context.session, row, entry, actor)


def _whole(text: str) -> int:
    """A whole number; -1, which fits nowhere, for what is none; a stock that is not asked for is none."""
    found = numbers.whole(text) if text else 0
    return -1 if found is None else found


def _day(text: str) -> date | None:
    """Raises Rejected."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Rejected("reward.last_day") from None


async def _found(context: RequestContext) -> Reward:
    """The reward of the address.  Raises Denied, which shows as "not found", for one of another district."""
    code, lock = context.http_request.match_info["code"], context.http_request.method == "POST"
    return await context.find(rewards.REWARDS, code, context.right, lock=lock)


def _new(context: RequestContext, given: Given, fault: str = "") -> web.Response:
    mine = context.staffer.districts(Right.REWARDS_WRITE)
    status = 422 if fault else 200
    return context.page("points/new_reward.html", status=status, given=given, fault=fault, mine=mine, counted=False)


async def _show(context: RequestContext, row: Reward, given: Given, fault: str = "") -> web.Response:
    staffer, draft = context.staffer, row.state == RewardState.DRAFT
    may_write = staffer.may(Right.REWARDS_WRITE, district=row.region)
    may_approve = draft and staffer.may(Right.REWARDS_APPROVE, district=row.region)
    return context.page(
        "points/reward.html",
        status=422 if fault else 200,
        row=row,
        path=f"{urls.REWARDS}/{row.code}",
        given=given,
        fault=fault,
        mine=staffer.districts(Right.REWARDS_WRITE),
        counted=row.approved_at is not None,
        over=rewards.is_over(row),
        most=MOST,
        people=await accounts.names(context.session, [*row.writers, row.approved_by]),
        may_write=may_write,
        may_stop=may_write and row.state != RewardState.OFF,
        may_approve=may_approve and staffer.id not in row.writers,
        may_stock=row.approved_at is not None and staffer.may(Right.REWARDS_STOCK, district=row.region or None),
    )
