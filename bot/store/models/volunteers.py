"""Volunteers of the grid: where they stand, their training, their teams, the hours they gave.

Nothing here says who somebody is: `alias` means something to the vault only, `owner` is a keyed hash of their chat.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, index_of_few, now

_OPEN = text("state NOT IN ('rejected', 'resigned', 'dismissed')")


class Team(Base):
    """Volunteers who go out together."""

    __tablename__ = "teams"
    __table_args__ = (UniqueConstraint("district", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(6))  # GB/T 2260
    leader_id: Mapped[int | None]  # staff; never approves alone whom they would lead


class Volunteer(Base):
    """One application and the membership it became.  A person has one that is open at most."""

    __tablename__ = "volunteers"
    __table_args__ = (
        CheckConstraint("consent <> ''", "consent"),
        CheckConstraint("(certificate IS NULL) = (expires_at IS NULL)", "certificate"),
        CheckConstraint("state <> 'active' OR certificate IS NOT NULL", "active"),
        Index("ix_volunteers_queue", "district", "state"),
        index_of_few("team_id", "volunteers"),
        Index("uq_volunteers_open", "owner", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    alias: Mapped[str] = mapped_column(String(32), unique=True)  # the key of the identity in the vault
    owner: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)  # blind index of the chat
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.volunteers.transitions writes it
    version: Mapped[int] = mapped_column(default=1)  # counts its steps
    consent: Mapped[str] = mapped_column(String(16))  # the version of the text they agreed to
    platform: Mapped[str] = mapped_column(String(16))
    job: Mapped[str] = mapped_column(String(16))
    district: Mapped[str] = mapped_column(String(6))  # GB/T 2260
    grid: Mapped[str] = mapped_column(String(60), default="")  # street, community or grid, in their words
    availability: Mapped[str] = mapped_column(String(16))
    skills: Mapped[str] = mapped_column(String(200), default="")
    liaison: Mapped[bool] = mapped_column(default=False)  # 民情联络员
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    suspended_by: Mapped[int | None]  # staff; whoever dismisses is somebody else
    certificate: Mapped[str | None] = mapped_column(String(16), unique=True)
    certified_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # of the certificate
    renewal_at: Mapped[datetime | None]  # when they asked for a new term
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]


class VolunteerStep(Base):
    """One line of a volunteer's timeline, written in the commit that made the step.  Never changed."""

    __tablename__ = "volunteer_steps"
    __table_args__ = (UniqueConstraint("volunteer_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.id"), index=True)
    name: Mapped[str] = mapped_column(String(16))  # the verb
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")  # what the volunteer reads
    key: Mapped[str | None] = mapped_column(String(80))  # what makes the same thing harmless twice
    at: Mapped[datetime] = mapped_column(default=now)


class Training(Base):
    """An item of the checklist that somebody has done."""

    __tablename__ = "trainings"

    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(16), primary_key=True)  # of knowledge.volunteers
    staff_id: Mapped[int | None]  # who saw it done; None for what is done in chat
    at: Mapped[datetime] = mapped_column(default=now)


class Shift(Base):
    """Hours somebody gave: from check-in to check-out, counted once somebody of staff approved them."""

    __tablename__ = "shifts"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", "order"),
        Index(
            "uq_shifts_open",
            "volunteer_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_shifts_state", "state", "volunteer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(8), default="open")  # "open", "ended", "approved", "refused"
    minutes: Mapped[int] = mapped_column(default=0)  # counted; 0 until approved
    note: Mapped[str] = mapped_column(String(200), default="")  # what was done, or why it was refused
    staff_id: Mapped[int | None]
