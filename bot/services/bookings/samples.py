"""What the demo shows of bookings: a few that are made up, with some people who booked."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge
from bot.services.bookings import booking, offerings, sittings
from bot.services.bookings.offerings import OfferingEntry
from bot.services.bookings.sittings import SittingEntry
from bot.services.core.lifecycle import Actor, Role
from bot.services.core.working_days import ZONE
from bot.store.models import Agency, Chat, Offering, Staff, now

FILE = Path(knowledge.__file__).parent / "bookings.toml"
BOOK_HOURS, CANCEL_HOURS = 2, 12


async def seed_demo(session: AsyncSession, writer: Staff, approver: Staff) -> None:
    """Enter the sample; where there is any offering already, nothing.  Nobody is told."""
    if await session.scalar(select(Offering.id).limit(1)) is not None:
        return
    people = list(await session.scalars(select(Chat).order_by(Chat.id)))
    for each in tomllib.loads(FILE.read_text(encoding="utf-8"))["offerings"]:
        row = await _offering(session, each, writer, approver)
        for date in each["dates"]:
            sitting = await sittings.add(session, row, _date(date), Actor(Role.ORGANISER, writer.id))
            for chat in people[: date["booked"]]:
                await booking.take(session, chat, sitting.id)


async def _offering(session: AsyncSession, told: dict[str, Any], writer: Staff, approver: Staff) -> Offering:
    unit = await session.scalar(select(Agency.id).where(Agency.code == told["unit"]))
    plain = {name: told[name] for name in ("kind", "title", "text", "region", "place", "jobs")}
    asked = await session.scalar(select(Staff.id).where(Staff.username == told.get("provider", "")))
    hours: dict[str, Any] = {"book_hours": BOOK_HOURS, "cancel_hours": CANCEL_HOURS}
    entry = OfferingEntry(**plain, **hours, agency_id=unit, provider_id=asked, confidential=asked is not None)
    row = await offerings.write(session, None, entry, writer.id)
    await sittings.approve(session, row, Actor(Role.APPROVER, approver.id), row.version)
    return row


def _date(told: dict[str, int]) -> SittingEntry:
    day = (now().astimezone(ZONE) + timedelta(days=told["days"])).date()
    start = datetime(day.year, day.month, day.day, told["hour"], tzinfo=ZONE)
    return SittingEntry(start, start + timedelta(minutes=told["minutes"]), "", told["capacity"], told["least"])
