"""Phone numbers of China as people type and paste them: from contacts, PDFs and web pages, with signs nobody sees.

Mobile numbers, landlines with their area code, extensions, and 400 numbers.  What is none of these is refused.
"""

import re
import unicodedata

# What may stand between two digits of one number, as patterns: what nobody sees, and that or a sign.
_HIDDEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
UNSEEN = f"[{_HIDDEN}]"
BETWEEN = rf"[\s\-‐-―－.·•()（）{_HIDDEN}]{{0,4}}"
_UNSEEN = {"Cc", "Cf", "Cs"}  # direction signs around what a contact holds, zero width, halves of pairs
_BETWEEN = {"Pd", "Zs", "Ps", "Pe"}  # dashes, blanks, brackets
_DOTS = frozenset(".·•‧・˙。/\n\t")
_LABEL = re.compile(
    r"(?:tel|phone|mobile|(?:我的)?(?:联系|服务|咨询|办公)?(?:电话|手机|座机|热线)?(?:号码?|方式)?是?)-*:?-*",
    re.IGNORECASE,
)
_COUNTRY = re.compile(r"(?:\+|00)86-*|86-*(?=1[3-9](?:-?\d){9}$|0\d)")
_WHOLE = re.compile(r"0|1[3-9]|[48]00")
_EXTENSION = re.compile(r"-*(?:转?分机号?|转|ext|x|#|,)-*:?-*(?=\d)", re.IGNORECASE)
_AREA = r"0(?:10|2\d|[3-9]\d\d)"
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d)\d{7,8}|0[3-9]\d\d\d{7,8}")
_WITH_EXTENSION = re.compile(rf"({_AREA})-?(\d{{7,8}}|\d{{3,4}}-\d{{4}})-(\d{{1,6}})")
_FREE = re.compile(r"[48]00\d{7}")


def read(text: str) -> str:
    """A number as digits, an extension behind a dash (02423456789-801); "" for what is no number, or several."""
    plain = _plain(text)
    plain = plain[_LABEL.match(plain).end() :]  # type: ignore[union-attr]  # It may match nothing, and always matches.
    if match := _COUNTRY.match(plain):
        plain = plain[match.end() :]
        plain = plain if _WHOLE.match(plain) else f"0{plain}"  # Behind +86 an area code has lost its zero.
    main, *more = _EXTENSION.split(plain)
    if not more and (match := _WITH_EXTENSION.fullmatch(main)):
        main, more = f"{match[1]}-{match[2]}", [match[3]]
    digits = main.replace("-", "")
    if len(more) > 1 or not digits.isdecimal() or (more and not re.fullmatch(r"\d{1,6}", more[0])):
        return ""
    if _LANDLINE.fullmatch(digits):
        return "-".join((digits, *more))
    return digits if not more and (_MOBILE.fullmatch(digits) or _FREE.fullmatch(digits)) else ""


def is_personal(number: str) -> bool:
    """Whether a number that `read` gave can be a person's own: 400 and 800 numbers are not."""
    return bool(number) and not _FREE.fullmatch(number)


def is_mobile(number: str) -> bool:
    """Whether text messages reach a number that `read` gave."""
    return _MOBILE.fullmatch(number) is not None


def _plain(text: str) -> str:
    """Digits, letters and signs; whatever stands between digits is one dash."""
    made = []
    for char in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(char)
        if char in _DOTS or category in _BETWEEN:
            made.append("-")
        elif category not in _UNSEEN:
            made.append(char)
    return re.sub("-{2,}", "-", "".join(made)).strip("-")
