"""A notice as the phones show it, and how many it would reach: on its page, and while it is being written."""

from typing import Any

from bot.console.visit import Visit
from bot.services import audience, bubbles, notice_buttons, notices
from bot.services.audience import Audience
from bot.store.models import Notice
from knowledge.policies import AUDIENCES

JOBS = (*AUDIENCES[1:], "other")


async def looks(visit: Visit, notice: Notice, *, counts: bool) -> dict[str, Any]:
    """What notice_looks.html shows; `counts` reads every chat once."""
    wanted, bubble = Audience.read(notice.audience), bubbles.bubble(visit.knowledge.texts, notice)
    return {
        "notice": notice,
        "wanted": wanted,
        "jobs": jobs(visit),
        "bubble": bubble,
        "leads": lambda button: shown(visit, notice_buttons.typed(visit.knowledge, button)),
        "length": bubbles.length(bubble.get("text", "")),
        "most": bubbles.most(notice),
        "counted": await notices.count(visit.session, visit.frame, notice) if counts else None,
        "few": audience.FEW,
        "samples": await audience.samples(visit.session, wanted, notice.kind) if counts else [],
    }


def jobs(visit: Visit) -> dict[str, str]:
    """The jobs there are, as people read them."""
    return {job: visit.knowledge.texts.say("zh", f"job.{job}") for job in JOBS}


def shown(visit: Visit, place: str) -> str:
    """Where a button leads, with the word for what it is; the reverse of `_plain`."""
    for code, word in visit.console.layout.words.group("notice_leads").items():
        if place.startswith(f"{code}:"):
            return word + place.removeprefix(f"{code}:")
    return place
