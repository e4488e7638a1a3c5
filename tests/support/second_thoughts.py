"""The minute in which what was taken back or cleared may be undone, over at once."""

from datetime import timedelta

from sqlalchemy import update

from bot.app import Application
from bot.services.chats import second_thoughts
from bot.store.models import Outbox, OutboxState, now


async def minute_over(app: Application) -> None:
    async with app.db.begin() as session:
        due = (Outbox.subject == second_thoughts.OF) & (Outbox.state == OutboxState.WAITING)
        await session.execute(update(Outbox).where(due).values(due_at=now() - timedelta(seconds=1)))
    await app.settled()
