"""How the bot introduces itself: commands, menu button, name and descriptions, set at every start."""

from typing import Any

from knowledge.texts import DEFAULT, Texts

COMMANDS = (
    "start",
    "menu",
    "appeal",
    "appeals",
    "report",
    "volunteer",
    "points",
    "hotlines",
    "settings",
    "mydata",
    "forget",
    "help",
)


def calls(texts: Texts) -> list[tuple[str, dict[str, Any]]]:
    """Bot API calls, harmless when repeated."""
    made: list[tuple[str, dict[str, Any]]] = []
    for language in (each for each in texts.raw if "about.name" in texts.raw[each]):
        say = texts.say
        code = {} if language == DEFAULT else {"language_code": language}
        commands = [{"command": name, "description": say(language, f"command.{name}")} for name in COMMANDS]
        made += [
            ("setMyCommands", {"commands": commands, **code}),
            ("setMyName", {"name": say(language, "about.name"), **code}),
            ("setMyDescription", {"description": say(language, "about.description"), **code}),
            ("setMyShortDescription", {"short_description": say(language, "about.short"), **code}),
        ]
    return [*made, ("setChatMenuButton", {"menu_button": {"type": "commands"}})]
