"""Text with formatting: parse modes in, plain text and entities with UTF-16 offsets out."""

from bot.channels.web.markup.entities import Formatted, formatted

__all__ = ["Formatted", "formatted"]
