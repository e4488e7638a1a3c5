"""What people upload: photos made safe and small, voice notes as they are."""

from typing import Any

from bot.channels.web import images
from bot.channels.web.people import Unwelcome
from bot.doors import pictures, sounds

LONGEST = 300  # seconds of a voice note


async def developed(data: bytes, mime: str, seconds: int) -> tuple[list[bytes], list[dict[str, Any]]]:
    """A photo's sizes, the largest last, and what is known of them.  Raises Unwelcome."""
    try:
        made = await pictures.aside(images.developed, data)
    except images.NoPicture:
        raise Unwelcome("no_picture") from None
    abouts = [{"kind": "photo", "mime": each.mime, "width": each.width, "height": each.height} for each in made]
    return [each.data for each in made], abouts


async def recorded(data: bytes, mime: str, seconds: int) -> tuple[list[bytes], list[dict[str, Any]]]:
    """A voice note, told by how it begins.  Raises Unwelcome."""
    kind = sounds.kind(data)
    if kind is None:
        raise Unwelcome("no_voice")
    return [data], [{"kind": "voice", "mime": kind, "duration": min(max(seconds, 1), LONGEST)}]
