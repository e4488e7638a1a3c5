"""Who may write through Open311, and what they posted, so that the same post again is harmless."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, now


class ApiKey(Base):
    """A key to the API.  Only its hash is kept: whoever loses it is given another one."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)  # of the client, for people
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    exact: Mapped[bool] = mapped_column(default=False)  # It is told exact places.
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))  # whose hazards it may move
    a_minute: Mapped[int] = mapped_column(default=60)  # calls
    a_day: Mapped[int] = mapped_column(default=5_000)
    minute: Mapped[int] = mapped_column(default=0)  # the minute of the last call, since 1970
    in_minute: Mapped[int] = mapped_column(default=0)  # calls in it
    day: Mapped[int] = mapped_column(default=0)
    in_day: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]


class Open311Post(Base):
    """A report that came through the API: its token, and the client's own key for it."""

    __tablename__ = "open311_posts"
    __table_args__ = (UniqueConstraint("key_id", "once"),)

    token: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"))
    once: Mapped[str] = mapped_column(String(80))  # the Idempotency-Key; the token where none was sent
    content: Mapped[bytes] = mapped_column(LargeBinary(32))  # hash of what was posted
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazards.id"), index=True)
    origin: Mapped[str] = mapped_column(String(8))  # of the hazard: each endpoint has its own tokens
    at: Mapped[datetime] = mapped_column(default=now)
