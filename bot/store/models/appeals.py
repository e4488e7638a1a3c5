"""Appeals, their steps and attachments, and the sealed identities of who filed them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, index_of_few, now
from bot.store.models.calendar import Clocked


class Naming(StrEnum):
    """Who learns who filed an appeal."""

    NAMED = "named"  # the handling agency may ask for the name, and is logged
    HIDDEN = "hidden"  # the district's administrators may, the handling agency may not
    ANONYMOUS = "anonymous"  # nobody may; replies go through a sealed relay, deleted after closing


class Appeal(Clocked, Base):
    """What a worker wants settled.  Nothing here says who they are: `alias` means something to the vault only."""

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("hops >= 0 and reopened >= 0 and level between 0 and 3", "counts"),
        Index("ix_appeals_queue", "state", "due_at"),
        Index("ix_appeals_agency", "agency_id", "state"),
        Index("ix_appeals_seen", "region", "state", "confidential", "agency_id", "about_id", "kind"),  # who may see it
        index_of_few("parent_id", "appeals"),
        index_of_few("previous_id", "appeals"),
        index_of_few("about_id", "appeals"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    code: Mapped[bytes] = mapped_column(LargeBinary(16))  # blind index of the six characters the worker was given
    alias: Mapped[str] = mapped_column(String(32), unique=True)  # the key of the identity in the vault
    kind: Mapped[str] = mapped_column(String(16))  # a type of knowledge.appeals
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.appeals.appeals writes it
    version: Mapped[int] = mapped_column(default=1)  # counts its steps; the key of what the backend is told
    naming: Mapped[Naming] = mapped_column(String(10))
    priority: Mapped[bool] = mapped_column(default=False)  # a 民情联络员 filed it: it comes first
    behalf: Mapped[bool] = mapped_column(default=False)  # for somebody else, who has agreed
    confidential: Mapped[bool] = mapped_column(default=False)  # the desk in charge only, and nobody else
    story: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(String(6), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    latitude: Mapped[float | None]  # degrees, WGS-84
    longitude: Mapped[float | None]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    about: Mapped[str] = mapped_column(String(100), default="")  # whom it complains about, in the author's words
    about_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))  # that unit, once staff has recognised it
    handler_id: Mapped[int | None]  # the staff member who has it
    hops: Mapped[int] = mapped_column(default=0)  # times it was returned by an agency
    level: Mapped[int] = mapped_column(default=0)  # of escalation, 0 to 3
    extended: Mapped[bool] = mapped_column(default=False)  # once at most
    reopened: Mapped[int] = mapped_column(default=0)
    question: Mapped[str] = mapped_column(Text, default="")  # what the worker is asked, in pending_info
    proposal: Mapped[str] = mapped_column(Text, default="")  # the handler's answer, for review
    remark: Mapped[str] = mapped_column(
        Text, default=""
    )  # why the proposal was sent back; "" while it waits for review
    proposal_by: Mapped[int | None]  # staff
    answer: Mapped[str] = mapped_column(Text, default="")
    rating: Mapped[str] = mapped_column(String(8), default="")  # "good", "fair", "poor"; "" while nobody said
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("appeals.id"))  # merged into
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("appeals.id"))  # the closed case it goes on from
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    forwarded: Mapped[bool] = mapped_column(
        default=False
    )  # the backend is told of it; how far: bot.services.appeals.deliveries
    backend_number: Mapped[str] = mapped_column(String(64), default="")
    hold: Mapped[str] = mapped_column(
        String(200), default=""
    )  # why it must stay as it is, whoever asks; "" for no reason
    news_at: Mapped[datetime | None]  # when the backend's newest news was said, by its own clock


class AppealStep(Base):
    """One line of an appeal's timeline, written in the commit that made the step.

    Never changed, but for words that their author takes back.
    """

    __tablename__ = "appeal_steps"
    __table_args__ = (UniqueConstraint("appeal_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeals.id"), index=True)
    name: Mapped[str] = mapped_column(String(16))  # the verb: "assign", "ask", "log", ...
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None]
    agency_id: Mapped[int | None]  # the unit it was given to or came back from; else the one whose person did it
    text: Mapped[str] = mapped_column(Text, default="")  # what the worker sees
    note: Mapped[str] = mapped_column(Text, default="")  # what only staff sees
    key: Mapped[str | None] = mapped_column(String(80))  # what makes the same news harmless twice
    rating: Mapped[str] = mapped_column(String(8), default="")  # what the worker thought, in the step that says so
    tell_at: Mapped[datetime | None]  # when the message about it goes to the worker; None: there is none
    told_at: Mapped[datetime | None]  # the worker's channel took it
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class AppealHelper(Base):
    """A unit that was asked to help with a case of another one, and what it replied."""

    __tablename__ = "appeal_helpers"
    __table_args__ = (UniqueConstraint("appeal_id", "agency_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeals.id", ondelete="CASCADE"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"), index=True)
    question: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[int | None]  # staff
    asked_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime | None]  # None while the calendar of the year is not known
    chased_at: Mapped[datetime | None]  # asked once more, because it was late
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_by: Mapped[int | None]  # staff
    replied_at: Mapped[datetime | None]


class Attachment(Base):
    """A photo, file or voice note of a case.  The original is never kept: what is stored has been made anew."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appeal_id: Mapped[int | None] = mapped_column(ForeignKey("appeals.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))  # "photo", "file", "voice"
    state: Mapped[str] = mapped_column(String(8), default="waiting")  # "waiting", "ready", "refused"
    origin: Mapped[dict[str, Any] | None] = mapped_column(Sealed("attachments.origin"))  # where to fetch it, until then
    name: Mapped[str] = mapped_column(String(40), default="")  # random, in the uploads folder
    mime: Mapped[str] = mapped_column(String(40), default="")
    size: Mapped[int] = mapped_column(default=0)  # bytes
    why: Mapped[str] = mapped_column(String(200), default="")  # refused because
    created_at: Mapped[datetime] = mapped_column(default=now)


class Identity(Base):
    """Who stands behind an alias.  Sealed; `owner` is a blind index, so that a person finds their own."""

    __tablename__ = "identities"
    __table_args__ = (CheckConstraint("naming <> 'named' or consent <> ''", "consent"),)

    alias: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    naming: Mapped[Naming] = mapped_column(String(10))
    body: Mapped[dict[str, Any] | None] = mapped_column(Sealed("identities.body"))  # chat_id, name, phone
    consent: Mapped[str] = mapped_column(
        String(16), default=""
    )  # the privacy notice they had read when they named themselves
    created_at: Mapped[datetime] = mapped_column(default=now)
    delete_after: Mapped[datetime | None]  # set when the case closes


class View(Base):
    """Somebody looked at something that tells who a person is, or tried to.  Append-only, hash-chained."""

    __tablename__ = "views"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    staff_id: Mapped[int | None]
    role: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(40), index=True)  # such as "appeal:261122000001"
    field: Mapped[str] = mapped_column(String(32))  # "identity", "attachment:12", "export"
    purpose: Mapped[str] = mapped_column(String(200))
    denied: Mapped[bool] = mapped_column(default=False)
    request_id: Mapped[str] = mapped_column(String(32), default="")
    before: Mapped[bytes] = mapped_column(LargeBinary(32))  # hash of the row before
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class CodeAttempt(Base):
    """Wrong codes for a number: after five of them nobody may try for half an hour."""

    __tablename__ = "code_attempts"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    wrong: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class AllowedStep(Base):
    """The lifecycles as the database knows them; a trigger refuses a step that is not here."""

    __tablename__ = "allowed_steps"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    target: Mapped[str] = mapped_column(String(16), primary_key=True)


class DeadLetter(Base):
    """News from the backend that fits no case of ours, kept for a person to look at."""

    __tablename__ = "dead_letters"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    body: Mapped[Any] = mapped_column(Sealed("dead_letters.body"))
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(default=now)
