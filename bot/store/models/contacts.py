"""Outlets, who looks after them and after districts, what workers said of those, and visits."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now


class Outlet(Base):
    """Where riders and couriers belong: a station of a platform or of a courier company.  Coordinates are WGS-84."""

    __tablename__ = "outlets"
    __table_args__ = (UniqueConstraint("platform", "region", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    platform: Mapped[str] = mapped_column(String(16))  # a code of knowledge.volunteers
    region: Mapped[str] = mapped_column(String(6), index=True)  # GB/T 2260, six digits
    address: Mapped[str] = mapped_column(String(200), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    size: Mapped[int | None]  # people who belong there
    community_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))  # in which it lies
    police_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    active: Mapped[bool] = mapped_column(default=True)
    checked: Mapped[date | None] = mapped_column(Date)  # when somebody last said that all of this is right
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Contact(Base):
    """Who of a unit looks after an outlet or a region: family name and duty, an office number, never a person's file."""

    __tablename__ = "contacts"
    __table_args__ = (CheckConstraint("outlet_id IS NOT NULL OR region IS NOT NULL", "scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"), index=True)
    duty: Mapped[str] = mapped_column(String(16))  # a code of knowledge.contacts
    shown_name: Mapped[str] = mapped_column(String(12))
    phone: Mapped[str] = mapped_column(String(40), default="")
    hours: Mapped[str] = mapped_column(String(200), default="")  # as knowledge.hours writes them
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("outlets.id"), index=True)
    region: Mapped[str | None] = mapped_column(String(6), index=True)  # GB/T 2260 prefix, for whoever has no outlet
    platform: Mapped[str] = mapped_column(String(16), default="")  # for these only
    job: Mapped[str] = mapped_column(String(16), default="")  # for these only
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # whose chat rings
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    doubtful_at: Mapped[datetime | None]  # since two people said independently that it is wrong
    checked: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class ContactReport(Base):
    """Somebody did not get through, or found something wrong.  `reporter` is a blind key, not a person."""

    __tablename__ = "contact_reports"
    __table_args__ = (Index("ix_contact_reports_contact", "contact_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(String(12))  # "no_answer", "wrong"
    reporter: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]  # an organiser has looked


class Visit(Base):
    """A unit's people went to an outlet: what they saw, and when somebody goes again."""

    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    outlet_id: Mapped[int] = mapped_column(ForeignKey("outlets.id"), index=True)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    on: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    next_on: Mapped[date | None] = mapped_column(Date)  # when somebody is to go again
    done_at: Mapped[datetime | None]  # somebody went again
    at: Mapped[datetime] = mapped_column(default=now)
