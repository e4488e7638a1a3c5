"""How phones, thumbs and ears spoil a question: seeded, one kind at a time."""

import random
from collections.abc import Callable

import opencc
from pypinyin import lazy_pinyin

TRADITIONAL = opencc.OpenCC("s2t")
HOMOPHONES = (
    "的得地德",
    "在再载",
    "公工功宫",
    "资姿咨滋",
    "事是式市",
    "保宝堡饱",
    "险显现",
    "伤商",
    "医一衣",
    "站占战",
    "骑其期奇",
    "车扯",
    "单担丹",
    "钱前",
    "罚法发",
    "假价架",
    "证正政",
)
FILLERS = ("师傅你好我想问一下 ", "那个啥 ", "兄弟们谁知道 ", "麻烦问下 ", "哎 ")
TAILS = ("谢谢了", "急急急", "有人知道吗", "啊啊啊", "呗")

Spoil = Callable[[str, random.Random], str]


def _han(text: str) -> list[int]:
    return [at for at, char in enumerate(text) if "\u4e00" <= char <= "\u9fff"]


def homophone(text: str, dice: random.Random) -> str:
    for at in dice.sample(_han(text), len(_han(text))):
        for group in HOMOPHONES:
            if text[at] in group:
                return text[:at] + dice.choice([char for char in group if char != text[at]]) + text[at + 1 :]
    return text


def dropped(text: str, dice: random.Random) -> str:
    han = _han(text)
    return text if len(han) < 5 else text[: (at := dice.choice(han))] + text[at + 1 :]


def swapped(text: str, dice: random.Random) -> str:
    han = [at for at in _han(text) if at + 1 < len(text)]
    return text if not han else text[: (at := dice.choice(han))] + text[at + 1] + text[at] + text[at + 2 :]


def traditional(text: str, dice: random.Random) -> str:
    return str(TRADITIONAL.convert(text))


def wide(text: str, dice: random.Random) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if 33 <= ord(char) <= 126 else char for char in text)


def decorated(text: str, dice: random.Random) -> str:
    return dice.choice(["😭", "🙏", "😡😡", ""]) + text + dice.choice(["😭😭", "？？？", "！！", "💢"])


def filled(text: str, dice: random.Random) -> str:
    return dice.choice(FILLERS) + text + dice.choice(TAILS)


def spelled(text: str, dice: random.Random) -> str:
    han = _han(text)
    if len(han) < 4:
        return text
    at = dice.choice(han[:-1])
    return text[:at] + "".join(lazy_pinyin(text[at : at + 2])) + text[at + 2 :]


SPOILS: dict[str, Spoil] = {
    each.__name__: each for each in (homophone, dropped, swapped, traditional, wide, decorated, filled, spelled)
}
