"""The grid in tests: somebody joins and learns by chat, earns points and redeems them."""

import re

from sqlalchemy import select

from bot.services import points
from bot.store.models import Chat, Volunteer

NAME, PHONE = "赵铁柱", "13800138000"


async def applies(phone, where: str = "沈阳铁西区") -> str:
    """Fill in the form; returns the number."""
    await phone.types("志愿网格")
    await phone.presses("我要报名")
    await phone.presses("同意")
    await phone.types(NAME, PHONE)
    await phone.presses("美团")
    await phone.presses("外卖骑手")
    await phone.types(where)
    await phone.types("艳粉社区")
    await phone.presses("周末")
    [receipt] = await phone.presses("提交")
    return re.search(r"编号：(V\d{10})", receipt)[1]


async def learns(phone) -> list[str]:
    """Do the part of the training that is done in chat."""
    await phone.presses("去培训")
    for right in ("停到安全的地方再拍", "换个角度重拍", "离远，打 110"):
        said = await phone.presses(right)
    return said


async def row(house, number: str) -> Volunteer:
    async with house.db.read() as session:
        return await session.scalar(select(Volunteer).where(Volunteer.number == number))


async def earns(house, amount: int, source: str, chat: int | None = None, **more) -> int:
    """Grant points to the only person there is, or to somebody."""
    async with house.db.begin() as session:
        chat = chat if chat is not None else await session.scalar(select(Chat.id))
        return await points.grant(session, chat, amount, source, **more)


async def redeems(phone, reward: str = "矿泉水") -> None:
    """Three taps, and the code that follows them."""
    await phone.types("/points")
    await phone.presses(reward)
    await phone.presses("兑换")
    await phone.house.settled()
