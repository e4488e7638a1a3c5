"""Who stands behind a request of the chat page, and whether it may be one."""

import math
from typing import Any

from aiohttp import web

from bot.channels.web import parameters
from bot.channels.web.identity import WebIdentity
from bot.channels.web.parameters import BODY
from bot.channels.web.people import Unwelcome
from bot.channels.web.refusal import ApiRefusal
from bot.channels.web.shared import Shared
from bot.doors import addresses, numbers, origins
from bot.doors.budgets import Budget
from bot.store.base import vault_of

MARK = "X-Nuanxin-Chat"  # a header no other site can send without being asked first
NEWCOMERS = (20, 600.0)  # new identities of one address, and the seconds in which as many come again
POSTS = (60, 60.0)  # what all of one address may send; a station's network has dozens of people behind it


class Guard:
    """What is asked of a request before the page does anything for it.

    limited: whether budgets are counted; a demo's and a test's are not.
    """

    def __init__(self, shared: Shared, identity: WebIdentity, *, origin: str, limited: bool) -> None:
        self.shared, self.identity, self.origin, self.limited = shared, identity, origin, limited
        self.newcomers, self.posts = Budget(*NEWCOMERS), Budget(*POSTS)

    def within(self, budget: Budget, request: web.Request) -> None:
        """Count what an address does, whoever it says it is.  Raises Unwelcome when that is too much."""
        if self.limited and (wait := budget.spend(request)):
            raise Unwelcome("too_fast", 429, seconds=math.ceil(wait))

    async def posted(self, request: web.Request) -> dict[str, Any]:
        """The fields of a small JSON body that our own page sent."""
        self.check_origin(request)
        self.within(self.posts, request)
        if request.content_type != "application/json":
            raise Unwelcome("bad_request", 415)
        try:
            return parameters.from_json(await parameters.limited(request, BODY // 16))
        except ApiRefusal as error:
            raise Unwelcome("bad_request", error.code) from None

    def check_origin(self, request: web.Request) -> None:
        """Only our own page may post: by the browser's word where it gives it, and by a header of ours."""
        ours = origins.is_ours(request, self.origin, spoken=False, sites=("same-origin", "none"))
        if not ours or MARK not in request.headers:
            raise Unwelcome("bad_request", 403)

    def person(self, request: web.Request) -> int:
        """Whose conversation it is.  Raises Unwelcome for a browser without a cookie of ours."""
        person = self.worker(request) or self.identity.of(request)
        if person is None:
            raise Unwelcome("no_cookie", 401)
        return person

    def network(self, request: web.Request) -> bytes:
        """Where somebody comes from, as a key that says nothing: identities are free, addresses are not."""
        return vault_of(self.shared.db.engine.dialect).blind(addresses.group(request), "web_people.network")

    def worker(self, request: web.Request) -> int | None:
        """The worker the demo plays, if any."""
        worker = numbers.whole(request.query.get("as", ""))
        return worker if worker in self.shared.workers else None

    def secure(self, request: web.Request) -> bool:
        return addresses.is_https(request) or self.origin.startswith("https:")
