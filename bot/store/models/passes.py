"""Compounds with their gates, what people said of them, passes, and the rosters they rest on."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now

_OPEN = text("state IN ('applied', 'active', 'suspended')")


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


class Pass(Base):
    """That somebody was checked once, by whom and until when, so that gates need not write them down again.

    Nothing here says who it is: `alias` means something to the vault only, `owner` is a keyed hash of their chat.
    """

    __tablename__ = "passes"
    __table_args__ = (
        CheckConstraint("state <> 'active' OR valid_until IS NOT NULL", "dated"),
        Index("uq_passes_open", "owner", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("uq_passes_key", "key", unique=True),
        Index("ix_passes_list", "state", "region"),
        Index("ix_passes_roster", "platform", "phone"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    alias: Mapped[str] = mapped_column(String(32), unique=True)  # the key of the identity in the vault
    owner: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)  # blind index of the chat
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.passes.transitions writes it
    consent: Mapped[str] = mapped_column(String(16))  # the version of the text they agreed to
    key: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # drawn: by it alone entries at gates name a pass
    platform: Mapped[str] = mapped_column(String(16))  # a code of knowledge.volunteers
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("outlets.id"), index=True)
    region: Mapped[str] = mapped_column(String(6))  # GB/T 2260: where they run; it holds in the whole city
    phone: Mapped[bytes | None] = mapped_column(
        LargeBinary(16)
    )  # as rosters have it; only of a number shared as their own
    checked_how: Mapped[str] = mapped_column(String(16), default="")  # a Door of bot.services.passes.passes
    checked_by: Mapped[int | None]  # staff; nobody where a roster has them
    valid_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)  # counts its steps
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]


class PassStep(Base):
    """One line of a pass's timeline, written in the commit that made the step.  Never changed."""

    __tablename__ = "pass_steps"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    pass_id: Mapped[int] = mapped_column(ForeignKey("passes.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(16))  # the verb
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None]
    text: Mapped[str] = mapped_column(String(200), default="")  # the reason, as its owner reads it
    at: Mapped[datetime] = mapped_column(default=now)


class RosterEntry(Base):
    """That a platform has somebody with this number on its list; the number itself is nowhere."""

    __tablename__ = "rosters"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), primary_key=True)  # GB/T 2260 prefix: whose list it is
    phone: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # keyed hash
    valid_until: Mapped[date] = mapped_column(Date, index=True)
    uploaded_by: Mapped[int]  # staff


class GateDevice(Base):
    """A guard's phone at a gate: enrolled by a link that works once, without an account.  It asks one question."""

    __tablename__ = "gate_devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"), index=True)
    name: Mapped[str] = mapped_column(String(30))  # 东门老王的手机
    token: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), unique=True
    )  # SHA-256 of its cookie; none before it came
    enrolled_by: Mapped[int]  # staff
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Entry(Base):
    """Somebody was at a gate.  `key` is a keyed hash of their pass: which one only an administrator with a reason finds."""

    __tablename__ = "entries"
    __table_args__ = (Index("ix_entries_gate", "gate_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"))
    key: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    result: Mapped[str] = mapped_column(String(12))  # a Verdict, or a Decision, of bot.services.passes.gate
    why: Mapped[str] = mapped_column(String(12), default="")  # why a guard turned somebody away


class TurnedAway(Base):
    """Somebody was turned away at a compound.  `reporter` is a blind key, not a person, and goes after a month."""

    __tablename__ = "turned_away"
    __table_args__ = (Index("ix_turned_away_compound", "compound_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    compound_id: Mapped[int] = mapped_column(ForeignKey("compounds.id"))
    reason: Mapped[str] = mapped_column(String(12))  # one of bot.services.passes.turned_away.REASONS
    reporter: Mapped[bytes] = mapped_column(LargeBinary(16))
    at: Mapped[datetime] = mapped_column(default=now)
