"""A reply as the phone shows it: what the channel's own renderer makes of it, as a bubble with its buttons."""

from dataclasses import dataclass

from markupsafe import Markup

from bot.channels.telegram.renderer import render
from bot.messaging.reply import Reply


@dataclass(frozen=True, slots=True)
class Bubble:
    """html: the channel's HTML, in which everything that was written is escaped already."""

    html: Markup
    rows: list[list[str]]


def bubble(reply: Reply) -> Bubble:
    _, call = render(reply, 0)
    rows = call.get("reply_markup", {}).get("inline_keyboard", [])
    return Bubble(Markup(call["text"]), [[button["text"] for button in row] for row in rows])  # noqa: S704
