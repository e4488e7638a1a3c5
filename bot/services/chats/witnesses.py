"""Whether two people said the same independently of each other: then it is taken for true until somebody looks."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.store.models import Channel, Chat, WebPerson, now

AGREE = 2  # people
KNOWN = timedelta(days=1)  # how long we have known a web chat that counts: a new one is a click away
WITHIN = timedelta(days=7)
MOST = 500  # web chats looked at: by then there are two addresses among them, or nobody will find any


async def agree(
    session: AsyncSession,
    reporter: InstrumentedAttribute[bytes],
    at: InstrumentedAttribute[Any],
    *about: ColumnElement[bool],
) -> bool:
    """Whether enough people reported within a week; about: the conditions on the reports.

    Whoever opened the web chat less than a day before they said so counts for nobody, and all who first wrote from one
    address count as one.  Of whom no address is known nobody can say that, so they count for nobody; they count from the
    next time they write.
    """
    said = await session.execute(
        select(reporter.label("who"), at.label("at"), Chat.channel, Chat.created_at, Chat.address)
        .join(Chat, Chat.key == reporter)
        .where(*about, at > now() - WITHIN)
    )
    rows = said.all()
    known = {row.address for row in rows if row.channel == Channel.WEB and row.at - row.created_at >= KNOWN}
    people = select(WebPerson.network).where(WebPerson.id.in_(sorted(known)[:MOST]))
    networks = set(await session.scalars(people.where(WebPerson.network.is_not(None))))
    return len({row.who for row in rows if row.channel != Channel.WEB} | networks) >= AGREE
