"""Who looks after an outlet or a district: the duties there are, and the lists of outlets and contacts people hand in."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "duties.toml"


@dataclass(frozen=True, slots=True)
class Duties:
    """What contacts do, in the order of a card; and what lists call duties and platforms besides their names."""

    labels: Mapping[str, str]  # by code
    words: Mapping[str, str]  # other words for a duty -> its code
    platform_words: Mapping[str, str]  # other words for a platform -> its code


def load(path: Path = FILE) -> Duties:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Duties(
        labels={each["code"]: each["label"] for each in raw["duties"]},
        words={word: each["code"] for each in raw["duties"] for word in each["words"]},
        platform_words={word: code for code, words in raw["platforms"].items() for word in words},
    )
