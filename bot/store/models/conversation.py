"""Chats, the updates seen, what leaves, and what could not be read."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, index_of_few, now


class Channel(StrEnum):
    TELEGRAM = "telegram"
    WEB = "web"


class Chat(Base):
    """One person on one channel: what they told us about themselves, and the question they were asked last.

    The channel's own id is sealed; `key` is its blind index.  Everything else refers to `id`, which says
    nothing to anybody.
    """

    __tablename__ = "chats"
    __table_args__ = (index_of_few("outlet_id", "chats"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[Channel] = mapped_column(String(8))
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    address: Mapped[int] = mapped_column(Sealed("chats.address"))  # the channel's chat id
    version: Mapped[int] = mapped_column(default=0)  # counts the units that changed this row
    language: Mapped[str] = mapped_column(String(5), default="zh")
    region: Mapped[str] = mapped_column(String(6), default="")  # GB/T 2260 prefix; "" until they say
    job: Mapped[str] = mapped_column(String(16), default="")  # an audience of knowledge.policies
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("outlets.id"))  # where they said they belong
    no_outlet: Mapped[bool] = mapped_column(default=False)  # they said that they belong to none
    topic: Mapped[str] = mapped_column(String(64), default="")  # what they asked about last
    topic_at: Mapped[datetime | None]
    flow: Mapped[str] = mapped_column(String(32), default="")  # the form they are filling in
    step: Mapped[str] = mapped_column(String(32), default="")  # the question of it they were asked last
    answers: Mapped[dict[str, Any] | None] = mapped_column(Sealed("chats.answers"))
    flow_at: Mapped[datetime | None]  # when they last answered in it
    paused: Mapped[bool] = mapped_column(default=False)  # they turned to something else meanwhile
    pending: Mapped[dict[str, Any] | None] = mapped_column(
        Sealed("chats.pending")
    )  # the case that waits for their word
    service_notices: Mapped[bool] = mapped_column(default=True)  # they get notices about policies and services
    activity_notices: Mapped[bool] = mapped_column(default=False)  # they asked for notices about activities
    quiet: Mapped[str] = mapped_column(String(5), default="")  # their own quiet hours, such as "8-16"; "" is the usual
    started_at: Mapped[datetime | None]  # they pressed Start: notices may reach them
    blocked_at: Mapped[datetime | None]  # the channel answered 403: leave this person alone
    forget_at: Mapped[datetime | None]  # when everything about them is erased, as they asked
    created_at: Mapped[datetime] = mapped_column(default=now)


class SeenUpdate(Base):
    """Updates acted on already; what makes a redelivered one harmless, and gives it the same answer."""

    __tablename__ = "seen_updates"

    channel: Mapped[Channel] = mapped_column(String(8), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    answer: Mapped[dict[str, Any] | None] = mapped_column(Sealed("seen_updates.answer"))
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class ParkedUpdate(Base):
    """An update that nobody could read: kept for a person to look at, skipped so that the next one comes."""

    __tablename__ = "parked_updates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[Channel] = mapped_column(String(8))
    update_id: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[Any] = mapped_column(Sealed("parked_updates.body"))
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(default=now)


class Lane(IntEnum):
    REPLY = 0  # somebody is waiting
    NEWS = 1  # something somebody is to know; it may wait for the morning, and holds back no reply
    BULK = 2


class OutboxState(StrEnum):
    WAITING = "waiting"  # set by who wrote it; `due_at` says when it may go
    SENT = "sent"  # set by the relay, the other side took it
    REFUSED = "refused"  # set by the relay, the other side will never take it
    DEAD = "dead"  # set by bot.backend.outcomes after a week of failures; somebody may send it again


class Outbox(Base):
    """One thing to tell the outside: a chat message, an event for the backend, one person's notice.

    Written in the transaction that caused it, sent after the commit, at least once.  `due_at` is the
    row's only clock: lease, back-off and schedule are all "not before then".
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "lane",
            "due_at",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_outbox_chat",
            "chat_id",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_outbox_events",
            "subject",
            "id",
            sqlite_where=text("kind = 'backend' AND sent_at IS NULL"),
            postgresql_where=text("kind = 'backend' AND sent_at IS NULL"),
        ),
        Index(
            "ix_outbox_timers",
            "subject",
            sqlite_where=text("kind = 'timer' AND state = 'waiting'"),
            postgresql_where=text("kind = 'timer' AND state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # who sends it: a Channel, or "backend"
    chat_id: Mapped[int | None] = mapped_column(BigId)  # no foreign key: it would look through all that was ever sent
    subject: Mapped[str] = mapped_column(String(64), default="")  # what it is about, for people and receipts
    payload: Mapped[dict[str, Any] | None] = mapped_column(Sealed("outbox.payload"))  # None once it is sent
    lane: Mapped[Lane] = mapped_column(Integer, default=Lane.REPLY)
    state: Mapped[OutboxState] = mapped_column(String(8), default=OutboxState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # the channel's, for edits
    why: Mapped[str] = mapped_column(String(200), default="")  # the other side's last refusal
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
