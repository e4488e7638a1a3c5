"""Chinese opening hours in OpenStreetMap's words: 周一至周五8:00-18:00，周末休息 becomes Mo-Fr 08:00-18:00;Sa,Su off.

What no rule below knows stays as it is, and the reader refuses it.
"""

import re
import unicodedata

from knowledge.figures import value_of

_DAY_NAMES = {"Mo": "一1", "Tu": "二2", "We": "三3", "Th": "四4", "Fr": "五5", "Sa": "六6", "Su": "日天末7"}
_WEEKDAYS = {char: day for day, chars in _DAY_NAMES.items() for char in chars}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = r"\d{1,2}|[零一二两三四五六七八九十]{1,3}"

# Words in the order in which they are replaced: a longer word stands before the shorter one inside it.
_WORDS = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"[-‐‑–—―−~〜至到]+", "-"),
        (r"[、,]|以及|及|和|与", ","),
        (r"[。\n\r]+", ";"),
        (r"[()\[\]【】「」]", " "),
        (r"节假日(?:不休|照常|正常)(?:开放|营业)?", " "),
        (r"除了?((?:[一-龥]{0,2}节假日|节日|周末|双休日|周[一二三四五六日天])),?以?外", r";\1 off;"),
        (
            r"(?:7[x×*]24|24[x×*]7)(?:小时)?|(?:全天候?|全时段?)?\s*(?:24|二十四)\s*(?:小时|h\b)|全天候?|全时段?",
            " 24/7 ",
        ),
        (r"不开放|不营业|不对外|休息(?!日)|闭馆|闭店|关闭|关门|歇业|停业|放假|暂停(?:开放|营业|服务)?|除外", " off "),
        (r"每(?=周|星期|礼拜)", ""),
        (r"(?:每天|每日|天天)", " Mo-Su "),
        (r"工作日", " Mo-Fr "),
        (r"双休日|休息日|周末|星期六日|周六日", " Sa,Su "),
        (r"(?:国家)?(?:法定)?(?:公众|公共)?(?:节假日|节日|假日|假期)", " PH "),
        (r"[春夏秋冬](?:季|令时?|天)?(?=\s*:?\s*\d{1,2}(?:月|-\d{1,2}月))", " "),
        (r"(?:其他|其它|其余)(?:月份|时间|时段|季节)?", " "),
        (r"全年无休|全年|无休|日常|平时|北京时间|(?:开放|营业|服务|办公)(?:时间|时段)?|时间|对外", " "),
    )
)
_WEEK = r"(?:周|星期|礼拜)"
_DAY_LIST = re.compile(
    rf"{_WEEK}[一二三四五六日天末1-7](?:\s*[-,]\s*{_WEEK}?[一二三四五六日天](?![点时])|\s*[-,]?\s*{_WEEK}[一二三四五六日天末1-7]|(?<=六)[日天])*"
)
_DATE = re.compile(r"(\d{1,2})月(?:份|(\d{1,2})[日号])?")
_MONTH_RANGE = re.compile(r"(\d{1,2})(?=-\d{1,2}月)")
_HALF = r"早上|早晨|早|清晨|凌晨|上午|中午|下午|午后|傍晚|晚上|晚间|晚|夜里|夜间|夜"
# A time of day; # becomes 1 for the start and 2 for the end of a period.
_TIME = (
    rf"(?P<next#>次日|翌日|第二天|隔天)?\s*(?P<half#>{_HALF})?\s*(?P<hour#>{_NUMBER})"
    r"(?::(?P<minute#>\d\d)(?::00)?|(?P<word#>[点时])(?:(?P<part#>半|一刻|三刻|\d{1,2})?[钟整分]?))"
)
_RANGE = re.compile(rf"(?:{_TIME.replace('#', '1')}|(?P<bare>\d{{1,2}}))\s*-\s*{_TIME.replace('#', '2')}")
_RULE_END = re.compile(
    r"(:\d\d|24/7|off)\s*[,\s]\s*(?=Mo|Tu|We|Th|Fr|Sa|Su|PH|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
)
_AFTERNOON, _EVENING = ("下午", "午后", "傍晚", "中午"), ("晚", "夜")
_DAWN = 6 * 60  # minutes; what begins before then in the night has left the evening behind
_QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}


def translate(text: str) -> str:
    """A text in OpenStreetMap's words, as far as they are known."""
    plain = unicodedata.normalize("NFKC", text)
    for pattern, word in _WORDS:
        plain = pattern.sub(word, plain)
    plain = _DAY_LIST.sub(_day_list, plain)
    plain = _MONTH_RANGE.sub(lambda match: f"{match[1]}月", plain)
    plain = _DATE.sub(_date, plain)
    plain = _RANGE.sub(_range, plain)
    plain = re.sub(r"(?<!\d):|:(?!\d)", " ", plain)  # 周一: 8:00
    if not text.isascii():  # In OpenStreetMap's syntax a comma between rules means something else, and is refused.
        plain = _RULE_END.sub(r"\1;", plain)
        plain = re.sub(r"off[,\s]+(?=\d)", "off;", plain)
    return re.sub(r"[,\s]*;[,;\s]*", ";", plain).strip("; ,")


def _day_list(match: re.Match[str]) -> str:
    days = re.sub(r"周|星期|礼拜|\s", "", match[0])
    return " " + re.sub(r"(?<=[a-z])(?=[A-Z])", ",", "".join(_WEEKDAYS.get(char, char) for char in days)) + " "


def _date(match: re.Match[str]) -> str:
    month = int(match[1])
    if not 1 <= month <= 12:
        return match[0]
    return f" {_MONTHS[month - 1]} {match[2] or ''}"


def _range(match: re.Match[str]) -> str:
    """Two times of day, in minutes; left as they are when it is open which half of the day is meant."""
    half = match["half1"] or ""
    start = _minutes(match, 1, half) if match["hour1"] else int(match["bare"]) * 60
    end = _end(match, half, start)
    if start is None or end is None:
        return match[0]
    start %= 1440  # 晚12点 begins the next day.
    if match["next2"]:
        end += 1440 if end < 1440 else 0
    elif end <= start and not match["half2"] and _either(match, half, start):
        return match[0]  # 8点-5点: five in the afternoon or in the morning?
    if end > start + 1440:
        end -= 1440
    return f" {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02} "


def _end(match: re.Match[str], half: str, start: int | None) -> int | None:
    """The end in minutes.  A word for half of the day holds for both times, as far as it fits.

    It does not reach over 次日, and an evening does not reach into the next one: 晚10点-7点 ends in the morning.
    """
    plain = _minutes(match, 2, match["half2"] or "")
    if match["half2"] or match["next2"] or start is None or plain is None:
        return plain
    same = _minutes(match, 2, half)
    if half.startswith(_EVENING) and same is not None:
        return same if start % 1440 >= _DAWN and start < same else plain
    return same


def _either(match: re.Match[str], half: str, start: int) -> bool:
    """Whether an end before its start may be meant for the afternoon.

    8:30-5:30 may be; 08:30-05:30 is not, because a zero in front says that hours are counted to 24.
    """
    counted_to_24 = not match["word2"] and (match["hour2"].startswith("0") or len(match["hour2"]) > 1)
    if half.startswith(_EVENING) or (counted_to_24 and not half):
        return False
    return start <= 720 or half in _AFTERNOON


def _minutes(match: re.Match[str], number: int, half: str) -> int | None:
    digits, part = match[f"hour{number}"], match[f"part{number}"] or ""
    hour = int(digits) if digits.isdecimal() and digits.isascii() else value_of(digits)
    minute = int(match[f"minute{number}"] or 0) or _QUARTERS.get(part) or (int(part) if part.isdecimal() else 0)
    if hour is None or hour > 24 or minute > 59:
        return None
    if half in _AFTERNOON and hour < (11 if half == "中午" else 12):
        hour += 12
    elif half.startswith(_EVENING) and hour <= 12:
        hour += 24 if hour < 6 else 12  # 晚2点 is two in the morning, 晚12点 is midnight.
    elif half == "凌晨" and hour == 12:
        hour = 0
    return hour * 60 + minute
