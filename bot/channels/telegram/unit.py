"""A unit: one update = one transaction, its locked chat row, what it wants to say."""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from telegram.ext import CallbackContext, ExtBot

from bot.messaging.callbacks import Callback, button
from bot.messaging.reply import Keys, Link, Option, Press, Reply, Row, Say
from bot.services.core.context import ServiceContext
from bot.store.db import session_of
from bot.store.models import Channel, Chat, Outbox
from knowledge import Knowledge


@dataclass
class Said:
    """One reply, and how it has to travel."""

    reply: Reply
    receipt: bool = False  # It must be known to have arrived, so it never rides in a webhook's response.
    subject: str = ""


class UnitOutcome(Enum):
    OPEN = "open"  # nothing is written: so far it only read
    WRITTEN = "written"  # committed, or there was nothing to write
    SEEN = "seen"  # a redelivery: it was acted on before
    STALE = "stale"  # the chat row moved meanwhile: choose a handler again


@dataclass
class Unit:
    """What one update works with.

    `chat` is the row as last read: unlocked at first, locked once there is a connection.  Handlers that
    only read (see `reads`) never get one, and cost one read of the row.
    """

    channel: Channel
    update_id: int
    address: int
    chat: Chat
    services: ServiceContext  # one snapshot of the content for the whole unit
    carry: bool  # The edge can carry a lone reply: a webhook's response.
    owed: bool  # Replies to this person had not gone yet when the row was read: a new one has to come after them.
    outcome: UnitOutcome = UnitOutcome.OPEN
    connection: AsyncConnection | None = None
    said: list[Said] = field(default_factory=list)
    spoken_to: str = ""  # the case that a voice note went to
    toast: str = ""
    alert: bool = False
    notes: list[Any] = field(default_factory=list)  # nice to keep: written after the answer, may be lost
    error: Exception | None = None
    riding: dict[str, Any] | None = None  # the call that the webhook's response carries
    rows: list[Outbox] = field(default_factory=list)  # to deliver after the commit
    _session: AsyncSession | None = None

    @property
    def open_connection(self) -> AsyncConnection:
        if self.connection is None:
            raise RuntimeError("this handler only reads: it has no transaction")
        return self.connection

    @property
    def session(self) -> AsyncSession:
        """The unit's transaction as a session, for services."""
        if self._session is None:
            self._session = session_of(self.open_connection)
        return self._session

    async def flush(self) -> None:
        if self._session is not None:
            await self._session.flush()


_unit: ContextVar[Unit] = ContextVar("unit")
current = _unit.get
enter, leave = _unit.set, _unit.reset


class Context(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """What a handler is given.  `user_data` and its kin stay unused: they live in one process only."""

    @property
    def unit(self) -> Unit:
        return current()

    @property
    def session(self) -> AsyncSession:
        return current().session

    @property
    def chat(self) -> Chat:
        return current().chat

    @property
    def services(self) -> ServiceContext:
        return current().services

    @property
    def knowledge(self) -> Knowledge:
        return current().services.knowledge

    def text(self, key: str, **values: object) -> str:
        """A text in the person's language, as HTML; values are escaped."""
        return self.knowledge.texts.say(current().chat.language, key, **values)

    def form_name(self) -> str:
        """What the person's form is called; one that an earlier version of the program had is just a form."""
        key = f"form.{current().chat.flow}"
        return self.text(key if key in self.knowledge.texts else "form.gone")

    def reply(self, reply: Reply, *, receipt: bool = False, subject: str = "") -> None:
        current().said.append(Said(reply, receipt, subject))

    def say(
        self,
        key: str,
        *,
        choices: Sequence[Row] = (),
        keyboard: Keys | None = None,
        receipt: bool = False,
        subject: str = "",
        **values: object,
    ) -> None:
        """Answer with a text; it leaves after the commit."""
        reply: Say = {"do": "say", "text": self.text(key, **values)}
        if choices:
            reply["choices"] = choices
        if keyboard is not None:
            reply["keyboard"] = keyboard
        self.reply(reply, receipt=receipt, subject=subject)

    def edit(self, message: int, key: str, *, choices: Sequence[Row] = (), **values: object) -> None:
        """Change what a message of ours says, and its buttons."""
        self.reply({"do": "edit", "message": message, "text": self.text(key, **values), "choices": choices})

    def settle(self, message: int) -> None:
        """Take the buttons of a message of ours away; what it said stays."""
        self.reply({"do": "settle", "message": message})

    def toast(self, key: str, *, alert: bool = False, **values: object) -> None:
        """Answer a button press with a line that vanishes; as an alert, it stays until it is tapped away."""
        current().toast, current().alert = self.text(key, **values), alert

    def note(self, note: object) -> None:
        """Keep something that is nice to have: written after the answer, lost if we die before."""
        current().notes.append(note)

    def button(self, key: str, press: Callback, **values: object) -> Press:
        return button(self.text(key, **values), press)

    def option(self, key: str, value: str, **values: object) -> Option:
        """An answer that a form offers."""
        return {"label": self.text(key, **values), "value": value}

    def link(self, key: str, url: str, **values: object) -> Link:
        return {"label": self.text(key, **values), "url": url}
