"""Conversations: one person with one bot, locked while something happens in it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.bots import Bot
from bot.channels.web.rows import CONVERSATIONS, PEOPLE, new
from bot.channels.web.wakeups import CONVERSATION, Key
from bot.store.base import now

CHAT, PERSON = CONVERSATIONS.c, PEOPLE.c


@dataclass(slots=True)
class Conversation:
    """A row, and the person it belongs to.  Numbers taken here are written by `keep`."""

    id: int
    person_id: int
    last_message: int
    last_event: int
    keyboard: dict[str, Any] | None
    paced_until: datetime | None
    blocked_at: datetime | None
    profile: dict[str, Any] | None
    deleted_at: datetime | None
    network: bytes | None  # where they first wrote from, as far as it is known

    @property
    def key(self) -> Key:
        return CONVERSATION, self.id

    @property
    def user(self) -> dict[str, Any]:
        """The person as a Bot API User."""
        return {"id": self.person_id, "is_bot": False, **(self.profile or {})}

    @property
    def chat(self) -> dict[str, Any]:
        """The conversation as a Bot API Chat."""
        names = {name: value for name, value in (self.profile or {}).items() if name != "language_code"}
        return {"id": self.person_id, "type": "private", **names}

    def next_message(self) -> int:
        self.last_message += 1
        return self.last_message

    def next_event(self) -> int:
        self.last_event += 1
        return self.last_event


_COLUMNS = (
    CHAT.id,
    CHAT.person_id,
    CHAT.last_message,
    CHAT.last_event,
    CHAT.keyboard,
    CHAT.paced_until,
    CHAT.blocked_at,
    PERSON.profile,
    PERSON.deleted_at,
    PERSON.network,
)
_LOOK = (
    select(*_COLUMNS)
    .join(PEOPLE, PERSON.id == CHAT.person_id)
    .where(CHAT.bot_id == bindparam("bot"), CHAT.person_id == bindparam("person"))
)
_FIND = _LOOK.with_for_update(of=CONVERSATIONS)
_BY_ID = (
    select(*_COLUMNS)
    .join(PEOPLE, PERSON.id == CHAT.person_id)
    .where(CHAT.id == bindparam("number"))
    .with_for_update(of=CONVERSATIONS)
)
_MOVE = (
    update(CONVERSATIONS)
    .where(CHAT.id == bindparam("number"))
    .values(last_message=bindparam("message"), last_event=bindparam("event"))
)
# Whatever the bot sends ends its "typing", as on Telegram.
_SAID = _MOVE.values(action_until=None)


def _of(row: Any) -> Conversation | None:
    return Conversation(*row) if row else None


async def find(connection: AsyncConnection, bot: Bot, person_id: int, *, lock: bool = True) -> Conversation | None:
    """The conversation, locked until the transaction ends unless it is only read."""
    row = (await connection.execute(_FIND if lock else _LOOK, {"bot": bot.id, "person": person_id})).first()
    return _of(row)


async def by_id(connection: AsyncConnection, number: int) -> Conversation | None:
    row = (await connection.execute(_BY_ID, {"number": number})).first()
    return _of(row)


async def begin(
    connection: AsyncConnection, bot: Bot, person_id: int, profile: dict[str, Any], network: bytes | None = None
) -> Conversation | None:
    """The conversation, made when there is none yet.  None for a person who has deleted theirs."""
    if (found := await find(connection, bot, person_id)) is None:
        await meet(connection, person_id, profile, network)
        person = (await connection.execute(select(PERSON.deleted_at).where(PERSON.id == person_id))).one()
        if person.deleted_at is not None:
            return None
        values = {"bot_id": bot.id, "person_id": person_id, "last_message": 0, "last_event": 0, "action": ""}
        await connection.execute(new(connection, CONVERSATIONS).values(values))
        found = await find(connection, bot, person_id)
    elif found.network is None and network is not None and found.deleted_at is None:
        # They wrote before networks were noted: from now on they count as somebody.
        await connection.execute(update(PEOPLE).where(PERSON.id == person_id).values(network=network))
    return found if found and found.deleted_at is None else None


async def meet(connection: AsyncConnection, person_id: int, profile: dict[str, Any], network: bytes | None) -> None:
    """Write a person down, unless they are known."""
    values = {"id": person_id, "profile": profile, "network": network, "created_at": now()}
    await connection.execute(new(connection, PEOPLE).values(values))


async def keep(connection: AsyncConnection, conversation: Conversation, *, said: bool = False, **values: Any) -> None:
    """Write the numbers taken, and what else has changed.  `said`: the bot has sent something."""
    numbers = {
        "number": conversation.id,
        "message": conversation.last_message,
        "event": conversation.last_event,
    }
    given = {f"new_{name}": value for name, value in values.items()}
    await connection.execute(_keeping(said, tuple(values)), numbers | given)


@cache
def _keeping(said: bool, names: tuple[str, ...]) -> Update:
    """Making a statement takes longer than carrying it out."""
    return (_SAID if said else _MOVE).values({name: bindparam(f"new_{name}", type_=CHAT[name].type) for name in names})
