"""What points buy, and where one gets it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "rewards.toml"
LONGEST = 16  # characters of a code, which a redemption point's role names


@dataclass(frozen=True, slots=True)
class Reward:
    code: str
    label: str
    about: str
    points: int
    stock: int  # at the start
    days: int  # a voucher for it can be used
    region: str  # GB/T 2260 prefix; "" is everywhere
    place: str  # the redemption point
    sample: bool = False


def load(path: Path = FILE) -> Mapping[str, Reward]:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    if long := [each["code"] for each in raw["rewards"] if len(each["code"]) > LONGEST]:
        raise ValueError(f"{path}: a reward's code has at most {LONGEST} characters: {long}")
    return {each["code"]: Reward(**each) for each in raw["rewards"]}
