"""What a typed line says of a place: whether it is one, and what we know nearest to roads, squares and shops that no list holds."""

import re

from bot.channels.telegram.unit import Context
from knowledge import Knowledge
from knowledge.folding import fold
from knowledge.places import Place
from knowledge.search import Decision

STATIONS = ("station-", "friendly-")  # how ids of entries about stations begin
DISTRICT = 6  # digits of the code of a district
OFFERED = 6  # places offered when a name means several
_AROUND = r"(?:附近|旁边|旁|周围|对面|门口|边上|[这那][边里儿])"
_NUMBER = r"(?:\d{1,4}号?(?:楼|院|门)?)?"
NEAR = re.compile(rf"(?:{_AROUND})$")
SPOT = re.compile(
    r"(?:我?[在到])?(?!附近|最近|旁边|周围)(?P<spot>(?P<stem>[\w-]{2,16}?)"
    r"(?P<sort>[大东西南北中]?[路街]|大道|道|巷|桥|路口|口|胡同|广场|公园|医院|小区|大厦|花园|商场|市场|万达|学校|[中小大]学|地铁站|火车站|[东西南北]站))"
    rf"{_NUMBER}{_AROUND}?"
)
_ROAD = re.compile(r"(?:[路街]|大道|巷|胡同|桥|路口)$")
_IN_A_ROAD = re.compile(r"[路街道巷]")
# 下班路, 高速路, 走投无路, 消防通道: roads that have no name.
_NAMELESS = re.compile(
    r"(?:[上下]班|[一几两这那哪每半]条|之|没有出|投无|致富|高速|快速|机动车|人行|消防|步行|绿色|单行|盲)(?:路|街|大街|道|大道|桥|路口|通道|车道)$"
)
_NO_NAME = re.compile(
    r"(?:学校|公司|单位|小区|站点|网点|店|商家|饭店|商场|超市|广场|公园|医院|大厦|家|厂|工地|酒店|[农菜]贸?市场|马路市场|(?:人才|劳务|劳动力)市场)"
    rf"{_AROUND}?(?:口|门口)?"
)
# 三好街百脑汇: a shop, told by the road it lies in.
_IN_ROAD = re.compile(
    rf"(?:我?[在到])?(?P<spot>(?P<stem>[\w-]{{2,8}}?)(?P<sort>[大东西南北中]?[路街]|大道|巷))"
    rf"(?:的|上的?)?\w{{0,6}}?(?:店|城|汇|广场|超市|大厦|中心|楼|馆|宾馆|银行|医院|小区|市场|万达|百货|麦当劳|肯德基){_AROUND}?"
)
# What tells of something, or asks: no name of a place has it, unless it is a road's.
_TELLS = re.compile(r"[哪怎么吗能要被谁去不没了有给打送是他她交办领发罚撞跳扣赔该会让]")
_ASKS = re.compile(r"[哪怎么吗呢被谁不没了给罚撞扣赔该让骑走堵？?]|能不|能[申办领用走进]|会不会|多少")
_SEEKS = re.compile(r"附近|周围|旁边|最近|[哪找]|地方|驿站")
_BESIDES = re.compile(
    r"[\W_]|附近|周围|旁边|边上|[这那][边里儿]|一带|最近|什么地方|地方|哪[里儿些个]?|有没有|请问|现在|开着|开门|可以|一下|驿站|[离我在有能想找要去到个家的呢吗啊吧点]"
)


def says_where(known: Knowledge, text: str) -> bool:
    """Whether a line seeks a station or says a place, and nothing else."""
    return known.places.only(text) or seeks(known, text) or is_spot(known, text)


def seeks(known: Knowledge, text: str) -> bool:
    """Whether somebody asks where there is a station, or one of the things that stations offer."""
    plain = fold(text)
    rest = known.vocabulary.besides(plain)
    wanted = rest != plain or "驿站" in plain
    sought = bool(_SEEKS.search(plain)) or _is_in_a_district(known, plain, rest)
    left = _BESIDES.sub("", known.places.besides(rest))
    return wanted and sought and (not left or _is_road(left))


def _is_road(text: str) -> bool:
    """Whether a text is the name of a road, and nothing else."""
    found = SPOT.fullmatch(text)
    return found is not None and bool(_ROAD.search(found["spot"])) and not _NAMELESS.search(found["spot"])


def spot_of(known: Knowledge, text: str) -> str:
    """The road, square or shop that a line which says where names beside districts; "" when it names none.

    三好街 for 沈阳三好街附近, 我在三好街呢附近有驿站吗 and 三好街百脑汇.
    """
    plain = _bare(text)
    whole = SPOT.fullmatch(plain) or _IN_ROAD.fullmatch(plain)
    if whole is not None:
        within = SPOT.fullmatch(known.places.besides(plain))  # 沈阳三好街 is 三好街; 铁西广场 is no 广场 of 铁西.
        return str((within or whole)["spot"])
    left = _BESIDES.sub("", known.places.besides(known.vocabulary.besides(plain)))
    return left if _is_road(left) else ""


def _is_in_a_district(known: Knowledge, plain: str, rest: str) -> bool:
    """Whether a line names a kind of station and a district: 皇姑区妇女之家.  What a city or a province has, entries tell."""
    kinds, _ = known.vocabulary.asked_kinds(plain)
    return bool(kinds) and any(len(place.code) >= DISTRICT for place in known.places.find(rest))


def is_wish(known: Knowledge, text: str) -> bool:
    """Whether a line says which services are wanted, and not where: 能充电的, 哪里能上厕所."""
    plain = fold(text)
    kinds, _ = known.vocabulary.asked_kinds(plain)
    rest = known.vocabulary.besides(plain)
    if kinds or rest == plain or known.places.besides(plain) != plain:
        return False
    return seeks(known, text) or not _BESIDES.sub("", rest)


def is_spot(known: Knowledge, text: str, *, asked: bool = False) -> bool:
    """Whether it is the name of a road, a square, a shop, and no sentence with one in it.

    What has a road's name is one.  What else may be what an entry is about, such as 公租房小区 or 开放大学, has to say
    附近 or the like.  asked: we have just asked for a place, so only what an entry surely answers is none.
    """
    plain = _bare(text)
    if plain in _named(known) or (plain.endswith("站") and known.places.only(plain[:-1])):
        return True
    found = SPOT.fullmatch(plain)
    if found is None or _NO_NAME.fullmatch(plain):
        return _is_shop_in_a_road(known, plain)
    spot, stem = found["spot"], found["stem"]
    if _ROAD.search(spot) or _IN_A_ROAD.search(stem):
        return not (_NAMELESS.search(spot) or _ASKS.search(plain))
    if _TELLS.search(plain) or (stem.endswith("的") and not NEAR.search(plain)):  # 学驾照的学校
        return False
    return bool(NEAR.search(plain)) or not _is_about_something(
        known, text, sure=asked or _begins_with_a_place(known, stem)
    )


def _is_shop_in_a_road(known: Knowledge, plain: str) -> bool:
    found = _IN_ROAD.fullmatch(plain)
    if found is None or _NAMELESS.search(found["spot"]) or _TELLS.search(plain):
        return False
    return not _is_about_something(known, plain, sure=False)


def asks(text: str) -> bool:
    """Whether a line asks or tells something, whatever places it names."""
    return bool(_ASKS.search(text))


def nearest(context: Context, text: str, *, asked: bool = False) -> list[Place]:
    """What somebody who types the name of a spot may mean; () when the text is none.

    A subdistrict or a district that is called after it, else the worker's own region, else each city with stations.
    """
    known, region = context.knowledge, context.chat.region
    if not is_spot(known, text, asked=asked) and not seeks(known, text):
        return []
    plain = _bare(text)
    if named := _named(known).get(plain):
        return [place for place in (known.places.get(named),) if place is not None]
    found = SPOT.fullmatch(plain)
    alike = _named_after(known, found["spot"], found["stem"], region) if found else []
    served = [each for each in alike if _served(known, each, region)]
    if served:
        return served[:OFFERED]
    home = known.places.get(region)
    return [home] if home is not None else _cities(known)


def _bare(text: str) -> str:
    return fold(text).strip(" 。.!！,，")


def _named(known: Knowledge) -> dict[str, str]:
    """Roads and quarters that everybody of a city knows, by name, with and without 附近; the region each lies in."""
    names = {name: code for code, names in known.words.places.items() for name in names if name[-1] in "街路子站湾"}
    return names | {f"{name}附近": code for name, code in names.items()}


def _begins_with_a_place(known: Knowledge, stem: str) -> bool:
    """天府广场, 沈阳市第二中学."""
    names = {name for listed in known.words.places.values() for name in listed}
    return not known.places.besides(stem).startswith(stem[0]) or any(stem.startswith(name) for name in names)


def _is_about_something(known: Knowledge, text: str, *, sure: bool) -> bool:
    """Whether an entry may be meant, other than one about stations; sure: only where it surely is."""
    decision, topic = known.search.by_words(text)
    meant = decision is Decision.ANSWER if sure else decision is not Decision.NONE
    return meant and not topic.startswith(STATIONS)


def _named_after(known: Knowledge, spot: str, stem: str, region: str) -> list[Place]:
    """铁西广场 may lie in one of the 铁西区, 重工街 in 重工街道."""
    districts = known.places.find(stem, region=region) if known.places.only(stem) else ()
    streets = (known.places.find(name, region=region) for name in (f"{spot}道", f"{spot}街道", f"{stem}街道"))
    return list(dict.fromkeys([*districts, *(each for found in streets for each in found if len(each.code) > 6)]))


def _served(known: Knowledge, place: Place, region: str) -> bool:
    """In the worker's own city; of whom none is known, in one that has stations."""
    return place.code.startswith(region[:4]) if region else place.code[:4] in known.stations.cities


def _cities(known: Knowledge) -> list[Place]:
    cities = (known.places.get(code) for code in known.stations.cities[:OFFERED])
    return [each for each in cities if each is not None]
