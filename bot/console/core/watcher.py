"""One watcher for all open pages of a process.

It looks once a second, so it does not matter which process wrote the rows; and once for everybody: for all sessions
by one query, for each topic by one query however many things of it are watched, and for each set of rights only when
that one saw something.  While nobody watches, it does nothing.

A page that is told asks for its rows again, so of the lists a few are told at each look, those first that have waited
longest: with hundreds of pages open on one list, a step costs no more than with a handful.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from bot import log
from bot.console.core.routes import Topic
from bot.services.core.recent import differs
from bot.services.staff import sessions
from bot.services.staff.permissions import Staffer
from bot.services.staff.sessions import Login
from bot.store.db import Database, is_down

LOOK = 1.0  # seconds between two looks at the rows
TOLD = 2  # lists that are told at one look

logger = log.get(__name__)

Wanted = Mapping[str, Topic]  # by what the page calls it: the topic's name, or name:thing
Key = tuple[str, object]  # what the page calls it, and with which rights it is seen
News = Sequence[tuple[str, str]]  # events with their data
SIGNED_OUT: News = (("signed-out", "."),)


@dataclass(eq=False, slots=True)
class Viewer:
    """An open page."""

    session_id: int
    wanted: Wanted
    keys: Mapping[str, Key]  # by what the page calls it, as of the last look
    news: asyncio.Queue[News | None] = field(default_factory=asyncio.Queue)  # None: the process stops
    owed: dict[str, None] = field(default_factory=dict)  # what changed and was not told yet, by what the page calls it
    since: int = 0  # the look that saw the first of it

    def allowed(self, login: Login | None) -> bool:
        return login is not None and all(login.staffer.may(each.right) for each in self.wanted.values())


class Watcher:
    """Tells each viewer what changed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._viewers: set[Viewer] = set()
        self._pulses: Mapping[str, object] = {}  # of the last look, by what pages call it
        self._states: dict[Key, object] = {}
        self._task: asyncio.Task[None] | None = None
        self._looks = 0

    @contextlib.asynccontextmanager
    async def watching(self, session_id: int, staffer: Staffer, wanted: Wanted) -> AsyncIterator[Viewer]:
        """A viewer whose `news` says what happens from now on."""
        viewer = Viewer(session_id, wanted, _keys(wanted, staffer))
        self._viewers.add(viewer)
        try:
            async with self._db.read() as session:
                for name, key in viewer.keys.items():
                    if key not in self._states:
                        self._states[key] = await wanted[name].state(session, staffer, _thing(name))
            if self._task is None:
                self._task = asyncio.create_task(self._run())
            yield viewer
        finally:
            self._viewers.discard(viewer)

    def stop(self) -> None:
        """Let go of the connections that stay open, or the process would wait for them."""
        for viewer in self._viewers:
            viewer.news.put_nowait(None)

    async def _run(self) -> None:
        """Look as long as somebody watches.  While there is no database, nothing changes."""
        try:
            while self._viewers:
                await asyncio.sleep(LOOK)
                try:
                    await self._look()
                except Exception as error:
                    if not is_down(error):
                        logger.exception("look failed")
        finally:
            self._pulses, self._states, self._task = {}, {}, None

    async def _look(self) -> None:
        self._looks += 1
        viewers, states = list(self._viewers), dict[Key, object]()
        async with self._db.read() as session:
            logins = await sessions.still(session, {each.session_id for each in viewers})
            pulses = await _pulses(session, viewers)
            for viewer in viewers:
                login = logins.get(viewer.session_id)
                if login is None or not viewer.allowed(login):
                    viewer.news.put_nowait(SIGNED_OUT)
                    self._viewers.discard(viewer)
                else:
                    await self._look_for(session, viewer, login.staffer, pulses, states)
        self._tell()
        used = {key for each in self._viewers for key in each.keys.values()}
        self._states = {key: state for key, state in (self._states | states).items() if key in used}
        self._pulses = pulses

    async def _look_for(
        self,
        session: AsyncSession,
        viewer: Viewer,
        staffer: Staffer,
        pulses: Mapping[str, object],
        states: dict[Key, object],
    ) -> None:
        """What one viewer is to be told.  `states` has what others with the same rights see in this look."""
        before, viewer.keys = viewer.keys, _keys(viewer.wanted, staffer)
        viewer.since = viewer.since if viewer.owed else self._looks
        for name, key in viewer.keys.items():
            still = name in pulses and not differs(pulses[name], self._pulses.get(name))
            if key not in states:
                known = still and key in self._states
                state = self._states[key] if known else await viewer.wanted[name].state(session, staffer, _thing(name))
                states[key] = state
            if key != before[name] or differs(states[key], self._states.get(key)):
                viewer.owed[name] = None

    def _tell(self) -> None:
        """Tell every page of one thing, where two colleagues may be writing, and of the lists a few."""
        waiting = [each for each in self._viewers if each.owed]
        things = [each for each in waiting if any(_thing(name) for name in each.owed)]
        lists = sorted((each for each in waiting if each not in things), key=lambda each: each.since)
        for viewer in [*things, *lists[:TOLD]]:
            viewer.news.put_nowait([("changed", name) for name in viewer.owed])
            viewer.owed.clear()


async def _pulses(session: AsyncSession, viewers: Iterable[Viewer]) -> Mapping[str, object]:
    """What everybody's look has in common, by what pages call it; only of topics that have such a thing."""
    watched: dict[str, tuple[Topic, set[str]]] = {}
    for name, topic in {name: topic for each in viewers for name, topic in each.wanted.items()}.items():
        watched.setdefault(topic.name, (topic, set()))[1].add(_thing(name))
    pulses: dict[str, object] = {}
    for topic, things in watched.values():
        if topic.pulse is not None:
            found = await topic.pulse(session, things)
            pulses |= {_name(topic, thing): pulse for thing, pulse in found.items()}
    return pulses


def _keys(wanted: Wanted, staffer: Staffer) -> dict[str, Key]:
    """Who has the same rights is told the same; of a personal topic everybody something else."""
    rights = (staffer.grants, staffer.agency_id)
    return {name: (name, (rights, staffer.id if topic.personal else 0)) for name, topic in wanted.items()}


def _thing(name: str) -> str:
    return name.partition(":")[2]


def _name(topic: Topic, thing: str) -> str:
    return f"{topic.name}:{thing}" if thing else topic.name
