"""Notices: what is sent to many, who agreed to it, and one small row for each person it is for."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, now
from bot.store.models.conversation import Channel


class NoticeKind(StrEnum):
    EMERGENCY = "emergency"  # at least once, at any hour, to everybody; needs two approvers
    SERVICE = "service"  # at most once, not at night, unless somebody turned the topic off
    ACTIVITY = "activity"  # at most once, not at night, only to those who turned it on, two a week


class CopyState(StrEnum):
    WAITING = "waiting"  # not before `due`
    SENDING = "sending"  # committed before the call; `due` is the end of the lease
    SENT = "sent"
    FAILED = "failed"
    BLOCKED = "blocked"  # the person has shut us out
    SKIPPED = "skipped"  # `why` says for what reason
    UNKNOWN = "unknown"  # nobody knows whether it arrived


class Notice(Base):
    """One text for many people.  What its approvers agreed to is `digest`: text, audience and time in one hash."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(String(12))
    does: Mapped[str] = mapped_column(String(8), default="say")  # or "edit", "unsay": to the copies of `about_id`
    about_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    state: Mapped[str] = mapped_column(String(16), default="draft")  # bot.services.notices.states
    version: Mapped[int] = mapped_column(default=0)  # grows with each change
    title: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    buttons: Mapped[list[Any]] = mapped_column(default=list)  # {"label", "url" or "press"} each
    unit: Mapped[str] = mapped_column(String(60))  # who issues it, as people read it
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)  # bot.services.notices.audience.Audience
    count: Mapped[int] = mapped_column(default=0)  # people it would have reached when it was submitted
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # since it was submitted
    start_at: Mapped[datetime | None]  # None: as soon as it is approved
    valid_until: Mapped[datetime]
    photo: Mapped[str | None] = mapped_column(String(64))  # digest of the NoticePhoto above the text
    drill: Mapped[bool] = mapped_column(default=False)  # says so in every message; left out of statistics
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    district: Mapped[str] = mapped_column(String(6), default="")  # where the author may send to
    frozen_to: Mapped[int] = mapped_column(BigInteger, default=0)  # chats up to this id have their copy
    why: Mapped[str] = mapped_column(String(100), default="")  # it stands as it does
    created_at: Mapped[datetime] = mapped_column(default=now)
    submitted_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class NoticePhoto(Base):
    """A picture of notices, known by what is in it.  Never changed; gone once no notice shows it."""

    __tablename__ = "notice_photos"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of `data`, in hex
    data: Mapped[bytes] = mapped_column(LargeBinary)  # JPEG
    files: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a channel calls it, by who uploaded it there
    at: Mapped[datetime] = mapped_column(default=now)


class NoticeWriter(Base):
    """Somebody who wrote or changed a notice.  None of them may agree to it; a trigger sees to that, too."""

    __tablename__ = "notice_writers"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True, autoincrement=False)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True, autoincrement=False)


class NoticeApproval(Base):
    """What a second person said about a notice as it then was.  Never changed."""

    __tablename__ = "notice_approvals"
    __table_args__ = (CheckConstraint("approver_id <> author_id", name="second_person"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[dict[str, Any] | None]  # what the digest is of, so that a later one shows what changed
    author_id: Mapped[int]
    approver_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    approved: Mapped[bool]
    comment: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(default=now)


def _marked(column: str) -> Index:
    """Few people do anything with a notice: those who did are counted without reading the others."""
    where = text(f"{column} IS NOT NULL")
    name = f"ix_notice_copies_{column.removesuffix('_at')}"
    return Index(name, "notice_id", sqlite_where=where, postgresql_where=where)


class NoticeCopy(Base):
    """One person's copy.  There are half a million of a notice, so moments are Unix seconds and nothing is said twice."""

    __tablename__ = "notice_copies"
    __table_args__ = (
        Index("ix_notice_copies_state", "notice_id", "channel", "state", "due", "chat_id"),
        _marked("responded_at"),
        _marked("opted_out_at"),
        _marked("reminded_at"),
    )

    chat_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True, autoincrement=False)
    channel: Mapped[Channel] = mapped_column(String(8))
    state: Mapped[CopyState] = mapped_column(String(8))
    why: Mapped[str] = mapped_column(String(60), default="")
    due: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger, default=0)  # when it was settled
    responded_at: Mapped[int | None] = mapped_column(BigInteger)  # the first press under it, or words in reply to it
    opted_out_at: Mapped[int | None] = mapped_column(BigInteger)  # they ended its kind after it
    reminded_at: Mapped[int | None] = mapped_column(BigInteger)  # they were rung for it outside the chat


class NoticeTotal(Base):
    """How many copies of a notice are not kept any more, so that its counts stay true."""

    __tablename__ = "notice_totals"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True, autoincrement=False)
    state: Mapped[CopyState] = mapped_column(String(8), primary_key=True)
    why: Mapped[str] = mapped_column(String(60), primary_key=True)
    people: Mapped[int]
    responded: Mapped[int] = mapped_column(default=0)  # of these people
    opted_out: Mapped[int] = mapped_column(default=0)
    reminded: Mapped[int] = mapped_column(default=0)


class TrialGroup(Base):
    """Colleagues who get a notice first, to see how it looks and whether it arrives."""

    __tablename__ = "trial_groups"
    __table_args__ = (UniqueConstraint("district", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    district: Mapped[str] = mapped_column(String(6))  # GB/T 2260 prefix; "" for all


class TrialMember(Base):
    """A colleague in a trial group."""

    __tablename__ = "trial_members"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("trial_groups.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True, autoincrement=False)


class ChatTag(Base):
    """A word about somebody that audiences may ask for, such as "role:volunteer"."""

    __tablename__ = "chat_tags"

    chat_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)


class BulkLane(Base):
    """Who sends notices on a channel: one process at a time, so that the allowed pace is kept by all together."""

    __tablename__ = "bulk_lanes"

    channel: Mapped[Channel] = mapped_column(String(8), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32), default="")
    until: Mapped[datetime]  # the end of the lease
    resume_at: Mapped[datetime | None]  # the channel asked us to be silent until then
