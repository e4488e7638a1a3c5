"""Which case comes before and after one in a list, by how they are sorted, also when it has left the list meanwhile; and
which others are the same person's."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals import queue
from bot.services.appeals.queue import AppealFilter
from bot.services.core import keyset
from bot.services.core.keyset import Place
from bot.services.staff.permissions import Staffer
from bot.store.models import Appeal, Identity, Naming, now

EARLIER = 8  # other cases of one person that are named
OWNER = 16  # bytes of the blind index of a person; all zero once they were erased


async def around(session: AsyncSession, staffer: Staffer, wanted: AppealFilter, appeal: Appeal) -> tuple[str, str]:
    """The numbers of the case before this one and of the one after it in a filter; "" where there is none."""
    listed = select(Appeal.number).where(queue.visible(staffer), wanted.condition(staffer, now()))
    cursor, parts = queue.cursor(wanted.view, appeal, wanted.sort), queue.parts(wanted.view, wanted.sort)
    before = await keyset.page(session, listed, Appeal.id, parts, Place(before=cursor), 1)
    after = await keyset.page(session, listed, Appeal.id, parts, Place(after=cursor), 1)
    return _number(before), _number(after)


async def earlier(session: AsyncSession, staffer: Staffer, case: Appeal) -> Sequence[Appeal]:
    """Other cases of the same person, the newest first, as far as somebody may see them and both were filed by name:
    whoever hides behind an alias is not to be put together from several stories."""
    if case.naming != Naming.NAMED:
        return ()
    own = select(Identity.owner).where(Identity.alias == case.alias, Identity.owner != bytes(OWNER)).scalar_subquery()
    query = select(Appeal).join(Identity, Identity.alias == Appeal.alias)
    query = query.where(
        Identity.owner == own, Appeal.id != case.id, Appeal.naming == Naming.NAMED, queue.visible(staffer)
    )
    return (await session.scalars(query.order_by(Appeal.id.desc()).limit(EARLIER))).all()


def _number(page: keyset.Page) -> str:
    return page.rows[0][0] if page.rows else ""
