"""Bots by their tokens: one in production, any well-formed token in the demo."""

import hmac
import re
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.rows import BOTS, new
from bot.store.base import vault_of
from bot.store.db import Database

WELL_FORMED = re.compile(r"(\d{1,16}):[^\s/]{1,256}")
PURPOSE = "web_bots.token"
NAME = "暖新"


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot: `id` is our row, `number` the user id Telegram would give it."""

    id: int
    number: int
    name: str = NAME

    @property
    def user(self) -> dict[str, Any]:
        """The bot as a Bot API User."""
        return {"id": self.number, "is_bot": True, "first_name": self.name, "username": f"nuanxin_{self.number}_bot"}


class Bots:
    """Finds the bot a token belongs to."""

    def __init__(self, db: Database, token: str, *, demo: bool) -> None:
        self.db, self.token, self.demo = db, token, demo
        self._known: dict[str, Bot] = {}
        self._by_id: dict[int, Bot] = {}

    async def of(self, token: str) -> Bot | None:
        """None for a token that is not ours."""
        if not self.demo and not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        if (known := self._known.get(token)) is not None:
            return known
        match = WELL_FORMED.fullmatch(token)
        if match is None:
            return None
        bot = Bot(await self._id(token, int(match[1])), int(match[1]))
        self._known[token] = bot
        return bot

    async def own(self) -> Bot:
        """The bot people on the page talk to."""
        bot = await self.of(self.token)
        if bot is None:
            raise ValueError("the web chat's token must look like 1:secret")
        return bot

    async def with_id(self, number: int) -> Bot:
        """The bot a row belongs to."""
        if number not in self._by_id:
            found = await self.db.first(_NUMBER, {"bot": number})
            if found is None:
                raise LookupError(f"no web bot {number}")
            self._by_id[number] = Bot(number, found.number)
        return self._by_id[number]

    async def _id(self, token: str, number: int) -> int:
        key = vault_of(self.db.engine.dialect).blind(token, PURPOSE)
        async with self.db.connect() as connection:
            # Starting from the clock keeps update ids growing when a database is thrown away: a bot that still
            # remembers the old ones would take the new ones for repetitions.
            values = {"key": key, "number": number, "last_update": int(time.time()), "profile": {}}
            await connection.execute(new(connection, BOTS).values(values | {"poller": 0, "error": ""}))
            return int((await connection.execute(_BY_KEY, {"token_key": key})).scalar_one())


_BY_KEY = select(BOTS.c.id).where(BOTS.c.key == bindparam("token_key"))
_NUMBER = select(BOTS.c.number).where(BOTS.c.id == bindparam("bot"))
_ROW = select(
    BOTS.c.profile, BOTS.c.allowed_updates, BOTS.c.webhook, BOTS.c.error, BOTS.c.error_at, BOTS.c.poller
).where(BOTS.c.id == bindparam("bot"))
_LOCKED = _ROW.with_for_update()


async def locked(connection: AsyncConnection, bot: Bot) -> Any:
    """The bot's row, until the transaction ends nobody else's to change."""
    return (await connection.execute(_LOCKED, {"bot": bot.id})).one()


async def row(db: Database, bot: Bot) -> Any:
    """The bot's row as it is now."""
    found = await db.first(_ROW, {"bot": bot.id})
    if found is None:
        raise LookupError(f"no web bot {bot.id}")
    return found


async def change(connection: AsyncConnection, bot: Bot, **values: Any) -> None:
    await connection.execute(update(BOTS).where(BOTS.c.id == bot.id).values(values))
