"""News from the backend about a case: taken once, in whatever order they come, through whichever door."""

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.appeals import appeals, transitions
from bot.services.appeals.appeals import UnknownAppeal
from bot.services.appeals.states import APPEAL, AppealMove, AppealState
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import BACKEND, IllegalStep, Role
from bot.store.base import vault_of
from bot.store.models import Appeal, AppealStep, BackendKey, DeadLetter, now

BETWEEN = frozenset(
    {AppealState.ACCEPTED, AppealState.ASSIGNED, AppealState.IN_PROGRESS}
)  # a backend may leave these out
LETTER_KEPT = timedelta(days=30)  # as long, the same dead letter is not kept twice


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What a backend says of a case.  `id` is the same whenever it says it again; `at` is its own clock."""

    id: str
    number: str
    state: AppealState
    at: datetime
    text: str = ""  # what the worker reads
    note: str = ""  # what only staff reads
    agency: str = ""  # the code of the agency, with "assigned"
    reason: str = ""  # the code of a rejection
    backend_number: str = ""


class Reading(StrEnum):
    """What became of news."""

    TAKEN = "taken"
    KNOWN = "known"  # the case is there already, or the same was said before
    LATE = "late"  # newer news came first; noted in the timeline
    ILLEGAL = "illegal"  # no way leads there; noted in the timeline
    LACKING = "lacking"  # a text, an agency or a reason is missing; noted in the timeline
    UNKNOWN = "unknown"  # no such case; kept as a dead letter


@dataclass(frozen=True, slots=True)
class StatusVerdict:
    reading: Reading
    state: str = ""  # of the case now
    legal: Sequence[str] = ()  # where the backend could take it
    lacking: Rejected | None = None


async def take(session: AsyncSession, context: ServiceContext, news: StatusUpdate) -> StatusVerdict:
    """Move a case as the backend says.  Nothing it says is lost, and nothing is told to the worker twice."""
    try:
        appeal = await appeals.get(session, news.number, lock=True)
    except UnknownAppeal:
        body = {name: value for name, value in asdict(news).items() if value}
        await park(session, body, "no such case")
        return StatusVerdict(Reading.UNKNOWN)
    key = _key(news)
    appeal.backend_number = appeal.backend_number or news.backend_number
    if appeal.state == news.state or await transitions.seen(session, appeal, key):
        appeal.news_at = max(appeal.news_at or news.at, news.at)
        return StatusVerdict(Reading.KNOWN, appeal.state)
    if await _late(session, appeal, news):
        await _note(session, appeal, news, key, "came late")
        return StatusVerdict(Reading.LATE, appeal.state)
    return await _move(session, context, appeal, news, key)


async def park(session: AsyncSession, body: Any, why: str) -> None:
    """Keep what fits no case of ours for a person to look at; the same thing once."""
    written = orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str).decode()
    if await remember(session, "letter", written, LETTER_KEPT):
        session.add(DeadLetter(body=body if isinstance(body, str) else orjson.loads(written), why=why[:200]))


async def remember(session: AsyncSession, what: str, value: str, time: timedelta) -> bool:
    """Keep a key for some time.  Returns False when it is there already."""
    key = vault_of(session.get_bind().dialect).blind(f"{what}:{value}", "backend_keys.key")
    known = await session.get(BackendKey, key)
    if known is not None and known.until > now():
        return False
    await session.merge(BackendKey(key=key, until=now() + time))
    await session.flush()
    return True


def way(source: str, target: AppealState) -> list[AppealState]:
    """The shortest way a backend may take, without the states it may leave out.  Raises IllegalStep."""
    ways: deque[list[AppealState]] = deque([[]])
    been = {source}
    while ways:
        path = ways.popleft()
        for each in map(AppealState, APPEAL.legal(path[-1] if path else source, Role.BACKEND)):
            if each == target:
                return [*path, each]
            if each in BETWEEN - been:
                been.add(each)
                ways.append([*path, each])
    raise IllegalStep("appeal", source, target, APPEAL.legal(source, Role.BACKEND))


async def _move(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, news: StatusUpdate, key: str
) -> StatusVerdict:
    source = appeal.state
    try:
        path = way(source, news.state)
        async with session.begin_nested():
            for state in path[:-1]:
                between = AppealMove(state, BACKEND, agency=news.agency if state is AppealState.ASSIGNED else "")
                await transitions.move(session, replace(context, silent=True), news.number, between)
            moved = await transitions.move(session, context, news.number, _last(news, key))
            moved.news_at = news.at
            await session.flush()
    except (IllegalStep, Rejected) as error:
        appeal = await appeals.get(session, news.number, lock=True)
        await _note(session, appeal, news, key, str(error))
        if isinstance(error, Rejected):
            return StatusVerdict(Reading.LACKING, appeal.state, lacking=error)
        return StatusVerdict(Reading.ILLEGAL, appeal.state, legal=error.legal)
    return StatusVerdict(Reading.TAKEN, moved.state)


def _last(news: StatusUpdate, key: str) -> AppealMove:
    return AppealMove(
        news.state,
        BACKEND,
        text=news.text,
        note=news.note,
        key=key,
        agency=news.agency,
        reason=news.reason,
        backend_number=news.backend_number,
    )


async def _late(session: AsyncSession, appeal: Appeal, news: StatusUpdate) -> bool:
    """Whether newer news came first.  Of two with the same time, the state the case has been in is the older one."""
    if appeal.news_at is None or news.at > appeal.news_at:
        return False
    been = select(AppealStep.id).where(AppealStep.appeal_id == appeal.id, AppealStep.target == news.state).limit(1)
    return news.at < appeal.news_at or await session.scalar(been) is not None


async def _note(session: AsyncSession, appeal: Appeal, news: StatusUpdate, key: str, why: str) -> None:
    """A line in the timeline, for staff, that moves nothing.  The same news may still be taken later."""
    if await transitions.seen(session, appeal, f"no:{key}"):
        return
    words = " | ".join(part for part in (f"{news.state}: {why}", news.text, news.note) if part)
    values = {"appeal_id": appeal.id, "name": "news", "source": appeal.state, "target": appeal.state}
    values |= {"role": Role.BACKEND, "note": words, "key": f"no:{key}", "at": now()}
    await session.execute(insert(AppealStep).values(values))


def _key(news: StatusUpdate) -> str:
    return f"backend:{hashlib.blake2b(news.id.encode(), digest_size=16).hexdigest()}"
