"""A notice as the phone shows it, and how long it is by Telegram's own counting.

Organisers write plain text; `**so**` makes words bold.  Everything else is escaped, so no text can be refused
for its markup.
"""

import html
import re
from datetime import datetime
from typing import cast

from bot.messaging.callbacks import Notices, button
from bot.messaging.reply import Button, Caption, Edit, Photo, Reply, Row, Say, Unsay
from bot.services.core.working_days import ZONE
from bot.store.models import Notice, NoticeKind
from knowledge.texts import Texts

LONGEST = 4096  # UTF-16 units of a message, after parsing
CAPTION = 1024  # of what stands under a photo
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
LANGUAGE = "zh"
LONG_DAY = datetime(2099, 12, 31, 12, tzinfo=ZONE)  # None is longer in words.


def reply(texts: Texts, notice: Notice, *, again: bool = False) -> Reply:
    """The reply that a notice is.  `again` says that it may have come before."""
    if notice.does == "unsay":
        return Unsay(do="unsay", message=0)
    if notice.does == "say":
        return anew(texts, notice, again=again)
    said, choices = text(texts, notice, again=again), _buttons(texts, notice)
    if notice.photo:
        return Caption(do="caption", message=0, text=said, choices=choices)
    return Edit(do="edit", message=0, text=said, choices=choices)


def anew(texts: Texts, notice: Notice, *, again: bool = False) -> Say | Photo:
    """The same as a message of its own, even where it corrects another one."""
    said, choices = text(texts, notice, again=again), _buttons(texts, notice)
    if notice.photo:
        return Photo(do="photo", picture=notice.photo, text=said, choices=choices)
    return Say(do="say", text=said, choices=choices)


def text(texts: Texts, notice: Notice, *, again: bool = False) -> str:
    until = notice.valid_until.astimezone(ZONE)
    parts = [
        texts.say(LANGUAGE, "notice.drill") if notice.drill else "",
        texts.say(LANGUAGE, "notice.again") if again else "",
        texts.say(LANGUAGE, "notice.corrected") if notice.does == "edit" else "",
        texts.say(LANGUAGE, f"notice.head_{notice.kind}", title=notice.title),
        "",
        written(notice.text),
        "",
        texts.say(LANGUAGE, "notice.foot", unit=notice.unit, month=until.month, day=until.day),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip()


def most(notice: Notice) -> int:
    """UTF-16 units that it may have."""
    return CAPTION if notice.photo else LONGEST


def written(plain: str) -> str:
    """Plain text as HTML, with the bold words bold."""
    return BOLD.sub(r"<b>\1</b>", html.escape(plain.strip(), quote=False))


def length(markup: str) -> int:
    """UTF-16 units after parsing, as Telegram counts: an emoji is two, a tag nothing."""
    return units(html.unescape(TAG.sub("", markup)))


def units(plain: str) -> int:
    """UTF-16 units of plain text, as Telegram and browsers count."""
    return len(plain.encode("utf-16-le")) // 2


def around(texts: Texts, *, does: str = "say", unit: str = "", drill: bool = False) -> int:
    """UTF-16 units of a bubble beside its title and text, at most: where a page begins to count what is typed."""
    bare = {"title": "", "text": "-", "buttons": [], "kind": NoticeKind.SERVICE, "valid_until": LONG_DAY}
    return length(text(texts, Notice(does=does, unit=unit, drill=drill, **bare), again=True)) - 1


def _buttons(texts: Texts, notice: Notice) -> list[Row]:
    rows: list[Row] = [[cast(Button, dict(each))] for each in notice.buttons]
    if notice.kind != NoticeKind.EMERGENCY:
        rows.append([button(texts.say(LANGUAGE, "notice.no_more"), Notices(notice.kind, "off"))])
    return rows
