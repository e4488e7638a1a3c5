"""Stations as imported and edited, and what workers say about them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now


class StationRow(Base):
    """A station, as knowledge.stations.Station reads it.  Coordinates are WGS-84."""

    __tablename__ = "stations"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(16))
    latitude: Mapped[float]
    longitude: Mapped[float]
    datum: Mapped[str] = mapped_column(String(8))  # of the file it came from
    address: Mapped[str] = mapped_column(String(200), default="")
    region: Mapped[str] = mapped_column(String(9), default="", index=True)
    services: Mapped[list[Any]] = mapped_column(default=list)
    hours: Mapped[str] = mapped_column(Text, default="")  # as knowledge.hours writes them
    phone: Mapped[str] = mapped_column(String(60), default="")
    checked: Mapped[date | None] = mapped_column(Date)
    checked_month: Mapped[bool] = mapped_column(default=False)  # nobody wrote the day down
    closed: Mapped[bool] = mapped_column(default=False)  # for the time being
    doubtful_at: Mapped[datetime | None]  # since two people said independently that something is wrong
    offer: Mapped[str] = mapped_column(String(300), default="")
    offer_from: Mapped[date | None] = mapped_column(Date)
    offer_until: Mapped[date | None] = mapped_column(Date)
    photo: Mapped[str] = mapped_column(String(300), default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)


class StationReport(Base):
    """Somebody stood before a closed door, or found something wrong.  `reporter` is a blind key, not a person."""

    __tablename__ = "station_reports"
    __table_args__ = (Index("ix_station_reports_station", "station_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_id: Mapped[str] = mapped_column(String(24))
    what: Mapped[str] = mapped_column(String(8))  # "closed", "wrong"
    part: Mapped[str] = mapped_column(String(8), default="", server_default="")  # what of it is wrong, if they said
    text: Mapped[str] = mapped_column(Text, default="", server_default="")  # in their own words
    reporter: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]  # an organiser has looked


class Revision(Base):
    """The number of the content's newest change: replicas look at it and read everything again when it grows."""

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)  # "stations", "policies"
    number: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(default=now)
