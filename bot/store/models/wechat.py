"""WeChat: which follower of the account is which person of the web chat, what they sent, and what is told them there.

What WeChat calls somebody, and every text, is sealed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, now


class WeChatAccount(Base):
    """Somebody's openid, and what WeChat lets us tell them just now: `left` messages until `window_until`.

    Whoever spends one of these, or answers, holds the row.
    """

    __tablename__ = "wechat_accounts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)  # blind index of the openid
    openid: Mapped[str] = mapped_column(Sealed("wechat_accounts.openid"))
    person_id: Mapped[int] = mapped_column(ForeignKey("web_people.id", ondelete="CASCADE"), unique=True)
    told: Mapped[int] = mapped_column(BigInteger, default=0)  # the newest message that was told there, or needs not be
    choices: Mapped[list[Any] | None] = mapped_column(
        Sealed("wechat_accounts.choices")
    )  # [typed, label, message, data]
    window_until: Mapped[datetime | None]
    left: Mapped[int] = mapped_column(default=0)
    rung: Mapped[int] = mapped_column(BigInteger, default=0)  # the newest message that the bell rang for
    rung_at: Mapped[datetime | None]  # when it rang last
    outcome: Mapped[str] = mapped_column(String(10), default="")  # what became of that, of `bell.Outcome`
    ring_number: Mapped[int | None] = mapped_column(BigInteger)  # WeChat's own of it
    consented_at: Mapped[datetime | None]  # they allow to be rung for notices, as far as WeChat told us
    busy_until: Mapped[datetime | None]  # a passive answer is being gathered: nobody else tells them anything


class WeChatLetter(Base):
    """A text that was put together for WeChat: with an answer, or as a message of customer service."""

    __tablename__ = "wechat_letters"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("wechat_accounts.id", ondelete="CASCADE"), index=True)
    body: Mapped[str] = mapped_column(Sealed("wechat_letters.body"))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(index=True)  # not before then: a lease, or a pause
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class WeChatCallback(Base):
    """What somebody sent, by its number: a repeated attempt means the same, and gets the same answer."""

    __tablename__ = "wechat_callbacks"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # blind index
    account_id: Mapped[int] = mapped_column(ForeignKey("wechat_accounts.id", ondelete="CASCADE"), index=True)
    act: Mapped[dict[str, Any]] = mapped_column(Sealed("wechat_callbacks.act"))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("wechat_letters.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
