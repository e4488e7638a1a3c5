"""Texts that staff begins from, by kind: those of the content, and those an office keeps for its district, for notices, too."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.staff import audit
from bot.services.staff.accounts import within
from bot.services.staff.audit import By
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Appeal, CannedReply, now
from knowledge.appeals import Catalogue, Template
from knowledge.regions import around

NOTICE = "notice"  # what begins a notice; its kind is one of notices
USES = ("answer", "ask", "return", NOTICE)
LONGEST_LABEL, LONGEST = 20, 2000  # characters
SHORTEST = 10
MOST = 60  # of one district


def visible(staffer: Staffer, right: Right = Right.SETTINGS_READ) -> ColumnElement[bool]:
    return within(CannedReply.district, staffer.districts(right))


REPLIES = Lookup("reply", CannedReply, CannedReply.id, visible)


async def listed(session: AsyncSession, staffer: Staffer) -> Sequence[CannedReply]:
    """Those of somebody's districts, by use and kind."""
    query = select(CannedReply).where(visible(staffer))
    return (await session.scalars(query.order_by(CannedReply.use, CannedReply.kind, CannedReply.id))).all()


async def offered(session: AsyncSession, types: Catalogue, appeal: Appeal) -> list[Template]:
    """What may begin a text about a case: those of its own kind first, the district's before the content's."""
    fits = CannedReply.district.in_(around(appeal.region)), or_(CannedReply.kind == appeal.kind, CannedReply.kind == "")
    rows = await session.scalars(
        select(CannedReply).where(*fits, CannedReply.use != NOTICE).order_by(CannedReply.kind.desc(), CannedReply.id)
    )
    own = [Template(f"own{row.id}", row.use, row.label, row.text) for row in rows]
    return own + [each for each in types.templates if not each.kinds or appeal.kind in each.kinds]


async def for_notices(session: AsyncSession, districts: Sequence[str]) -> Sequence[CannedReply]:
    """What may begin a notice of somebody who writes in these districts, by its kind."""
    there = {region for each in districts for region in around(each)}
    fits = CannedReply.use == NOTICE, CannedReply.district.in_(there)
    return (await session.scalars(select(CannedReply).where(*fits).order_by(CannedReply.kind, CannedReply.id))).all()


async def save(session: AsyncSession, by: By, row: CannedReply, *, use: str, kind: str, label: str, text: str) -> None:
    """Take over what somebody wrote, into a new row or one that is there.  Raises Rejected."""
    if use not in USES:
        raise Rejected("reply.use")
    if not label.strip() or len(label) > LONGEST_LABEL:
        raise Rejected("reply.label", most=LONGEST_LABEL)
    if len(text.strip()) < SHORTEST:
        raise Rejected("reply.text", least=SHORTEST)
    row.use, row.kind, row.label, row.text = use, kind, label.strip(), text.strip()
    row.changed_by, row.changed_at = by.staff_id or 0, now()
    if row.id is None:
        held = await session.scalars(select(CannedReply.id).where(CannedReply.district == row.district))
        if len(held.all()) >= MOST:
            raise Rejected("reply.many", most=MOST)
        session.add(row)
    await session.flush()
    await audit.note(session, by, "reply.save", f"reply:{row.id}", label=row.label, district=row.district)


async def drop(session: AsyncSession, by: By, row: CannedReply) -> None:
    await session.delete(row)
    await audit.note(session, by, "reply.drop", f"reply:{row.id}", label=row.label, district=row.district)
