"""What we hold about somebody, told to them: all of it, as plain values for a file they can take with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs
from bot.services.appeals import appeals, consultation_votes
from bot.services.attachments import attachments
from bot.services.bookings import privacy as bookings
from bot.services.chats import rings
from bot.services.core.timers import written
from bot.services.hazards import privacy as hazards
from bot.services.identity import identities
from bot.services.notices import deliveries as notice_deliveries
from bot.services.passes import passes
from bot.services.passes import privacy as pass_privacy
from bot.services.points import ledger as points_ledger
from bot.services.points import vouchers
from bot.services.volunteers import applications
from bot.store.models import (
    Appeal,
    Attachment,
    Chat,
    ChatTag,
    CompoundReport,
    ContactReport,
    Identity,
    Outbox,
    Outlet,
    Pass,
    StationReport,
    TurnedAway,
    Volunteer,
    now,
)


def export(chat: Chat) -> Outbox:
    """The outbox row that sends somebody all of this as a file, made when it leaves."""
    return jobs.EXPORT.row({}, chat_id=chat.id, due_at=now())


async def of(session: AsyncSession, chat: Chat) -> dict[str, Any]:
    """Everything under a chat: the settings, the open form, the cases with their identities and who looked."""
    reports = await session.scalars(select(StationReport).where(StationReport.reporter == chat.key))
    said = await session.scalars(select(ContactReport).where(ContactReport.reporter == chat.key))
    stopped = await session.scalars(select(TurnedAway).where(TurnedAway.reporter == chat.key))
    gates = await session.scalars(select(CompoundReport).where(CompoundReport.reporter == chat.key))
    outlet = await session.get(Outlet, chat.outlet_id) if chat.outlet_id is not None else None
    return {
        "chat": {
            **_plain(chat, "channel", "address", "language", "region", "job", "topic", "started_at", "created_at"),
            **_plain(chat, "service_notices", "activity_notices", "quiet"),
            "forget_at": _value(chat.forget_at),
            "browsers_rung": await rings.held(session, chat.channel, chat.address),
            "in_wechat": await rings.in_wechat(session, chat.channel, chat.address),
            "outlet": _plain(outlet, "name", "platform", "region") if outlet is not None else None,
            **_plain(chat, "no_outlet"),
        },
        "tags": list(
            await session.scalars(select(ChatTag.tag).where(ChatTag.chat_id == chat.id).order_by(ChatTag.tag))
        ),
        "open_form": {"form": chat.flow, "answers": chat.answers} if chat.flow else None,
        "appeals": [await _appeal(session, each) for each in await appeals.own(session, chat.id)],
        "memberships": [await _membership(session, each) for each in await applications.every(session, chat.id)],
        "hazards": await hazards.held(session, chat),
        "bookings": await bookings.held(session, chat),
        "passes": [await _pass(session, each) for each in await passes.every(session, chat.id)],
        "notices": await notice_deliveries.held(session, chat.id),
        "points": await _points(session, chat),
        "station_reports": [_plain(each, "station_id", "what", "part", "text", "at") for each in reports],
        "contact_reports": [_plain(each, "contact_id", "what", "at") for each in said],
        "turned_away": [_plain(each, "compound_id", "reason", "at") for each in stopped],
        "compound_reports": [_plain(each, "compound_id", "at") for each in gates],
    }


async def files_of(session: AsyncSession, chat_id: int) -> list[tuple[str, Attachment]]:
    """The kept pictures and voice notes of somebody's cases, with the numbers of these."""
    found = []
    for appeal in await appeals.own(session, chat_id):
        kept = await attachments.of_case(session, appeal.id)
        found += [(appeal.number, each) for each in kept if each.state == "ready"]
    return found


async def _appeal(session: AsyncSession, appeal: Appeal) -> dict[str, Any]:
    body = await session.scalar(select(Identity.body).where(Identity.alias == appeal.alias))
    steps = await appeals.timeline(session, appeal.id)
    looks = await identities.seen_by(session, f"appeal:{appeal.number}")
    kept = await attachments.of_case(session, appeal.id)
    return {
        **_plain(appeal, *_CASE),
        "identity": identities.named(body),
        "timeline": [_plain(each, "at", "name", "role", "text") for each in steps],
        "attachments": [_plain(each, "kind", "state", "mime", "size") for each in kept],
        "looked_at": [_plain(each, "at", "role", "field", "purpose") for each in looks],
    }


async def _pass(session: AsyncSession, row: Pass) -> dict[str, Any]:
    body = await session.scalar(select(Identity.body).where(Identity.alias == row.alias))
    return {**await pass_privacy.plain(session, row), "identity": identities.named(body)}


async def _membership(session: AsyncSession, volunteer: Volunteer) -> dict[str, Any]:
    body = await session.scalar(select(Identity.body).where(Identity.alias == volunteer.alias))
    steps = await applications.timeline(session, volunteer.id)
    looks = await identities.seen_by(session, f"volunteer:{volunteer.number}")
    return {
        **_plain(volunteer, *_MEMBERSHIP),
        "identity": identities.named(body),
        "timeline": [_plain(each, "at", "name", "role", "text") for each in steps],
        "looked_at": [_plain(each, "at", "role", "field", "purpose") for each in looks],
        "said": [_plain(each, "at", "text", "vote") for each in await consultation_votes.of(session, volunteer.alias)],
    }


_MEMBERSHIP: Sequence[str] = (
    "number", "state", "consent", "platform", "job", "district", "grid", "availability", "skills", "liaison",
    "certificate", "certified_at", "expires_at", "created_at", "closed_at",
)  # fmt: skip


async def _points(session: AsyncSession, chat: Chat) -> dict[str, Any]:
    account = await points_ledger.account_of(session, chat.id)
    if account is None:
        return {}
    lines = await points_ledger.newest(session, account, most=100_000)
    bought = await vouchers.own(session, chat.id, most=100_000)
    return {
        **_plain(account, "available", "held", "debt"),
        "ledger": [_plain(each, "at", "kind", "d_available", "d_held", "d_debt", "source") for each in lines],
        "vouchers": [
            _plain(each, "label", "place", "points", "state", "code", "expires_at", "used_at") for each in bought
        ],
    }


_CASE: Sequence[str] = (
    "number", "kind", "state", "naming", "confidential", "story", "region", "place", "latitude", "longitude",
    "about", "question", "answer", "rating", "created_at", "due_at", "answered_at", "closed_at",
)  # fmt: skip


def _plain(row: object, *names: str) -> dict[str, Any]:
    return {name: _value(getattr(row, name)) for name in names}


def _value(value: Any) -> Any:
    return written(value) if isinstance(value, datetime) else value
