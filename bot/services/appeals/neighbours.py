"""Which case comes before and after one in a list, by how they are sorted: also when it has left the list meanwhile."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals import queue
from bot.services.appeals.queue import AppealFilter
from bot.services.core import keyset
from bot.services.core.keyset import Place
from bot.services.staff.permissions import Staffer
from bot.store.models import Appeal, now


async def around(session: AsyncSession, staffer: Staffer, wanted: AppealFilter, appeal: Appeal) -> tuple[str, str]:
    """The numbers of the case before this one and of the one after it in a filter; "" where there is none."""
    listed = select(Appeal.number).where(queue.visible(staffer), wanted.condition(staffer, now()))
    cursor, parts = queue.cursor(wanted.view, appeal), queue.parts(wanted.view)
    before = await keyset.page(session, listed, Appeal.id, parts, Place(before=cursor), 1)
    after = await keyset.page(session, listed, Appeal.id, parts, Place(after=cursor), 1)
    return _number(before), _number(after)


def _number(page: keyset.Page) -> str:
    return page.rows[0][0] if page.rows else ""
