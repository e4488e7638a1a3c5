"""Somebody of the staff with a linked chat, and what they are called about there."""

import re

from sqlalchemy import update

from bot.store.models import Outbox, OutboxState, StaffCall, now
from tests.support.desk import Desk
from tests.support.phone import Phone


class Colleague(Desk):
    """Somebody of the staff with a linked chat."""

    phone: Phone

    async def __aenter__(self):
        await super().__aenter__()
        self.phone = await Phone(self.app).__aenter__()
        await self.phone.opens()
        page = await self.submits("/console/chat")
        await self.phone.types(re.search(r"/staff \d{6}", page)[0])
        return self

    async def __aexit__(self, *error):
        await self.phone.__aexit__(*error)
        await super().__aexit__(*error)


async def heard(colleague: Colleague, words: str) -> None:
    """Let what waits for the pace go now, and look for these words in it."""
    await morning(colleague.app)
    said = await colleague.phone.hears()
    assert any(words in each for each in said), said


async def morning(app) -> None:
    """The moment has come for which calls wait."""
    await app.settled()
    async with app.db.begin() as session:
        await session.execute(update(StaffCall).where(StaffCall.told_at.is_(None)).values(due_at=now()))
        waiting = Outbox.subject.like("tell:%"), Outbox.state == OutboxState.WAITING
        await session.execute(update(Outbox).where(*waiting).values(due_at=now()))
    await app.settled()
