"""Messages of a conversation: kept, found, changed, and shown the way the Bot API shows them."""

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.bots import Bot
from bot.channels.web.conversations import Conversation
from bot.channels.web.rows import MESSAGES
from bot.store.base import now

OWN = ("reaction",)  # what the page shows and a Bot API Message does not carry


@dataclass(slots=True)
class Message:
    """A bubble.  `body` is None once it is deleted."""

    message_id: int
    event: int
    mine: bool  # the person's own
    body: dict[str, Any] | None
    key: str | None = None  # the page's own name for it, while it was on its way

    def shown(self, bot: Bot, conversation: Conversation) -> dict[str, Any]:
        """As a Bot API Message."""
        body = {name: value for name, value in (self.body or {}).items() if name not in OWN}
        sender = conversation.user if self.mine else bot.user
        return {"message_id": self.message_id, "from": sender, "chat": conversation.chat, **body}


@dataclass(frozen=True, slots=True)
class FileNote:
    """What goes with a file: the page's own name for the message, its caption, the message it answers (0: none)."""

    key: str
    caption: dict[str, Any] = field(default_factory=dict)  # as a part of a Bot API Message
    reply_to: int = 0
    album: str = ""  # what photos sent together have in common


_COLUMNS = (MESSAGES.c.message_id, MESSAGES.c.event, MESSAGES.c.mine, MESSAGES.c.body, MESSAGES.c.key)
_INSERT = insert(MESSAGES)
_FIND = select(*_COLUMNS).where(
    MESSAGES.c.conversation_id == bindparam("conversation"), MESSAGES.c.message_id == bindparam("message")
)
_BY_KEY = select(*_COLUMNS).where(
    MESSAGES.c.conversation_id == bindparam("conversation"), MESSAGES.c.key == bindparam("own_key")
)
_CHANGE = (
    update(MESSAGES)
    .where(MESSAGES.c.conversation_id == bindparam("conversation"), MESSAGES.c.message_id == bindparam("message"))
    .values(body=bindparam("new_body"), event=bindparam("new_event"))
)


async def add(
    connection: AsyncConnection,
    conversation: Conversation,
    bodies: list[dict[str, Any]],
    *,
    mine: bool = False,
    key: str | None = None,
) -> list[Message]:
    """Write messages down, each with the next number.  The conversation's numbers are the caller's to keep."""
    date = int(time.time())
    added = [
        Message(conversation.next_message(), conversation.next_event(), mine, {"date": date, **body}, key)
        for body in bodies
    ]
    rows = [
        {
            "conversation_id": conversation.id,
            "message_id": each.message_id,
            "event": each.event,
            "mine": mine,
            "body": each.body,
            "key": key,
            "sent_at": now(),
        }
        for each in added
    ]
    await connection.execute(_INSERT, rows if len(rows) > 1 else rows[0])
    return added


async def find(connection: AsyncConnection, conversation: Conversation, message_id: int) -> Message | None:
    """A message that is still there."""
    values = {"conversation": conversation.id, "message": message_id}
    row = (await connection.execute(_FIND, values)).first()
    return Message(*row) if row and row.body is not None else None


async def by_key(connection: AsyncConnection, conversation: Conversation, key: str) -> Message | None:
    """What the page has sent under this key already."""
    row = (await connection.execute(_BY_KEY, {"conversation": conversation.id, "own_key": key})).first()
    return Message(*row) if row else None


async def change(
    connection: AsyncConnection, conversation: Conversation, message: Message, body: dict[str, Any] | None
) -> Message:
    """Give a message another body, or none.  The conversation's numbers are the caller's to keep."""
    changed = Message(message.message_id, conversation.next_event(), message.mine, body)
    values = {
        "conversation": conversation.id,
        "message": message.message_id,
        "new_body": body,
        "new_event": changed.event,
    }
    await connection.execute(_CHANGE, values)
    return changed
