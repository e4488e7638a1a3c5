"""What was asked and what people thought of the answer: noted after the answer, in batches, and may be lost."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.services.core.periods import Period
from bot.services.core.working_days import ZONE
from bot.store import upsert
from bot.store.models import Chat, Gap, QuestionCount, TopicCount, now
from knowledge.phones import BETWEEN

OUTCOMES = ("answer", "choose", "none", "useful", "useless")  # of a question, and of an answer
LONGEST = 200  # characters of a question that are kept
_NUMBERS = re.compile(rf"\d(?:{BETWEEN}\d){{9,}}[Xx]?|\d{{5,}}[Xx]?")  # phones, papers, order numbers


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question somebody asked.  `topic` is what answered it; "" when nothing surely did."""

    chat_id: int | None  # None: somebody who has no row yet
    text: str
    decision: str
    topic: str
    score: float
    at: datetime = field(default_factory=now)
    region: str = ""


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry that somebody chose from a list: what they say next may go on from it."""

    chat_id: int | None
    topic: str
    at: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class AnswerVerdict:
    """What somebody thought of an answer."""

    topic: str
    useful: bool
    why: str = ""
    at: datetime = field(default_factory=now)
    region: str = ""


async def remember(connection: AsyncConnection, notes: Sequence[AskedQuestion | OpenedEntry | AnswerVerdict]) -> None:
    """Write a batch of notes: counts, gaps, and what each person asked about last."""
    asked = [note for note in notes if isinstance(note, AskedQuestion)]
    verdicts = [note for note in notes if isinstance(note, AnswerVerdict)]
    await _topics_of_chats(connection, [note for note in notes if not isinstance(note, AnswerVerdict)])
    await _count(connection, asked, verdicts)
    await _sum_up(connection, [*asked, *verdicts])
    await _gaps(connection, asked)


async def _topics_of_chats(connection: AsyncConnection, asked: Iterable[AskedQuestion | OpenedEntry]) -> None:
    """What each person was told about last; nothing after a question that was not surely answered."""
    last = {note.chat_id: note for note in asked if note.chat_id is not None}
    if last:
        table = Chat.__table__
        statement = (
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("chat"))
            .values(topic=bindparam("about"), topic_at=bindparam("then"))
        )
        # The version stays: a topic is no step of a form, and must not disturb a unit that is underway.
        await connection.execute(
            statement, [{"chat": chat, "about": note.topic, "then": note.at} for chat, note in last.items()]
        )


async def _count(
    connection: AsyncConnection, asked: Iterable[AskedQuestion], verdicts: Iterable[AnswerVerdict]
) -> None:
    counts: dict[tuple[str, date], Counter[str]] = {}
    for note in asked:
        if note.topic:
            counts.setdefault((note.topic, note.at.date()), Counter())["asked"] += 1
    for verdict in verdicts:
        name = "useful" if verdict.useful else "useless"
        counts.setdefault((verdict.topic, now().date()), Counter())[name] += 1
    if counts:
        rows = [
            {"topic": topic, "day": day, **{name: counter[name] for name in ("asked", "useful", "useless")}}
            for (topic, day), counter in sorted(counts.items())
        ]
        insert = upsert.insert(connection, TopicCount)
        table = TopicCount.__table__.c
        added = {name: table[name] + insert.excluded[name] for name in ("asked", "useful", "useless")}
        await connection.execute(insert.on_conflict_do_update(index_elements=["topic", "day"], set_=added), rows)


async def _sum_up(connection: AsyncConnection, notes: Iterable[AskedQuestion | AnswerVerdict]) -> None:
    """Add to the counts of the day, by district."""
    counts = Counter((note.at.astimezone(ZONE).date(), note.region, _outcome(note)) for note in notes)
    if counts:
        rows = [
            {"day": day, "region": region, "what": what, "times": times}
            for (day, region, what), times in sorted(counts.items())
        ]
        insert = upsert.insert(connection, QuestionCount)
        more = {"times": QuestionCount.__table__.c.times + insert.excluded.times}
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["day", "region", "what"], set_=more), rows
        )


def _outcome(note: AskedQuestion | AnswerVerdict) -> str:
    if isinstance(note, AskedQuestion):
        return str(note.decision)
    return "useful" if note.useful else "useless"


async def outcomes(session: AsyncSession, period: Period, district: str) -> dict[str, int]:
    """How often each of OUTCOMES was, in a district and a period."""
    query = (
        select(QuestionCount.what, func.sum(QuestionCount.times))
        .where(QuestionCount.day.between(period.first, period.last), QuestionCount.region.startswith(district))
        .group_by(QuestionCount.what)
    )
    counted = {what: int(times) for what, times in await session.execute(query)}
    return {what: counted.get(what, 0) for what in OUTCOMES}


async def by_day(session: AsyncSession, period: Period, district: str) -> dict[date, dict[str, int]]:
    """The same of each day on which there were any, the last one first."""
    query = (
        select(QuestionCount.day, QuestionCount.what, func.sum(QuestionCount.times))
        .where(QuestionCount.day.between(period.first, period.last), QuestionCount.region.startswith(district))
        .group_by(QuestionCount.day, QuestionCount.what)
        .order_by(QuestionCount.day.desc())
    )
    found: dict[date, dict[str, int]] = {}
    for day, what, times in await session.execute(query):
        found.setdefault(day, dict.fromkeys(OUTCOMES, 0))[what] = int(times)
    return found


async def _gaps(connection: AsyncConnection, asked: Iterable[AskedQuestion]) -> None:
    grouped: dict[bytes, dict[str, Any]] = {}
    for note in asked:
        if note.topic or not note.text.strip():
            continue
        text = mask(note.text)[:LONGEST]
        key = hashlib.blake2b(f"{note.decision}:{text}".encode(), digest_size=16).digest()
        row = grouped.setdefault(
            key, {"key": key, "text": text, "why": note.decision, "topic": "", "times": 0, "first_at": note.at}
        )
        row["times"] += 1
        row["last_at"] = note.at
    if grouped:
        insert = upsert.insert(connection, Gap)
        more = {"times": Gap.__table__.c.times + insert.excluded.times, "last_at": insert.excluded.last_at}
        rows = [grouped[key] for key in sorted(grouped)]
        await connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=more), rows)


def mask(text: str) -> str:
    """A question without the numbers that could tell whose it is."""
    return _NUMBERS.sub("***", text.replace("\0", "")).strip()


async def open_gaps(session: AsyncSession, limit: int = 500) -> Sequence[Gap]:
    """Gaps nobody has settled, most asked first."""
    query = select(Gap).where(Gap.settled_at.is_(None)).order_by(Gap.times.desc(), Gap.last_at.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def gaps_of(session: AsyncSession, numbers: Sequence[int]) -> Sequence[Gap]:
    """Open gaps by number, most asked first."""
    query = select(Gap).where(Gap.id.in_(numbers), Gap.settled_at.is_(None)).order_by(Gap.times.desc(), Gap.id)
    return (await session.scalars(query)).all() if numbers else []


async def settled_gaps(session: AsyncSession, limit: int = 100) -> Sequence[Gap]:
    """Gaps that somebody took care of, newest first."""
    query = select(Gap).where(Gap.settled_at.is_not(None)).order_by(Gap.settled_at.desc(), Gap.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def reopen(session: AsyncSession, number: int) -> None:
    """A gap that was put aside, or is still not answered, waits again."""
    again = {"settled_at": None, "settled_by": None, "answer": ""}
    await session.execute(update(Gap).where(Gap.id == number).values(again))


async def settle(session: AsyncSession, gaps: Iterable[Gap], staff_id: int, *, answer: str = "") -> None:
    """These are taken care of: `answer` is the entry that shall answer them, "" when they are put aside."""
    for gap in gaps:
        gap.settled_at, gap.settled_times, gap.settled_by, gap.answer = now(), gap.times, staff_id, answer
