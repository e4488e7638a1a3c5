"""The receiver: PTB's application with a transaction around each update, told only after the commit."""

import copy
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from telegram import Update
from telegram.ext import Application, BaseHandler, CallbackQueryHandler, CommandHandler

from bot import log, traces
from bot.channels.telegram import listening, renderer, response, unit
from bot.channels.telegram.turns import Turns
from bot.channels.telegram.unit import Context, Said, Unit, UnitOutcome
from bot.errors import Down, Rejected
from bot.messaging.callbacks import AnswerForm
from bot.queue import jobs, outbox
from bot.services.chats import chats
from bot.services.core.context import ServiceContext
from bot.store.db import Database, is_down
from bot.store.models import Channel, Outbox

logger = log.get(__name__)

ATTEMPTS = 8  # rounds of a unit whose chat row another process changed meanwhile

Handle = Callable[[Update, Context], Coroutine[Any, Any, None]]
Marked = TypeVar("Marked", bound=Callable[..., Any])


class Sort(Enum):
    """What an update is, as far as handlers are chosen by it."""

    PRESS = "a button"
    LINE = "a text that is no command"
    ELSE = "anything"


class ContentSource(Protocol):
    """Where the current content is found; it is swapped as a whole."""

    @property
    def services(self) -> ServiceContext: ...


@dataclass(frozen=True)
class Outwards:
    """What a receiver hands over after the commit."""

    deliver: Callable[[list[Outbox]], None]
    holds: Callable[[Sequence[int]], bool]  # whether these rows of the outbox go before what is delivered next
    call: Callable[[str, dict[str, Any]], None]  # at once, and lost if it fails
    note: Callable[[list[Any]], None]  # what may be lost


def reads(handle: Marked) -> Marked:
    """Mark a handler that changes nothing: it is answered without a transaction."""
    handle.reads = True  # type: ignore[attr-defined]
    return handle


def continues(handle: Marked) -> Marked:
    """Mark a handler that belongs to the form a person is filling in; any other one pauses the form."""
    handle.continues = True  # type: ignore[attr-defined]
    return handle


class Receiver(Application[Any, Context, Any, Any, Any, Any]):
    """Handles the updates of one channel: each one once, in order per person, answered after the commit."""

    def __init__(
        self, *, channel: Channel, db: Database, library: ContentSource, outwards: Outwards, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channel = channel
        self.db = db
        self.library = library
        self.outwards = outwards
        self.turns = Turns()
        self._handlers: dict[Sort, list[BaseHandler[Any, Context, Any]]] = {sort: [] for sort in Sort}
        self.is_ready = False

    async def initialize(self) -> None:
        """Learn from the server who we are; updates that come before that are asked for again."""
        await super().initialize()
        self.is_ready = True

    def add_handler(self, handler: BaseHandler[Any, Any, Any], group: int = 0) -> None:
        """Give a handler its transaction.  One that only reads needs it only to pause an open form."""
        inner = handler.callback
        light, within = hasattr(inner, "reads"), hasattr(inner, "continues")

        async def callback(update: Update, context: Context) -> None:
            now = unit.current()
            pauses = bool(now.chat.flow) and not now.chat.paused and not within
            if light and not pauses:
                await inner(update, context)
                return

            async def work() -> None:
                open_form = now.chat.flow
                now.chat.paused = now.chat.paused or pauses
                await inner(update, context)
                await outbox.put(now.open_connection, listening.wanted(update, now))
                if pauses and now.chat.paused and now.chat.flow == open_form:
                    go_on = context.button("flow.go_on", AnswerForm(now.chat.flow, now.chat.step, "!on"))
                    context.say("unfinished", choices=[[go_on]], form=context.form_name())

            await self._transact(now, work)

        # The table of contents is shared by all channels of a process: wrap a copy.
        mine = copy.copy(handler)
        mine.callback = callback
        super().add_handler(mine, group)
        self._handlers[Sort.ELSE].append(mine)
        if isinstance(mine, CallbackQueryHandler):
            self._handlers[Sort.PRESS].append(mine)
        elif not isinstance(mine, CommandHandler):
            self._handlers[Sort.LINE].append(mine)

    async def process_update(self, update: object) -> None:
        """Let the first handler that takes an update have it.

        PTB asks all of them, and with a hundred that takes longer than the answer: we leave out those that take
        another sort of update.  Errors go to `process_error`, as in PTB.
        """
        for handler in self._handlers[_sort_of(update)]:
            check = handler.check_update(update)
            if check is not None and check is not False:
                context = self.context_types.context.from_update(update, self)
                try:
                    await handler.handle_update(update, self, check, context)
                except Exception as error:
                    await self.process_error(update, error)
                return

    async def receive(self, update: Update, *, carry: bool) -> dict[str, Any] | None:
        """Handle one update, once.  Returns a Bot API call for the webhook's response, if `carry` allows one.

        Raises Down when there is no database, or we have just begun: nothing was done, and the update must be
        delivered again.
        Any other error is ours and would only repeat: it is rolled back, logged and apologised for.
        """
        if not self.is_ready:
            raise Down("not initialised yet")
        who, where = update.effective_user, update.effective_chat
        if where is None or (who is not None and who.is_bot):
            return None
        async with self.turns.of(who.id if who else where.id):
            try:
                with traces.span("update", channel=self.channel, sort=_sort_of(update).name):
                    done = await self._handle(update, where.id, carry=carry)
            except Exception as error:
                if is_down(error):
                    raise Down from error
                done = await self._apologise(update, where.id, error, carry=carry)
        return self._leave(update, done)

    async def process_error(self, update: object, error: Exception, *_: Any, **__: Any) -> bool:
        """Called by PTB in place of raising.  Stop here: no later handler may write into what is lost."""
        unit.current().error = error
        return True

    async def _handle(self, update: Update, address: int, *, carry: bool) -> Unit:
        for _ in range(ATTEMPTS):
            chat, owed = await chats.read(self.db, self.channel, address)
            now = Unit(self.channel, update.update_id, address, chat, self.library.services, carry, owed)
            token = unit.enter(now)
            try:
                await self.process_update(update)
            finally:
                unit.leave(token)
            if now.error is not None:
                raise now.error
            if now.outcome is UnitOutcome.OPEN:
                await self._settle(now)
            if now.outcome is not UnitOutcome.STALE:
                return now
        raise Down("the chat row would not stand still")

    async def _transact(self, now: Unit, work: Callable[[], Awaitable[None]]) -> None:
        """Do the unit's work in its transaction: the chat locked, the update and the replies recorded at the end.

        When the row moved since a handler was chosen for it, or another process recorded the same update
        meanwhile, nothing is kept and the unit is stale.
        """
        try:
            async with self.db.connect() as connection:
                locked = await chats.lock(connection, now.chat, now.address, now.update_id)
                if locked.version != now.chat.version:
                    raise _Stale
                now.chat, now.connection, before = locked, connection, chats.contents(locked)
                await work()
                await now.flush()
                await chats.save(connection, now.chat, before)
                await self._record(now)
            now.outcome = UnitOutcome.WRITTEN
        except _Stale:
            now.outcome = UnitOutcome.STALE
        except chats.SeenBefore as seen:
            now.outcome, now.riding, now.rows = UnitOutcome.SEEN, seen.answer, []
        finally:
            now.connection = None

    async def _record(self, now: Unit) -> None:
        """Write down what was said: with the update, when it rides, else in the outbox."""
        ahead = await outbox.ahead(now.open_connection, now.chat.id) if now.said else ()
        now.riding = None if ahead else self._ride(now)
        if now.riding is None and now.said:
            await self._queue(now, overtakes=not self.outwards.holds(ahead))
        if not await chats.record(now.open_connection, self.channel, now.update_id, now.riding):
            raise _Stale

    async def _queue(self, now: Unit, *, overtakes: bool) -> None:
        """Put the replies into the outbox: behind those that another process, perhaps a dead one, has not sent yet."""
        now.rows = [self._row(each, now) for each in now.said]
        for row in now.rows if overtakes else ():
            row.due_at = row.created_at
        await outbox.put(now.open_connection, now.rows)
        if overtakes:
            now.rows = []  # A relay takes them when their turn comes.

    async def _settle(self, now: Unit) -> None:
        """End a unit that only read: one reply rides without a trace, unless it could overtake others."""
        now.riding = None if now.owed else self._ride(now)
        if now.said and now.riding is None:
            await self._transact(now, _nothing)
            if now.outcome is UnitOutcome.STALE:
                return
        now.outcome = UnitOutcome.WRITTEN

    async def _apologise(self, update: Update, address: int, error: Exception, *, carry: bool) -> Unit:
        """Say what is wrong: with the person's message, or, under an id that the log knows, with us."""
        chat, owed = await chats.read(self.db, self.channel, address)
        now = Unit(self.channel, update.update_id, address, chat, self.library.services, carry, owed)
        if isinstance(error, Rejected):
            text = self.library.services.knowledge.texts.say(chat.language, error.key, **error.values)
        else:
            number = secrets.token_hex(3)
            logger.error("unit failed", update=update.update_id, number=number, exc_info=error)
            text = self.library.services.knowledge.texts.say(chat.language, "sorry", number=number)
        now.said = [Said({"do": "say", "text": text})]
        try:
            await self._transact(now, _nothing)
        except Exception as failure:
            if is_down(failure):
                raise Down from failure
            logger.exception("apology failed", update=update.update_id)
        return now

    def _leave(self, update: Update, done: Unit) -> dict[str, Any] | None:
        """After the commit: what rides, what is delivered, what is noted; a button press is always answered."""
        self.outwards.deliver(done.rows)
        self.outwards.note([*done.notes, *response.read(update, done.chat)])
        if update.callback_query is None:
            return done.riding
        answer: dict[str, Any] = {"callback_query_id": update.callback_query.id}
        if done.toast:
            answer |= {"text": done.toast, "show_alert": done.alert}
        if done.carry and done.riding is None:
            return {"method": "answerCallbackQuery", **answer}
        self.outwards.call("answerCallbackQuery", answer)
        return done.riding

    def _ride(self, now: Unit) -> dict[str, Any] | None:
        """The reply that goes back in the webhook's response: a lone one, because a second one could overtake it."""
        if now.carry and len(now.said) == 1 and not now.said[0].receipt:
            return _call(now.said[0], now.address)
        return None

    def _row(self, said: Said, now: Unit) -> Outbox:
        return jobs.message(now.chat, said.reply, to=now.address, subject=said.subject)


def _sort_of(update: object) -> Sort:
    if not isinstance(update, Update):
        return Sort.ELSE
    if update.callback_query is not None:
        return Sort.PRESS
    line = update.message is not None and (update.message.text or "/")[0] != "/"
    return Sort.LINE if line else Sort.ELSE


class _Stale(Exception):
    """The chat row is not what the handler was chosen for."""


async def _nothing() -> None:
    """The work of a unit that has said all it wanted before its transaction."""


def _call(said: Said, address: int) -> dict[str, Any]:
    method, parameters = renderer.render(said.reply, address)
    return {"method": method, **parameters}
