"""Who has a case open, and whether anything on its page changed."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import upsert
from bot.store.models import Appeal, AppealStep, CasePresence, Staff, now

HERE = timedelta(seconds=45)  # without news from their page, somebody has left a case


async def moments(session: AsyncSession, numbers: Collection[str]) -> dict[str, object]:
    """Of each case a value that differs once anything on its page does: steps, ticks, who has it open."""
    lines = select(func.max(AppealStep.id), func.count(AppealStep.told_at)).where(AppealStep.appeal_id == Appeal.id)
    newest, told = (lines.with_only_columns(each).scalar_subquery() for each in lines.selected_columns)
    cases = select(Appeal.number, Appeal.id, Appeal.version, Appeal.level, newest, told).where(
        Appeal.number.in_(numbers)
    )
    here = select(CasePresence.appeal_id, CasePresence.staff_id, CasePresence.typing).where(
        CasePresence.at > now() - HERE
    )
    rows = {row.number: tuple(row) for row in await session.execute(cases)}
    present: dict[int, set[object]] = {}
    for appeal_id, *who in await session.execute(
        here.where(CasePresence.appeal_id.in_([row[1] for row in rows.values()]))
    ):
        present.setdefault(appeal_id, set()).add(tuple(who))
    return {number: (row, frozenset(present.get(row[1], ()))) for number, row in rows.items()}


async def enter(session: AsyncSession, appeal_id: int, staff_id: int, *, typing: bool) -> None:
    """Somebody has the case on their screen."""
    values = {"appeal_id": appeal_id, "staff_id": staff_id, "typing": typing, "at": now()}
    statement = upsert.insert(session, CasePresence).values(values)
    again = {"typing": typing, "at": values["at"]}
    await session.execute(statement.on_conflict_do_update(index_elements=["appeal_id", "staff_id"], set_=again))


async def leave(session: AsyncSession, appeal_id: int, staff_id: int) -> None:
    theirs = (CasePresence.appeal_id == appeal_id) & (CasePresence.staff_id == staff_id)
    await session.execute(delete(CasePresence).where(or_(theirs, CasePresence.at < now() - 10 * HERE)))


async def others(session: AsyncSession, appeal_id: int, staff_id: int) -> list[tuple[str, bool]]:
    """Who else has the case open, by name, and whether they are writing."""
    query = (
        select(Staff.name, CasePresence.typing)
        .join(Staff, Staff.id == CasePresence.staff_id)
        .where(CasePresence.appeal_id == appeal_id, CasePresence.staff_id != staff_id)
        .where(CasePresence.at > now() - HERE)
        .order_by(Staff.id)
    )
    return [(name, typing) for name, typing in await session.execute(query)]
