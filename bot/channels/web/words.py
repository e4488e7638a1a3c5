"""Every sentence the page and its server say, read from `words.toml`: text is data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

Words = Mapping[str, str]


@cache
def load() -> Words:
    """Sentences by key; those of the page start with `page_`."""
    text = files("bot.channels.web").joinpath("words.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}
