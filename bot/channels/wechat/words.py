"""The few sentences of this face, read from `words.toml`: text is data."""

import tomllib
from functools import cache
from importlib.resources import files

from bot.channels.web.words import Words


@cache
def load() -> Words:
    text = files("bot.channels.wechat").joinpath("words.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}
