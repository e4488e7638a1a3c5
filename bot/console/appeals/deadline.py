"""How long a case has left, in words and as a colour."""

from bot.console.core.words import ConsoleWords
from bot.services.appeals.queue import BUSY
from bot.services.core.working_days import ZONE, shown
from bot.store.models import Appeal, now

SOON = 2  # days left from which it is shown as urgent


def left(words: ConsoleWords, appeal: Appeal) -> tuple[str, str]:
    """The words, and the class of their tag: "bad", "near" or ""."""
    if appeal.state not in BUSY:
        return words("left.over"), ""
    if appeal.paused_at is not None:
        return words("left.paused"), ""
    if appeal.due_at is None:
        return words("left.unknown"), ""
    days = (shown(appeal.due_at) - now().astimezone(ZONE).date()).days
    if appeal.due_at <= now():
        return words("left.late", days=max(-days, 1)), "bad"
    return words("left.today") if days == 0 else words("left.days", days=days), "near" if days <= SOON else ""
