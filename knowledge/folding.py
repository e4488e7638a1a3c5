"""One folding for every text that people type: questions, places, names, numbers, codes.

Two texts that a person would read aloud alike become the same text: traditional and simplified characters, full-width
and half-width ones, radicals as PDF copies give them, capital and small letters.  What nobody sees goes.
"""

import unicodedata

import opencc

_SIMPLIFIED = opencc.OpenCC("t2s")

# Radicals that are a character by themselves (CJK Radicals Supplement, U+2E80 to U+2EF3); NFKC folds the Kangxi ones
# and leaves these.  Source: EquivalentUnifiedIdeograph.txt of the Unicode Character Database.
_RADICALS = (
    "⺁厂⺄乙⺇几⺈刀⺊卜⺌小⺍小⺎兀⺐尢⺒巳⺓幺⺕彐⺛旡⺜日⺝月⺟母⺠民⺦丬⺧牛⺩王⺫目⺬示⺮竹⺯糸⺰纟⺳网⺴网⺵网⺶羊⺷羊⺸羊⺻聿⺼肉⺽臼⻁虎⻃西⻄西"
    "⻅见⻆角⻇角⻈讠⻉贝⻊足⻋车⻏邑⻐钅⻑长⻒长⻓长⻔门⻕阜⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻞食⻟食⻠饣⻡首⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫齐⻬齐⻭齿⻮齿"
    "⻯龙⻰龙⻱龟⻲龟⻳龟"
)
_VARIANTS = {"著": "着"}  # OpenCC leaves it, because 著名 is simplified too.
_TABLE = str.maketrans({**dict(zip(_RADICALS[::2], _RADICALS[1::2], strict=True)), **_VARIANTS})
BLANKS = "\u115f\u1160\u3164\uffa0\u2800"  # letters and signs that show nothing
_UNSEEN = {"Cf", "Mn", "Me", "Cs", "Co", "Cn"}  # direction signs, zero width, accents that stand alone, halves of pairs


def fold(text: str) -> str:
    """The text in simplified, half-width, small letters, without what nobody sees.  Any text goes; NUL becomes a space."""
    plain = unicodedata.normalize("NFKC", text.replace("\0", " "))
    if not plain.isascii():
        plain = "".join(char for char in plain if unicodedata.category(char) not in _UNSEEN and char not in BLANKS)
        plain = _SIMPLIFIED.convert(plain.translate(_TABLE)).translate(_TABLE)
    return plain.lower()
