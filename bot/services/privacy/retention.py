"""Deleting what has been kept long enough: knowledge/retention.toml, carried out every night, a batch at a time.

A run picks the rows that are due and deals with them in one transaction; a dry run picks the same rows and counts
them.  Killed half way, it goes on with the next batch; done twice, it finds nothing.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Numeric, Select, and_, cast, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.queue import jobs, outbox
from bot.queue.jobs import NightTimer
from bot.services.appeals.states import AppealState
from bot.services.attachments import attachments
from bot.services.bookings import privacy as bookings
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.services.notices import totals as notice_totals
from bot.services.privacy import erasure, pass_duties
from bot.services.privacy.duty import Due, Duty, deletes
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.store.models import (
    Appeal,
    Attempt,
    BackendKey,
    CalendarChange,
    CasePresence,
    Chat,
    CodeAttempt,
    Contact,
    ContactReport,
    DeadLetter,
    FormPost,
    Gap,
    Hazard,
    Identity,
    ImportFile,
    Naming,
    Notice,
    NoticeCopy,
    NoticePhoto,
    Outbox,
    OutboxState,
    ParkedUpdate,
    ScreenSignIn,
    Seat,
    SeenUpdate,
    SignInLink,
    Sitting,
    SittingRating,
    Staff,
    StaffCall,
    StaffSession,
    StationReport,
    Tombstone,
    Visit,
    WebFile,
    WebMessage,
    WebPerson,
    WebSubscription,
    WeChatCallback,
    WeChatLetter,
    now,
)
from knowledge.retention import Retention

OF: Literal["retention"] = "retention"  # whose timers these are
NIGHT = time(3, 30)  # China time
BATCH = 500  # rows of a rule in one transaction
SOON = timedelta(seconds=2)  # until the next batch, when one was full
ROUNDED = 3  # decimals of a degree, about a hundred metres
NOBODY = bytes(16)  # in place of who reported


async def run(session: AsyncSession, context: ServiceContext, *, limit: int = BATCH) -> dict[str, int]:
    """One batch of every rule; how many rows of each were dealt with."""
    done: dict[str, int] = {}
    for duty in DUTIES:
        keys = (await session.execute(_due(duty, context.knowledge.retention).limit(limit))).all()
        if keys:
            await duty.act(session, context, keys)
            done[duty.rule] = done.get(duty.rule, 0) + len(keys)
    return done


async def foresee(session: AsyncSession, policy: Retention) -> dict[str, int]:
    """What a run would deal with now."""
    counts: dict[str, int] = {}
    for duty in DUTIES:
        found = await session.scalar(select(func.count()).select_from(_due(duty, policy).subquery())) or 0
        counts[duty.rule] = counts.get(duty.rule, 0) + found
    return counts


async def ring(session: AsyncSession, context: ServiceContext, payload: NightTimer) -> None:
    """It is night, or the last batch was full.  What was done stands in the audit."""
    if not payload.get("more"):
        await ensure(session)
    done = await run(session, context)
    full = any(count >= BATCH for count in done.values())
    more = jobs.TIMER.row({"of": OF, "more": True}, subject=OF, due_at=now() + SOON)
    await outbox.put(session, [more if full else attachments.shred((), strays=True)])
    if done:
        await audit.note(session, By(), "retention.run", rows=done)


async def ensure(session: AsyncSession) -> None:
    """See to it that a timer waits for the night.  Two that were set at the same moment become one when they ring."""
    await timers.ensure(session, jobs.TIMER.row({"of": OF}, subject=OF, due_at=timers.coming(NIGHT)))


def _due(duty: Duty, policy: Retention) -> Select[Any]:
    at = now()
    return duty.due(at, at - policy.keep(duty.rule))


def _drafts(_at: datetime, before: datetime) -> Select[Any]:
    return select(Chat.id).where(Chat.flow_at < before, Chat.answers.is_not(None))


async def _empty(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    """The form stays open without its answers, so that its author is told what became of it."""
    chats = update(Chat).where(Chat.id.in_([each.id for each in keys]))
    await session.execute(chats.values(answers=None, version=Chat.version + 1))


def _gone(_at: datetime, before: datetime) -> Select[Any]:
    """People who shut us out long ago, and have nothing running."""
    staff = select(Staff.chat_id).where(Staff.chat_id.is_not(None))
    return select(Chat.id).where(Chat.blocked_at < before, Chat.id.not_in(staff))


async def _erase(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    for each in keys:
        chat = await session.get(Chat, each.id, with_for_update={"key_share": True})
        if chat is not None:
            await erasure.erase(session, context, chat)


def _identities(*namings: Naming) -> Due:
    """Of cases closed long enough, merged ones with their parent; and what waited for the end of a legal hold."""
    parent = aliased(Appeal)
    closed = func.coalesce(parent.closed_at, Appeal.closed_at)

    def due(at: datetime, before: datetime) -> Select[Any]:
        over = or_(closed <= before, Identity.delete_after <= at)
        return (
            select(Appeal.id)
            .join(Identity, Identity.alias == Appeal.alias)
            .outerjoin(parent, and_(parent.id == Appeal.parent_id, Appeal.state == AppealState.MERGED))
            .where(Identity.body.is_not(None), Identity.naming.in_(namings), Appeal.hold == "", over)
            .order_by(Appeal.id)
        )

    return due


async def _anonymise(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    names: list[str] = []
    for each in keys:
        names += await erasure.anonymise(session, await session.get_one(Appeal, each.id, with_for_update=True))
    await outbox.put(session, [attachments.shred(names)])


def _former(at: datetime, _before: datetime) -> Select[Any]:
    """Identities of something else than an appeal, such as a membership: each has its own date."""
    others = Identity.alias.not_in(select(Appeal.alias))
    return select(Identity.alias).where(Identity.delete_after <= at, Identity.body.is_not(None), others)


async def _forget(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    for each in keys:
        await identities.forget(session, each.alias)


def _places(_at: datetime, before: datetime) -> Select[Any]:
    exact = cast(Hazard.latitude, Numeric(12, 9)) != func.round(cast(Hazard.latitude, Numeric(12, 9)), ROUNDED)
    return select(Hazard.id).where(Hazard.closed_at < before, exact)


async def _round(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    for hazard in await session.scalars(select(Hazard).where(Hazard.id.in_([each.id for each in keys]))):
        hazard.latitude, hazard.longitude = (
            round(value, ROUNDED) if value is not None else None for value in (hazard.latitude, hazard.longitude)
        )


def _reports(_at: datetime, before: datetime) -> Select[Any]:
    return select(StationReport.id).where(StationReport.at < before, StationReport.reporter != NOBODY)


async def _unsign(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    reports = update(StationReport).where(StationReport.id.in_([each.id for each in keys]))
    await session.execute(reports.values(reporter=NOBODY, text=""))


def _seats(_at: datetime, before: datetime) -> Select[Any]:
    """Who sat somewhere, or gave the seat back."""
    over = Sitting.end_at < before
    return (
        select(Seat.id)
        .join(Sitting, Sitting.id == Seat.sitting_id)
        .where(over, Seat.owner != bookings.NOBODY)
        .order_by(Seat.id)
    )


def _confided(_at: datetime, before: datetime) -> Select[Any]:
    """What a consultation was about."""
    query = select(Seat.id).join(Sitting, Sitting.id == Seat.sitting_id)
    return query.where(Sitting.end_at < before, Seat.answers.is_not(None)).order_by(Seat.id)


async def _hush(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    await session.execute(update(Seat).where(Seat.id.in_([each.id for each in keys])).values(answers=None))


async def _unseat(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    for each in keys:
        await bookings.forget(session, await session.get_one(Seat, each.id))


def _copies(_at: datetime, before: datetime) -> Select[Any]:
    key: list[Any] = [NoticeCopy.chat_id, NoticeCopy.notice_id]
    return select(*key).where(NoticeCopy.at.between(1, int(before.timestamp()))).order_by(*key)


def _unshown(_at: datetime, before: datetime) -> ColumnElement[bool]:
    """Photos that no notice shows: tried and replaced, or of a form that was never saved."""
    shown = select(Notice.photo).where(Notice.photo.is_not(None))
    return and_(NoticePhoto.at < before, NoticePhoto.digest.not_in(shown))


async def _count_off(session: AsyncSession, context: ServiceContext, keys: Sequence[Any]) -> None:
    which = tuple_(NoticeCopy.chat_id, NoticeCopy.notice_id).in_([tuple(each) for each in keys])
    await notice_totals.forget(session, which)


LEFT = OutboxState.SENT, OutboxState.REFUSED
DUTIES: Sequence[Duty] = (
    *pass_duties.DUTIES,
    Duty("drafts", _drafts, _empty),
    Duty("silent_chats", _gone, _erase),
    Duty("anonymous_identities", _identities(Naming.ANONYMOUS), _anonymise),
    Duty("identities", _identities(Naming.HIDDEN, Naming.NAMED), _anonymise),
    Duty("hazard_places", _places, _round),
    Duty("volunteers", _former, _forget),
    Duty("station_reports", _reports, _unsign),
    Duty("seats", _seats, _unseat),
    Duty("seat_answers", _confided, _hush),
    deletes("attendance", Seat, lambda at, before: Seat.created_at < before),
    deletes("attendance", SittingRating, lambda at, before: SittingRating.at < before.date()),
    deletes("outbox", Outbox, lambda at, before: and_(Outbox.state.in_(LEFT), Outbox.created_at < before)),
    deletes("seen_updates", SeenUpdate, lambda at, before: SeenUpdate.at < before),
    deletes("parked_updates", ParkedUpdate, lambda at, before: ParkedUpdate.at < before),
    deletes("dead_letters", DeadLetter, lambda at, before: DeadLetter.at < before),
    deletes("backend_keys", BackendKey, lambda at, before: BackendKey.until < before),
    deletes("code_attempts", CodeAttempt, lambda at, before: func.coalesce(CodeAttempt.locked_until, before) <= before),
    deletes("attempts", Attempt, lambda at, before: Attempt.until < int(before.timestamp())),
    deletes("contacts", Contact, lambda at, before: Contact.valid_until < before.date()),
    deletes("contact_reports", ContactReport, lambda at, before: ContactReport.at < before),
    deletes("visits", Visit, lambda at, before: Visit.at < before),
    deletes("import_files", ImportFile, lambda at, before: ImportFile.at < before),
    deletes(
        "calendar_drafts",
        CalendarChange,
        lambda at, before: and_(CalendarChange.entered_at.is_(None), CalendarChange.at < before),
    ),
    deletes("gaps", Gap, lambda at, before: Gap.last_at < before),
    deletes("web_messages", WebMessage, lambda at, before: WebMessage.sent_at < before),
    deletes("web_messages", WebFile, lambda at, before: WebFile.created_at < before),
    deletes("web_messages", WebPerson, lambda at, before: WebPerson.deleted_at < before),
    deletes("web_subscriptions", WebSubscription, lambda at, before: WebSubscription.renewed_at < before),
    deletes("wechat_letters", WeChatCallback, lambda at, before: WeChatCallback.at < before),
    deletes("wechat_letters", WeChatLetter, lambda at, before: WeChatLetter.created_at < before),
    deletes("staff_sessions", StaffSession, lambda at, before: StaffSession.created_at < before),
    deletes("staff_sessions", SignInLink, lambda at, before: SignInLink.expires_at < before),
    deletes("staff_sessions", ScreenSignIn, lambda at, before: ScreenSignIn.expires_at < before),
    deletes("staff_sessions", FormPost, lambda at, before: FormPost.at < before),
    deletes("case_presences", CasePresence, lambda at, before: CasePresence.at < before),
    Duty("notice_copies", _copies, _count_off),
    deletes("notice_photos", NoticePhoto, _unshown),
    deletes("staff_calls", StaffCall, lambda at, before: StaffCall.due_at < before),
    deletes("tombstones", Tombstone, lambda at, before: Tombstone.at < before),
)
