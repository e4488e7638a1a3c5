"""Addresses as people type them, and what of them everybody may read."""

import re

DIGITS = "0-9０-９一二三四五六七八九十百零〇两"
HOUSE = re.compile(  # 19号, 3栋, 二单元, 501室; not 2号线
    rf"(?<![{DIGITS}])[{DIGITS}]++[-－]?[{DIGITS}]*+\s?(?:号(?!线)|弄|栋|幢|座|单元|楼|层|室|门)|(?<![{DIGITS}])[0-9０-９]++[-－][0-9０-９]++"
)


def street(place: str) -> str:
    """A place as everybody may read it: up to the street or the house, without numbers of houses, floors and doors."""
    return HOUSE.split(place, maxsplit=1)[0].strip(" ,，、-－#（(")
