"""Rings somebody whose window is shut: a template message with a link to the page, and nothing of what it is about.

At most once in ten minutes.  Quiet hours need no look here: what waits for the morning is not said before it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import log
from bot.channels.web import conversations
from bot.channels.web.rows import CONVERSATIONS
from bot.channels.web.shared import Shared
from bot.channels.web.words import Words
from bot.channels.wechat import rows
from bot.channels.wechat.answering import new_messages, newest
from bot.channels.wechat.client import Client
from bot.channels.wechat.courier import MOST, TOGETHER, is_open, is_read
from bot.channels.wechat.rows import ACCOUNTS, Account
from bot.channels.wechat.settings import WeChatSettings
from bot.errors import Refused, TryLater
from bot.store.base import now
from bot.store.db import is_down
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

PATH = "/cgi-bin/message/template/send"
EVERY = 10.0  # seconds between two looks
SETTLES = 1.0  # seconds after which a notice's sender has written down which message it was
APART = timedelta(minutes=10)  # between two rings of one person
SOON = timedelta(minutes=1)  # until the next try when WeChat is busy
MOMENTS = ("time", "date")  # how the names of fields begin that hold a moment; all others hold our sentence
CHINA = timezone(timedelta(hours=8))

Reminded = Callable[[int, Sequence[int]], Awaitable[None]]  # a person, and the messages they were rung for


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring that is to be tried."""

    account: int
    openid: str
    person: int
    newest: int
    messages: list[int]


class Bell:
    """page: where the ring leads.  reminded: is told whom it rang for what."""

    def __init__(self, shared: Shared, client: Client, words: Words, page: str, reminded: Reminded) -> None:
        self.shared, self.client, self.words, self.page = shared, client, words, page
        self._reminded = reminded
        self._job: Job | None = None

    @property
    def _settings(self) -> WeChatSettings:
        return self.client.settings

    def start(self, supervisor: Supervisor) -> None:
        """Without a template nobody is rung."""
        if self._settings.bell_template:
            self._job = supervisor.start("wechat bell", self._run)

    async def stop(self) -> None:
        if self._job is not None:
            await self._job.cancel()

    async def sweep(self) -> bool:
        """Ring those for whom something waits that WeChat does not let us tell.  Whether there may be more of them."""
        ways, numbers = asyncio.Semaphore(TOGETHER), await self._waiting()

        async def one(number: int) -> Ring | None:
            async with ways:
                async with self.shared.db.connect() as connection:
                    ring = await self._claim(connection, number)
                return ring if ring is not None and await self._ring(ring) else None

        rung = [each for each in await asyncio.gather(*map(one, numbers)) if each is not None]
        if rung:
            await asyncio.sleep(SETTLES)
        for each in rung:
            await self._reminded(each.person, each.messages)
        return len(numbers) == MOST

    async def _run(self) -> None:
        while True:
            try:
                while await self.sweep():
                    pass
            except Exception as error:
                if not is_down(error):
                    logger.exception("wechat: bell failed")
            await asyncio.sleep(EVERY)

    async def _waiting(self) -> list[int]:
        at, bot = now(), await self.shared.bots.own()
        shut = or_(ACCOUNTS.c.window_until.is_(None), ACCOUNTS.c.window_until <= at, ACCOUNTS.c.left <= 0)
        rested = or_(ACCOUNTS.c.rung_at.is_(None), ACCOUNTS.c.rung_at <= at - APART)
        news = CONVERSATIONS.c.last_message > ACCOUNTS.c.told, CONVERSATIONS.c.last_message > ACCOUNTS.c.rung
        query = (
            select(ACCOUNTS.c.id)
            .join(CONVERSATIONS, CONVERSATIONS.c.person_id == ACCOUNTS.c.person_id)
            .where(CONVERSATIONS.c.bot_id == bot.id, *news, shut, rested)
        )
        async with self.shared.db.read() as session:
            return [*await session.scalars(query.limit(MOST))]

    async def _claim(self, connection: AsyncConnection, number: int) -> Ring | None:
        """Take the ring of somebody: for ten minutes nobody else rings them, whatever becomes of it."""
        account, at = await rows.by_id(connection, number), now()
        if account is None or is_open(account) or (account.rung_at is not None and account.rung_at > at - APART):
            return None
        bot = await self.shared.bots.own()
        found = await conversations.find(connection, bot, account.person_id, lock=False)
        if found is None:
            return None
        said = await new_messages(connection, found.id, max(account.told, account.rung))
        if not said or found.blocked_at is not None or is_read(self.shared, found):
            await rows.change(connection, account, rung=found.last_message)
            return None
        await rows.change(connection, account, rung_at=at)
        messages = [each.message_id for each in said]
        return Ring(account.id, account.openid, account.person_id, newest(found, said), messages)

    async def _ring(self, ring: Ring) -> bool:
        """Whether it rang."""
        try:
            await self.client.call(PATH, self._body(ring))
        except TryLater as error:
            logger.warning("wechat: not rung", why=str(error))
            await self._note(ring, rung_at=now() - APART + SOON)
            return False
        except Refused as error:
            logger.error("wechat: bell refused", why=str(error))
            await self._note(ring, rung=ring.newest)
            return False
        await self._note(ring, rung=ring.newest)
        return True

    async def _note(self, ring: Ring, **values: object) -> None:
        async with self.shared.db.connect() as connection:
            account: Account | None = await rows.by_id(connection, ring.account)
            if account is not None:
                await rows.change(connection, account, **values)

    def _body(self, ring: Ring) -> dict[str, object]:
        """Our own sentence and the moment, whatever it is about; the same ring again rings once."""
        moment = now().astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
        names = self._settings.bell_fields.split()
        data = {name: {"value": moment if name.startswith(MOMENTS) else self.words["bell"]} for name in names}
        return {
            "touser": ring.openid,
            "template_id": self._settings.bell_template,
            "url": self.page,
            "client_msg_id": f"{ring.account}-{ring.newest}",
            "data": data,
        }
