"""What a bot says about itself: commands, menu button, name, descriptions."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot.channels.web import bots
from bot.channels.web.markup.marks import units
from bot.channels.web.parameters import Parameters, clean
from bot.channels.web.refusal import refused
from bot.channels.web.rules import COMMANDS
from bot.channels.web.shared import Call

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"[a-z]{2}|")
DESCRIPTION = 256  # characters of a command's
SCOPES = frozenset(
    "default all_private_chats all_group_chats all_chat_administrators chat chat_administrators chat_member".split()
)
# Each text: its method's part of the name, the parameter and result field, and its longest length.
TEXTS = {"Name": ("name", 64), "Description": ("description", 512), "ShortDescription": ("short_description", 120)}


async def get_me(call: Call) -> dict[str, Any]:
    flags = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries", "can_connect_to_business")
    return call.bot.user | dict.fromkeys((*flags, "has_main_web_app"), False)


def _place(parameters: Parameters) -> str:
    """The scope and language a list of commands belongs to.  Raises Refused."""
    scope = parameters.nested("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in SCOPES:
        raise refused("can't parse BotCommandScope: Unsupported type specified")
    return f"{scope['type']} {scope.get('chat_id', '')} {_language(parameters)}"


def _language(parameters: Parameters) -> str:
    language = parameters.text("language_code")
    if not LANGUAGE.fullmatch(language):
        raise refused("invalid language code specified")
    return language


def _commands(parameters: Parameters) -> list[dict[str, str]]:
    """Raises Refused."""
    items = parameters.nested("commands")
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise refused("can't parse commands JSON object")
    if len(items) > COMMANDS:
        raise refused("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for each in items:
        given = Parameters(each)
        command, description = given.text("command").removeprefix("/"), clean(given.text("description")).strip()
        if not COMMAND.fullmatch(command):
            raise refused("BOT_COMMAND_INVALID")
        if not 1 <= units(description) <= DESCRIPTION:
            raise refused("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": command, "description": description})
    return kept


async def _write(call: Call, part: str, place: str, value: Any) -> bool:
    """Set one thing of the profile; None forgets it."""
    profile = (await bots.locked(call.connection, call.bot)).profile
    kept = {name: each for name, each in profile.get(part, {}).items() if name != place}
    if value is not None:
        kept[place] = value
    await bots.change(call.connection, call.bot, profile=profile | {part: kept})
    return True


async def _read(call: Call, part: str) -> dict[str, Any]:
    return dict((await bots.locked(call.connection, call.bot)).profile.get(part, {}))


async def set_my_commands(call: Call) -> bool:
    place = _place(call.parameters)
    return await _write(call, "commands", place, _commands(call.parameters) or None)


async def get_my_commands(call: Call) -> list[dict[str, str]]:
    return list((await _read(call, "commands")).get(_place(call.parameters), []))


async def delete_my_commands(call: Call) -> bool:
    return await _write(call, "commands", _place(call.parameters), None)


async def set_chat_menu_button(call: Call) -> bool:
    button = call.parameters.nested("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("default", "commands", "web_app"):
        raise refused("can't parse menu button: Unsupported type specified")
    if button["type"] == "web_app" and not ("text" in button and "url" in (button.get("web_app") or {})):
        raise refused("can't parse menu button: Can't find field \"web_app\"")
    return await _write(call, "menu", call.parameters.text("chat_id"), button)


async def get_chat_menu_button(call: Call) -> dict[str, Any]:
    buttons = await _read(call, "menu")
    return dict(buttons.get(call.parameters.text("chat_id")) or buttons.get("") or {"type": "commands"})


def _setter(part: str) -> Callable[[Call], Awaitable[bool]]:
    name, longest = TEXTS[part]

    async def set_text(call: Call) -> bool:
        value, language = call.parameters.text(name), _language(call.parameters)
        if units(value) > longest:
            raise refused(f"bot {name.replace('_', ' ')} is too long")
        return await _write(call, name, language, value or None)

    return set_text


def _getter(part: str) -> Callable[[Call], Awaitable[dict[str, str]]]:
    name, _ = TEXTS[part]

    async def get_text(call: Call) -> dict[str, str]:
        values, language = await _read(call, name), _language(call.parameters)
        usual = call.bot.name if name == "name" else ""
        return {name: values.get(language) or values.get("") or usual}

    return get_text


METHODS: dict[str, Callable[[Call], Awaitable[Any]]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    **{f"setMy{part}": _setter(part) for part in TEXTS},
    **{f"getMy{part}": _getter(part) for part in TEXTS},
}
