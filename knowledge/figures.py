"""The figures in a Chinese sentence: what a check compares between an answer and its sources.

"60 日内", "六十日内" and "60日" hold the same figure.  Words that only look like numbers (一下, 第一步,
万一) do not count: a Chinese numeral counts when a unit follows it, an Arabic one always does.
"""

import re
import unicodedata

UNITS = (
    "个工作日 工作日 个月 个小时 小时 分钟 周岁 公里 千米 百分点 毫米 平方米 平米 千克 公斤 米 秒 天 日 周 年 月 号 岁 元 块 毛 倍 成 折 级 类 项 条 款 "
    "部门 人 名 次 家 个 件 支 台 辆 位 处 座 吨 分 度 点 期 份 张 种 轮"
).split()
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_ARABIC = re.compile(r"\d+(?:\.\d+)?")
_CHINESE = re.compile(rf"(?<!第)(?:百分之)?([零〇一二两三四五六七八九十百千万亿]{{1,24}})(?={'|'.join(UNITS)})")
_PERCENT = re.compile(r"百分之([零〇一二两三四五六七八九十百]{1,24})")
_REFERENCE = re.compile(r"\[\d+(?:,\s*\d+)*\]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # 10,000; a Chinese comma between two numbers is none
_TRIVIAL = {"1"}  # 一个, 一次: a manner of speaking


def value_of(numeral: str) -> int | None:
    """The value of a Chinese numeral, such as 十五, 两千三 or 一百零八; None when it is none (万一, 千万)."""
    if not any(char in _DIGITS for char in numeral) and not numeral.startswith("十"):
        return None
    total, section, digit = 0, 0, 0
    last_scale = 1
    for char in numeral:
        if char in _DIGITS:
            digit = _DIGITS[char]
            if char in "零〇":
                last_scale = 10  # 一百零八: the digit after a zero is a unit.
        else:
            scale = _SCALES[char]
            if scale >= 10_000:
                total, section, digit = (total + section + digit) * scale, 0, 0
            else:
                section += (digit or 1) * scale
                digit = 0
            last_scale = scale
    if digit and last_scale >= 100:
        digit *= last_scale // 10  # 两千三 is 2300.
    return total + section + digit


def figures(text: str) -> set[str]:
    """Every figure of a text, as plain decimals: {"60", "12.5"}.  References such as [2] are left out."""
    plain = _REFERENCE.sub("", unicodedata.normalize("NFKC", _THOUSANDS.sub("", text)))
    found = {_decimal(match[0]) for match in _ARABIC.finditer(plain)}
    numerals = [match[1] for match in (*_CHINESE.finditer(plain), *_PERCENT.finditer(plain))]
    found |= {str(value) for numeral in numerals if (value := value_of(numeral)) is not None} - _TRIVIAL
    return found


def _decimal(digits: str) -> str:
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
