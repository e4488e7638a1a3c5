"""The passive answer: what the bot says to a message, gathered until it has said all, for at most four seconds."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import conversations
from bot.channels.web.bots import Bot
from bot.channels.web.conversations import Conversation
from bot.channels.web.messages import Message
from bot.channels.web.rows import CONVERSATIONS, MESSAGES, PRESSES, UPDATES
from bot.channels.web.shared import Shared
from bot.channels.web.wakeups import CONVERSATION
from bot.channels.web.words import Words
from bot.channels.wechat import faces, rows
from bot.channels.wechat.faces import Spoken
from bot.channels.wechat.rows import CALLBACKS, LETTERS, RIDING, Account
from bot.store.base import now

PATIENCE = 4.0  # seconds; WeChat hangs up after five
QUIET, LOOK = 0.2, 0.1  # seconds without news after which all is said, and between two looks
MOST = 40  # bubbles in one text


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, and the row that says it has not been given yet."""

    letter: int
    text: str


class Answering:
    """Waits for the bot, and writes down what it said before anybody is told."""

    def __init__(self, shared: Shared, words: Words, page: str) -> None:
        self.shared, self.words, self.page = shared, words, page

    async def before(self, key: bytes) -> Answer | None:
        """What an earlier attempt was answered."""
        query = select(LETTERS.c.id, LETTERS.c.body).join(CALLBACKS, CALLBACKS.c.letter_id == LETTERS.c.id)
        row = await self.shared.db.first(query.where(CALLBACKS.c.key == key), {})
        return Answer(row.id, row.body) if row is not None else None

    async def heard(self, account: Account, until: float) -> None:
        """Wait until the bot has said what it says to this person, or the time, of time.monotonic, has come."""
        bot, last, since = await self.shared.bots.own(), -1, time.monotonic()
        number = await self._conversation(bot, account)
        with self.shared.wakeups.listen((CONVERSATION, number)) as listener:
            while time.monotonic() < until:
                waiting, event = await self._state(bot, account)
                if event != last:
                    last, since = event, time.monotonic()
                if not waiting and time.monotonic() - since >= QUIET:
                    return
                await listener.wait(min(LOOK, until - time.monotonic()))

    async def written(self, account: Account, key: bytes, instead: str, press: str, event: int) -> Answer | None:
        """Write the answer down as this attempt's; None where there is nothing to say yet.

        instead: what is said in the bot's place.  press, event: of a press, its number and the conversation's event
        before it: what the bot changed after that is said anew.
        """
        async with self.shared.db.connect() as connection:
            held = await rows.by_id(connection, account.id)
            if held is None:
                return None
            spoken, seen = await self._new(connection, held, instead, press, event)
            if not spoken.text:
                await rows.change(connection, held, busy_until=None)
                return None
            values = {"told": max(seen, held.told), "choices": spoken.choices, "busy_until": None}
            await rows.change(connection, held, **values)
            letter = await rows.write(connection, held, spoken.text, now() + RIDING)
            answered = update(CALLBACKS).where(CALLBACKS.c.key == key, CALLBACKS.c.letter_id.is_(None))
            await connection.execute(answered.values(letter_id=letter))
        return Answer(letter, spoken.text)

    async def given(self, answer: Answer) -> None:
        """It has left in an answer to WeChat."""
        async with self.shared.db.connect() as connection:
            sent = update(LETTERS).where(LETTERS.c.id == answer.letter, LETTERS.c.sent_at.is_(None))
            await connection.execute(sent.values(sent_at=now()))

    async def event_of(self, account: Account) -> int:
        """The newest event of their conversation."""
        return (await self._state(await self.shared.bots.own(), account))[1]

    async def _new(
        self, connection: AsyncConnection, account: Account, instead: str, press: str, event: int
    ) -> tuple[Spoken, int]:
        bot = await self.shared.bots.own()
        found = await conversations.find(connection, bot, account.person_id, lock=False)
        if found is None:
            return Spoken(instead), account.told
        first = [*await _toast(connection, press), instead]
        said = await new_messages(connection, found.id, account.told, event if press else None)
        return faces.spoken(said, self.words, self.page, first), newest(found, said)

    async def _conversation(self, bot: Bot, account: Account) -> int:
        query = select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.bot_id == bot.id)
        row = await self.shared.db.first(query.where(CONVERSATIONS.c.person_id == account.person_id), {})
        return row.id if row is not None else 0

    async def _state(self, bot: Bot, account: Account) -> tuple[int, int]:
        """How many acts of theirs the bot has still to hear, and the conversation's newest event."""
        lines = [f"chat:{account.person_id}", f"press:{account.person_id}"]
        waiting = select(func.count()).where(UPDATES.c.bot_id == bot.id, UPDATES.c.queue.in_(lines))
        waiting = waiting.where(UPDATES.c.expires_at > now())
        event = select(CONVERSATIONS.c.last_event).where(CONVERSATIONS.c.bot_id == bot.id)
        event = event.where(CONVERSATIONS.c.person_id == account.person_id)
        columns = waiting.scalar_subquery().label("waiting"), event.scalar_subquery().label("event")
        row = await self.shared.db.first(select(*columns), {})
        return (int(row.waiting), int(row.event or 0)) if row is not None else (0, 0)


async def new_messages(
    connection: AsyncConnection, conversation: int, told: int, changed_after: int | None = None
) -> list[Message]:
    """What the bot said after a message, oldest first; and, after an event, what it changed."""
    columns = (MESSAGES.c.message_id, MESSAGES.c.event, MESSAGES.c.mine, MESSAGES.c.body, MESSAGES.c.key)
    new: Any = MESSAGES.c.message_id > told
    if changed_after is not None:
        new = new | (MESSAGES.c.event > changed_after)
    query = select(*columns).where(MESSAGES.c.conversation_id == conversation, MESSAGES.c.mine.is_(False), new)
    found = await connection.execute(query.order_by(MESSAGES.c.message_id.desc()).limit(MOST))
    return [Message(*row) for row in reversed(found.all()) if row.body is not None]


def newest(conversation: Conversation, said: list[Message]) -> int:
    """The newest message that was seen: more may have been said between two looks."""
    return max([conversation.last_message, *(each.message_id for each in said)])


async def _toast(connection: AsyncConnection, press: str) -> list[str]:
    row = (await connection.execute(select(PRESSES.c.answer).where(PRESSES.c.id == press))).first() if press else None
    return [row.answer.get("text", "")] if row is not None and row.answer else []
