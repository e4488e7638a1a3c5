"""What every part of the web chat works with."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.bots import Bot, Bots
from bot.channels.web.files import Files, Kept
from bot.channels.web.parameters import Parameters
from bot.channels.web.rules import Clocks
from bot.channels.web.wakeups import Key, Wakeups
from bot.channels.web.words import Words
from bot.store.db import Database


@dataclass(frozen=True, slots=True)
class Shared:
    """One web chat's parts; made once, by `WebChat`."""

    db: Database
    bots: Bots
    files: Files
    wakeups: Wakeups
    clocks: Clocks
    words: Words
    workers: dict[int, str]  # people who exist from the start, by id; only the demo has any


@dataclass(slots=True)
class Call:
    """A Bot API method on its way through one transaction."""

    shared: Shared
    bot: Bot
    connection: AsyncConnection
    parameters: Parameters
    kept: dict[str, Kept] = field(default_factory=dict)  # files that came with it, on disk already
    rings: list[Key] = field(default_factory=list)  # whom to wake after the commit
