"""Who a notice is for: a filter over chats, counted live, with the reasons why some of them are left out.

Nobody is ever chosen by party membership.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import quiet_hours
from bot.services.notices import platforms
from bot.store.models import Channel, Chat, ChatTag, CopyState, Notice, NoticeCopy, NoticeKind, now

A_WEEK = 2  # notices about activities one person gets in seven days
FEW = 5  # people; fewer deserve a second look, and are not described
SAMPLES = 5
FORBIDDEN = ("party", "党")  # of tags


@dataclass(frozen=True)
class Audience:
    """Who is meant.  An empty field asks for nothing; tags with the same prefix are alternatives."""

    regions: Sequence[str] = field(default_factory=tuple)  # GB/T 2260 prefixes
    jobs: Sequence[str] = field(default_factory=tuple)
    channels: Sequence[str] = field(default_factory=tuple)
    tags: Sequence[str] = field(default_factory=tuple)  # "role:volunteer", "platform:didi": see `roles`, `platforms`
    active_days: int = 0  # wrote to us within so many days
    vague: bool = False  # also who said only the city, or the province, around one of the regions

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Self:
        return cls(**plain)

    def plain(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @property
    def platforms(self) -> tuple[str, ...]:
        """Those of the tags that ask for a platform."""
        return tuple(tag for tag in self.tags if platforms.is_one(tag))

    @property
    def roles(self) -> tuple[str, ...]:
        """The other tags."""
        return tuple(tag for tag in self.tags if not platforms.is_one(tag))

    @property
    def around(self) -> tuple[str, ...]:
        """The cities and provinces that hold one of the regions, themselves not asked for."""
        codes = {region[:length] for region in self.regions for length in (2, 4) if length < len(region)}
        less = (code for code in codes if not code.startswith(tuple(filter(None, self.regions))))
        return tuple(sorted(less, key=lambda code: (-len(code), code)))

    def check(self, districts: Iterable[str]) -> None:
        """Raises Rejected when it reaches beyond the author's districts, or asks what nobody may ask."""
        if any(word in tag.lower() for tag in self.tags for word in FORBIDDEN):
            raise Rejected("notice.party")
        allowed = tuple(districts)
        if not all(region.startswith(allowed) for region in self.regions or ("",)):
            raise Rejected("notice.district")


@dataclass(frozen=True, slots=True)
class Count:
    """How many it would reach now, and why others who are meant are left out."""

    reached: int
    left_out: dict[str, int]  # by reason
    by_channel: dict[str, int]  # of those it reaches
    asleep: int = 0  # of those it reaches: they get it when they wake


@dataclass(frozen=True, slots=True)
class Night:
    """When a notice begins and is over, and the hours at which whoever chose none of their own is left in peace."""

    begins: datetime
    over: datetime
    usual: tuple[time, time]

    def sleep(self, own: str) -> tuple[bool, bool]:
        """Whether somebody with these hours of their own sleeps when it begins, and until it is over."""
        waking = quiet_hours.waking(self.begins, *quiet_hours.of(own, self.usual))
        return waking > self.begins, waking >= self.over


def meant(audience: Audience) -> ColumnElement[bool]:
    """The condition on chats."""
    asked: list[ColumnElement[bool]] = [true()]
    if audience.regions:
        inside = [Chat.region.startswith(region) for region in audience.regions if region]
        said_less = [Chat.region.in_(audience.around)] if audience.vague else []
        asked.append(or_(false(), *inside, *said_less))
    if audience.jobs:
        asked.append(Chat.job.in_(audience.jobs))
    if audience.channels:
        asked.append(Chat.channel.in_(audience.channels))
    if audience.active_days:
        since = now() - timedelta(days=audience.active_days)
        asked.append(or_(Chat.topic_at > since, Chat.flow_at > since, Chat.started_at > since))
    alternatives = defaultdict(list)
    for tag in audience.tags:
        alternatives[tag.partition(":")[0]].append(tag)
    return and_(*asked, *(_has(ChatTag.tag.in_(tags)) for tags in alternatives.values()))


def _has(tag: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(ChatTag.chat_id == Chat.id, tag)


def left_out(kind: NoticeKind, said: Sequence[str] = ()) -> Any:
    """Why somebody who is meant does not get a notice of this kind, as an expression on chats; "" when they do.

    said: the platforms they were chosen by; who has taken that back meanwhile gets nothing, not even in an emergency.
    """
    reasons: list[tuple[Any, str]] = [
        (Chat.blocked_at.is_not(None), "blocked"),
        (Chat.started_at.is_(None), "unstarted"),
    ]
    if said:
        reasons.append((~_has(ChatTag.tag.in_(said)), "withdrawn"))
    if kind == NoticeKind.SERVICE:
        reasons.append((~Chat.service_notices, "opted_out"))
    if kind == NoticeKind.ACTIVITY:
        reasons += [(~Chat.activity_notices, "opted_out"), (_this_week() >= A_WEEK, "enough")]
    return case(*reasons, else_=literal(""))


def _this_week() -> Any:
    """How many notices about activities somebody got within seven days."""
    since = int((now() - timedelta(days=7)).timestamp())
    got = select(func.count()).select_from(NoticeCopy).join(Notice, Notice.id == NoticeCopy.notice_id)
    got = got.where(NoticeCopy.chat_id == Chat.id, NoticeCopy.state == CopyState.SENT, NoticeCopy.at > since)
    return got.where(Notice.kind == NoticeKind.ACTIVITY).correlate(Chat).scalar_subquery()


async def count(session: AsyncSession, audience: Audience, kind: NoticeKind, night: Night | None = None) -> Count:
    """Count now.  It reads every chat once, once more when it asks for platforms, and once more for districts.

    night: None for a notice that wakes people up.
    """
    why = left_out(kind).label("why")
    alike = why, Chat.channel, Chat.quiet
    rows = await session.execute(select(*alike, func.count()).where(meant(audience)).group_by(*alike))
    reasons: dict[str, int] = defaultdict(int)
    channels: dict[str, int] = defaultdict(int)
    asleep = 0
    for reason, channel, own, people in rows:
        sleeps, sleeps_through = night.sleep(own) if night is not None else (False, False)
        why_not = reason or ("quiet" if sleeps_through else "")
        reasons[why_not] += people
        if not why_not:
            channels[Channel(channel)] += people
            asleep += people * sleeps
    if audience.platforms and (silent := await _unsaid(session, audience)):
        reasons["unsaid"] = silent
    reasons |= await _vague(session, audience, kind)
    return Count(reasons.pop("", 0), dict(reasons), dict(channels), asleep)


async def _unsaid(session: AsyncSession, audience: Audience) -> int:
    """How many others never said where they run for, so that nobody takes the rest for all."""
    others = meant(replace(audience, tags=audience.roles))
    silent = select(func.count(Chat.id)).where(others, ~_has(platforms.ANY))
    return await session.scalar(silent) or 0


async def _vague(session: AsyncSession, audience: Audience, kind: NoticeKind) -> dict[str, int]:
    """How many more `vague` would reach, by how much they said, so that nobody takes the rest for all."""
    if audience.vague or not audience.around:
        return {}
    theirs = meant(replace(audience, regions=())), Chat.region.in_(audience.around), left_out(kind) == ""
    said = func.length(Chat.region)
    rows = await session.execute(select(said, func.count()).where(*theirs).group_by(said))
    return {"only_province" if length == 2 else "only_city": people for length, people in rows}


@dataclass(frozen=True, slots=True)
class Sample:
    """What several of those it would reach have in common, as far as an organiser may know them."""

    channel: Channel
    region: str  # down to the city
    job: str


async def samples(session: AsyncSession, audience: Audience, kind: NoticeKind) -> list[Sample]:
    """A few of those it would reach, masked; chosen by chance, and none that fewer than FEW people fit.

    Otherwise a sample could tell of one person what they were chosen by, such as where they run for.
    """
    city = func.substr(Chat.region, 1, 4).label("city")
    alike = select(Chat.channel, city, Chat.job).where(meant(audience), left_out(kind) == "")
    alike = alike.group_by(Chat.channel, city, Chat.job).having(func.count() >= FEW)
    rows = await session.execute(alike.order_by(func.random()).limit(SAMPLES))
    return [Sample(Channel(channel), region, job) for channel, region, job in rows]
