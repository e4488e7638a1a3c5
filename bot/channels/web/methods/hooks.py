"""setWebhook, deleteWebhook, getWebhookInfo."""

import re
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from bot.channels.web import bots
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import refused
from bot.channels.web.rows import UPDATES
from bot.channels.web.rules import CONNECTIONS
from bot.channels.web.shared import Call
from bot.channels.web.wakeups import BOT, HOOKS, QUIET
from bot.doors.listening import is_here
from bot.store.base import now

SECRET = re.compile(r"[A-Za-z0-9_-]*")
LONGEST = 256  # characters of a secret
PORTS = (80, 88, 443, 8443)
BAD = "bad webhook: "


def checked_url(url: str) -> str:
    """A webhook's address: https on Telegram's ports; http on this machine, as a local Bot API server allows.

    Raises Refused.
    """
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise refused(f"{BAD}invalid webhook URL specified") from None
    if not host:
        raise refused(f"{BAD}invalid webhook URL specified")
    if is_here(host):
        return parts.geturl()
    if parts.scheme != "https":
        raise refused(f"{BAD}An HTTPS URL must be provided for webhook")
    if (port or 443) not in PORTS:
        raise refused(f"{BAD}Webhook can be set up only on ports 80, 88, 443 or 8443")
    return parts.geturl()


def wanted(parameters: Parameters) -> dict[str, Any]:
    """The new allowed_updates, if the call names any: not given means as before.  Raises Refused."""
    if "allowed_updates" not in parameters:
        return {}
    kinds = parameters.nested("allowed_updates")
    if not isinstance(kinds, list) or not all(isinstance(each, str) for each in kinds):
        raise refused("can't parse allowed updates JSON object")
    return {"allowed_updates": [each.lower() for each in kinds] or None}


async def set_webhook(call: Call) -> bool:
    parameters = call.parameters
    url = parameters.text("url").strip()
    if not url:
        return await delete_webhook(call)
    secret = parameters.text("secret_token")
    if len(secret) > LONGEST:
        raise refused("secret token is too long")
    if not SECRET.fullmatch(secret):
        raise refused("secret token contains unallowed characters")
    hook = {
        "url": checked_url(url),
        "secret": secret,
        "connections": parameters.integer("max_connections", CONNECTIONS, least=1, most=100),
    }
    kinds = wanted(parameters)
    row = await bots.locked(call.connection, call.bot)
    await bots.change(call.connection, call.bot, webhook=hook, error="", error_at=None, poller=row.poller + 1, **kinds)
    await _drop(call)
    call.rings += [(BOT, call.bot.id), (HOOKS, 0)]
    return True


async def delete_webhook(call: Call) -> bool:
    await bots.locked(call.connection, call.bot)
    await bots.change(call.connection, call.bot, webhook=None, error="", error_at=None)
    await _drop(call)
    return True


async def _drop(call: Call) -> None:
    if call.parameters.boolean("drop_pending_updates"):
        await call.connection.execute(delete(UPDATES).where(UPDATES.c.bot_id == call.bot.id))
        call.rings.append((QUIET, 0))


async def get_webhook_info(call: Call) -> dict[str, Any]:
    row = await bots.locked(call.connection, call.bot)
    live = select(func.count()).where(UPDATES.c.bot_id == call.bot.id, UPDATES.c.expires_at > now())
    hook = row.webhook or {}
    info: dict[str, Any] = {
        "url": hook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": (await call.connection.execute(live)).scalar_one(),
    }
    if hook:
        info["max_connections"] = hook["connections"]
    if row.error_at is not None:
        info |= {"last_error_date": int(row.error_at.timestamp()), "last_error_message": row.error}
    return info | ({"allowed_updates": row.allowed_updates} if row.allowed_updates else {})


METHODS = {"setWebhook": set_webhook, "deleteWebhook": delete_webhook, "getWebhookInfo": get_webhook_info}
