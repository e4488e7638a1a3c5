"""Units: who handles cases, or whom a case may be about; and which matters they take."""

from datetime import date

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class Agency(Base):
    """A unit: an office, a street, a union, a platform, a school, a merchant."""

    __tablename__ = "agencies"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    region: Mapped[str] = mapped_column(String(6), default="")  # GB/T 2260 prefix; "" for everywhere
    kind: Mapped[str] = mapped_column(String(16), default="office")  # a UnitKind of bot.services.units.units
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))  # the unit above it
    phone: Mapped[str] = mapped_column(String(40), default="")
    hours: Mapped[str] = mapped_column(String(200), default="")  # as knowledge.hours writes them
    address: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    checked: Mapped[date | None] = mapped_column(Date)  # when somebody last said that all of this is right
    changed_by: Mapped[int | None]  # staff; None as long as it is what the content says


class AgencyDesk(Base):
    """A desk that a unit sits at: it takes what `knowledge` gives to that desk, such as "labour" or "fire"."""

    __tablename__ = "agency_desks"

    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), primary_key=True)
    desk: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)
