"""What is left of somebody who had everything about them erased."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, now


class Tombstone(Base):
    """A chat that was erased, by its blind index: what a restored backup still holds of it is erased again."""

    __tablename__ = "tombstones"

    key: Mapped[bytes] = mapped_column(
        LargeBinary(16), primary_key=True
    )  # of the chat; the same person, if they return
    at: Mapped[datetime] = mapped_column(default=now, index=True)  # whatever is older goes
