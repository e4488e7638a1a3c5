"""Something to book, entered as rows where a test is about something else than how it is entered."""

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.services import timer_handlers
from bot.services.bookings import booking, offerings, sittings
from bot.services.bookings.offerings import OfferingEntry
from bot.services.bookings.sittings import SittingEntry
from bot.services.chats import chats
from bot.services.core.lifecycle import Actor, Role
from bot.store.base import as_of, vault_of
from bot.store.models import Channel, Chat, Outbox, OutboxState, Seat, Sitting, now

TITLE = "电动车保养课"
ENTRY = OfferingEntry(
    kind="course",
    title=TITLE,
    text="教您看刹车、电池和轮胎，带自己的车来。",
    region="2101",
    agency_id=None,
    place="兴工街 12 号二楼",
    jobs=[],
    book_hours=2,
    cancel_hours=12,
)


async def sitting_made(
    app, *, capacity: int = 8, least: int = 0, start: datetime | None = None, hours: float = 48, **more: object
) -> int:
    """A sitting of an approved offering; `more` of the offering.  Returns its id."""
    start = start or now() + timedelta(hours=hours)
    async with app.db.begin() as session:
        entry = OfferingEntry(**{**{name: getattr(ENTRY, name) for name in ENTRY.__slots__}, **more})
        row = await offerings.write(session, None, entry, 1)
        await sittings.approve(session, row, Actor(Role.APPROVER, 2), row.version)
        wanted = SittingEntry(start, start + timedelta(hours=2), "", capacity, least)
        return (await sittings.add(session, row, wanted, Actor(Role.ORGANISER, 1))).id


async def seats_at(app, sitting: int) -> list[Seat]:
    """All seats of a sitting, as they were taken."""
    async with app.db.read() as session:
        return list(await session.scalars(select(Seat).where(Seat.sitting_id == sitting).order_by(Seat.id)))


async def sitting_of(app, number: int) -> Sitting:
    async with app.db.read() as session:
        return await session.get_one(Sitting, number)


async def books(phone, words: str = TITLE) -> str:
    """Two taps; returns what was said."""
    await phone.types("培训与活动")
    await phone.presses(words)
    await phone.presses("报名" if "✅ 报名" in await phone.buttons() else "候补")
    return (await phone.messages())[-1]["text"]


async def somebody(app, number: int) -> int:
    """The id of a chat that nobody holds in their hand."""
    async with app.db.begin() as session:
        vault = vault_of(session.get_bind().dialect)
        blank = chats.blank(Channel.WEB, vault.blind(f"nobody:{number}", "chats.key"), 8_000_000 + number)
        row = Chat(**chats.contents(blank), channel=blank.channel, key=blank.key, address=blank.address, version=0)
        session.add(row)
        await session.flush()
        return row.id


async def takes(app, chat_id: int, sitting: int) -> Seat:
    """Somebody books, or stands in line."""
    async with app.db.begin() as session:
        chat = await session.get_one(Chat, chat_id, with_for_update={"key_share": True})
        return (await booking.take(session, chat, sitting))[0]


async def somebody_books(app, sitting: int) -> str:
    """The number of a seat that somebody has."""
    return (await takes(app, await somebody(app, sitting), sitting)).number


async def rings(app, of: str, do: str, *, twice: bool = True) -> int:
    """Ring the timers of a kind that wait, at their own moments.  Returns how many."""
    async with app.db.read() as session:
        timers = select(Outbox).where(Outbox.kind == "timer", Outbox.state == OutboxState.WAITING)
        waiting = await session.scalars(timers.order_by(Outbox.due_at, Outbox.id))
        every = [(each.due_at, each.payload) for each in waiting]
    found = [each for each in every if (each[1]["of"], each[1].get("do")) == (of, do)]
    for at, payload in found * (1 + twice):
        async with app.db.begin() as session:
            with as_of(at):
                await timer_handlers.ring(session, app.services, payload)
    return len(found)
