"""Staff of the console: people, their roles, how they sign in, and the log of what they did.

A name here is a work name, shown to colleagues; whatever could be used to pass for somebody is sealed or hashed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, now


class Staff(Base):
    """Somebody who works in the console.  Rows are never deleted: the audit refers to them."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    username: Mapped[str] = mapped_column(String(32), unique=True)  # lower case
    district: Mapped[str] = mapped_column(String(6), default="")  # GB/T 2260 prefix of where they work; "" for all
    agency_id: Mapped[int | None]  # the agency they handle appeals for
    active: Mapped[bool] = mapped_column(default=True)
    chat_id: Mapped[int | None] = mapped_column(ForeignKey("chats.id", ondelete="SET NULL"), unique=True)
    totp: Mapped[str | None] = mapped_column(Sealed("staff.totp"))  # the secret, once a code of it was entered
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # of the last code used: none is good twice
    recovery: Mapped[list[Any]] = mapped_column(default=list)  # keyed hashes of the codes left, as hex
    reset_at: Mapped[datetime | None]  # when the second factor is cleared, unless a code is given before
    calls: Mapped[str] = mapped_column(String(8), default="once")  # a CallMode of bot.services.staff.calls
    created_at: Mapped[datetime] = mapped_column(default=now)


class StaffRole(Base):
    """What somebody may do, and where.  A person may have several."""

    __tablename__ = "staff_roles"
    __table_args__ = (UniqueConstraint("staff_id", "role", "district", "category"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(16))  # a Role of bot.services.core.lifecycle
    district: Mapped[str] = mapped_column(String(6), default="")  # GB/T 2260 prefix; "" for all
    category: Mapped[str] = mapped_column(String(16), default="")  # a kind of appeals; "" for all
    granted_by: Mapped[int | None]  # staff; None from the command line
    at: Mapped[datetime] = mapped_column(default=now)


class StaffSession(Base):
    """One browser that is signed in.  Its cookie is 256 random bits, of which only the hash is here."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)  # changes at every elevation
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)  # to the minute
    second_at: Mapped[datetime | None]  # when the second factor was given; None: not yet, or not needed
    elevated_until: Mapped[datetime | None]  # until then what needs a fresh code is allowed
    revoked_at: Mapped[datetime | None]  # signed out, by whomever
    shift: Mapped[bool] = mapped_column(default=False)  # a counter's, which lasts for a shift without being used
    browser: Mapped[dict[str, Any]] = mapped_column(Sealed("staff_sessions.browser"))  # address and kind, both coarse
    offered: Mapped[str | None] = mapped_column(Sealed("staff_sessions.offered"))  # a TOTP secret not confirmed yet


class SignInLink(Base):
    """A way in that works once.  Only the hash of its token is here."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(8))  # a Purpose of bot.services.staff.sign_in
    browser: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # hash of the asking browser's cookie; None: any
    asked: Mapped[int | None] = mapped_column(BigInteger, unique=True)  # the outbox row that asked for it
    target: Mapped[str] = mapped_column(
        String(200), default=""
    )  # the page they wanted, of before the browser kept that
    created_at: Mapped[datetime] = mapped_column(default=now)
    ready_at: Mapped[datetime | None]  # from when on it is good; None: at once
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ScreenSignIn(Base):
    """A computer whose screen shows a code for the chat of whoever sits there.  Nobody is named before a chat sent it."""

    __tablename__ = "screen_sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)  # keyed hash of the code
    code: Mapped[str] = mapped_column(
        Sealed("screen_sign_ins.code")
    )  # the page shows it again when it is looked at again
    browser: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)  # hash of the asking browser's cookie
    place: Mapped[dict[str, Any]] = mapped_column(Sealed("screen_sign_ins.place"))  # address and kind, both coarse
    numbers: Mapped[list[Any]] = mapped_column(default=list)  # of two digits, one of which is on the screen
    number: Mapped[int]  # that one
    target: Mapped[str] = mapped_column(
        String(200), default=""
    )  # the page they wanted, of before the browser kept that
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))  # whose chat sent the code
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class StaffCall(Base):
    """Something of which a colleague is told in their chat: one row for each thing that happened and each who may act."""

    __tablename__ = "staff_calls"
    __table_args__ = (
        UniqueConstraint("staff_id", "noun", "number", "what", "mark"),
        Index("ix_staff_calls_staff_id", "staff_id", "told_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    noun: Mapped[str] = mapped_column(String(12))  # "appeal", "hazard", ...
    number: Mapped[str] = mapped_column(String(48))  # of a case, a station or an entry
    what: Mapped[str] = mapped_column(String(16))  # what they are to do: "dispatch", "begin", ...
    mark: Mapped[str] = mapped_column(String(40))  # makes the same event harmless twice
    urgent: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class Attempt(Base):
    """How often something was tried in the present window, by a keyed hash of who tried."""

    __tablename__ = "attempts"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    times: Mapped[int] = mapped_column(default=1)
    until: Mapped[int] = mapped_column(BigInteger, index=True)  # Unix seconds at which counting starts anew


class FormPost(Base):
    """A form that was handed in: the same one again does nothing, and leads to the same page."""

    __tablename__ = "form_posts"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)  # hash of the form's own key and the person
    location: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class Audit(Base):
    """What staff did, or was not let do.  Append-only, hash-chained; triggers refuse everything else.

    `subject` and `detail` name rows and values, never a person who uses the chat.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_action", "action", "id"), Index("ix_audit_staff", "staff_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    staff_id: Mapped[int | None]  # None: nobody signed in, or the command line
    role: Mapped[str] = mapped_column(String(16))  # the role that allowed it; "" where none did
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64), default="")  # such as "staff:7" or "appeal:261122000001"
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    denied: Mapped[bool] = mapped_column(default=False)
    request_id: Mapped[str] = mapped_column(String(32), default="")
    before: Mapped[bytes] = mapped_column(LargeBinary(32))  # hash of the row before
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
