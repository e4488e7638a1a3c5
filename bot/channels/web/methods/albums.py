"""sendMediaGroup: two to ten photos or documents that belong together."""

import secrets
from typing import Any

from bot.channels.web.keyboards import NOTHING
from bot.channels.web.methods.media import KINDS, about_attached, attached, shown, taken
from bot.channels.web.methods.sending import caption, deliver, reachable
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import refused
from bot.channels.web.rules import ALBUM
from bot.channels.web.shared import Call


async def send_media_group(call: Call) -> list[dict[str, Any]]:
    media = _media(call)
    captions = [caption(each) for each in media]
    fields = [attached(each.text("media"), "media") for each in media]
    abouts = [about_attached(call, each.text("type"), field, each) for each, field in zip(media, fields, strict=True)]
    conversation = await reachable(call)
    group = {"media_group_id": str(secrets.randbits(52))}
    bodies = []
    for each, text, field, about in zip(media, captions, fields, abouts, strict=True):
        kind, value = each.text("type"), each.text("media")
        file = await taken(call, conversation, kind, value, field=field, about=about)
        bodies.append(shown(file) | text | group)
    return await deliver(call, conversation, bodies, NOTHING)


def _media(call: Call) -> list[Parameters]:
    """The album's parts.  Raises Refused."""
    items = call.parameters.nested("media")
    if not items:
        raise refused("there are no media")
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise refused("can't parse InputMedia: expected an Array of InputMedia")
    if len(items) < ALBUM[0]:
        raise refused("too few messages to send as an album")
    if len(items) > ALBUM[1]:
        raise refused("too many messages to send as an album")
    media = [Parameters(each) for each in items]
    kinds = {each.text("type") for each in media}
    if not kinds <= set(KINDS) or "voice" in kinds:
        raise refused("can't parse InputMedia: type must be one of photo, document")
    if len(kinds) > 1:
        raise refused("document can't be mixed with other media types")
    return media


METHODS = {"sendMediaGroup": send_media_group}
