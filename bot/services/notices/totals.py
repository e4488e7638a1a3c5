"""How many people a notice reached, and why others not: the copies there are, and those that were kept long enough."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.periods import Period
from bot.store import upsert
from bot.store.models import Channel, CopyState, Notice, NoticeCopy, NoticeTotal

Tally = dict[CopyState, int]
OPEN = (CopyState.WAITING, CopyState.SENDING)
NOT_SENT = [each for each in CopyState if each not in {*OPEN, CopyState.SENT}]
NUMBERS = ("people", "responded", "opted_out", "reminded")  # of a total


@dataclass(frozen=True, slots=True)
class CopyOutcome:
    """What became of all copies of a notice, those that are not kept any more included."""

    states: Tally
    reasons: list[tuple[CopyState, str, int]]  # why copies were not sent, the most frequent first
    responded: int
    opted_out: int
    reminded: int


async def outcome(session: AsyncSession, notice_id: int) -> CopyOutcome:
    """Count, each number by an index of its own: a notice has half a million copies."""
    did = [await _did(session, notice_id, column) for column in NUMBERS[1:]]
    return CopyOutcome(await tally(session, notice_id), await _reasons(session, notice_id), *did)


async def tally(session: AsyncSession, notice_id: int) -> Tally:
    """How many copies are, or were, in which state."""
    # With the channel, the index alone has the answer.
    known = select(NoticeCopy.state, func.count()).where(NoticeCopy.notice_id == notice_id)
    past = select(NoticeTotal.state, NoticeTotal.people).where(NoticeTotal.notice_id == notice_id)
    rows = await session.execute(union_all(known.group_by(NoticeCopy.channel, NoticeCopy.state), past))
    counts: Counter[CopyState] = Counter()
    for state, people in rows:
        counts[CopyState(state)] += people
    return dict(counts)


async def gone(session: AsyncSession, notice_id: int) -> int:
    """How many copies are not kept any more."""
    return await session.scalar(select(func.sum(NoticeTotal.people)).where(NoticeTotal.notice_id == notice_id)) or 0


async def reached(session: AsyncSession, period: Period, district: str) -> list[int]:
    """How many notices of a district began in a period, and how many copies of them arrived.  Drills do not count."""
    began = Notice.started_at >= period.since, Notice.started_at < period.before
    mine = select(Notice.id).where(*began, Notice.district.startswith(district), Notice.does == "say", ~Notice.drill)
    known = select(func.count()).where(NoticeCopy.notice_id.in_(mine), NoticeCopy.state == CopyState.SENT)
    past = select(func.sum(NoticeTotal.people)).where(
        NoticeTotal.notice_id.in_(mine), NoticeTotal.state == CopyState.SENT
    )
    sent = await session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    return [sent, (await session.scalar(known) or 0) + (await session.scalar(past) or 0)]


async def _reasons(session: AsyncSession, notice_id: int) -> list[tuple[CopyState, str, int]]:
    known = select(NoticeCopy.state, NoticeCopy.why, func.count()).where(NoticeCopy.notice_id == notice_id)
    known = known.where(NoticeCopy.channel.in_(list(Channel)), NoticeCopy.state.in_(NOT_SENT))  # as the index has it
    past = select(NoticeTotal.state, NoticeTotal.why, NoticeTotal.people).where(NoticeTotal.notice_id == notice_id)
    past = past.where(NoticeTotal.state.in_(NOT_SENT))
    rows = await session.execute(union_all(known.group_by(NoticeCopy.state, NoticeCopy.why), past))
    counts: Counter[tuple[CopyState, str]] = Counter()
    for state, why, people in rows:
        counts[CopyState(state), why] += people
    return [(state, why, people) for (state, why), people in counts.most_common()]


async def _did(session: AsyncSession, notice_id: int, what: str) -> int:
    """How many responded, opted out, or were reminded."""
    marked = getattr(NoticeCopy, f"{what}_at").is_not(None)
    known = select(func.count()).where(NoticeCopy.notice_id == notice_id, marked)
    past = select(func.sum(getattr(NoticeTotal, what))).where(NoticeTotal.notice_id == notice_id)
    return (await session.scalar(known) or 0) + (await session.scalar(past) or 0)


async def forget(session: AsyncSession, which: Any) -> None:
    """Delete the copies that meet a condition; their numbers stay.  Of an open one nothing more will come."""
    state = case(
        (NoticeCopy.state == CopyState.WAITING, CopyState.SKIPPED),
        (NoticeCopy.state == CopyState.SENDING, CopyState.UNKNOWN),
        else_=NoticeCopy.state,
    )
    why = case((or_(*(NoticeCopy.state == each for each in OPEN)), literal("erased")), else_=NoticeCopy.why)
    done = NoticeCopy.responded_at, NoticeCopy.opted_out_at, NoticeCopy.reminded_at
    mine = select(NoticeCopy.notice_id, state.label("state"), why.label("why"), *done).where(which).subquery()
    keys = mine.c.notice_id, mine.c.state, mine.c.why
    # In order, so that two who do this at once do not wait for each other in a ring.
    # Without a condition SQLite takes ON CONFLICT for a join.
    marks = mine.c.responded_at, mine.c.opted_out_at, mine.c.reminded_at
    people = func.count(), *map(func.count, marks)
    counted = select(*keys, *people).where(mine.c.notice_id.is_not(None)).group_by(*keys).order_by(*keys)
    add = upsert.insert(session, NoticeTotal).from_select(["notice_id", "state", "why", *NUMBERS], counted)
    more = {name: getattr(NoticeTotal, name) + add.excluded[name] for name in NUMBERS}
    await session.execute(add.on_conflict_do_update(index_elements=["notice_id", "state", "why"], set_=more))
    await session.execute(delete(NoticeCopy).where(which), execution_options={"synchronize_session": False})
