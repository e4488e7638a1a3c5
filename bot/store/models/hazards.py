"""Hazards, their steps, photos and followers, and the rules that say which agency gets which."""

from datetime import datetime
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


class Hazard(Clocked, Base):
    """Something wrong with a place or a thing.  Who reported it is behind `alias`, in the vault."""

    __tablename__ = "hazards"
    __table_args__ = (
        CheckConstraint("reopened >= 0 and level between 0 and 3 and hops >= 0", "counts"),
        Index("ix_hazards_queue", "state", "due_at"),
        Index("ix_hazards_place", "latitude", "longitude"),
        Index("ix_hazards_agency", "agency_id", "state"),
        Index("ix_hazards_seen", "region", "state"),
        index_of_few("parent_id", "hazards"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    alias: Mapped[str | None] = mapped_column(String(32), unique=True)  # None: reported through Open311
    origin: Mapped[str] = mapped_column(String(8))  # "chat", "open311", or "test", which nobody handles
    kind: Mapped[str] = mapped_column(String(16))  # a type of knowledge.hazards
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.hazards writes it
    version: Mapped[int] = mapped_column(default=1)  # counts its steps
    text: Mapped[str] = mapped_column(Text)  # public: without phone, identity or plate numbers
    region: Mapped[str] = mapped_column(String(6), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    latitude: Mapped[float | None]  # degrees, WGS-84; exact, for handlers only
    longitude: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # attributes of the type, as given
    priority: Mapped[bool] = mapped_column(default=False)  # a 民情联络员 reported it: it comes first
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    handler_id: Mapped[int | None]  # the staff member who has it
    hops: Mapped[int] = mapped_column(default=0)  # times it was returned by an agency
    level: Mapped[int] = mapped_column(default=0)  # of escalation, 0 to 3
    reopened: Mapped[int] = mapped_column(default=0)
    suspect: Mapped[str] = mapped_column(String(16), default="")  # the number of a report with the same photo
    result: Mapped[str] = mapped_column(Text, default="")  # what the handler did
    metres: Mapped[int | None]  # from the place to where the handler stood when it was resolved
    off_site: Mapped[str] = mapped_column(String(200), default="")  # why there is no such place, or a far one
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("hazards.id"))  # the one it is the same as
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class HazardStep(Base):
    """One line of a hazard's timeline, written in the commit that made the step.  Never changed."""

    __tablename__ = "hazard_steps"
    __table_args__ = (UniqueConstraint("hazard_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazards.id"), index=True)
    name: Mapped[str] = mapped_column(String(16))  # the verb
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None]
    agency_id: Mapped[int | None]  # the unit it was given to or came back from; else the one whose person did it
    text: Mapped[str] = mapped_column(Text, default="")  # what the reporter sees
    note: Mapped[str] = mapped_column(Text, default="")  # what only staff sees
    key: Mapped[str | None] = mapped_column(String(80))  # what makes the same news harmless twice
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class HazardPhoto(Base):
    """A photo of a hazard, made anew from its pixels.  `shown` is the copy without faces and plates, if there is one."""

    __tablename__ = "hazard_photos"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazards.id"), index=True)
    part: Mapped[str] = mapped_column(String(8))  # "report" or "result"
    kind: Mapped[str] = mapped_column(String(8), default="photo")
    state: Mapped[str] = mapped_column(String(8), default="waiting")  # "waiting", "ready", "refused"
    origin: Mapped[dict[str, Any] | None] = mapped_column(Sealed("hazard_photos.origin"))  # where to fetch it
    name: Mapped[str] = mapped_column(String(40), default="")  # random, in the uploads folder
    mime: Mapped[str] = mapped_column(String(40), default="")
    size: Mapped[int] = mapped_column(default=0)  # bytes
    why: Mapped[str] = mapped_column(String(200), default="")  # refused because
    print: Mapped[str] = mapped_column(
        String(32), default="", index=True
    )  # dHash, hex: alike for pictures that look alike
    shown: Mapped[str] = mapped_column(String(40), default="")  # the covered copy, in the uploads folder
    shown_by: Mapped[int | None]  # staff who looked for faces and plates
    thumb: Mapped[str | None] = mapped_column(Sealed("hazard_photos.thumb"), deferred=True)  # a small copy, base64
    created_at: Mapped[datetime] = mapped_column(default=now)


class HazardFollower(Base):
    """Somebody who saw the same thing and is told how it goes on; sealed like the reporter."""

    __tablename__ = "hazard_followers"

    alias: Mapped[str] = mapped_column(String(32), primary_key=True)
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazards.id"), index=True)
    owner: Mapped[bytes] = mapped_column(LargeBinary(16))  # blind index: nobody follows twice
    at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (UniqueConstraint("hazard_id", "owner"),)


class HazardRule(Base):
    """Which agency gets a type in an area: "" is any; an area is a GB/T 2260 prefix, a grid cell, or drawn on a map."""

    __tablename__ = "hazard_rules"
    __table_args__ = (UniqueConstraint("kind", "area"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="")
    area: Mapped[str] = mapped_column(String(16), default="")  # "210106", a cell "41.79,123.43", or "~" and a hash
    name: Mapped[str] = mapped_column(String(40), default="")  # what somebody called what they drew
    region: Mapped[str] = mapped_column(String(6), default="")  # the district in which a drawn area lies
    outline: Mapped[list[Any] | None]  # corners of a drawn area: [latitude, longitude], degrees, WGS-84
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"))
