"""Notices: writing one, submitting it, and moving it through its lifecycle.  `approvals` is the second person."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import jobs, outbox
from bot.queue.jobs import NoticeTimer
from bot.services.chats import message_preview
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.services.notices import audience as audiences
from bot.services.notices import buttons as notice_buttons
from bot.services.notices import deliveries, photos
from bot.services.notices.audience import Audience, Count, Night
from bot.services.notices.states import ACTIVE, ENDED, NOTICE, NoticeState
from bot.services.staff import calls
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.store.base import locked
from bot.store.models import CopyState, Lane, Notice, NoticeKind, NoticeWriter, Outbox, now

LONGEST_TITLE = 60  # UTF-16 units, as browsers count
LONGEST_UNIT = 60


def visible(staffer: Staffer, right: Right) -> ColumnElement[bool]:
    return within(Notice.district, staffer.districts(right))


def allowed(staffer: Staffer, right: Right, notice: Notice) -> bool:
    """Whether somebody may do this with a notice: wherever it goes, not only where it was written."""
    regions = Audience.read(notice.audience).regions or (notice.district,)
    return all(staffer.may(right, district=each) for each in regions)


NOTICES = Lookup("notice", Notice, Notice.id, visible)


class UnknownNotice(LookupError):
    """A number that no notice has."""


@dataclass(frozen=True)
class NoticeDraft:
    """A notice as its author wrote it."""

    kind: NoticeKind
    title: str
    text: str
    unit: str
    valid_until: datetime
    audience: Audience
    buttons: Sequence[tuple[str, str]] = field(default_factory=tuple)  # label, and where it leads, as typed
    start_at: datetime | None = None
    drill: bool = False
    photo: str = ""  # digest of a NoticePhoto


async def get(session: AsyncSession, number: int, *, lock: bool = False) -> Notice:
    """Raises UnknownNotice."""
    query = select(Notice).where(Notice.id == number).execution_options(populate_existing=True)
    notice: Notice | None = await session.scalar(locked(query) if lock else query)
    if notice is None:
        raise UnknownNotice(number)
    return notice


async def newest(session: AsyncSession, districts: Iterable[str]) -> object:
    """A value that differs when any of them moved."""
    moved = select(func.count(), func.sum(Notice.version)).where(within(Notice.district, districts))
    return tuple((await session.execute(moved)).one())


async def write(
    session: AsyncSession,
    context: ServiceContext,
    author: Actor,
    draft: NoticeDraft,
    *,
    districts: Iterable[str] = ("",),
) -> Notice:
    """A new draft.  `districts` is where its author may send to.  Raises Rejected."""
    notice = Notice(author_id=author.id, does="say", state=NoticeState.DRAFT, version=0)
    _fill(context, notice, draft, districts)
    await _claim(session, notice, districts)
    session.add(notice)
    await session.flush()
    await sign(session, notice, {author.id})
    return notice


async def edit(
    session: AsyncSession,
    context: ServiceContext,
    notice: Notice,
    actor: Actor,
    draft: NoticeDraft,
    *,
    districts: Iterable[str] = ("",),
) -> None:
    """Change a notice that has not begun; whatever was agreed to before is void.  Raises Rejected, IllegalStep."""
    _fill(context, notice, draft, districts)
    await _claim(session, notice, districts)
    if notice.state != NoticeState.DRAFT:
        move(notice, NoticeState.DRAFT, actor)
    notice.digest, notice.author_id = None, actor.id or notice.author_id
    notice.version += 1
    await session.flush()
    await sign(session, notice, {actor.id})


async def writers(session: AsyncSession, number: int) -> set[int]:
    """Who wrote or changed a notice, or the one it corrects: none of them may agree to it."""
    return set(await session.scalars(select(NoticeWriter.staff_id).where(NoticeWriter.notice_id == number)))


async def count(session: AsyncSession, context: ServiceContext, notice: Notice) -> Count:
    """How many it would reach now, and why not the others."""
    wakes = notice.kind == NoticeKind.EMERGENCY
    night = None if wakes else Night(notice.start_at or now(), notice.valid_until, context.quiet)
    return await audiences.count(session, Audience.read(notice.audience), notice.kind, night)


async def submit(session: AsyncSession, context: ServiceContext, notice: Notice, actor: Actor) -> None:
    """Hand a draft to the second person.  Raises Rejected when it, or a button of it, reaches nobody; IllegalStep."""
    check_times(notice)
    check_buttons(context, notice)
    check_length(context, notice)
    counted = await count(session, context, notice)
    if counted.reached == 0 and notice.does == "say":
        raise Rejected("notice.nobody")
    if notice.does == "say":
        notice.count = counted.reached
    notice.digest, notice.submitted_at = digest(notice), now()
    move(notice, NoticeState.PENDING, actor)
    await session.flush()
    await outbox.put(session, [calls.call("notice", str(notice.id), "approve", notice.version)])


def move(notice: Notice, target: NoticeState, actor: Actor, why: str = "") -> str:
    """Take a step; returns its name.  Raises IllegalStep."""
    step = NOTICE.step(notice.state, target, actor.role)
    notice.state, notice.why = target, why[:100]
    notice.version += 1
    if target in ENDED or (target == NoticeState.CANCELLED and notice.started_at is None):
        notice.finished_at = now()
    return step.name


def under_way() -> Select[int]:
    """Numbers of notices the bulk lanes have to do with: some cancelled ones still have copies to be skipped."""
    dropping = (Notice.state == NoticeState.CANCELLED) & Notice.finished_at.is_(None)
    return select(Notice.id).where(or_(Notice.state.in_(ACTIVE), dropping))


async def drop(session: AsyncSession, notice: Notice) -> None:
    """Skip what is left of a cancelled notice, a part at a time."""
    if await deliveries.drop(session, notice) and not (await deliveries.left(session, notice)).on_their_way:
        notice.finished_at = now()


async def again(session: AsyncSession, notice: Notice, actor: Actor, state: CopyState) -> int:
    """Send the failed, or the unknown, once more; returns how many.  Raises Rejected, IllegalStep."""
    check_times(notice)
    queued = await deliveries.repeat(session, notice, state)
    if not queued:
        raise Rejected("notice.none_left")
    move(notice, NoticeState.SENDING, actor)
    notice.finished_at = None
    await session.flush()
    return queued


def digest(notice: Notice) -> bytes:
    """What approvers agree to: the text, whom it is for, and when, in one hash."""
    return hashlib.sha256(orjson.dumps(agreed(notice), option=orjson.OPT_SORT_KEYS)).digest()


def agreed(notice: Notice) -> dict[str, Any]:
    """The same in plain JSON."""
    values = ((name, getattr(notice, name)) for name in _AGREED)
    plain = {name: timers.written(value) if isinstance(value, datetime) else value for name, value in values}
    return plain | ({"photo": notice.photo} if notice.photo else {})


_AGREED = """kind does about_id title text buttons unit audience count start_at valid_until drill""".split()


async def sign(session: AsyncSession, notice: Notice, people: Iterable[int | None]) -> None:
    """Write down who had a hand in it."""
    known = await writers(session, notice.id)
    session.add_all([NoticeWriter(notice_id=notice.id, staff_id=each) for each in people if each not in {None, *known}])
    await session.flush()


def timer(notice: Notice) -> Outbox:
    """Rings when a notice is to begin."""
    at = max(now(), notice.start_at or now())
    payload: NoticeTimer = {"of": "notice", "notice": notice.id, "version": notice.version, "at": timers.written(at)}
    return jobs.TIMER.row(payload, subject=f"begin:{notice.id}", lane=Lane.NEWS, due_at=at)


def check_times(notice: Notice) -> None:
    """Raises Rejected for a notice that would come too late."""
    if notice.valid_until <= max(now(), notice.start_at or now()):
        raise Rejected("notice.over")


def check_buttons(context: ServiceContext, notice: Notice) -> None:
    """Raises Rejected when a button leads nowhere by now.  A correction keeps those that people have already."""
    if notice.does == "say":
        notice_buttons.check(context.knowledge, notice.buttons)


def sketch(context: ServiceContext, draft: NoticeDraft, districts: Iterable[str]) -> Notice:
    """What a draft would be as far as it is typed, to be looked at and never saved.

    Raises Rejected for an audience that is not the author's, and for a button.
    """
    notice = Notice(does="say", state=NoticeState.DRAFT)
    _take(context, notice, draft, districts)
    return notice


def _fill(context: ServiceContext, notice: Notice, draft: NoticeDraft, districts: Iterable[str]) -> None:
    _take(context, notice, draft, districts)
    notice.district = _district(draft.audience, districts)
    filled(draft.title, "title", LONGEST_TITLE)
    filled(draft.text, "text", message_preview.LONGEST)
    filled(draft.unit, "unit", LONGEST_UNIT)
    check_times(notice)
    check_length(context, notice)


def _district(audience: Audience, districts: Iterable[str]) -> str:
    """Whose notice it is: of the author's districts the largest that it goes to."""
    known = sorted(districts, key=lambda each: (len(each), each))
    here = [each for each in known if any(region.startswith(each) for region in audience.regions)]
    return next(iter(here or known), "")


def _take(context: ServiceContext, notice: Notice, draft: NoticeDraft, districts: Iterable[str]) -> None:
    """What was typed, however long it is."""
    draft.audience.check(districts)
    notice.kind, notice.drill, notice.photo = draft.kind, draft.drill, draft.photo or None
    notice.title, notice.text, notice.unit = draft.title.strip(), draft.text.strip(), draft.unit.strip()
    notice.buttons = notice_buttons.read(context.knowledge, draft.buttons)
    notice.audience = draft.audience.plain()
    notice.start_at, notice.valid_until = draft.start_at, draft.valid_until


async def _claim(session: AsyncSession, notice: Notice, districts: Iterable[str]) -> None:
    if notice.photo:
        await photos.claim(session, notice.photo, districts)


def check_length(context: ServiceContext, notice: Notice) -> None:
    """Raises Rejected for more than a phone shows of one message."""
    shown = message_preview.length(message_preview.text(context.knowledge.texts, notice, again=True))
    if shown > message_preview.most(notice):
        raise Rejected(
            "notice.long_photo" if notice.photo else "notice.long", most=message_preview.most(notice), given=shown
        )


def filled(text: str, what: str, most: int) -> str:
    """What was typed into a field, trimmed.  Raises Rejected when that is nothing, or too long."""
    plain = text.strip()
    size = message_preview.length(message_preview.written(plain)) if what == "text" else message_preview.units(plain)
    if not 0 < size <= most:
        raise Rejected(f"notice.{what}", most=most)
    return plain
