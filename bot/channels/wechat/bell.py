"""Rings somebody whose window is shut: a template message with a link to the page, and nothing of what it is about.

At most once in ten minutes.  Quiet hours need no look here: what waits for the morning is not said before it.  What
follows from an act of theirs, such as news of their case, needs no consent; a notice rings whoever allowed it, an
activity nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import log
from bot.channels.web import conversations
from bot.channels.web.rows import CONVERSATIONS
from bot.channels.web.shared import Shared
from bot.channels.web.words import Words
from bot.channels.wechat import rows
from bot.channels.wechat.answering import new_messages, newest
from bot.channels.wechat.client import Client, NotAllowed
from bot.channels.wechat.courier import MOST, TOGETHER, is_open, is_read
from bot.channels.wechat.rows import ACCOUNTS, Account
from bot.channels.wechat.settings import WeChatSettings
from bot.doors import numbers
from bot.errors import Refused, TryLater
from bot.store.base import now
from bot.store.db import is_down
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

TEMPLATE, SUBSCRIBED = "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend"
EVERY = 10.0  # seconds between two looks
SETTLES = 1.0  # seconds after which a notice's sender has written down which message it was
APART = timedelta(minutes=10)  # between two rings of one person
SOON = timedelta(minutes=1)  # until the next try when WeChat is busy
MOMENTS = ("time", "date")  # how the names of fields begin that hold a moment; all others hold our sentence
CHINA = timezone(timedelta(hours=8))

NEVER = "activity"  # the kind of notice that rings nobody


class Outcome(StrEnum):
    """What became of somebody's last ring."""

    UNDERWAY = "underway"  # or its process died
    SENT = "sent"  # WeChat took it
    ARRIVED = "arrived"  # WeChat says so
    BLOCKED = "blocked"  # they do not want the account's messages
    FAILED = "failed"
    REFUSED = "refused"  # WeChat did not take it
    UNWANTED = "unwanted"  # a notice, and they have not allowed that


@dataclass(frozen=True, slots=True)
class Notices:
    """What is asked and told about notices, by a person's number and those of messages.

    kinds: which of the messages are notices, and of what kind.  reminded: they were rung for these.  not_reminded: what
    they were rung for since a moment did not arrive.
    """

    kinds: Callable[[int, Sequence[int]], Awaitable[Mapping[int, str]]]
    reminded: Callable[[int, Sequence[int]], Awaitable[None]]
    not_reminded: Callable[[int, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring that is to be tried."""

    account: int
    openid: str
    person: int
    newest: int
    messages: list[int]
    before: datetime | None  # when they were rung last
    consents: bool


class Bell:
    """page: where the ring leads."""

    def __init__(self, shared: Shared, client: Client, words: Words, page: str, notices: Notices) -> None:
        self.shared, self.client, self.words, self.page = shared, client, words, page
        self._notices = notices
        self._job: Job | None = None

    @property
    def _settings(self) -> WeChatSettings:
        return self.client.settings

    def start(self, supervisor: Supervisor) -> None:
        """Without a template nobody is rung."""
        if self._settings.bell_template or self._settings.notice_template:
            self._job = supervisor.start("wechat bell", self._run)

    async def stop(self) -> None:
        if self._job is not None:
            await self._job.cancel()

    async def sweep(self) -> bool:
        """Ring those for whom something waits that WeChat does not let us tell.  Whether there may be more of them."""
        ways, numbers = asyncio.Semaphore(TOGETHER), await self._waiting()

        async def claim(number: int) -> Ring | None:
            async with ways, self.shared.db.connect() as connection:
                return await self._claim(connection, number)

        async def ring(each: Ring) -> None:
            async with ways:
                await self._ring(each)

        rings = [each for each in await asyncio.gather(*map(claim, numbers)) if each is not None]
        if rings:
            await asyncio.sleep(SETTLES)
        await asyncio.gather(*map(ring, rings))
        return len(numbers) == MOST

    async def heard(self, account: Account, number: int | None, outcome: Outcome) -> None:
        """WeChat says what became of a ring; one that it has told us before, or that is not the last one, is nothing new."""
        async with self.shared.db.connect() as connection:
            held = await rows.by_id(connection, account.id)
            if held is None or held.outcome not in (Outcome.UNDERWAY, Outcome.SENT):
                return
            if held.outcome == Outcome.SENT and held.ring_number not in (None, number):
                return
            await rows.change(connection, held, outcome=outcome)
        if outcome is not Outcome.ARRIVED and held.rung_at is not None:
            await self._notices.not_reminded(held.person_id, held.rung_at)

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
        before, consents = account.rung_at, account.consented_at is not None
        await rows.change(connection, account, rung_at=at, outcome=Outcome.UNDERWAY, ring_number=None)
        messages = [each.message_id for each in said]
        return Ring(account.id, account.openid, account.person_id, newest(found, said), messages, before, consents)

    async def _ring(self, ring: Ring) -> None:
        kinds = await self._notices.kinds(ring.person, ring.messages)
        wanted = [each for each in ring.messages if kinds.get(each) != NEVER]
        path = self._way(
            ring, unasked=any(each in kinds for each in wanted), asked=any(each not in kinds for each in wanted)
        )
        if not path:
            await self._note(ring, rung=ring.newest, rung_at=ring.before, outcome=Outcome.UNWANTED)
        elif await self._rang(ring, path):
            await self._notices.reminded(ring.person, wanted)

    def _way(self, ring: Ring, *, unasked: bool, asked: bool) -> str:
        """How WeChat lets us ring them.

        unasked, asked: whether there are notices, and whether there is what follows from an act of theirs.
        """
        if asked and self._settings.bell_template:
            return TEMPLATE
        return SUBSCRIBED if (asked or unasked) and ring.consents and self._settings.notice_template else ""

    async def _rang(self, ring: Ring, path: str) -> bool:
        """Whether it rang, as far as is known."""
        try:
            answer = await self.client.call(path, self._body(ring, path))
        except NotAllowed as error:
            logger.info("wechat: no consent", why=str(error))
            await self._note(ring, rung=ring.newest, outcome=Outcome.UNWANTED, consented_at=None)
            return False
        except TryLater as error:
            logger.warning("wechat: not rung", why=str(error))
            await self._note(ring, rung_at=now() - APART + SOON)
            return False
        except Refused as error:
            logger.error("wechat: bell refused", why=str(error))
            await self._note(ring, rung=ring.newest, outcome=Outcome.REFUSED)
            return False
        number = numbers.whole(str(answer.get("msgid", "")), most=numbers.LONG)
        taken = {"ring_number": number, "outcome": Outcome.SENT}
        return await self._note(ring, rung=ring.newest, **taken) in (Outcome.SENT, Outcome.ARRIVED)

    async def _note(self, ring: Ring, **values: object) -> str:
        """The outcome that stands there then: what WeChat told us meanwhile stays."""
        async with self.shared.db.connect() as connection:
            account: Account | None = await rows.by_id(connection, ring.account)
            if account is None:
                return ""
            if account.outcome != Outcome.UNDERWAY:
                values.pop("outcome", None)
            await rows.change(connection, account, **values)
            return account.outcome

    def _body(self, ring: Ring, path: str) -> dict[str, object]:
        """Our own sentence and the moment, whatever it is about; the same ring of a template again rings once."""
        known, given = self._settings, {"touser": ring.openid}
        if path == SUBSCRIBED:
            shown = self._data(known.notice_fields)
            return {**given, "template_id": known.notice_template, "page": self.page, "data": shown}
        number = f"{ring.account}-{ring.newest}"
        shown = self._data(known.bell_fields)
        return {**given, "template_id": known.bell_template, "url": self.page, "client_msg_id": number, "data": shown}

    def _data(self, fields: str) -> dict[str, dict[str, str]]:
        moment = now().astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
        sentence = self.words["bell"]
        return {name: {"value": moment if name.startswith(MOMENTS) else sentence} for name in fields.split()}
