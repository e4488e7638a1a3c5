"""The passive answer: what the bot says to a message, gathered until it has said all, for at most four seconds."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import conversations
from bot.channels.web.conversations import Conversation
from bot.channels.web.messages import Message
from bot.channels.web.rows import CONVERSATIONS, MESSAGES, PRESSES, UPDATES
from bot.channels.web.shared import Shared
from bot.channels.web.wakeups import HEARD, Listener
from bot.channels.web.words import Words
from bot.channels.wechat import faces, rows
from bot.channels.wechat.faces import Spoken
from bot.channels.wechat.given import Given
from bot.channels.wechat.rows import CALLBACKS, LETTERS, RIDING, Account
from bot.store.base import now

PATIENCE = 4.0  # seconds; WeChat hangs up after five
QUIET = 0.2  # seconds without news after which all is said, where more may be on its way
LOOK = 1.0  # seconds between two looks: this process is woken, and may wait for what another one does
MOST = 40  # bubbles in one text

Owes = Callable[[int], Awaitable[bool]]

# Made once: making a statement takes longer than asking it.
_BEFORE = (
    select(LETTERS.c.id, LETTERS.c.body)
    .join(CALLBACKS, CALLBACKS.c.letter_id == LETTERS.c.id)
    .where(CALLBACKS.c.key == bindparam("own_key"))
)
_ANSWERED = (
    update(CALLBACKS)
    .where(CALLBACKS.c.key == bindparam("own_key"), CALLBACKS.c.letter_id.is_(None))
    .values(letter_id=bindparam("letter"))
)
_EVENT = select(CONVERSATIONS.c.last_event).where(
    CONVERSATIONS.c.bot_id == bindparam("bot"), CONVERSATIONS.c.person_id == bindparam("person")
)
_WAITING = select(func.count()).where(
    UPDATES.c.bot_id == bindparam("bot"),
    UPDATES.c.queue.in_((bindparam("said"), bindparam("pressed"))),
    UPDATES.c.expires_at > bindparam("at"),
)
_SILENT = exists().where(PRESSES.c.id == bindparam("press"), PRESSES.c.event == 0)
_STATE = select(
    _WAITING.scalar_subquery().label("waiting"), _EVENT.scalar_subquery().label("event"), _SILENT.label("silent")
)
_TOAST = select(PRESSES.c.answer).where(PRESSES.c.id == bindparam("press"))
_OF = select(MESSAGES.c.message_id, MESSAGES.c.event, MESSAGES.c.mine, MESSAGES.c.body, MESSAGES.c.key).where(
    MESSAGES.c.conversation_id == bindparam("conversation"), MESSAGES.c.mine.is_(False)
)
_NEWER = MESSAGES.c.message_id > bindparam("told")
_NEW = _OF.where(_NEWER).order_by(MESSAGES.c.message_id.desc()).limit(MOST)
_CHANGED = (
    _OF.where(_NEWER | (MESSAGES.c.event > bindparam("after"))).order_by(MESSAGES.c.message_id.desc()).limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, and the row that says it has not been given yet."""

    letter: int
    text: str


class Answering:
    """Waits for the bot, and writes down what it said before anybody is told.

    owes: whether the bot has something to say to a person that has not gone yet.
    """

    def __init__(self, shared: Shared, words: Words, page: str, owes: Owes) -> None:
        self.shared, self.words, self.page, self.owes = shared, words, page, owes
        self.gone = Given(shared)

    async def before(self, key: bytes) -> Answer | None:
        """What an earlier attempt was answered."""
        row = await self.shared.db.first(_BEFORE, {"own_key": key})
        return Answer(row.id, row.body) if row is not None else None

    def listening(self, account: Account) -> AbstractContextManager[Listener]:
        """Listen to what the bot does with what they do: from before they do it."""
        return self.shared.wakeups.listen((HEARD, account.person_id))

    async def heard(self, account: Account, press: str, until: float, listener: Listener, *, is_new: bool) -> None:
        """Wait until the bot has said what it says to this person, or the time, of time.monotonic, has come.

        press: the number of a press, which the bot answers with a line of its own; "" for anything else.
        is_new: what they did has not been done before, so the bot has still to hear of it.
        """
        last, since = -1, time.monotonic()
        if is_new:
            await listener.wait(min(LOOK, until - time.monotonic()))
        while (left := until - time.monotonic()) > 0:
            waiting, event, silent = await self._state(account, press)
            if event != last:
                last, since = event, time.monotonic()
            still = QUIET - (time.monotonic() - since)
            if not waiting and (still <= 0 or not (silent or await self.owes(account.person_id))):
                return
            await listener.wait(min(LOOK if waiting else still, left))

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
            await connection.execute(_ANSWERED, {"own_key": key, "letter": letter})
        return Answer(letter, spoken.text)

    def given(self, answer: Answer) -> None:
        """It has left in an answer to WeChat."""
        self.gone.note(answer.letter)

    async def event_of(self, account: Account) -> int:
        """The newest event of their conversation."""
        return (await self._state(account, ""))[1]

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

    async def _state(self, account: Account, press: str) -> tuple[int, int, bool]:
        """How many acts of theirs the bot has still to hear, the newest event, whether a press is not answered yet."""
        bot, person = await self.shared.bots.own(), account.person_id
        values: dict[str, Any] = {"bot": bot.id, "person": person, "press": press, "at": now()}
        row = await self.shared.db.first(_STATE, values | {"said": f"chat:{person}", "pressed": f"press:{person}"})
        return (int(row.waiting), int(row.event or 0), bool(row.silent)) if row is not None else (0, 0, False)


async def new_messages(
    connection: AsyncConnection, conversation: int, told: int, changed_after: int | None = None
) -> list[Message]:
    """What the bot said after a message, oldest first; and, after an event, what it changed."""
    query, values = (_NEW, {}) if changed_after is None else (_CHANGED, {"after": changed_after})
    found = await connection.execute(query, {"conversation": conversation, "told": told, **values})
    return [Message(*row) for row in reversed(found.all()) if row.body is not None]


def newest(conversation: Conversation, said: list[Message]) -> int:
    """The newest message that was seen: more may have been said between two looks."""
    return max([conversation.last_message, *(each.message_id for each in said)])


async def _toast(connection: AsyncConnection, press: str) -> list[str]:
    row = (await connection.execute(_TOAST, {"press": press})).first() if press else None
    return [row.answer.get("text", "")] if row is not None and row.answer else []
