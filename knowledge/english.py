"""Whether a line is English: by its words, not by its letters, for codes, names and pinyin are Latin too."""

import re
from enum import StrEnum

from knowledge.search import emergencies

_HAN = re.compile(r"[\u3400-\u9fff]")
_ADDRESS = re.compile(r"\S+://\S*|\bwww\.\S+|\S+@\S+|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
LEAST = 2  # words; one alone may be a code or a name, unless it is one of _ALONE
# What hardly an English line does without, and no syllable of pinyin is.
_COMMON = frozenset(
    "i i'm my the is are am was were it this that there to in of on at with for from and or not no do does did "
    "don't have has had will would could should how where what when who why which please need want help hello hurt "
    "hit stop speak english understand chinese thank morning evening near nearest station stations toilet toilets "
    "number numbers hotline hotlines salary wages customer".split()
)
# What nobody types who goes on in Chinese, also as the only word.
_ALONE = frozenset(
    "rest water toilet toilets restroom bathroom station stations charging shelter hotline hotlines police english human "
    "complain complaint complaints salary wages insurance where why how".split()
)
_GREETINGS = frozenset("hello hi hey".split())  # what Chinese people type, too
# What somebody says who has written English before, and others say in the middle of their Chinese.
_GOING_ON = frozenset("ok okay yes no thanks bye sorry good fine please great cool what when who menu".split())


class EnglishTopic(StrEnum):
    """What English is answered with."""

    HELLO = "hello"
    THANKS = "thanks"
    STATIONS = "stations"
    HOTLINES = "hotlines"
    HUMAN = "human"
    OTHER = "other"


# What tells of each topic, and how surely: a name of the thing more than a word that stands beside many things.
_TOPICS = {
    EnglishTopic.STATIONS: {
        3: "stations?|toilets?|restrooms?|bathrooms?|shelters?|microwaves?|warm up|cool down|hot water|drinking water",
        2: "charge|charging|rest|water|tired|thirsty|nearest|place to (?:sit|sleep|eat|wait)|parking|nearby|near me",
    },
    EnglishTopic.HOTLINES: {
        3: "hotlines?|(?:tele)?phone numbers?|(?:police|ambulance|fire|emergency|suicide) (?:number|line)s?|numbers? (?:for|of)|which number|what number|call who|whom? (?:do i|should i|to|can i) call",
        1: "numbers?|police|ambulance|firefighters",
    },
    EnglishTopic.HUMAN: {
        3: "human|real person|(?:talk|speak) (?:to|with)|(?:a|some) person|someone|somebody|staff|agent|official|complain|complaints?|appeal",
        2: "report|customer service",
        1: "talk|speak|contact",
    },
    EnglishTopic.HELLO: {
        3: "who are you|what can you(?! help)|what is this|menu|how are you|good (?:morning|afternoon|evening)|(?:speak|understand|in|no) (?:english|chinese)|english",
        1: "hello|hi|hey|start|chinese",
    },
    EnglishTopic.THANKS: {1: "thanks?|bye|goodbye|ok|okay|great|good|fine|cool|yes|sorry"},
}
_SAID = [
    (topic, weight, re.compile(rf"\b(?:{words})\b"))
    for topic, signs in _TOPICS.items()
    for weight, words in signs.items()
]
_HARMLESS = re.compile(
    r"\b(?:the rest of|gas station|police station|my phone|phone is|order numbers?|plate numbers?|account numbers?)\b"
)


def is_english(text: str, *, going_on: bool = False) -> bool:
    """Whether somebody writes English: several words, one of them common, or a word of danger, and nothing Chinese.

    Addresses of pages are made of English words, and nobody speaks them.
    going_on: they have written English before, so that ok and thanks are.
    """
    if _HAN.search(text):
        return False
    words = _words(text)
    if len(words) == 1 and words[0] in _ALONE | _GREETINGS:
        return True
    if going_on and words and _GOING_ON.issuperset(words):
        return True
    return (len(words) >= LEAST and not _COMMON.isdisjoint(words)) or emergencies.load().is_english(text)


def is_greeting(text: str) -> bool:
    """Whether a line is a single English greeting, after which somebody may go on in any language."""
    words = _words(text)
    return len(words) == 1 and words[0] in _GREETINGS


def _words(text: str) -> list[str]:
    return _WORD.findall(_ADDRESS.sub(" ", text.lower().replace("\u2019", "'")))


def is_chinese(text: str) -> bool:
    """Whether there is anything Chinese in it."""
    return bool(_HAN.search(text))


def topic(text: str) -> EnglishTopic:
    """What an English line asks for: of several topics the one it tells most of, else the one named first."""
    told = _HARMLESS.sub(" ", text.lower())
    best: dict[EnglishTopic, tuple[int, int]] = {}
    for each, weight, signs in _SAID:
        if found := signs.search(told):
            so_far, first = best.get(each, (0, -len(told)))
            best[each] = so_far + weight, max(first, -found.start())
    return max(best, key=lambda each: best[each], default=EnglishTopic.OTHER)
