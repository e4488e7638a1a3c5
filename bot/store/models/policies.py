"""Policy entries as edited in the console: every version ever saved is a row, and is never changed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, now


class PolicyRevision(Base):
    """One version of an entry, as the whole text of its file.

    The newest published one stands in place of the file.  The newest of all, when it is neither published nor
    dropped, is the draft that waits for a second person, or was sent back by them.
    """

    __tablename__ = "policy_revisions"
    __table_args__ = (
        Index("ix_policy_revisions_topic", "topic", "id"),
        CheckConstraint("publisher_id IS NULL OR publisher_id <> author_id", name="two_people"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    topic: Mapped[str] = mapped_column(String(48))  # the entry's id
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    why: Mapped[str] = mapped_column(String(200), default="")  # what was changed and why, in the author's words
    publisher_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    published_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]  # put aside; kept to be read
    sent_back_at: Mapped[datetime | None]  # the second person did not take it
    sent_back_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    remark: Mapped[str] = mapped_column(String(400), default="")  # why not
