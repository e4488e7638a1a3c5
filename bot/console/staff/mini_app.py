"""Signing in as a Telegram Mini App: the chat vouches for who it is, with a signature by the bot's token."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from bot.console.core.request import Access, RequestContext
from bot.console.core.routes import page
from bot.console.staff.sign_in import let_in
from bot.messaging import urls
from bot.services.chats import chats
from bot.services.staff import sign_in
from bot.services.staff.sign_in import SIGNED, Purpose

SKEW = 60  # seconds a clock may be ahead


@page("GET", urls.MINI_APP, right=Access.PUBLIC)
async def opened(context: RequestContext) -> web.StreamResponse:
    """What the button in the chat opens: its script hands over what stands behind the # of the address."""
    if context.login is not None and context.login.full:
        return context.to(urls.CONSOLE)
    return context.page("staff/mini_app.html", fault="")


@page("POST", urls.MINI_APP, right=Access.PUBLIC)
async def enter(context: RequestContext) -> web.StreamResponse:
    given = context.form.get("init_data", "")
    for channel, token in context.console.tokens.items():
        signed = signed_by(given, token)
        if signed is None:
            continue
        key = chats.key_of(context.console.db, channel, signed.user)
        person = await sign_in.use_signed(context.session, key, signed.hash)
        if person is None:
            break
        await let_in(context, person, how=Purpose.SIGNED)
        return context.to(urls.CONSOLE)
    fault = context.console.layout.words("webapp.refused")
    return context.page("staff/mini_app.html", status=403, fault=fault)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who it is, and the hash of the sorted fields: the same however they were ordered or written."""

    user: int
    hash: str


def signed_by(init_data: str, token: str) -> Signed | None:
    """What is in raw initData that this bot signed within the last ten minutes; None otherwise.

    `signature` stays in the string that is checked, only `hash` is left out.
    """
    try:
        pairs = parse_qsl(init_data, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    fields = dict(pairs)
    given = fields.pop("hash", "")
    checked = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    good = hmac.new(key, checked.encode(), hashlib.sha256).hexdigest()
    if len(fields) + 1 != len(pairs) or not hmac.compare_digest(good.encode(), given.encode()):
        return None
    user = _user(fields)
    return Signed(user, good) if user is not None else None


def _user(fields: dict[str, str]) -> int | None:
    """Who it is, of fields that are known to be the chat's own."""
    try:
        age = time.time() - int(fields.get("auth_date", ""))
        number = json.loads(fields.get("user", "")).get("id")
    except (ValueError, AttributeError):
        return None
    fresh = -SKEW <= age <= SIGNED.total_seconds()
    return number if fresh and isinstance(number, int) else None
