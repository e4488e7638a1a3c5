"""The account's own menu: the everyday keys, put there once by `python -m bot wechat menu`."""

import tomllib
from importlib.resources import files
from typing import Any


def made(page: str, bell: str = "") -> dict[str, Any]:
    """What WeChat is told: at most three buttons with five below each.

    page: where the page inside WeChat begins.  bell: where people allow notices to ring; "" where none does.
    """
    text = files("bot.channels.wechat").joinpath("menu.toml").read_text(encoding="utf-8")
    top = tomllib.loads(text)["button"]
    pages = {"chat": page, "bell": bell}
    return {"button": [{"name": each["name"], "sub_button": _all_below(each["below"], pages)} for each in top]}


def _all_below(given: list[dict[str, str]], pages: dict[str, str]) -> list[dict[str, str]]:
    return [_below(each, pages) for each in given if pages.get(each.get("page", "chat"))]


def _below(given: dict[str, str], pages: dict[str, str]) -> dict[str, str]:
    match given:
        case {"says": says}:
            return {"type": "click", "name": given["name"], "key": says}
        case {"asks": "place"}:
            return {"type": "location_select", "name": given["name"], "key": "place"}
        case _:
            return {"type": "view", "name": given["name"], "url": pages[given["page"]]}
