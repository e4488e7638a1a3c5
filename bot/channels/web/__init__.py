"""The web chat: a Bot API over HTTP, and the page of people without Telegram.

It stands beside the rest: it imports only the ground, such as `bot.log`, `bot.maps` and `bot.store`, and the bot talks to it over HTTP exactly as
it talks to Telegram.  Where it differs from Telegram on purpose: the header `Idempotency-Key` (see `api`), http
webhooks on this machine, one kind of chat (private), and no pins on the page.
"""

from bot.channels.web.chat import WebChat
from bot.channels.web.push import PushSettings
from bot.channels.web.rules import Clocks, Limits

__all__ = ["Clocks", "Limits", "PushSettings", "WebChat"]
