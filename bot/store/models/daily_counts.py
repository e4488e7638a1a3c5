"""What each day counted of the appeals, and which of them have to be counted anew."""

from datetime import date
from typing import Any

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId


class AppealChange(Base):
    """A case took a step, or has another district, kind or unit: its counts are not right any more.

    Triggers write these rows, one for each change, so that nobody waits for anybody.
    """

    __tablename__ = "appeal_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(BigId)


class CountedAppeal(Base):
    """What a case was counted as, so that it can be taken out again."""

    __tablename__ = "counted_appeals"

    appeal_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    region: Mapped[str] = mapped_column(String(6))
    kind: Mapped[str] = mapped_column(String(16))
    agency_id: Mapped[int]  # 0 for none
    spans: Mapped[list[Any]]  # [measure, from which day, until which day], days in ISO


class DailyCount(Base):
    """How many cases began to count on a day and stop counting on another one, in a place: by kind, and by unit."""

    __tablename__ = "daily_counts"
    __table_args__ = (Index("ix_daily_counts_place", "place", "measure", "day"),)

    measure: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    until: Mapped[date] = mapped_column(Date, primary_key=True)  # 9999-12-31 while nothing has undone it
    place: Mapped[str] = mapped_column(String(6), primary_key=True)  # GB/T 2260 prefix; "" for the country
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)  # "" for every kind
    agency_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # -1 for every unit, 0 for none
    count: Mapped[int]
