"""What staff keeps about the queue of appeals: who has which case open, saved filters, problems that many share."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, now


class CasePresence(Base):
    """Somebody has a case on their screen; a row without news for a minute means nothing any more."""

    __tablename__ = "case_presences"

    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeals.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    typing: Mapped[bool] = mapped_column(default=False)  # There is something unsent in one of their forms.
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class SavedFilter(Base):
    """A filter of the queue that somebody gave a name."""

    __tablename__ = "saved_filters"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(String(300))  # of the queue's address


class CannedReply(Base):
    """What the offices of a district begin a text from; 【…】 in it has to be filled in."""

    __tablename__ = "canned_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    district: Mapped[str] = mapped_column(String(6), default="", index=True)  # GB/T 2260 prefix; "" for everywhere
    kind: Mapped[str] = mapped_column(String(16), default="")  # of appeals or notices it is offered for; "" for all
    use: Mapped[str] = mapped_column(String(8))  # "answer", "ask", "return" or "notice"
    label: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[int]  # staff
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Consultation(Base):
    """A problem that many share, taken up by the agencies together; what comes of it is told to all who complained."""

    __tablename__ = "consultations"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(60))
    district: Mapped[str] = mapped_column(String(6), default="")  # GB/T 2260 prefix of whoever opened it; "" for all
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))  # the agency that leads
    text: Mapped[str] = mapped_column(Text, default="")  # what came of it, once somebody wrote it down
    drafted_by: Mapped[int | None]  # staff who wrote it; somebody else publishes it
    drafted_at: Mapped[datetime | None]
    opened_by: Mapped[int]  # staff
    opened_at: Mapped[datetime] = mapped_column(default=now)
    published_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]  # nothing came of it: its cases are free again


class ConsultationCase(Base):
    """A case that belongs to a consultation; to one at most."""

    __tablename__ = "consultation_cases"

    appeal_id: Mapped[int] = mapped_column(ForeignKey("appeals.id", ondelete="CASCADE"), primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id", ondelete="CASCADE"), index=True)


class ConsultationUnit(Base):
    """A unit that takes part in a consultation, besides the one that leads."""

    __tablename__ = "consultation_units"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id", ondelete="CASCADE"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    added_by: Mapped[int]  # staff
    added_at: Mapped[datetime] = mapped_column(default=now)


class ConsultationVote(Base):
    """What a 民情联络员 says to a consultation.  `alias` means something to the vault only."""

    __tablename__ = "consultation_voices"

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id", ondelete="CASCADE"), primary_key=True)
    alias: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(Text, default="")
    vote: Mapped[str] = mapped_column(String(8), default="")  # "for", "against"; "" for who only said something
    at: Mapped[datetime] = mapped_column(default=now)
