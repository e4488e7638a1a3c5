"""The everyday menu: keys that stay under the conversation, the location alone in the first row."""

from bot.messaging.reply import Key, Keys
from knowledge.texts import Texts

ROWS = (("policy", "station"), ("appeal", "hazard"), ("volunteer", "rights"), ("training", "entry"))


def keys(texts: Texts, language: str) -> Keys:
    """The menu as a reply keyboard, in a language."""
    location = Key(label=texts.say(language, "menu.location"), location=True)
    return [[location], *([Key(label=texts.say(language, f"menu.{name}")) for name in row] for row in ROWS)]
