"""Ledgers: a week or a month as it was counted, kept word for word."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now


class Ledger(Base):
    """What was counted, with the numbers of the cases behind it.  Append-only: a correction is a row of its own."""

    __tablename__ = "ledgers"
    __table_args__ = (UniqueConstraint("kind", "first", "district", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # "week" or "month": a list of knowledge/measures.toml
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    district: Mapped[str] = mapped_column(String(6))  # GB/T 2260 prefix; "" for all
    number: Mapped[int] = mapped_column(default=0)  # of the correction; 0 for the ledger itself
    amends_id: Mapped[int | None] = mapped_column(ForeignKey("ledgers.id"))  # what a correction corrects
    why: Mapped[str] = mapped_column(String(200), default="")
    content: Mapped[str] = mapped_column(Text)  # JSON with everything that is shown, labels included
    stamp: Mapped[str] = mapped_column(String(64))  # SHA-256 of the content, hex
    staff_id: Mapped[int | None]  # who froze it; None for the clock and the command line
    at: Mapped[datetime] = mapped_column(default=now)
