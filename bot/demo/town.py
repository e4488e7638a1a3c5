"""The town of the demo: its people with their chats, its staff, and what a story needs to go on."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.chats import chats
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, Actor, Role
from bot.services.core.working_days import ZONE
from bot.services.staff import accounts
from bot.services.staff.audit import By
from bot.services.staff.permissions import Grant
from bot.store.base import vault_of
from bot.store.models import Channel, Chat, Staff, WebPerson, now

OPENS, CLOSES = 9, 17  # hours of an office, China time
WAKES, SLEEPS = 7, 22  # hours at which people write
SATURDAY = 5
ADDRESSES = 7_000_000  # of people whom nobody plays
PEOPLE = 44
SECOND = "demo.admin2"
UNITS = "general market post transport community union justice traffic fire housing".split()  # with a handler

_STORIES = Path(__file__).with_name("stories.toml")


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who writes to the bot."""

    chat: int
    name: str
    phone: str


@dataclass
class Town:
    """One town, told from one seed.  `session` is that of the step that is taken now."""

    services: ServiceContext
    uploads: Path
    chance: Random
    session: AsyncSession
    stories: Mapping[str, Any] = field(default_factory=lambda: tomllib.loads(_STORIES.read_text("utf-8")))
    residents: list[Resident] = field(default_factory=list)
    staff: dict[Role, Actor] = field(default_factory=dict)
    second: Actor = SYSTEM  # another administrator: whoever writes something does not publish it
    handlers: dict[int, Actor] = field(default_factory=dict)  # by the id of their unit

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.chance.choice(choices)

    def one(self, told: str) -> Any:
        """One of the things of this name in the stories, those with more weight more often."""
        found = self.stories[told]
        return self.chance.choices(found, [each.get("weight", 1) for each in found])[0]

    def spot(self, area: Mapping[str, Any]) -> tuple[str, tuple[float, float]]:
        """A place in an area: a street with a number, and where that is."""
        north, east = area["point"]
        point = (north + self.chance.uniform(-0.008, 0.008), east + self.chance.uniform(-0.008, 0.008))
        told: str = self.stories["street"]
        return told.format(street=self.pick(area["streets"]), number=self.chance.randrange(1, 160)), point

    def told(self, text: str) -> str:
        """A text with its amounts of money filled in."""
        return text.format(money=self.chance.randrange(180, 4_800), fine=self.pick((50, 100, 200)))

    def soon(self) -> datetime:
        """Before somebody goes home."""
        return now() + timedelta(minutes=self.chance.uniform(10, 50))

    def later(self, hours: float) -> datetime:
        """So many hours on, when people are awake."""
        return self._within(hours, WAKES, SLEEPS)

    def office(self, hours: float) -> datetime:
        """So many hours on, when offices are open."""
        at = self._within(hours, OPENS, CLOSES).astimezone(ZONE)
        return at + timedelta(days=7 - at.weekday()) if at.weekday() >= SATURDAY else at

    def _within(self, hours: float, first: int, last: int) -> datetime:
        at = (now() + timedelta(hours=hours * self.chance.uniform(0.6, 1.5))).astimezone(ZONE)
        if first <= at.hour < last:
            return at
        day = at + timedelta(days=int(at.hour >= last))
        return day.replace(hour=self.chance.randrange(first, last), minute=self.chance.randrange(60))

    async def chat(self, resident: Resident) -> Chat:
        return await self.session.get_one(Chat, resident.chat)

    def handler(self, agency_id: int | None) -> Actor:
        """Who works on what a unit has."""
        return self.handlers[agency_id or 0]


async def settle(town: Town, people: Sequence[Staff]) -> None:
    """Let people and colleagues move in.  people: the demo's staff, one of each role first."""
    town.staff = {role: Actor(role, person.id) for role, person in zip(accounts.DEMO, people, strict=False)}
    for unit in UNITS:
        people = [*people, await _colleague(town, f"demo.{unit}", town.stories["handler"], Role.HANDLER, unit)]
    for person in people:
        if person.agency_id is not None:
            town.handlers[person.agency_id] = Actor(Role.HANDLER, person.id, person.agency_id)
    second = await _colleague(town, SECOND, town.stories["second"], Role.ADMIN, "")
    town.second = Actor(Role.ADMIN, second.id)
    for number in range(ADDRESSES, ADDRESSES + PEOPLE):
        town.residents.append(await _resident(town, number))


async def _colleague(town: Town, username: str, name: str, role: Role, unit: str) -> Staff:
    agency = await accounts.unit_of(town.session, None, unit) if unit else None
    by = By(role=Role.SYSTEM)
    person = await accounts.add(
        town.session, None, by, name=name, username=username, district=accounts.DEMO_DISTRICT, unit=agency
    )
    await accounts.give(town.session, None, by, person, Grant(role, accounts.DEMO_DISTRICT))
    return person


async def _resident(town: Town, address: int) -> Resident:
    area = town.one("areas")
    vault = vault_of(town.session.get_bind().dialect)
    chat = chats.blank(Channel.WEB, vault.blind(f"{Channel.WEB}:{address}", "chats.key"), address)
    row = Chat(**chats.contents(chat), channel=chat.channel, key=chat.key, address=address, version=0)
    row.region, row.job, row.started_at, row.created_at = area["region"], town.pick(town.stories["jobs"]), now(), now()
    row.activity_notices = town.maybe(0.5)
    name = town.pick(town.stories["surnames"]) + town.stories["given"]
    network = vault.blind(str(address), "web_people.network")  # Each at home: what two of them say counts as two.
    profile = {"first_name": name, "language_code": "zh-hans"}
    town.session.add_all([row, WebPerson(id=address, profile=profile, network=network)])
    await town.session.flush()
    return Resident(row.id, name, f"1380000{town.chance.randrange(10_000):04}")
