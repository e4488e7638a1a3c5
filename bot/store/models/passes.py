"""Compounds with their gates, and what people said of them."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now


class Compound(Base):
    """Where somebody at a gate decides who comes in: a neighbourhood, an office building.  Coordinates are WGS-84."""

    __tablename__ = "compounds"
    __table_args__ = (UniqueConstraint("region", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    region: Mapped[str] = mapped_column(String(6))  # GB/T 2260, six digits
    address: Mapped[str] = mapped_column(String(200), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"), index=True)  # the property management
    rules: Mapped[str] = mapped_column(Text, default="")  # what is asked of who comes in
    vehicles: Mapped[bool | None]  # whether electric bicycles may go in; None when nobody wrote it down
    active: Mapped[bool] = mapped_column(default=True)
    doubtful_at: Mapped[datetime | None]  # since two people said independently that it is wrong
    checked: Mapped[date | None] = mapped_column(Date)  # when somebody last said that all of this is right
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Gate(Base):
    """One way into a compound."""

    __tablename__ = "gates"
    __table_args__ = (UniqueConstraint("compound_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    compound_id: Mapped[int] = mapped_column(ForeignKey("compounds.id"))
    name: Mapped[str] = mapped_column(String(30))
    hours: Mapped[str] = mapped_column(String(200), default="")  # as knowledge.hours writes them
    open_to_riders: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)  # rows refer to gates that were bricked up


class CompoundReport(Base):
    """Somebody found that a compound is not as we say.  `reporter` is a blind key, not a person."""

    __tablename__ = "compound_reports"
    __table_args__ = (Index("ix_compound_reports_compound", "compound_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    compound_id: Mapped[int] = mapped_column(ForeignKey("compounds.id"))
    reporter: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]  # an organiser has looked
