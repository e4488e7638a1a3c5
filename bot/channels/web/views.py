"""What the page is told: messages with signed addresses of their files, toasts, the keyboard, "typing"."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from bot.channels.web import bots
from bot.channels.web.bots import Bot
from bot.channels.web.identity import WebIdentity
from bot.channels.web.messages import Message
from bot.channels.web.rows import CONVERSATIONS, MESSAGES, PRESSES
from bot.channels.web.shared import Shared
from bot.channels.web.telephones import Telephones
from bot.messaging.urls import CHAT
from bot.store.base import now

PAGE = 40  # messages shown at first, and with every look further back
BATCH = 200  # changes told at once
PLAIN = ("text", "entities", "caption", "caption_entities", "location", "venue", "contact", "date", "reaction")
EXCERPT = 80  # characters of a message that is answered

_FIND = select(
    CONVERSATIONS.c.id,
    CONVERSATIONS.c.last_event,
    CONVERSATIONS.c.keyboard,
    CONVERSATIONS.c.action,
    CONVERSATIONS.c.action_until,
    CONVERSATIONS.c.blocked_at,
).where(CONVERSATIONS.c.bot_id == bindparam("bot"), CONVERSATIONS.c.person_id == bindparam("person"))
_COLUMNS = (MESSAGES.c.message_id, MESSAGES.c.event, MESSAGES.c.mine, MESSAGES.c.body, MESSAGES.c.key)
_OLDER = (
    select(*_COLUMNS)
    .where(MESSAGES.c.conversation_id == bindparam("conversation"), MESSAGES.c.message_id < bindparam("before"))
    .where(MESSAGES.c.body.is_not(None))
    .order_by(MESSAGES.c.message_id.desc())
    .limit(PAGE + 1)
)
_CHANGED = (
    select(*_COLUMNS)
    .where(MESSAGES.c.conversation_id == bindparam("conversation"), MESSAGES.c.event > bindparam("after"))
    .order_by(MESSAGES.c.event)
    .limit(BATCH)
)
_ANSWERED = (
    select(PRESSES.c.id, PRESSES.c.event, PRESSES.c.answer)
    .where(PRESSES.c.conversation_id == bindparam("conversation"), PRESSES.c.event > bindparam("after"))
    .order_by(PRESSES.c.event)
    .limit(BATCH)
)
ALL = 2**62  # before which every message is


@dataclass(slots=True)
class ChatState:
    """A conversation as it stands, without what was said in it."""

    id: int
    last_event: int
    keyboard: dict[str, Any] | None
    action: str
    action_until: datetime | None
    blocked_at: datetime | None

    @property
    def shown(self) -> dict[str, Any]:
        left = (self.action_until - now()).total_seconds() if self.action_until else 0.0
        return {
            "keyboard": self.keyboard,
            "action": {"name": self.action, "seconds": round(left, 1)} if left > 0 else None,
            "stopped": self.blocked_at is not None,
        }

    @property
    def quiet(self) -> dict[str, Any]:
        """What is told to whoever knows everything that happened."""
        return {"messages": [], "answers": [], "event": self.last_event, **self.shown}


class Views:
    """Reads conversations for the page; writes nothing."""

    def __init__(self, shared: Shared, identity: WebIdentity, telephones: Telephones) -> None:
        self.shared, self.identity, self.telephones = shared, identity, telephones

    async def state(self, bot: Bot, person: int) -> ChatState | None:
        row = await self.shared.db.first(_FIND, {"bot": bot.id, "person": person})
        if row is None:
            return None
        return ChatState(row.id, row.last_event, row.keyboard, row.action, row.action_until, row.blocked_at)

    async def first(self, state: ChatState, person: int) -> dict[str, Any]:
        """The last messages and how things stand."""
        return {**await self.older(state, person, ALL), **state.shown, "event": state.last_event, "answers": []}

    async def older(self, state: ChatState, person: int, before: int) -> dict[str, Any]:
        """A page of messages before one of them, oldest first; `more` says whether that was all."""
        async with self.shared.db.read() as session:
            rows = (await session.execute(_OLDER, {"conversation": state.id, "before": before})).all()
        shown = [self.message(Message(*row), person) for row in reversed(rows[:PAGE])]
        return {"messages": shown, "more": len(rows) > PAGE}

    async def since(self, state: ChatState, person: int, after: int) -> dict[str, Any]:
        """Everything that changed after an event."""
        values = {"conversation": state.id, "after": after}
        async with self.shared.db.read() as session:
            changed = (await session.execute(_CHANGED, values)).all()
            answered = (await session.execute(_ANSWERED, values)).all()
        # Where a batch is full, only what both lists cover completely is told; the page asks again at once.
        ends = [rows[-1].event for rows in (changed, answered) if len(rows) == BATCH]
        until = min(ends, default=state.last_event)
        return {
            "messages": [self.message(Message(*row), person) for row in changed if row.event <= until],
            "answers": [{"id": row.id, **row.answer} for row in answered if row.event <= until],
            "event": until,
            **state.shown,
        }

    def message(self, message: Message, person: int) -> dict[str, Any]:
        """A bubble."""
        if message.body is None:
            return {"id": message.message_id, "event": message.event, "deleted": True}
        body = message.body
        shown: dict[str, Any] = {"id": message.message_id, "event": message.event, "mine": message.mine}
        shown |= {name: body[name] for name in PLAIN if name in body}
        if not message.mine:
            shown |= self._numbers(body)
        if message.key:
            shown["key"] = message.key
        if "edit_date" in body:
            shown["edited"] = True
        if "reply_markup" in body:
            shown["buttons"] = body["reply_markup"]["inline_keyboard"]
        if "reply_to_message" in body:
            shown["reply"] = _excerpt(body["reply_to_message"])
        return shown | self._files(body, person)

    def _numbers(self, body: dict[str, Any]) -> dict[str, Any]:
        """The entities of what the bot says, telephone numbers among them."""
        marked = {
            entities: self.telephones.marked(body[text], body.get(entities, ()))
            for text, entities in (("text", "entities"), ("caption", "caption_entities"))
            if text in body
        }
        return {name: entities for name, entities in marked.items() if entities}

    def _files(self, body: dict[str, Any], person: int) -> dict[str, Any]:
        if sizes := body.get("photo"):
            small, large = sizes[0], sizes[-1]
            size = {"width": large["width"], "height": large["height"]}
            return {"photo": {"src": self._address(small, person), "full": self._address(large, person), **size}}
        for kind in ("document", "voice"):
            if file := body.get(kind):
                names = {"name": file.get("file_name", ""), "size": file["file_size"]}
                return {kind: {"src": self._address(file, person), "seconds": file.get("duration", 0), **names}}
        return {}

    def _address(self, file: dict[str, Any], person: int) -> str:
        return f"{CHAT}/files/{file['file_id']}?t={self.identity.ticket(person, file['file_id'])}"

    async def about(self, bot: Bot) -> dict[str, Any]:
        """What the bot says about itself, in Chinese where it does so."""
        profile = (await bots.row(self.shared.db, bot)).profile
        commands = profile.get("commands", {})
        places = [f"{scope}  {language}" for scope in ("all_private_chats", "default") for language in ("zh", "")]
        descriptions = profile.get("description", {})
        return {
            "commands": next((commands[place] for place in places if commands.get(place)), []),
            "description": descriptions.get("zh") or descriptions.get("") or "",
        }


def _excerpt(message: dict[str, Any]) -> dict[str, Any]:
    text = message.get("text") or message.get("caption") or (message.get("venue") or {}).get("title") or ""
    return {"id": message["message_id"], "text": text[:EXCERPT]}
