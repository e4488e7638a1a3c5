"""One person's copy of a notice: written down at the start, taken for sending, settled.

A copy is marked `sending` and committed before its call.  Whoever dies meanwhile leaves a lease that runs out:
then a notice that may come at most once says "unknown", and one that must come is sent again, once.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any

from sqlalchemy import String, bindparam, case, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import quiet_hours
from bot.services.notices.audience import Audience, left_out, meant
from bot.store.models import Channel, Chat, ChatTag, CopyState, Notice, NoticeCopy, NoticeKind, now

CHUNK = 20_000  # chat ids looked at by one statement of freezing
SWEEP = 5_000  # copies settled at once when a notice is cancelled
ASLEEP = 60  # seconds; whoever waits longer waits for their morning

Quiet = tuple[time, time]


@dataclass(frozen=True, slots=True)
class DeliveryItem:
    """One copy to send now."""

    notice_id: int
    chat_id: int
    address: int
    message_id: int  # for an edit, or to unsay; else 0
    again: bool  # It may have arrived before.
    attempts: int  # this one included; an outcome counts for its own attempt only

    @property
    def kept(self) -> str:
        """The word that stays with a copy that goes back: its next call says that it may have come before."""
        return "again" if self.again else ""


async def freeze(session: AsyncSession, notice: Notice) -> bool:
    """Write down the next part of the audience; returns whether that was all.

    Who joined after the start is not in it.  Copies of those who are left out are settled at once, with the reason.
    """
    if notice.does != "say":
        return await _freeze_sent(session, notice)
    last = await session.scalar(select(func.max(Chat.id)).where(Chat.created_at <= notice.started_at)) or 0
    upto = min(notice.frozen_to + CHUNK, last)
    why = left_out(notice.kind)
    rows = select(
        literal(notice.id),
        Chat.id,
        Chat.channel,
        case((why == "", CopyState.WAITING), else_=CopyState.SKIPPED),
        why,
        literal(_seconds(now())),
        literal(0),
        literal(0),
    ).where(meant(Audience.read(notice.audience)), Chat.id > notice.frozen_to, Chat.id <= upto)
    await session.execute(insert(NoticeCopy).from_select(_FROZEN, rows.where(Chat.created_at <= notice.started_at)))
    notice.frozen_to = upto
    return upto >= last


_FROZEN = ["notice_id", "chat_id", "channel", "state", "why", "due", "attempts", "at"]


async def _freeze_sent(session: AsyncSession, notice: Notice) -> bool:
    """A correction is for whoever got the original; copies of that still on their way are waited for."""
    if await session.scalar(select(_of(notice.about_id, CopyState.SENDING).exists())):
        return False
    theirs = _of(notice.about_id, CopyState.SENT).where(NoticeCopy.message_id.is_not(None)).subquery()
    moment = literal(_seconds(now()))
    values = [literal(notice.id), theirs.c.chat_id, theirs.c.channel, literal(CopyState.WAITING, String)]
    values += [literal("", String), moment, literal(0), literal(0), theirs.c.message_id]
    await session.execute(insert(NoticeCopy).from_select([*_FROZEN, "message_id"], select(*values)))
    return True


def _of(notice_id: int | None, state: CopyState) -> Any:
    return select(NoticeCopy).where(NoticeCopy.notice_id == notice_id, NoticeCopy.state == state)


async def take(
    session: AsyncSession, notice: Notice, channel: Channel, limit: int, usual: Quiet, lease: float
) -> list[DeliveryItem]:
    """Mark copies that are due as being sent.  Who does not want it any more is skipped; who sleeps, waits."""
    at = now()
    rows = (await session.execute(_due(notice, channel, limit, _seconds(at)))).all()
    waking = cache(lambda own: quiet_hours.waking(at, *quiet_hours.of(own, usual)))  # Most sleep at the same time.
    fates = [(row, _fate(notice, row, at, waking)) for row in rows]
    alike = defaultdict(list)
    for row, fate in fates:
        alike[fate].append(row.chat_id)
    for (state, why, due), people in alike.items():
        until = _seconds(at) + round(lease) if state == CopyState.SENDING else due
        here = update(NoticeCopy).where(NoticeCopy.notice_id == notice.id, NoticeCopy.chat_id.in_(people))
        tried = NoticeCopy.attempts + int(state == CopyState.SENDING)
        await session.execute(here.values(state=state, why=why, due=until, attempts=tried), execution_options=_BLINDLY)
    return [
        DeliveryItem(notice.id, row.chat_id, row.address, row.message_id or 0, row.why == "again", row.attempts + 1)
        for row, (state, _, _) in fates
        if state == CopyState.SENDING
    ]


def _due(notice: Notice, channel: Channel, limit: int, at: int) -> Any:
    out = case((Chat.blocked_at.is_not(None), "blocked"), else_="")
    if notice.does == "say":
        out = left_out(notice.kind, Audience.read(notice.audience).platforms)
    query = (
        select(
            NoticeCopy.chat_id,
            NoticeCopy.message_id,
            NoticeCopy.why,
            NoticeCopy.attempts,
            Chat.address,
            Chat.quiet,
            out.label("left_out"),
        )
        .join(Chat, Chat.id == NoticeCopy.chat_id)
        .where(NoticeCopy.notice_id == notice.id, NoticeCopy.channel == channel)
        .where(NoticeCopy.state == CopyState.WAITING, NoticeCopy.due <= at)
        .order_by(NoticeCopy.due, NoticeCopy.chat_id)
        .limit(limit)
    )
    return query.with_for_update(of=NoticeCopy, skip_locked=True)


def _fate(notice: Notice, row: Any, at: datetime, waking: Callable[[str], datetime]) -> tuple[CopyState, str, int]:
    """What becomes of a copy that is due: state, why, and not before when."""
    if row.left_out:
        return CopyState.SKIPPED, row.left_out, 0
    if notice.valid_until <= at:
        return CopyState.SKIPPED, "expired", 0
    if notice.does == "say" and notice.kind != NoticeKind.EMERGENCY:
        awake = waking(row.quiet)
        if awake >= notice.valid_until:
            return CopyState.SKIPPED, "quiet", 0
        if awake > at:
            return CopyState.WAITING, row.why, _seconds(awake)
    return CopyState.SENDING, row.why, 0


_COPIES = NoticeCopy.__table__
_HERE = (_COPIES.c.notice_id == bindparam("n")) & (_COPIES.c.chat_id == bindparam("c"))
_BLINDLY = {"synchronize_session": False}
_SETTLE = (
    update(_COPIES)  # type: ignore[arg-type]
    .where(_HERE, _COPIES.c.attempts == bindparam("a"))
    .where(or_(_COPIES.c.state == CopyState.SENDING, _COPIES.c.state == CopyState.UNKNOWN))
    .values(
        state=bindparam("s"),
        why=bindparam("w"),
        due=bindparam("d"),
        message_id=func.coalesce(bindparam("m"), _COPIES.c.message_id),
        at=bindparam("t"),
    )
)


def outcome(item: DeliveryItem, state: CopyState, why: str = "", *, message_id: int | None = None) -> dict[str, Any]:
    """What became of a copy, to be written by `settle`."""
    at = _seconds(now())
    return {
        "n": item.notice_id,
        "c": item.chat_id,
        "s": state,
        "w": why[:60],
        "d": at,
        "a": item.attempts,
        "m": message_id,
        "t": 0 if state == CopyState.WAITING else at,
    }


async def settle(session: AsyncSession, outcomes: Sequence[Mapping[str, Any]]) -> None:
    """Write down what became of copies.  A late answer turns an unknown into what it was."""
    if not outcomes:
        return
    await (await session.connection()).execute(_SETTLE, list(outcomes))
    if shut := [each["c"] for each in outcomes if each["s"] == CopyState.BLOCKED]:
        await session.execute(update(Chat).where(Chat.id.in_(shut)).values(blocked_at=now()))


async def expire(session: AsyncSession, notice: Notice, channel: Channel) -> None:
    """Settle copies whose sender died: their lease ran out.

    The web chat knows a repeated call by its key, and an edit may be repeated: these are simply sent again.
    """
    late = update(NoticeCopy).where(NoticeCopy.notice_id == notice.id, NoticeCopy.channel == channel)
    late = late.where(NoticeCopy.state == CopyState.SENDING, NoticeCopy.due < _seconds(now()))
    if repeatable(notice, channel):
        await session.execute(late.values(state=CopyState.WAITING))
        return
    if notice.kind == NoticeKind.EMERGENCY:
        tried = late.where(NoticeCopy.why != "again")
        await session.execute(tried.values(state=CopyState.WAITING, why="again"))
    await session.execute(late.values(state=CopyState.UNKNOWN, why="died", at=_seconds(now())))


def repeatable(notice: Notice, channel: Channel) -> bool:
    return notice.does != "say" or channel == Channel.WEB


async def drop(session: AsyncSession, notice: Notice) -> bool:
    """Skip some of what is left of a cancelled notice; returns whether that was all."""
    left = (
        select(NoticeCopy.chat_id)
        .where(NoticeCopy.notice_id == notice.id, NoticeCopy.state == CopyState.WAITING)
        .limit(SWEEP)
    )
    here = update(NoticeCopy).where(NoticeCopy.notice_id == notice.id, NoticeCopy.chat_id.in_(left))
    dropped = await session.execute(here.values(state=CopyState.SKIPPED, why="cancelled", at=_seconds(now())))
    return dropped.rowcount < SWEEP  # type: ignore[attr-defined,no-any-return]


async def repeat(session: AsyncSession, notice: Notice, state: CopyState) -> int:
    """Queue the failed, or the unknown, once more; returns how many there are."""
    here = update(NoticeCopy).where(NoticeCopy.notice_id == notice.id, NoticeCopy.state == state)
    why = "again" if state == CopyState.UNKNOWN else ""
    queued = await session.execute(here.values(state=CopyState.WAITING, why=why, due=_seconds(now()), at=0))
    return queued.rowcount  # type: ignore[attr-defined,no-any-return]


async def held(session: AsyncSession, chat_id: int) -> dict[str, Any]:
    """What is kept about one person: which notices they got and what they did then, and the words audiences may ask for."""
    did = NoticeCopy.state, NoticeCopy.at, NoticeCopy.responded_at, NoticeCopy.opted_out_at, NoticeCopy.reminded_at
    got = select(Notice.title.label("title"), *did).join(Notice, Notice.id == NoticeCopy.notice_id)
    rows = await session.execute(got.where(NoticeCopy.chat_id == chat_id).order_by(NoticeCopy.notice_id))
    tags = await session.scalars(select(ChatTag.tag).where(ChatTag.chat_id == chat_id))
    return {"got": [dict(row) for row in rows.mappings()], "tags": list(tags)}


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done."""

    on_their_way: bool
    next_due: int | None  # Unix seconds; None when nobody waits
    badly: bool  # somebody's copy failed, or nobody knows


async def left(session: AsyncSession, notice: Notice) -> Left:
    first = select(func.min(NoticeCopy.due)).where(
        NoticeCopy.notice_id == notice.id, NoticeCopy.state == CopyState.WAITING
    )
    failed = select(NoticeCopy).where(
        NoticeCopy.notice_id == notice.id, NoticeCopy.state.in_([CopyState.FAILED, CopyState.UNKNOWN])
    )
    sending = await session.scalar(select(_of(notice.id, CopyState.SENDING).exists()))
    return Left(bool(sending), await session.scalar(first), bool(await session.scalar(select(failed.exists()))))


def asleep(due: int) -> bool:
    """Whether a copy waits for somebody's morning rather than for its turn."""
    return due > _seconds(now()) + ASLEEP


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
