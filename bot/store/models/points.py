"""Points: accounts, the ledger they are the sum of, what they buy, and vouchers for it.

An account is found by a keyed hash of its owner's chat; the ledger names cases and vouchers, never people.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, now


class PointsAccount(Base):
    """What somebody has.  Only bot.services.points.ledger changes it, each time with an entry of the ledger."""

    __tablename__ = "points_accounts"
    __table_args__ = (CheckConstraint("available >= 0 AND held >= 0 AND debt >= 0", "never_negative"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)  # blind index of the chat
    available: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)  # for vouchers not used yet
    debt: Mapped[int] = mapped_column(default=0)  # taken back after it was spent; paid by what comes next
    entries: Mapped[int] = mapped_column(default=0)  # so that a ledger cut off at its end is noticed
    head: Mapped[bytes] = mapped_column(LargeBinary(32))  # hash of the newest entry


class PointsEntry(Base):
    """One line of the ledger, with both its sides: what the account gains is what the issuer loses.

    Append-only; each line holds the hash of the one before it in its account.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        UniqueConstraint("kind", "source"),
        CheckConstraint("d_available + d_held - d_debt + d_issuer = 0", "balanced"),
        Index("ix_points_entries_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("points_accounts.id"))
    kind: Mapped[str] = mapped_column(String(8))  # a Kind of bot.services.points.ledger
    d_available: Mapped[int]
    d_held: Mapped[int]
    d_debt: Mapped[int]
    d_issuer: Mapped[int]
    source: Mapped[str] = mapped_column(String(80))  # such as "hazard:261122000001:verified"; once for each kind
    place: Mapped[str] = mapped_column(String(24), default="")  # what the cap per place counts by
    staff_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=now)
    before: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Reward(Base):
    """What points buy, and how many of it there are.  Somebody else than its writers approves it."""

    __tablename__ = "reward_stocks"  # named when a file had the rest of it
    __table_args__ = (CheckConstraint("remaining >= 0 AND remaining <= total", "never_negative"),)

    code: Mapped[str] = mapped_column("reward", String(32), primary_key=True)  # names it in buttons and grants
    total: Mapped[int]  # ever put in
    remaining: Mapped[int]
    label: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(60))
    points: Mapped[int]
    days: Mapped[int]  # a voucher can be used
    region: Mapped[str] = mapped_column(String(6))  # GB/T 2260 prefix: whom it is for, and who hands it over
    place: Mapped[str] = mapped_column(String(100))  # the redemption point
    last_day: Mapped[date | None] = mapped_column(Date)  # on which it is offered and handed over
    funding: Mapped[str] = mapped_column(String(60), default="")  # who pays for it
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.points.rewards writes it
    version: Mapped[int] = mapped_column(default=1)  # counts what was written: an approval, and a button, is of one
    writers: Mapped[list[Any]]  # ids of staff, none of whom approves it
    changed_at: Mapped[datetime] = mapped_column(default=now)
    approved_at: Mapped[datetime | None]  # for the last time
    approved_by: Mapped[int | None]  # staff


class Voucher(Base):
    """A reward somebody has asked for."""

    __tablename__ = "vouchers"
    __table_args__ = (
        CheckConstraint("(state = 'fulfilled') = (used_at IS NOT NULL)", "used"),
        Index("ix_vouchers_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("points_accounts.id"))
    chat_id: Mapped[int | None] = mapped_column(Sealed("vouchers.chat_id"))  # whom to tell
    reward: Mapped[str] = mapped_column(ForeignKey("reward_stocks.reward"))
    label: Mapped[str] = mapped_column(String(20))  # of the reward and its place, as they were when it was asked for
    place: Mapped[str] = mapped_column(String(100))
    points: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.points.vouchers writes it
    code: Mapped[str | None] = mapped_column(Sealed("vouchers.code"))  # shown at the counter, once issued
    key: Mapped[bytes | None] = mapped_column(LargeBinary(16), unique=True)  # blind index of the code
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None]  # staff
