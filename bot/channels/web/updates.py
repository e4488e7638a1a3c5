"""Updates: what the bot must still hear, in lines that keep their order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.bots import Bot
from bot.channels.web.rows import BOTS, UPDATES
from bot.store.base import now
from bot.store.db import Database

UNASKED = ("chat_member", "message_reaction", "message_reaction_count")  # only on request
BATCH = 200  # heads of lines taken up at once


@dataclass(slots=True)
class Waiting:
    """An update on its way to a webhook; `due_at` is the lease under which we hold it."""

    bot_id: int
    update_id: int
    queue: str
    body: dict[str, Any]
    attempts: int
    due_at: datetime
    expires_at: datetime
    webhook: dict[str, Any]

    @property
    def shown(self) -> dict[str, Any]:
        return {"update_id": self.update_id, **self.body}


_NUMBER = (
    update(BOTS)
    .where(BOTS.c.id == bindparam("bot"))
    .values(last_update=BOTS.c.last_update + 1)
    .returning(BOTS.c.last_update, BOTS.c.allowed_updates, BOTS.c.webhook)
)
_EARLIER = (
    select(UPDATES.c.update_id)
    .where(UPDATES.c.bot_id == bindparam("bot"), UPDATES.c.queue == bindparam("line"))
    .where(UPDATES.c.expires_at > bindparam("at"))
    .limit(1)
)
_INSERT = insert(UPDATES)
_COLUMNS = (
    UPDATES.c.bot_id,
    UPDATES.c.update_id,
    UPDATES.c.queue,
    UPDATES.c.body,
    UPDATES.c.attempts,
    UPDATES.c.due_at,
    UPDATES.c.expires_at,
    BOTS.c.webhook,
)
_HEAD = (
    select(*_COLUMNS)
    .join(BOTS, BOTS.c.id == UPDATES.c.bot_id)
    .where(UPDATES.c.bot_id == bindparam("bot"), UPDATES.c.queue == bindparam("line"))
    .where(UPDATES.c.expires_at > bindparam("at"))
    .order_by(UPDATES.c.update_id)
    .limit(1)
)
_LEASE = (
    update(UPDATES)
    .where(UPDATES.c.bot_id == bindparam("bot"), UPDATES.c.update_id == bindparam("number"))
    .where(UPDATES.c.due_at == bindparam("seen"))
    .values(due_at=bindparam("until"), attempts=bindparam("tried"))
)
_DONE = delete(UPDATES).where(UPDATES.c.bot_id == bindparam("bot"), UPDATES.c.update_id == bindparam("number"))


@dataclass(frozen=True, slots=True)
class Put:
    """What became of an update: nothing where the bot did not ask for its kind."""

    number: int = 0
    taken: Waiting | None = None  # the head of its line, leased to this process
    queue: str = ""
    hooked: bool = False  # somebody has to deliver it


def allowed(kind: str, wanted: list[str] | None) -> bool:
    """Whether a bot hears of this kind; an empty list is the default set."""
    return kind in wanted if wanted else kind not in UNASKED


async def put(
    connection: AsyncConnection, bot: Bot, body: dict[str, Any], *, queue: str, life: timedelta, lease: timedelta
) -> Put:
    """Write an update down.  From here on the bot's row is locked: call it last in a transaction.

    The lock is what gives every update its place: without it, one with a lower number could become visible after
    a poll has confirmed a higher one, and would be lost.
    """
    number, wanted, webhook = (await connection.execute(_NUMBER, {"bot": bot.id})).one()
    if not allowed(next(iter(body), ""), wanted):
        return Put()
    at = now()
    line = {"bot": bot.id, "line": queue, "at": at}
    first = webhook is not None and (await connection.execute(_EARLIER, line)).first() is None
    waiting = Waiting(bot.id, number, queue, body, 0, at + lease if first else at, at + life, webhook or {})
    values = {
        "bot_id": bot.id,
        "update_id": number,
        "queue": queue,
        "body": body,
        "attempts": 0,
        "due_at": waiting.due_at,
        "expires_at": waiting.expires_at,
    }
    await connection.execute(_INSERT, values)
    return Put(number, waiting if first else None, queue, webhook is not None)


async def head(connection: AsyncConnection, bot_id: int, queue: str, lease: timedelta) -> Waiting | None:
    """Take the head of a line, when it is due and a webhook waits for it."""
    at = now()
    row = (await connection.execute(_HEAD, {"bot": bot_id, "line": queue, "at": at})).first()
    if row is None or row.webhook is None or row.due_at > at:
        return None
    waiting = Waiting(*row)
    return waiting if await hold(connection, waiting, at + lease) else None


async def hold(connection: AsyncConnection, waiting: Waiting, until: datetime, *, failed: bool = False) -> bool:
    """Move an update's clock, unless another process has moved it since."""
    values = {
        "bot": waiting.bot_id,
        "number": waiting.update_id,
        "seen": waiting.due_at,
        "until": until,
        "tried": waiting.attempts + failed,
    }
    if (await connection.execute(_LEASE, values)).rowcount != 1:
        return False
    waiting.due_at, waiting.attempts = until, waiting.attempts + failed
    return True


async def done(connection: AsyncConnection, waiting: Waiting) -> bool:
    """Strike an update off; False when somebody else did already."""
    result = await connection.execute(_DONE, {"bot": waiting.bot_id, "number": waiting.update_id})
    return result.rowcount == 1


async def due(db: Database) -> list[tuple[int, str]]:
    """The lines whose head nobody holds and a webhook waits for."""
    at, earlier = now(), UPDATES.alias()
    ahead = exists().where(
        earlier.c.bot_id == UPDATES.c.bot_id,
        earlier.c.queue == UPDATES.c.queue,
        earlier.c.update_id < UPDATES.c.update_id,
        earlier.c.expires_at > at,
    )
    heads = (
        select(UPDATES.c.bot_id, UPDATES.c.queue)
        .join(BOTS, BOTS.c.id == UPDATES.c.bot_id)
        .where(BOTS.c.webhook.is_not(None), UPDATES.c.due_at <= at, UPDATES.c.expires_at > at, ~ahead)
        .order_by(UPDATES.c.due_at)
        .limit(BATCH)
    )
    async with db.read() as session:
        return [(bot_id, queue) for bot_id, queue in await session.execute(heads)]


async def pending(db: Database, bot: Bot | None = None) -> int:
    """How many updates still wait, of one bot or of all."""
    count = select(func.count()).select_from(UPDATES).where(UPDATES.c.expires_at > now())
    if bot is not None:
        count = count.where(UPDATES.c.bot_id == bot.id)
    row = await db.first(count, {})
    return int(row[0]) if row else 0


async def note_error(connection: AsyncConnection, bot_id: int, why: str) -> None:
    """What getWebhookInfo tells."""
    await connection.execute(update(BOTS).where(BOTS.c.id == bot_id).values(error=why, error_at=now()))


def person_in(queue: str) -> int:
    """Whose line this is."""
    return int(queue.rpartition(":")[2])


def id_in(body: dict[str, Any], name: str) -> int:
    """The id of an update's chat or sender; 0 where it has none, whatever shape it is of."""
    content = next(iter(body.values()), None)
    part = content.get(name) if isinstance(content, dict) else None
    number = part.get("id") if isinstance(part, dict) else None
    return number if isinstance(number, int) else 0
