"""A notice as the phones show it, and how many it would reach: on its page, and while it is being written."""

from typing import Any

from bot.console.core.request import RequestContext
from bot.services.chats import message_preview
from bot.services.notices import audience, notices
from bot.services.notices import buttons as notice_buttons
from bot.services.notices.audience import Audience
from bot.store.models import Notice
from knowledge.policies import AUDIENCES

JOBS = (*AUDIENCES[1:], "other")


async def looks(context: RequestContext, notice: Notice, *, counts: bool) -> dict[str, Any]:
    """What notice_looks.html shows; `counts` reads every chat once."""
    wanted, texts = Audience.read(notice.audience), context.knowledge.texts
    return {
        "notice": notice,
        "wanted": wanted,
        "jobs": jobs(context),
        "bubble": message_preview.reply(texts, notice),
        "leads": lambda button: shown(context, notice_buttons.typed(context.knowledge, button)),
        "length": message_preview.length(message_preview.text(texts, notice)) if notice.does != "unsay" else 0,
        "most": message_preview.most(notice),
        "counted": await notices.count(context.session, context.services, notice) if counts else None,
        "few": audience.FEW,
        "samples": await audience.samples(context.session, wanted, notice.kind) if counts else [],
    }


def jobs(context: RequestContext) -> dict[str, str]:
    """The jobs there are, as people read them."""
    return {job: context.knowledge.texts.say("zh", f"job.{job}") for job in JOBS}


def shown(context: RequestContext, place: str) -> str:
    """Where a button leads, with the word for what it is; the reverse of `_plain`."""
    for code, word in context.console.layout.words.group("notice_leads").items():
        if place.startswith(f"{code}:"):
            return word + place.removeprefix(f"{code}:")
    return place
