"""What is asked: counts per topic and day, and the questions that got no good answer.  Nobody's name is here."""

from datetime import date, datetime

from sqlalchemy import Date, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now


class TopicCount(Base):
    """How often a topic was the answer on a day, and what people thought of it."""

    __tablename__ = "topic_counts"

    topic: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    asked: Mapped[int] = mapped_column(default=0)
    useful: Mapped[int] = mapped_column(default=0)
    useless: Mapped[int] = mapped_column(default=0)


class QuestionCount(Base):
    """How questions went on a day in a district: how many were answered, how many answers were useful."""

    __tablename__ = "question_counts"

    day: Mapped[date] = mapped_column(Date, primary_key=True)  # by China's clock
    region: Mapped[str] = mapped_column(String(6), primary_key=True)  # the asker's; "" for one who did not say
    what: Mapped[str] = mapped_column(String(8), primary_key=True)  # "answer", "choose", "none", "useful", "useless"
    times: Mapped[int] = mapped_column(default=0)


class Gap(Base):
    """A question without a good answer, counted.  Kept without the person and without their numbers."""

    __tablename__ = "gaps"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)  # hash of the cleaned question and why
    text: Mapped[str] = mapped_column(String(200))  # the question, digits of phones and papers masked
    why: Mapped[str] = mapped_column(String(16))  # "none", "choose", "wrong", "unclear", "outdated", "useless"
    topic: Mapped[str] = mapped_column(String(64), default="")  # the entry that did not help
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime] = mapped_column(default=now)
    last_at: Mapped[datetime] = mapped_column(default=now)
    settled_at: Mapped[datetime | None]  # an editor made a phrasing or an entry of it, or put it aside
    settled_times: Mapped[int] = mapped_column(default=0)  # how often it had been asked by then
    settled_by: Mapped[int | None]  # of the staff
    answer: Mapped[str] = mapped_column(String(48), default="")  # the entry that shall answer it; "" when put aside
