"""Personal numbers in a text: found, so that a worker can be warned, and masked, if they wish."""

import re
from collections.abc import Collection

PATTERNS = {
    "id": re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),
    "phone": re.compile(r"(?<!\d)1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)"),
    "plate": re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}"),
    "address": re.compile(r"\d+\s*(?:号楼|栋|幢|单元|室|号院)"),
}


def found(text: str) -> list[str]:
    """Which kinds of personal numbers a text holds, in the order of PATTERNS."""
    return [name for name, pattern in PATTERNS.items() if pattern.search(text)]


def mask(text: str, *, but: Collection[str] = ()) -> str:
    """The text with these numbers replaced by stars, `but` some kinds of them."""
    for pattern in (pattern for name, pattern in PATTERNS.items() if name not in but):
        text = pattern.sub(lambda match: match[0][0] + "*" * (len(match[0]) - 1), text)
    return text


def without(text: str, *known: str) -> str:
    """The text with these names and numbers, which we know to be somebody's, replaced by stars."""
    for each in known:
        if each:
            text = re.sub(r"[\s-]*".join(map(re.escape, each)), each[0] + "*" * (len(each) - 1), text)
    return text
