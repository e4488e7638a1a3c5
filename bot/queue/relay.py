"""The relay: sends outbox rows, in order per chat, and writes down what became of them."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update

from bot import backoff, log, traces
from bot.errors import Refused, TryLater
from bot.queue import outbox
from bot.queue.jobs import GRACE
from bot.store.db import Database, is_down
from bot.store.models import Outbox, OutboxState, now

logger = log.get(__name__)

IDLE = 0.5  # seconds between two looks at the table when nothing was due
BATCH = 200  # rows claimed at once
WAYS = 64  # rows on their way at the same time
MARGIN = timedelta(seconds=3)  # A lease that ends sooner is renewed before sending.
FIRST, LONGEST = 1.0, 600.0  # seconds before a row is tried again
WHY = 200  # characters of a refusal that are kept

LOST = object()

Send = Callable[[Outbox], Awaitable[int | None]]  # Returns the message's id where there is one.


class Relay:
    """Hands rows to the handler of their kind.

    A crash between sending and writing it down sends a row twice, never not at all.  Rows of one chat
    (or of one subject, for events) go one after another; a row that cannot go now holds back the later ones.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.handlers: Mapping[str, Send] = {}  # by the kind of row: see bot.queue.handlers
        self.sent = 0
        self._queues: dict[object, deque[Outbox]] = {}
        self._mine: dict[int, Outbox] = {}  # rows in these queues, or sent and not yet written down
        self._held: dict[object, datetime] = {}  # chats whose turn comes later, after a TryLater
        self._ways = asyncio.Semaphore(WAYS)
        self._done: list[dict[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing: asyncio.Task[None] | None = None
        self._sweeping = asyncio.Lock()
        self._stopping = asyncio.Event()

    def deliver(self, rows: Iterable[Outbox]) -> None:
        """Send rows that are committed.  Returns at once."""
        for row in rows:
            if (waiting := self._mine.get(row.id)) is not None:
                waiting.due_at = row.due_at  # Our own sweep found it late: it is ours for longer, and still goes once.
                continue
            self._mine[row.id] = row
            key = row.chat_id if row.chat_id is not None else (row.kind, row.subject)
            if (later := self._held.get(key)) and later > max(row.due_at - GRACE, now()):
                self._write(row, OutboxState.WAITING, due_at=later)
            elif (queue := self._queues.get(key)) is None:
                self._queues[key] = deque([row])
                self._spawn(self._work(key))
            else:
                queue.append(row)

    def holds(self, ids: Iterable[int]) -> bool:
        """Whether all these rows are in our hands, so that what is delivered now comes after them."""
        return all(each in self._mine for each in ids)

    async def sweep(self) -> int:
        """Take up what is due and was left behind: by a crash, a refusal for now, or a clock."""
        async with self._sweeping:  # Two at once would each pass over what the other is about to take.
            async with self.db.begin() as session:
                rows = await outbox.claim(session, BATCH, tuple(self.handlers))
                session.expunge_all()
            self.deliver(rows)
        return len(rows)

    async def run(self) -> None:
        """Sweep until stopped.  Without a database it waits and tries again."""
        while not self._stopping.is_set():
            found = 0
            try:
                found = await self.sweep()
                while len(self._tasks) > WAYS:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            except Exception as error:
                if not is_down(error):
                    logger.exception("sweep failed")
            if found < BATCH:
                await self._pause(IDLE)

    async def stop(self) -> None:
        """Finish what is on its way; the rest stays in the table."""
        self._stopping.set()
        for queue in self._queues.values():
            while len(queue) > 1:
                queue.pop()
        await self.settled()

    async def settled(self) -> None:
        """Wait until everything handed over is sent, or refused, and written down."""
        while self._tasks or self._writing:
            await asyncio.wait({*self._tasks, *({self._writing} if self._writing else ())})

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, key: object) -> None:
        queue = self._queues[key]
        try:
            while queue:
                async with self._ways:
                    later = await self._send(queue[0])
                if later is LOST:
                    self._leave(queue)
                    continue
                queue.popleft()
                if later is None:
                    self._held.pop(key, None)
                    continue
                self._held[key] = later
                while queue:
                    self._write(queue.popleft(), OutboxState.WAITING, due_at=later)
        finally:
            del self._queues[key]

    def _leave(self, queue: deque[Outbox]) -> None:
        """Another relay has the first row: what comes after it in the same chat is not ours to send any more."""
        first, rest = queue.popleft(), list(queue)
        self._forget(each.id for each in (first, *rest) if each.chat_id is not None or each is first)
        if first.chat_id is not None:
            queue.clear()

    async def _send(self, row: Outbox) -> Any:
        """Returns when to go on with this chat, if not now; LOST when somebody else goes on with it."""
        try:
            if row.due_at - now() < MARGIN and not await self._renew(row):
                return LOST
            with traces.span(f"row {row.kind}", attempts=row.attempts):
                message_id = await self.handlers[row.kind](row)
        except Refused as reason:
            logger.warning("row refused", row=row.id, kind=row.kind, why=str(reason))
            self._write(row, OutboxState.REFUSED, why=str(reason))
        except TryLater as hint:
            return self._later(row, hint)
        except Exception as error:
            logger.exception("row failed", row=row.id, kind=row.kind)
            return self._later(row, TryLater(repr(error)))
        else:
            self.sent += 1
            self._write(row, OutboxState.SENT, message_id=message_id)
        return None

    async def _renew(self, row: Outbox) -> bool:
        async with self.db.begin() as session:
            return await outbox.renew(session, row)

    def _later(self, row: Outbox, hint: TryLater) -> Any:
        pause = hint.after or timedelta(seconds=backoff.pause(row.attempts + 1, FIRST, LONGEST))
        due_at = now() + pause * random.uniform(1.0, 1.2)
        self._write(row, OutboxState.WAITING, due_at=due_at, why=str(hint))
        return due_at

    def _write(self, row: Outbox, state: OutboxState, **values: Any) -> None:
        """Note an outcome; it is written with whatever else is noted while the last writing went on."""
        outcome: dict[str, Any] = {"row": row.id, "new_state": state, "new_why": values.get("why", "")[:WHY]}
        if state == OutboxState.WAITING:
            # A row that was only held back behind another has not been tried.
            outcome |= {"new_due_at": values["due_at"], "tried": int("why" in values)}
        else:
            outcome |= {"new_message_id": values.get("message_id"), "at": now()}
        self._done.append(outcome)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_down())

    async def _write_down(self) -> None:
        try:
            while self._done:
                batch, self._done = self._done, []
                await self._store(batch)
        finally:
            self._writing = None

    async def _store(self, batch: list[dict[str, Any]]) -> None:
        try:
            async with self.db.connect() as connection:
                gone = [each for each in batch if each["new_state"] != OutboxState.WAITING]
                kept = [each for each in batch if each["new_state"] == OutboxState.WAITING]
                for statement, values in ((_FINISH, gone), (_KEEP, kept)):
                    if values:
                        await connection.execute(statement, values)
        except Exception:
            # The rows are still leased: they come again when the lease ends, and go out twice at worst.
            logger.exception("outcomes not written", rows=len(batch))
        finally:
            self._forget(each["row"] for each in batch)

    def _forget(self, ids: Iterable[int]) -> None:
        for each in ids:
            self._mine.pop(each, None)


_TABLE = Outbox.__table__
_OUTCOME = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id == bindparam("row"))
    .values(state=bindparam("new_state"), why=bindparam("new_why"))
)
_KEEP = _OUTCOME.values(due_at=bindparam("new_due_at"), attempts=_TABLE.c.attempts + bindparam("tried"))
_FINISH = _OUTCOME.values(
    payload=None, message_id=bindparam("new_message_id"), sent_at=bindparam("at"), attempts=_TABLE.c.attempts + 1
)
