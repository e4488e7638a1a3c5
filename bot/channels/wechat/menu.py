"""The account's own menu: the everyday keys, put there once by `python -m bot wechat menu`."""

import tomllib
from importlib.resources import files
from typing import Any


def made(page: str) -> dict[str, Any]:
    """What WeChat is told: at most three buttons with five below each.  page: where the page inside WeChat begins."""
    text = files("bot.channels.wechat").joinpath("menu.toml").read_text(encoding="utf-8")
    top = tomllib.loads(text)["button"]
    return {
        "button": [{"name": each["name"], "sub_button": [_below(one, page) for one in each["below"]]} for each in top]
    }


def _below(given: dict[str, str], page: str) -> dict[str, str]:
    match given:
        case {"says": says}:
            return {"type": "click", "name": given["name"], "key": says}
        case {"asks": "place"}:
            return {"type": "location_select", "name": given["name"], "key": "place"}
        case _:
            return {"type": "view", "name": given["name"], "url": page}
