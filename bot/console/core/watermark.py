"""What every file taken out of the console says of itself: who took it, and on which day."""

from bot.console.core.request import RequestContext
from bot.services.core import periods


def watermark(context: RequestContext) -> str:
    who = f"{context.staffer.name}（{context.staffer.username}）"
    return context.knowledge.measures.words["watermark"].format(who=who, day=periods.today())
