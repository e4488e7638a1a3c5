"""A visit: one request, who sends it, its transaction, what it wants to show."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web
from multidict import MultiDict
from sqlalchemy.ext.asyncio import AsyncSession
from yarl import URL

from bot.console.core.words import ConsoleWords
from bot.doors import numbers
from bot.doors.forms import Upload
from bot.doors.texts import storable
from bot.errors import Rejected
from bot.maps.tiles import Tiles
from bot.messaging import urls
from bot.queue.relay import Relay
from bot.services.core.context import ServiceContext
from bot.services.core.keyset import Place
from bot.services.core.lifecycle import IllegalStep
from bot.services.staff import audit, mfa
from bot.services.staff.audit import By
from bot.services.staff.lookup import Lookup, Row
from bot.services.staff.permissions import Denied, Right, Staffer
from bot.services.staff.sessions import Login
from bot.store.db import Database
from bot.store.models import Channel, Outbox, Staff
from knowledge import Knowledge
from knowledge.regions import Region

Result = TypeVar("Result")


class Access(StrEnum):
    """What stands in place of a right at a page that asks for none."""

    PUBLIC = "public"  # for anybody
    HALF = "half"  # for who came in by a link, even while the second factor is missing


LONGEST = 200  # characters of a field, unless its page says otherwise
LONGEST_SEARCH = 50  # characters


class ContentSource(Protocol):
    """Where the current knowledge is found; it is swapped as a whole."""

    knowledge: Knowledge

    @property
    def services(self) -> ServiceContext: ...

    @property
    def telegram_name(self) -> str: ...


class PageLayout(Protocol):
    """Makes pages of templates and words; `bot.console.core.layout` has the one there is."""

    words: ConsoleWords

    def page(
        self, context: "RequestContext", template: str, status: int, values: Mapping[str, Any]
    ) -> web.Response: ...

    def rejection(self, context: "RequestContext", error: Rejected) -> str: ...

    def legal(self, error: IllegalStep) -> str: ...

    def district(self, regions: Mapping[str, Region], code: str) -> str: ...


@dataclass(frozen=True)
class Console:
    """What all pages share."""

    db: Database
    relay: Relay
    library: ContentSource
    layout: PageLayout
    uploads: Path  # where sealed attachments lie
    base_url: str  # how people reach the server, without a slash at the end
    tokens: Mapping[Channel, str]  # of the bots whose Mini Apps may sign people in
    tiles: Tiles  # the streets under maps
    demo: bool

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")


@dataclass
class RequestContext:
    """What a page is given."""

    console: Console
    http_request: web.Request
    request_id: str
    login: Login | None = None
    access: Right | Access = Access.PUBLIC  # what its page asks for
    transaction: AsyncSession | None = None
    form: MultiDict[str] = field(default_factory=MultiDict)
    files: dict[str, Upload] = field(default_factory=dict)  # what was uploaded, by the name of its field
    prepared: Any = None  # what its page made ready before the transaction
    again: str = urls.CONSOLE  # where the same form leads when it comes a second time, unless it led elsewhere
    rows: list[Outbox] = field(default_factory=list)  # to deliver after the commit
    known: dict[object, Any] = field(default_factory=dict)  # what services said already, by who was asked
    cookies: dict[str, tuple[str, int | None]] = field(default_factory=dict)  # to set: value, seconds; "" deletes

    @property
    def staffer(self) -> Staffer:
        """Who it is.  A page that is not PUBLIC has one."""
        return self.signed_in.staffer

    @property
    def right(self) -> Right:
        """What they had to be allowed to do to come here."""
        if isinstance(self.access, Access):
            raise RuntimeError("a page that asks for no right")
        return self.access

    @property
    def signed_in(self) -> Login:
        if self.login is None:
            raise RuntimeError("a public page has nobody signed in")
        return self.login

    @property
    def session(self) -> AsyncSession:
        """The transaction of the request: reading only for GET, committed after the page otherwise."""
        if self.transaction is None:
            raise RuntimeError("a live page opens its own transactions")
        return self.transaction

    async def person(self) -> Staff:
        """Their own row, in this transaction."""
        return await self.session.get_one(Staff, self.staffer.id, populate_existing=True)

    @property
    def knowledge(self) -> Knowledge:
        return self.console.library.knowledge

    @property
    def services(self) -> ServiceContext:
        """What services need to know, the same throughout the visit's transaction."""
        return self.console.library.services

    @property
    def by(self) -> By:
        """Who does it, for the audit."""
        if self.login is None:
            return By(request_id=self.request_id)
        role = None if isinstance(self.access, Access) else self.staffer.role_for(self.access)
        role = role or next(iter(self.staffer.roles), None)
        return By(self.staffer.id, role or "", self.request_id)

    async def audit(self, action: str, subject: str = "", **detail: Any) -> None:
        await audit.note(self.session, self.by, action, subject, **detail)

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page of the folder of its page."""
        return self.console.layout.page(self, template, status, values)

    def to(self, path: str, said: str = "", **query: str | int) -> web.Response:
        """Go on at another page, which says the sentence `said` of words.toml on top."""
        query = {**({"said": said} if said else {}), **query}
        location = str(URL(path).update_query(query)) if query else path
        return web.Response(status=303, headers={"Location": location})

    def text(self, name: str, *, most: int = LONGEST) -> str:
        """What somebody typed into a field, trimmed; "" when it is not there.  Raises Rejected when it is too long."""
        value = self.form.get(name, "").strip()
        if len(value) > most:
            raise Rejected("form.long", most=most, given=len(value))
        return value

    def every(self, name: str) -> list[str]:
        """All values of a field that may be there several times, such as the ticked boxes of a list."""
        return self.form.getall(name, [])

    def number(self, name: str) -> int | None:
        """A whole number of the form, the query or the path; None for anything else."""
        value = self.form.get(name) or self.http_request.query.get(name) or self.http_request.match_info.get(name) or ""
        return numbers.whole(value)

    def demo_code(self) -> str:
        """The code of the second factor, which the demo shows in place of a phone; "" anywhere else."""
        shown = self.console.demo and self.login is not None
        return mfa.code_now(self.signed_in.person) if shown else ""

    def district(self, code: str) -> str:
        """The name of a district; "" for a code of nowhere."""
        return self.console.layout.district(self.knowledge.regions, code) if code else ""

    @property
    def is_part(self) -> bool:
        """Whether the page's script asks again for what changed: it wants that, and neither menus nor filters."""
        return "X-Topic" in self.http_request.headers

    def has_row(self, name: str, mark: str) -> bool:
        """Whether the page that asks shows a row as it is now, so that it need not come again."""
        return self.is_part and self.shown_rows.get(name) == mark

    @cached_property
    def shown_rows(self) -> Mapping[str, str]:
        """The marks of the rows that the page shows, by the rows' names."""
        pairs = self.http_request.headers.get("X-Rows", "").split(",")
        return dict(tuple(pair.split("=", 1)) for pair in pairs if "=" in pair)  # type: ignore[misc]

    @property
    def place(self) -> Place:
        """Where in a list the address points to."""
        return Place(self.http_request.query.get("after", ""), self.http_request.query.get("before", ""))

    async def once(self, make: Callable[[AsyncSession, Staffer], Awaitable[Result]]) -> Result:
        """What several parts of one page need of a service; it is asked once."""
        if make not in self.known:
            self.known[make] = await make(self.session, self.staffer)
        result: Result = self.known[make]
        return result

    async def find(self, sort: Lookup[Row], number: str | int | None, right: Right, *, lock: bool = False) -> Row:
        """What a number names, for this person and this right.

        Raises Denied, which shows as "not found", for whatever is elsewhere, hidden from them, or nowhere.
        """
        row = await sort.find(self.session, self.staffer, number, right, lock=lock)
        if row is None:
            raise Denied(right, f"{sort.noun}:{number or ''}", hidden=True)
        return row

    def leave(self, rows: Sequence[Outbox]) -> None:
        """Deliver these rows as soon as the transaction is committed, instead of with the next sweep."""
        self.rows.extend(rows)

    def cookie(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """Set a cookie with the answer, whatever the answer will be; "" takes it away."""
        self.cookies[name] = (value, seconds)


def new_key() -> str:
    """The key of a form, so that handing it in twice does its work once."""
    return secrets.token_urlsafe(12)


def clean(text: str) -> str:
    """Text that every database takes: no NUL, no lone surrogates, one kind of line end."""
    return storable(text).replace("\r\n", "\n")


def searched(query: Mapping[str, str]) -> str:
    """What an address looks for, on every page with a search field."""
    return clean(query.get("q", "")).strip()[:LONGEST_SEARCH]
