"""Ringing the browsers of people whose page is closed: once for each message they did not ask for."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.store.models import Channel, WebSubscription, WeChatAccount

HEAD = timedelta(seconds=5)  # in which an open page shows the message itself


async def ring(session: AsyncSession, people: Collection[int], at: datetime) -> None:
    """Queue a ring for each browser of people of the web chat, for a message that goes to them at a moment.

    Rows of their own, which name no chat: a push service that does not answer holds back no message.
    """
    if not people:
        return
    theirs = select(WebSubscription.id).where(WebSubscription.person_id.in_(people)).order_by(WebSubscription.id)
    numbers = await session.scalars(theirs)
    await outbox.put(
        session, [jobs.RING.row({"subscription": each}, subject=f"ring:{each}", due_at=at + HEAD) for each in numbers]
    )


async def held(session: AsyncSession, channel: Channel, address: int) -> int:
    """How many browsers of somebody may be rung; on a channel that rings by itself, none."""
    count = select(func.count()).where(WebSubscription.person_id == address)
    return (await session.scalar(count) or 0) if channel == Channel.WEB else 0


async def forget(session: AsyncSession, channel: Channel, address: int) -> None:
    """Ring none of somebody's browsers any more."""
    if channel == Channel.WEB:
        await session.execute(delete(WebSubscription).where(WebSubscription.person_id == address))


async def in_wechat(session: AsyncSession, channel: Channel, address: int) -> bool:
    """Whether somebody of the web chat is a follower in WeChat, too."""
    theirs = select(WeChatAccount.id).where(WeChatAccount.person_id == address)
    return channel == Channel.WEB and await session.scalar(theirs) is not None


async def leave_wechat(session: AsyncSession, channel: Channel, address: int) -> None:
    """Forget who somebody is in WeChat: whoever writes there next is somebody new."""
    if channel == Channel.WEB:
        await session.execute(delete(WeChatAccount).where(WeChatAccount.person_id == address))
