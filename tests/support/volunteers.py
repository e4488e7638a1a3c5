"""The grid in tests: somebody joins and learns, by chat or by the shortest way, earns points and redeems them."""

import re

from sqlalchemy import select

from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.points import ledger as points_ledger
from bot.services.points import rewards, samples
from bot.services.points.rewards import RewardEntry
from bot.services.volunteers import applications
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.applications import VolunteerApplication
from bot.services.volunteers.states import VolunteerMove, VolunteerState
from bot.store.models import Chat, Volunteer

NAME, PHONE = "赵铁柱", "13800138000"
ORGANISER, APPROVER = Actor(Role.ORGANISER, 1), Actor(Role.APPROVER, 2)


async def applies(phone, where: str = "沈阳铁西区") -> str:
    """Fill in the form; returns the number."""
    await phone.types("帮社区、攒积分")
    await phone.presses("我要报名")
    await phone.presses("同意")
    await phone.types(NAME, PHONE)
    await phone.presses("美团")
    await phone.presses("外卖骑手")
    await phone.types(where)
    await phone.presses("周末")
    await phone.presses("在哪片跑")
    await phone.types("艳粉社区")
    [receipt] = await phone.presses("提交")
    return re.search(r"编号：(V\d{10})", receipt)[1]


async def chat_of(phone) -> int:
    """The id of somebody's row; who has not said anything yet says hello."""
    if phone.chat is None:
        async with phone.app.db.read() as session:
            before = set(await session.scalars(select(Chat.id)))
        await phone.types("/start")
        async with phone.app.db.read() as session:
            every = set(await session.scalars(select(Chat.id)))
        [phone.chat] = every - before or every
    return phone.chat


async def applied(phone) -> str:
    """Somebody who has applied, without the taps; returns the number."""
    wanted = VolunteerApplication(NAME, PHONE, "meituan", "rider", "210106", "艳粉社区", "weekend")
    chat = await chat_of(phone)
    async with phone.app.db.begin() as session:
        chat = await session.get_one(Chat, chat)
        return (await applications.apply(session, phone.app.services, chat, wanted)).number


async def approved(phone) -> str:
    """Somebody who may begin the training, and has been told so."""
    number = await applied(phone)
    async with phone.app.db.begin() as session:
        for target in (VolunteerState.REVIEWING, VolunteerState.APPROVED):
            await volunteer_transitions.change(session, phone.app.services, number, VolunteerMove(target, ORGANISER))
    await phone.hears()
    return number


async def certified(phone, *, liaison: bool = False) -> str:
    """Somebody with a certificate, who has heard it all."""
    number = await applied(phone)
    async with phone.app.db.begin() as session:
        context = phone.app.services.silently()
        for target, actor in (
            (VolunteerState.REVIEWING, ORGANISER),
            (VolunteerState.APPROVED, ORGANISER),
            (VolunteerState.TRAINING, WORKER),
        ):
            await volunteer_transitions.change(session, context, number, VolunteerMove(target, actor))
        for item in context.knowledge.grid.items:
            await volunteer_transitions.learn(session, context, number, item, ORGANISER)
        if liaison:
            await volunteer_transitions.appoint(session, context, number, Actor(Role.ADMIN, 3), liaison=True)
    return number


async def learns(phone) -> list[str]:
    """Do the part of the training that is done in chat."""
    await phone.presses("去培训")
    for right in ("停到安全的地方再拍", "换个角度重拍", "离远，打 110"):
        said = await phone.presses(right)
    return said


async def row(app, number: str) -> Volunteer:
    async with app.db.read() as session:
        return await session.scalar(select(Volunteer).where(Volunteer.number == number))


async def earns(app, amount: int, source: str, chat: int | None = None, **more) -> int:
    """Grant points to the only person there is, or to somebody."""
    async with app.db.begin() as session:
        chat = chat if chat is not None else await session.scalar(select(Chat.id))
        return await points_ledger.grant(session, chat, amount, source, **more)


async def stocked(app) -> None:
    """What the demo has to redeem is offered: water, meal, gloves and repair."""
    async with app.db.begin() as session:
        await samples.seed_demo(session, ORGANISER, APPROVER, "")


async def reward_in(app, district: str, *, approved: bool = True, **more: object) -> str:
    """The code of a reward of a district; `more` of it is another."""
    usual = {"label": "反光背心", "about": "均码", "points": 20, "days": 14, "place": "兴工街驿站", "stock": 3}
    async with app.db.begin() as session:
        row = await rewards.write(session, None, RewardEntry(**{**usual, "region": district, **more}), ORGANISER)
        if approved:
            rewards.approve(row, APPROVER, row.version)
        return row.code


async def redeems(phone, reward: str = "矿泉水") -> None:
    """Three taps, and the code that follows them."""
    await phone.types("/points")
    await phone.presses(reward)
    await phone.presses("兑换")
    await phone.app.settled()
