"""What a page declares of itself: its address, its right, its place in the navigation, its card at home."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import Access, RequestContext
from bot.services.staff.permissions import Right, Staffer

Handler = Callable[[RequestContext], Awaitable[web.StreamResponse]]
Anything = TypeVar("Anything", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Route:
    """How a page is reached, and by whom.

    right: what somebody must be allowed to do.  Whoever may do it nowhere is refused before the page
    runs; a page about one thing asks `context.staffer.require` once more, with the thing's district and agency.
    fresh: only within five minutes of a code; otherwise the code is asked for first, and what was typed is kept.  Or a
      function that says of a request whether it has to be.
    writes: the page gets a transaction.  All but GET do; a GET that notes a look does.
    live: the page opens its own transactions, because it stays open.
    prepare: what takes long, such as reading a file that was handed in, before the transaction begins: while it lasts,
    nobody else could write.  What it gives is `context.prepared`.
    nav: the key of its word in the navigation.
    """

    method: str
    path: str
    right: Right | Access
    nav: str = ""
    fresh: bool | Callable[[RequestContext], bool] = False
    writes: bool = False
    live: bool = False
    prepare: Callable[..., Awaitable[object]] | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A number at home that leads to what waits there."""

    title: str
    count: int
    path: str
    note: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class CardMaker:
    right: Right
    order: int
    make: Callable[[RequestContext], Awaitable[Card | None]]  # None while there is nothing to say


@dataclass(frozen=True, slots=True)
class Topic:
    """Something pages watch.  `state` is any value; when it differs from a second ago, pages are told "changed".

    about: pages watch one thing of it, as `name:thing`; `state` is given the thing, "" for none.
    pulse: given all things that are watched ("" for the topic as a whole), a value for each that nobody's rights play
    a part in.  While it stays the same, nobody's state is asked for; it costs little, whatever the tables hold.
    personal: the state depends on who looks, not only on their rights.
    """

    name: str
    right: Right
    about: bool
    pulse: "Pulse | None"
    personal: bool
    make: Callable[..., Awaitable[object]]

    async def state(self, session: AsyncSession, staffer: Staffer, thing: str) -> object:
        return await (self.make(session, staffer, thing) if self.about else self.make(session, staffer))


Pulse = Callable[[AsyncSession, Collection[str]], Awaitable[Mapping[str, object]]]

CARDS: web.AppKey[Sequence[CardMaker]] = web.AppKey("cards", Sequence)
TOPICS: web.AppKey[Mapping[str, Topic]] = web.AppKey("topics", Mapping)
NAVIGATION: web.AppKey[Sequence[Route]] = web.AppKey("navigation", Sequence)


def page(
    method: str,
    path: str,
    *,
    right: Right | Access,
    nav: str = "",
    fresh: bool | Callable[[RequestContext], bool] = False,
    writes: bool = False,
    live: bool = False,
    prepare: Callable[..., Awaitable[object]] | None = None,
) -> Callable[[Anything], Anything]:
    """Declare a page."""
    return _mark("route", Route(method, path, right, nav, fresh, writes or method != "GET", live, prepare))


def card(right: Right, *, order: int) -> Callable[[Anything], Anything]:
    """Declare a card at home, for those who have the right; smaller orders come first."""
    return _mark("card", (right, order))


def topic(
    name: str, *, right: Right, about: bool = False, pulse: Pulse | None = None, personal: bool = False
) -> Callable[[Anything], Anything]:
    """Declare something that /console/events reports; `about` one thing at a time, such as one case."""
    return _mark("topic", {"name": name, "right": right, "about": about, "pulse": pulse, "personal": personal})


def routes(modules: Iterable[ModuleType]) -> list[tuple[Route, Handler]]:
    return [(made, handler) for made, handler in _marked(tuple(modules), "route")]


def cards(modules: Iterable[ModuleType]) -> list[CardMaker]:
    found = [CardMaker(right, order, make) for (right, order), make in _marked(tuple(modules), "card")]
    return sorted(found, key=lambda each: each.order)


def topics(modules: Iterable[ModuleType]) -> dict[str, Topic]:
    return {declare["name"]: Topic(**declare, make=make) for declare, make in _marked(tuple(modules), "topic")}


def _mark(name: str, value: object) -> Callable[[Anything], Anything]:
    def mark(function: Anything) -> Anything:
        setattr(function, f"console_{name}", value)
        return function

    return mark


@cache
def _marked(modules: tuple[ModuleType, ...], name: str) -> tuple[tuple[Any, Any], ...]:
    mark = f"console_{name}"
    return tuple(
        (getattr(function, mark), function)
        for module in modules
        for function in vars(module).values()
        if getattr(function, "__module__", "") == module.__name__ and hasattr(function, mark)
    )
