"""Regions by their GB/T 2260 code: provinces (2 digits), cities (4), districts (6)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "regions.csv"


@dataclass(frozen=True, slots=True)
class Region:
    code: str  # "21", "2101", "210106"
    name: str  # "辽宁省", "沈阳市", "铁西区"

    @property
    def short(self) -> str:
        """The name as people say it: 沈阳, 铁西."""
        for suffix in (
            "特别行政区",
            "维吾尔自治区",
            "壮族自治区",
            "回族自治区",
            "自治区",
            "省",
            "市",
            "地区",
            "区",
            "县",
        ):
            if self.name.endswith(suffix) and len(self.name) - len(suffix) >= 2:
                return self.name.removesuffix(suffix)
        return self.name


def load(path: Path = FILE) -> dict[str, Region]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: Region(row["code"], row["name"]) for row in csv.DictReader(file)}


def full_name(known: Mapping[str, Region], code: str) -> str:
    """A region as it is written: with its city before a district; "" for none, the code for one nobody knows."""
    names = [known[code[:end]].name for end in (2, 4, 6) if end <= len(code) and code[:end] in known]
    return "".join(names[-2:] if len(code) == 6 else names[-1:]) or code


def offered(known: Mapping[str, Region]) -> list[str]:
    """The divisions somebody chooses from: each name once, though 北京市 is a province and its city."""
    return [code for code, each in known.items() if len(code) != 4 or each.name != known[code[:2]].name]


def around(code: str) -> list[str]:
    """The regions that hold a place, itself included, the smallest first; "" is the whole country."""
    return [*(code[:end] for end in (6, 4, 2) if len(code) >= end), ""]


def covers(region: str, place: str) -> bool:
    """Whether an entry for a region holds at a place: the nation, the place itself, or what lies around it."""
    return region == "cn" or place.startswith(region)
