"""What the web chat keeps: its bots, the people without Telegram, what was said, and what the bot must still hear.

Contents, names and places are sealed; ids of people are random, so a dump tells who nobody is.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, now


class WebBot(Base):
    """One bot token.  Its lock puts the updates of the bot in one order, whatever process writes them."""

    __tablename__ = "web_bots"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)  # blind index of the token
    number: Mapped[int] = mapped_column(BigInteger)  # what stands before the token's colon: the bot's user id
    last_update: Mapped[int] = mapped_column(BigInteger, default=0)
    poller: Mapped[int] = mapped_column(BigInteger, default=0)  # the newest long poll; an older one gives way
    allowed_updates: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # None: the default set
    webhook: Mapped[dict[str, Any] | None] = mapped_column(Sealed("web_bots.webhook"))  # None: long polling
    error: Mapped[str] = mapped_column(String(300), default="")  # why the last webhook call failed
    error_at: Mapped[datetime | None]
    profile: Mapped[dict[str, Any]] = mapped_column(default=dict)  # commands, menu, names: public


class WebPerson(Base):
    """Somebody who opened the page.  Their cookie carries the id, signed."""

    __tablename__ = "web_people"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # 52 random bits
    profile: Mapped[dict[str, Any] | None] = mapped_column(Sealed("web_people.profile"))  # None once deleted
    network: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # blind: where they first wrote from
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]  # set by the person; the row stays so that the bot is told 403


class WebConversation(Base):
    """One person with one bot.  `last_event` counts every change: a page asks for what came after its own."""

    __tablename__ = "web_conversations"
    __table_args__ = (UniqueConstraint("bot_id", "person_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bot_id: Mapped[int] = mapped_column(ForeignKey("web_bots.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("web_people.id", ondelete="CASCADE"), index=True)
    last_message: Mapped[int] = mapped_column(BigInteger, default=0)
    last_event: Mapped[int] = mapped_column(BigInteger, default=0)
    keyboard: Mapped[dict[str, Any] | None] = mapped_column(Sealed("web_conversations.keyboard"))
    action: Mapped[str] = mapped_column(String(32), default="")  # "typing", until `action_until`
    action_until: Mapped[datetime | None]
    paced_until: Mapped[datetime | None]  # how far ahead the person's messages have used up their allowance
    blocked_at: Mapped[datetime | None]  # set and cleared by the person


class WebMessage(Base):
    """One bubble.  `body` is a Bot API Message without chat and sender; None once it is deleted."""

    __tablename__ = "web_messages"
    __table_args__ = (
        Index("ix_web_messages_event", "conversation_id", "event"),
        UniqueConstraint("conversation_id", "key"),
    )

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("web_conversations.id", ondelete="CASCADE"), primary_key=True
    )
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event: Mapped[int] = mapped_column(BigInteger)  # the conversation's event that changed it last
    mine: Mapped[bool]  # the person's own
    body: Mapped[dict[str, Any] | None] = mapped_column(Sealed("web_messages.body"))
    key: Mapped[str | None] = mapped_column(String(40))  # chosen by the page: a repeated post is the same message
    sent_at: Mapped[datetime] = mapped_column(default=now)


class WebPress(Base):
    """A pressed inline button, waiting for answerCallbackQuery or answered with a toast."""

    __tablename__ = "web_presses"
    __table_args__ = (Index("ix_web_presses_event", "conversation_id", "event"),)

    id: Mapped[str] = mapped_column(String(24), primary_key=True)  # the callback query's id, random
    bot_id: Mapped[int] = mapped_column(ForeignKey("web_bots.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("web_conversations.id", ondelete="CASCADE"))
    event: Mapped[int] = mapped_column(BigInteger, default=0)  # 0 until it is answered
    answer: Mapped[dict[str, Any] | None] = mapped_column(Sealed("web_presses.answer"))
    pressed_at: Mapped[datetime] = mapped_column(default=now, index=True)


class WebUpdate(Base):
    """What the bot must still hear.  Gone once it confirmed it: by the next offset, or with 2xx.

    `queue` is one line of people: nothing in it is delivered before what stands earlier.  `due_at` is the
    row's only clock: the lease of who delivers it and the back-off are both "not before then".
    """

    __tablename__ = "web_updates"
    __table_args__ = (Index("ix_web_updates_queue", "bot_id", "queue", "update_id"),)

    bot_id: Mapped[int] = mapped_column(ForeignKey("web_bots.id", ondelete="CASCADE"), primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    queue: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]] = mapped_column(Sealed("web_updates.body"))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]


class WebResult(Base):
    """What a call with an Idempotency-Key gave, so that its repetition gives the same and does nothing."""

    __tablename__ = "web_results"

    bot_id: Mapped[int] = mapped_column(ForeignKey("web_bots.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    result: Mapped[Any] = mapped_column(Sealed("web_results.result"))
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class WebSubscription(Base):
    """A browser that somebody lets us ring while the page is closed, at a push service of the browser's maker."""

    __tablename__ = "web_subscriptions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("web_people.id", ondelete="CASCADE"), index=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)  # blind index of the endpoint
    body: Mapped[dict[str, Any]] = mapped_column(Sealed("web_subscriptions.body"))  # endpoint, p256dh, auth
    renewed_at: Mapped[datetime] = mapped_column(default=now)  # the page says now and then that it is still there


class WebFile(Base):
    """A photo, document or voice note; its sealed bytes lie in the folder under `name`."""

    __tablename__ = "web_files"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # the Bot API's file_id
    name: Mapped[str] = mapped_column(String(32), unique=True)  # on disk, and the Bot API's file_unique_id
    person_id: Mapped[int | None] = mapped_column(ForeignKey("web_people.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("web_conversations.id", ondelete="SET NULL"), index=True
    )  # the only one that shows it; None once the bot sent it to a second one
    size: Mapped[int] = mapped_column(BigInteger)  # bytes, before sealing
    about: Mapped[dict[str, Any]] = mapped_column(Sealed("web_files.about"))  # kind, mime, file name, dimensions
    created_at: Mapped[datetime] = mapped_column(default=now)
