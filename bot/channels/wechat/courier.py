"""Tells people in WeChat what came later than an answer: messages of customer service, as long as WeChat lets us.

A slot of the window is spent in the transaction that claims the text, before it is sent: however many processes send, and
whatever dies, no more is sent than WeChat allows.  Killed in between, it is sent again, for another slot.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import backoff, log
from bot.channels.web import conversations
from bot.channels.web.conversations import Conversation
from bot.channels.web.rows import CONVERSATIONS
from bot.channels.web.shared import Shared
from bot.channels.web.wakeups import ANYBODY, READING
from bot.channels.web.words import Words
from bot.channels.wechat import faces, rows
from bot.channels.wechat.answering import new_messages, newest
from bot.channels.wechat.client import Client, WindowShut
from bot.channels.wechat.rows import ACCOUNTS, LETTERS, Account
from bot.errors import Refused, TryLater
from bot.store.base import now
from bot.store.db import is_down
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

PATH = "/cgi-bin/message/custom/send"
EVERY, PAUSE = 10.0, 1.0  # seconds between two looks, and after one: bubbles of one turn come together
LEASE = timedelta(seconds=30)  # whoever claimed a text and has not sent it by then is dead
FIRST, LONGEST = 2.0, 600.0  # seconds until a text is tried again
TOGETHER = 8  # people who are told something at once
MOST = 200  # found in one look


@dataclass(frozen=True, slots=True)
class Claim:
    """A text whose slot is spent; `before` and `told` are what was told before it and with it, of one that is new."""

    account: int
    openid: str
    letter: int
    text: str
    attempts: int
    before: int = 0
    told: int = 0


class Courier:
    """Looks for what has not been told, and tells it."""

    def __init__(self, shared: Shared, client: Client, words: Words, page: str) -> None:
        self.shared, self.client, self.words, self.page = shared, client, words, page
        self._job: Job | None = None

    def start(self, supervisor: Supervisor) -> None:
        self._job = supervisor.start("wechat courier", self._run)

    async def stop(self) -> None:
        if self._job is not None:
            await self._job.cancel()

    async def sweep(self) -> None:
        """Tell everybody what waits for them."""
        ways = asyncio.Semaphore(TOGETHER)

        async def one(number: int) -> None:
            async with ways:
                await self.tell(number)

        await asyncio.gather(*(one(each) for each in await self._waiting()))

    async def tell(self, number: int) -> None:
        """Tell one person the next text, if there is one and they may be told."""
        async with self.shared.db.connect() as connection:
            claim = await self._claim(connection, number)
        if claim is not None:
            await self._send(claim)

    async def _run(self) -> None:
        with self.shared.wakeups.listen((ANYBODY, 0)) as listener:
            while True:
                try:
                    await self.sweep()
                except Exception as error:
                    if not is_down(error):
                        logger.exception("wechat: look failed")
                await listener.wait(EVERY)
                await asyncio.sleep(PAUSE)

    async def _waiting(self) -> list[int]:
        """Accounts with a window, for which there is something new, or a text that was not sent."""
        at, bot = now(), await self.shared.bots.own()
        open_ = ACCOUNTS.c.window_until > at, ACCOUNTS.c.left > 0
        free = or_(ACCOUNTS.c.busy_until.is_(None), ACCOUNTS.c.busy_until <= at)
        news = (
            select(ACCOUNTS.c.id)
            .join(CONVERSATIONS, CONVERSATIONS.c.person_id == ACCOUNTS.c.person_id)
            .where(CONVERSATIONS.c.bot_id == bot.id, CONVERSATIONS.c.last_message > ACCOUNTS.c.told, *open_, free)
        )
        unsent = (
            select(ACCOUNTS.c.id)
            .join(LETTERS, LETTERS.c.account_id == ACCOUNTS.c.id)
            .where(LETTERS.c.sent_at.is_(None), LETTERS.c.due_at <= at, *open_)
        )
        async with self.shared.db.read() as session:
            return [*await session.scalars(news.union(unsent).limit(MOST))]

    async def _claim(self, connection: AsyncConnection, number: int) -> Claim | None:
        """Take the next text of somebody, for one of their slots."""
        account, at = await rows.by_id(connection, number), now()
        if account is None or (account.busy_until is not None and account.busy_until > at):
            return None
        old = select(LETTERS.c.id, LETTERS.c.body, LETTERS.c.attempts, LETTERS.c.due_at)
        old = old.where(LETTERS.c.account_id == number, LETTERS.c.sent_at.is_(None)).order_by(LETTERS.c.id).limit(1)
        letter = (await connection.execute(old)).first()
        if (letter is not None and letter.due_at > at) or not is_open(account):
            return None
        if letter is None:
            return await self._claim_news(connection, account)
        await rows.change(connection, account, left=account.left - 1)
        claim = Claim(number, account.openid, letter.id, letter.body, letter.attempts + 1)
        await self._put_off(connection, claim, LEASE)
        return claim

    async def _claim_news(self, connection: AsyncConnection, account: Account) -> Claim | None:
        bot = await self.shared.bots.own()
        found = await conversations.find(connection, bot, account.person_id, lock=False)
        if found is None or found.last_message <= account.told:
            return None
        said = [] if is_read(self.shared, found) else await new_messages(connection, found.id, account.told)
        spoken = faces.spoken(said, self.words, self.page)
        seen = newest(found, said)
        if not spoken.text or found.blocked_at is not None:
            await rows.change(connection, account, told=seen)
            return None
        before = account.told
        told: dict[str, Any] = {"told": seen, "choices": spoken.choices, "left": account.left - 1}
        await rows.change(connection, account, **told)
        letter = await rows.write(connection, account, spoken.text, now() + LEASE, attempts=1)
        return Claim(account.id, account.openid, letter, spoken.text, 1, before, seen)

    async def _send(self, claim: Claim) -> None:
        body = {"touser": claim.openid, "msgtype": "text", "text": {"content": claim.text}}
        try:
            await self.client.call(PATH, body)
        except WindowShut as error:
            logger.info("wechat: window shut", why=str(error))
            await self._shut(claim)
            return
        except TryLater as error:
            pause = timedelta(seconds=backoff.pause(claim.attempts, FIRST, LONGEST))
            logger.warning("wechat: not sent", why=str(error), attempts=claim.attempts)
            async with self.shared.db.connect() as connection:
                await self._put_off(connection, claim, max(pause, error.after or pause))
            return
        except Refused as error:  # It would be refused again: it stands in the conversation.
            logger.error("wechat: refused", why=str(error))
        async with self.shared.db.connect() as connection:
            sent = update(LETTERS).where(LETTERS.c.id == claim.letter)
            await connection.execute(sent.values(sent_at=now()))

    async def _shut(self, claim: Claim) -> None:
        """Whatever we believed: nothing goes now, and what was to be told has not been."""
        async with self.shared.db.connect() as connection:
            if (account := await rows.by_id(connection, claim.account)) is None:
                return
            await rows.change(connection, account, left=0)
            if claim.told and account.told == claim.told:
                await rows.change(connection, account, told=claim.before)
                await connection.execute(delete(LETTERS).where(LETTERS.c.id == claim.letter))
            else:
                await self._put_off(connection, claim, timedelta())

    async def _put_off(self, connection: AsyncConnection, claim: Claim, pause: timedelta) -> None:
        values = {"due_at": now() + pause, "attempts": claim.attempts}
        await connection.execute(update(LETTERS).where(LETTERS.c.id == claim.letter).values(values))


def is_read(shared: Shared, conversation: Conversation) -> bool:
    """Whether a page of theirs has the newest on the screen."""
    readers = shared.wakeups.at((READING, conversation.id))
    return any(each.seen >= conversation.last_event for each in readers)


def is_open(account: Account) -> bool:
    """Whether WeChat takes another message for them, as far as we know."""
    return account.window_until is not None and account.window_until > now() and account.left > 0
