"""Does in the web chat what somebody did in WeChat: the same act again, by the same key, does nothing twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import log
from bot.channels.web import conversations, letters, messages
from bot.channels.web.letters import Letter
from bot.channels.web.messages import FileNote
from bot.channels.web.people import People, Tell, Unwelcome
from bot.channels.web.uploads import developed, recorded
from bot.channels.web.words import Words
from bot.channels.wechat.client import Client
from bot.channels.wechat.hearing import Act
from bot.channels.wechat.rows import ACCOUNTS, Account, blind
from bot.errors import Refused, TryLater
from knowledge.geo import to_wgs

logger = log.get(__name__)

PREPARE: dict[str, Callable[..., Awaitable[Any]]] = {"photo": developed, "voice": recorded}


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a saying: what is said instead of the bot, and what is called after the commit."""

    instead: str = ""
    tell: Tell | None = None


class Acting:
    """The people's side of the web chat, driven by WeChat.

    begin_erasure: starts erasing what is held about a person elsewhere; may be asked twice.
    """

    def __init__(
        self, people: People, client: Client, words: Words, begin_erasure: Callable[[int], Awaitable[None]]
    ) -> None:
        self.people, self.shared, self.client, self.words = people, people.shared, client, words
        self._begin_erasure = begin_erasure

    async def say_within(self, connection: AsyncConnection, account: Account, act: Act, key: bytes) -> Said | None:
        """Say something, as the last act of a transaction; None for an act that is no saying."""
        if act["do"] not in ("say", "place"):
            return None
        bot, network = await self.shared.bots.own(), self._network(account)
        try:
            if (body := _body_of(act, account.person_id)) is None:
                return Said()
            given = connection, bot, account.person_id, body
            _, tell = await self.people.say_within(*given, key=name_of(key), network=network)
        except Unwelcome as error:
            return Said(self._sentence(error))
        return Said(tell=tell)

    async def carry_out(self, account: Account, act: Act, key: bytes) -> str:
        """Do what is no saying.  Returns what is said instead of the bot, "" when the bot answers."""
        try:
            match act["do"]:
                case "press":
                    await self._press(account, act, key)
                case "file":
                    await self._file(account, act, key)
                case "hint":
                    return self.words[act["key"]]
        except Unwelcome as error:
            return self._sentence(error)
        return ""

    async def leave(self, account: Account) -> None:
        """They follow the account no more: all that is held about them goes, and their openid last.

        Killed half way, WeChat's next attempt finds the openid and goes on.
        """
        await self._begin_erasure(account.person_id)
        await self.people.forget(account.person_id)
        async with self.shared.db.connect() as connection:
            await connection.execute(delete(ACCOUNTS).where(ACCOUNTS.c.id == account.id))

    async def _press(self, account: Account, act: Act, key: bytes) -> None:
        bot, network = await self.shared.bots.own(), self._network(account)
        message, press = act["message"], press_of(key)
        await self.people.press(bot, account.person_id, message, act["data"], network, press=press)

    async def _file(self, account: Account, act: Act, key: bytes) -> None:
        """Fetch a photo or a voice at once: WeChat keeps it for three days, and its preview for nobody."""
        if await self._is_there(account, name_of(key)):
            return
        bot, person = await self.shared.bots.own(), account.person_id
        async with self.people.uploading(person):
            try:
                data = await self.client.media(act["media"])
            except (Refused, TryLater) as error:
                logger.warning("wechat: a file was not fetched", why=str(error))
                raise Unfetched(self.words[f"lost_{act['kind']}"]) from None
            pieces, abouts = await PREPARE[act["kind"]](data, "", 1)
            kept = [await self.shared.files.keep(piece) for piece in pieces]
            try:
                note = FileNote(name_of(key))
                await self.people.send_file(bot, person, kept, abouts, note, self._network(account))
            except BaseException:
                self.shared.files.erase(each.name for each in kept)
                raise

    async def _is_there(self, account: Account, name: str) -> bool:
        async with self.shared.db.connect() as connection:
            bot = await self.shared.bots.own()
            found = await conversations.find(connection, bot, account.person_id, lock=False)
            return found is not None and await messages.by_key(connection, found, name) is not None

    def _sentence(self, error: Unwelcome) -> str:
        return self.shared.words[error.key].format(**error.values)

    def _network(self, account: Account) -> bytes:
        return blind(self.shared, account.openid, "web_people.network")


class Unfetched(Exception):
    """A file did not come; the sentence says what to do.  Another attempt may fetch it."""


def _body_of(act: Act, person: int) -> dict[str, Any] | None:
    """Raises Unwelcome."""
    if act["do"] == "say":
        return letters.read_text(Letter({"text": act["text"]}), person)
    try:  # A point of WeChat's map, which is drawn in GCJ-02.
        point = to_wgs(float(act["at"][0]), float(act["at"][1]), "gcj02")
    except ValueError:
        raise Unwelcome("bad_place") from None
    return letters.read_place(Letter({"location": {"latitude": point.lat, "longitude": point.lon}}), person)


def name_of(key: bytes) -> str:
    """A message's own name, by which it is known again."""
    return f"wx_{key.hex()}"


def press_of(key: bytes) -> str:
    """A press's own number."""
    return str(int.from_bytes(key[:8]) >> 2)
