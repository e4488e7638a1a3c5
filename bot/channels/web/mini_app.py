"""Mini Apps: pages of this server that the chat vouches to for who opens them, in Telegram's way."""

import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

import orjson

LABEL = b"WebAppData"  # what Telegram derives the key of the signature with


def init_data(token: str, person: int, name: str, at: float) -> str:
    """The raw initData of somebody, signed by the bot's token at a moment in Unix seconds."""
    user = orjson.dumps({"id": person, "first_name": name}).decode()
    fields = {"auth_date": str(int(at)), "query_id": secrets.token_urlsafe(12), "user": user}
    checked = "\n".join(f"{key}={value}" for key, value in sorted(fields.items()))
    key = hmac.new(LABEL, token.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, checked.encode(), hashlib.sha256).hexdigest()
    return urlencode({**fields, "hash": signature})


def address(path: str, data: str) -> str:
    """Where the app is opened: what stands behind the # reaches its script and no server."""
    return f"{path}#tgWebAppData={quote(data, safe='')}&tgWebAppVersion=9.0&tgWebAppPlatform=web"


def is_ours(path: str) -> bool:
    """Whether it is a page of this server, and not another one's address."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
