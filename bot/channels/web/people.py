"""What people do on the page: say something, press a button, stop the bot, delete everything.

Each is one transaction that writes what happened and what the bot must hear of it; it is answered after the commit.
"""

import math
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import conversations, files, keyboards, messages, updates
from bot.channels.web.bots import Bot
from bot.channels.web.conversations import Conversation
from bot.channels.web.delivery import WebhookDelivery
from bot.channels.web.emptying import emptied
from bot.channels.web.files import Kept
from bot.channels.web.messages import FileNote, Message
from bot.channels.web.methods import media
from bot.channels.web.methods.sending import moment
from bot.channels.web.rows import (
    CONVERSATIONS,
    FILES,
    PEOPLE,
    PRESSES,
    SUBSCRIPTIONS,
    UPDATES,
    WECHAT_ACCOUNTS,
)
from bot.channels.web.rules import PRESS_LIFE, PRESSES_A_MINUTE, UPDATE_LIFE, UPLOADS_A_DAY
from bot.channels.web.shared import Shared
from bot.channels.web.updates import Put
from bot.channels.web.wakeups import BOT, QUIET
from bot.store.base import now

MINUTE = timedelta(minutes=1)
LANGUAGE = "zh-hans"
Body = Callable[[AsyncConnection, Conversation], Any]
Tell = Callable[[], None]


class Unwelcome(Exception):
    """What somebody did is not possible; `key` names the sentence that says why and what to do."""

    def __init__(self, key: str, status: int = 400, **values: object) -> None:
        super().__init__(key)
        self.key, self.status, self.values = key, status, values


class People:
    """The people's side of the web chat."""

    def __init__(self, shared: Shared, delivery: WebhookDelivery, *, messages_a_minute: int | None) -> None:
        self.shared, self.delivery = shared, delivery
        self.messages_a_minute = messages_a_minute
        self._uploads: dict[int, int] = {}  # uploads underway, by person

    async def say(
        self,
        bot: Bot,
        person: int,
        body: dict[str, Any],
        *,
        key: str,
        reply_to: int = 0,
        network: bytes | None = None,
    ) -> Message:
        """Send a message to the bot.  The same key again is the same message, and says nothing twice.

        network: where they come from, kept of whoever writes for the first time.  Raises Unwelcome.
        """
        given: dict[str, Any] = {"key": key, "reply_to": reply_to, "network": network}
        async with self.shared.db.connect() as connection:
            message, tell = await self.say_within(connection, bot, person, body, **given)
        tell()
        return message

    async def say_within(
        self,
        connection: AsyncConnection,
        bot: Bot,
        person: int,
        body: dict[str, Any],
        *,
        key: str,
        reply_to: int = 0,
        network: bytes | None = None,
    ) -> tuple[Message, Tell]:
        """The same as the last act of a transaction of the caller's, who calls what comes with it after the commit."""
        conversation = await self._open(connection, bot, person, network)
        if (known := await messages.by_key(connection, conversation, key)) is not None:
            return known, lambda: None
        message, put = await self._take(connection, bot, conversation, body, key=key, reply_to=reply_to)
        return message, partial(self._tell, bot, conversation, put)

    async def send_file(
        self,
        bot: Bot,
        person: int,
        kept: list[Kept],
        abouts: list[dict[str, Any]],
        note: FileNote,
        network: bytes | None = None,
    ) -> Message:
        """Send bytes kept already: a photo's sizes, the largest last, or one voice note.  Raises Unwelcome."""
        async with self.shared.db.connect() as connection:
            conversation = await self._open(connection, bot, person, network)
            if (known := await messages.by_key(connection, conversation, note.key)) is not None:
                self.shared.files.erase(each.name for each in kept)
                return known
            await self._check_uploads(connection, person)
            body = await self._shown_file(connection, conversation, kept, abouts) | note.caption
            body |= {"media_group_id": note.album} if note.album else {}
            message, put = await self._take(connection, bot, conversation, body, key=note.key, reply_to=note.reply_to)
        self._tell(bot, conversation, put)
        return message

    @asynccontextmanager
    async def uploading(self, person: int) -> AsyncIterator[None]:
        """Take one of a person's uploads before a byte of it is read.  Raises Unwelcome when none is left."""
        underway = self._uploads.get(person, 0)
        async with self.shared.db.connect() as connection:
            await self._check_uploads(connection, person, underway)
        self._uploads[person] = self._uploads.get(person, 0) + 1
        try:
            yield
        finally:
            self._uploads[person] -= 1
            if not self._uploads[person]:
                del self._uploads[person]

    async def press(
        self, bot: Bot, person: int, message_id: int, data: str, network: bytes | None = None, *, press: str = ""
    ) -> str:
        """Press an inline button; the callback query's id.  Raises Unwelcome, for a button that is gone, too.

        press: the id, of a press that may come twice; the second time it presses nothing.
        """
        async with self.shared.db.connect() as connection:
            conversation = await self._open(connection, bot, person, network)
            if press and (await connection.execute(select(PRESSES.c.id).where(PRESSES.c.id == press))).first():
                return press
            message = await messages.find(connection, conversation, message_id)
            if message is None or data not in keyboards.data_of((message.body or {}).get("reply_markup")):
                raise Unwelcome("button_gone", 409)
            paced = self._pace(conversation, PRESSES_A_MINUTE)
            press = press or str(secrets.randbits(62))
            row = {"id": press, "bot_id": bot.id, "conversation_id": conversation.id, "event": 0, "pressed_at": now()}
            await connection.execute(insert(PRESSES).values(row))
            await conversations.keep(connection, conversation, **paced)
            query = {
                "id": press,
                "from": conversation.user,
                "message": message.shown(bot, conversation),
                "chat_instance": str(conversation.id),
                "data": data,
            }
            put = await self._put(connection, bot, {"callback_query": query}, queue=f"press:{person}", life=PRESS_LIFE)
        self._tell(bot, conversation, put)
        return press

    async def stop(self, bot: Bot, person: int, *, stopped: bool, network: bytes | None = None) -> None:
        """Let the bot be silent, or speak again; it hears of either."""
        async with self.shared.db.connect() as connection:
            conversation = await self._begin(connection, bot, person, network)
            if (conversation.blocked_at is not None) == stopped:
                return
            put = await self._put_membership(connection, bot, conversation, stopped=stopped)
            conversation.next_event()
            await conversations.keep(connection, conversation, blocked_at=now() if stopped else None)
        self._tell(bot, conversation, put)

    async def forget(self, person: int) -> None:
        """Delete all conversations of a person: messages, files, what the bot has not heard yet, and their name.

        Their number stays, so that the bot is told that nobody is there.
        """
        erased: list[str] = []
        puts: list[tuple[Bot, Conversation, Put]] = []
        async with self.shared.db.connect() as connection:
            mine = select(CONVERSATIONS.c.id, CONVERSATIONS.c.bot_id).where(CONVERSATIONS.c.person_id == person)
            rows = (await connection.execute(mine)).all()
            # What WeChat calls them before the conversation, as whoever hears them there locks it.
            for table in (WECHAT_ACCOUNTS, SUBSCRIPTIONS):
                await connection.execute(delete(table).where(table.c.person_id == person))
            # Updates before the conversation, as a delivery locks them.
            lines = UPDATES.c.queue.in_((f"chat:{person}", f"press:{person}"))
            await connection.execute(delete(UPDATES).where(UPDATES.c.bot_id.in_([row.bot_id for row in rows]), lines))
            for number, bot_id in rows:
                bot = await self.shared.bots.with_id(bot_id)
                conversation = await conversations.by_id(connection, number)
                if conversation is None:
                    continue
                erased += await emptied(connection, conversation)
                if conversation.blocked_at is None:
                    conversation.profile = {"first_name": ""}
                    put = await self._put_membership(connection, bot, conversation, stopped=True)
                    puts.append((bot, conversation, put))
            if person not in self.shared.workers:
                gone = update(PEOPLE).where(PEOPLE.c.id == person).values(profile=None, network=None, deleted_at=now())
                await connection.execute(gone)
        self.shared.files.erase(erased)
        for bot, conversation, put in puts:
            self._tell(bot, conversation, put)

    async def inject(self, bot: Bot, body: dict[str, Any]) -> int:
        """Put an update of any shape before the bot; its number.  For tests and the demo."""
        body = {name: value for name, value in body.items() if name != "update_id"}
        pressed = "callback_query" in body
        queue = f"press:{updates.id_in(body, 'from')}" if pressed else f"chat:{updates.id_in(body, 'chat')}"
        async with self.shared.db.connect() as connection:
            life = PRESS_LIFE if pressed else UPDATE_LIFE
            put = await self._put(connection, bot, body, queue=queue, life=life)
        self._hand(bot, put)
        return put.number

    async def _begin(self, connection: AsyncConnection, bot: Bot, person: int, network: bytes | None) -> Conversation:
        name = self.shared.workers.get(person) or self.shared.words["visitor"]
        profile = {"first_name": name, "language_code": LANGUAGE}
        found = await conversations.begin(connection, bot, person, profile, network)
        if found is None:
            raise Unwelcome("deleted", 410)
        return found

    async def _open(self, connection: AsyncConnection, bot: Bot, person: int, network: bytes | None) -> Conversation:
        """The conversation, when the person has not stopped the bot.  Raises Unwelcome."""
        conversation = await self._begin(connection, bot, person, network)
        if conversation.blocked_at is not None:
            raise Unwelcome("stopped", 409)
        return conversation

    def _pace(self, conversation: Conversation, a_minute: int) -> dict[str, Any]:
        """The conversation's allowance after one more action.  Raises Unwelcome when it is used up.

        A leaky bucket in one column: each action moves `paced_until` on by its share of a minute, and it may be
        at most a minute ahead.
        """
        if self.messages_a_minute is None:
            return {}
        at = now()
        until = max(conversation.paced_until or at, at) + MINUTE / a_minute
        if until - at > MINUTE:
            raise Unwelcome("too_fast", 429, seconds=math.ceil((until - at - MINUTE).total_seconds()))
        return {"paced_until": until}

    async def _take(
        self,
        connection: AsyncConnection,
        bot: Bot,
        conversation: Conversation,
        body: dict[str, Any],
        *,
        key: str,
        reply_to: int = 0,
    ) -> tuple[Message, Put]:
        changes = self._pace(conversation, self.messages_a_minute or 1) | keyboards.used(conversation.keyboard)
        if reply_to and (original := await messages.find(connection, conversation, reply_to)) is not None:
            shown = original.shown(bot, conversation)
            shown.pop("reply_to_message", None)
            body = body | {"reply_to_message": shown}
        [message] = await messages.add(connection, conversation, [body], mine=True, key=key)
        await conversations.keep(connection, conversation, **changes)
        shown = message.shown(bot, conversation)
        queue = f"chat:{conversation.person_id}"
        return message, await self._put(connection, bot, {"message": shown}, queue=queue, life=UPDATE_LIFE)

    async def _shown_file(
        self, connection: AsyncConnection, conversation: Conversation, kept: list[Kept], abouts: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Write the files down: only the largest counts as the person's upload."""
        smaller: list[dict[str, Any]] = []
        for each, about in zip(kept[:-1], abouts[:-1], strict=True):
            file = await files.add(connection, each, about, conversation_id=conversation.id)
            smaller.append(file.shown | {"width": about["width"], "height": about["height"]})
        about = abouts[-1] | ({"smaller": smaller} if smaller else {})
        person = conversation.person_id
        file = await files.add(connection, kept[-1], about, conversation_id=conversation.id, person_id=person)
        return media.shown(file)

    async def _check_uploads(self, connection: AsyncConnection, person: int, underway: int = 0) -> None:
        since = now() - timedelta(days=1)
        sent = select(func.count()).where(FILES.c.person_id == person, FILES.c.created_at > since)
        if (
            await connection.execute(sent)
        ).scalar_one() + underway >= UPLOADS_A_DAY and self.messages_a_minute is not None:
            raise Unwelcome("too_many_uploads", 429, most=UPLOADS_A_DAY)

    async def _put_membership(
        self, connection: AsyncConnection, bot: Bot, conversation: Conversation, *, stopped: bool
    ) -> Put:
        """my_chat_member: what a bot hears when somebody blocks it, or comes back."""
        member = {"status": "member", "user": bot.user}
        kicked = {"status": "kicked", "user": bot.user, "until_date": 0}
        changed = {
            "chat": conversation.chat,
            "from": conversation.user,
            "date": moment(),
            "old_chat_member": member if stopped else kicked,
            "new_chat_member": kicked if stopped else member,
        }
        queue = f"chat:{conversation.person_id}"
        return await self._put(connection, bot, {"my_chat_member": changed}, queue=queue, life=UPDATE_LIFE)

    async def _put(
        self, connection: AsyncConnection, bot: Bot, body: dict[str, Any], *, queue: str, life: timedelta
    ) -> Put:
        return await updates.put(connection, bot, body, queue=queue, life=life, lease=self.delivery.lease)

    def _tell(self, bot: Bot, conversation: Conversation, put: Put) -> None:
        self.shared.wakeups.ring(conversation.key)
        self._hand(bot, put)

    def _hand(self, bot: Bot, put: Put) -> None:
        self.shared.wakeups.ring((BOT, bot.id), (QUIET, 0))
        self.delivery.hand(bot, put)
