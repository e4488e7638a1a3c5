"""What came from the backend before, so that the same thing again is harmless."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class BackendKey(Base):
    """A signature's nonce, the id of news that were taken, or the content of a dead letter: once is enough."""

    __tablename__ = "backend_keys"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # a blind index
    until: Mapped[datetime] = mapped_column(index=True)  # when it may be forgotten
