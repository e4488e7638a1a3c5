"""Somebody at the console: signed in by the shortest real way, reads pages and hands in their forms over HTTP."""

import html
import io
import json
import re
import secrets
from collections.abc import Iterable
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
import pyotp
from multidict import CIMultiDictProxy

from bot.app import Application
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts, sign_in
from bot.services.staff.audit import By
from bot.services.staff.permissions import AGENCY, SECOND, Grant
from tests.support.phone import Phone

OURS = {"Sec-Fetch-Site": "same-origin"}  # what a browser says with the forms of our own pages
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BY = By(role=Role.SYSTEM)


class Page(str):
    """A page as somebody reads it: the string is its HTML, `words` what stands there without the markup."""

    status: int
    path: str  # where redirections ended, query included
    headers: CIMultiDictProxy[str]

    def json(self) -> object:
        return json.loads(str(self))

    @property
    def words(self) -> str:
        bare = re.sub(r"<(script|style|head)\b.*?</\1>", " ", self, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    @property
    def told(self) -> str:
        """The words without what differs between two requests for the same: their code, and the minute they came."""
        return re.sub(r"编号 [0-9a-f]{16}|打印于 [0-9-]{10} [0-9:]{5}", "", self.words)


class Desk:
    """One member of staff in one browser.

    `role=None` has no role at all; `district` is where the role holds and where they work; `agency` the code of the
    unit they work for, without which nobody is a handler.  Who needs a second factor has one and gives a code on the way in;
    `second` says otherwise.
    """

    def __init__(
        self,
        app: Application,
        role: Role | None = Role.REVIEWER,
        *,
        district: str = "2101",
        agency: str = "",
        category: str = "",
        second: bool | None = None,
        name: str = "",
    ) -> None:
        self.app, self.role = app, role
        self.agency = agency or ("labour" if role in AGENCY else "")
        self.district, self.category = district, category
        self.second = role in SECOND if second is None else second
        self.username = f"desk.{secrets.token_hex(4)}"
        self.name = name or f"{role or '无'}{self.username[-4:]}"
        self.url = f"http://127.0.0.1:{app.port}"
        self.id = 0
        self.secret = ""  # of the second factor
        self._page = Page()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        try:
            await self.joins()
            await self.enters()
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        assert self._http is not None
        return self._http

    async def joins(self) -> None:
        """Become a colleague, as the command line makes one."""
        async with self.app.db.begin() as session:
            unit = await accounts.unit_of(session, None, self.agency)
            details = {"name": self.name, "username": self.username, "district": self.district}
            person = await accounts.add(session, None, BY, unit=unit, **details)
            if self.role is not None:
                await accounts.give(session, None, BY, person, Grant(self.role, self.district, self.category))
            self.id = person.id

    async def enters(self) -> None:
        """Sign in by a link and, where there is a second factor, with a code: from now on, and for five minutes, it is fresh."""
        self.secret = pyotp.random_base32() if self.second else ""
        async with self.app.db.begin() as session:
            person = await accounts.find(session, self.username)
            person.totp, person.totp_step = self.secret or None, 0
        await self.enters_again(follow=False)
        if self.second:
            await self.submits("/console/second", follow=False, code=pyotp.TOTP(self.secret).now())

    async def enters_again(self, *, follow: bool = True) -> Page:
        """Sign in by a link that the command line makes, as far as it leads."""
        async with self.app.db.begin() as session:
            person = await accounts.find(session, self.username)
            token = await sign_in.invite(session, BY, person)
        return await self.submits(f"/console/enter/{token}", follow=follow)

    async def enrols(self, phone: Phone) -> Page:
        """Link the chat of a phone, and set up a second factor with the digits that come there."""
        page = await self.gets("/console/enrol")
        await phone.types(re.search(r"/staff \d{6}", page)[0])
        page = await self.gets("/console/enrol")
        self.secret = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)[1].replace(" ", "")
        digits = re.search(r"\b\d{6}\b", (await phone.hears())[-1])[0]
        return await self.submits("/console/enrol", code=pyotp.TOTP(self.secret).now(), chat_code=digits)

    async def gets(self, path: str, *, status: int | None = 200) -> Page:
        """Open a page; None takes any status."""
        return await self._asks("GET", path, status=status)

    async def submits(
        self,
        path: str,
        *,
        status: int | None = 200,
        follow: bool = True,
        headers: dict[str, str] | None = None,
        **fields: object,
    ) -> Page:
        """Hand in the form that leads to `path`, and follow where it leads; or only see that it leads somewhere.

        Hidden fields are those of the form on the page last seen, as a browser sends them; a form that is not there
        gets a key of its own.  A list is a field that is there several times.
        """
        sent = {"_key": secrets.token_urlsafe(8), **hidden(self._page, path), **fields}
        pairs = [(name, str(each)) for name, value in sent.items() for each in _many(value)]
        body = io.BytesIO(urlencode(pairs).encode())
        request = {"data": body, "headers": {**(headers or OURS), **FORM}, "allow_redirects": follow}
        return await self._asks("POST", path, status=status if follow else 303, **request)

    async def uploads(self, path: str, field: str, data: bytes, filename: str, **fields: object) -> Page:
        """Hand in a form with a file."""
        form = aiohttp.FormData()
        for name, value in ({"_key": secrets.token_urlsafe(8), **hidden(self._page, path), **fields}).items():
            form.add_field(name, str(value))
        form.add_field(field, io.BytesIO(data), filename=filename)
        return await self._asks("POST", path, status=None, data=form, headers=OURS)

    async def settled(self) -> None:
        """Wait until what was set going has arrived."""
        await self.app.settled()

    async def _asks(self, method: str, path: str, *, status: int | None, **request: object) -> Page:
        async with self.http.request(method, self.url + path, **request) as response:
            page = Page(await response.text())
            page.status, page.path, page.headers = response.status, str(response.url.relative()), response.headers
        assert status is None or page.status == status, f"{method} {path}: {page.status} {page.words[:600]}"
        self._page = page
        return page


def hidden(page: str, path: str) -> dict[str, str]:
    """The hidden fields of the form on a page that leads to `path`."""
    if f'action="{html.escape(path)}"' not in page:
        return {}
    forms = _Forms()
    forms.feed(page)
    return forms.found.get(path, {})


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._form = self.found.setdefault(given.get("action", ""), {})
        elif tag == "input" and given.get("type") == "hidden" and self._form is not None:
            self._form[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def _many(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else (value,)
