"""The page that somebody wanted to see, remembered while they sign in."""

from bot.messaging import urls

LONGEST = 2000  # characters of an address that is kept in a cookie, or in another address


def remembered(target: str) -> str:
    """A page of the console to go on to after the way in; one that is too long is forgotten: half of it would ask for
    something else, and no address holds it once more within itself."""
    return safe(target) if len(target) <= LONGEST else ""


def safe(target: str) -> str:
    """A page of the console to go on to; "" for an address anywhere else."""
    inside = target.startswith((f"{urls.CONSOLE}/", f"{urls.CONSOLE}?")) and "\\" not in target and "//" not in target
    return target if inside and target.isprintable() else ""
