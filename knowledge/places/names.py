"""What people call a division: 铁西区 is also 铁西, 太原街街道 is 太原街, 新宾满族自治县 is 新宾."""

from collections.abc import Iterator
from typing import NamedTuple

_SUFFIXES = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "地区",
    "新区",
    "林区",
    "矿区",
    "省",
    "市",
    "区",
    "县",
    "盟",
)  # longest first
_STREETS = ("街道办事处", "街道", "镇", "乡")
_ROADS = ("街", "路", "里", "巷", "桥", "门", "寺", "湾")  # 春熙路街道: 春熙路 is known without its city
_GENERIC = {
    "城区",
    "郊区",
    "矿区",
    "东区",
    "西区",
    "市辖区",
    "市中区",
    "市中",
    "新城区",
    "新城",
    "城关",
    "城中区",
    "城中",
    "开发区",
    "县",
}
_PEOPLES = (
    "维吾尔 蒙古族 蒙古 回族 藏族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 哈萨克 傣族 黎族 傈僳族 佤族 畲族 拉祜族 水族 东乡族 纳西族 "
    "景颇族 柯尔克孜族 柯尔克孜 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 普米族 塔吉克族 塔吉克 怒族 鄂温克族 德昂族 保安族 裕固族 独龙族 各族"
).split()


class Saying(NamedTuple):
    """One way to say a division.  `bare` when the kind is left out: 和平 for 和平区 may also begin 和平路."""

    name: str
    bare: bool
    needs_parent: bool  # too common a word to mean the division unless the city or district around it is named too


def sayings(code: str, name: str) -> Iterator[Saying]:
    """Every way to say the division of a code; its full name first."""
    yield Saying(name, bare=False, needs_parent=name in _GENERIC)
    if len(code) > 6:
        yield from _street(name)
        return
    short = _short(name)
    if short != name:
        yield Saying(short, bare=True, needs_parent=short in _GENERIC)
    if "自治" in name and (people := _without_people(short)) != short:
        yield Saying(people, bare=True, needs_parent=False)
        if name.endswith(("自治县", "自治州")):
            yield Saying(people + name[-1], bare=False, needs_parent=False)


def _short(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name.removesuffix(suffix)
    return name


def _without_people(short: str) -> str:
    """恩施 for 恩施土家族苗族; the name itself when nothing would be left (东乡族)."""
    rest, before = short, ""
    while rest != before:
        before = rest
        for people in _PEOPLES:
            if rest.endswith(people) and len(rest) - len(people) >= 2:
                rest = rest.removesuffix(people)
                break
    return rest


def _street(name: str) -> Iterator[Saying]:
    for suffix in _STREETS:
        base = name.removesuffix(suffix)
        if base != name and len(base) >= 2:
            road = base.endswith(_ROADS) and len(base) >= 3
            yield Saying(base, bare=not road, needs_parent=not road)
            if road:  # Pinyin and haste leave the 街 out: Shenyang Taiyuan.
                yield Saying(base[:-1], bare=True, needs_parent=True)
            return
