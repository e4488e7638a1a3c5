"""Every function that reads what people type takes hostile text about as quickly as plain text."""

import time

import pytest

from bot.channels.web.markup import entities, html, markdown
from bot.services.calendar import announcement
from bot.services.chats import message_preview, questions
from bot.services.core import numbers
from bot.services.identity import redaction
from knowledge import figures, folding, hours, phones, words
from knowledge.search import emergencies, talk, text

LONG = 4_096  # characters of a message
TIMES = 60  # how many times longer than plain text, of the slowest function of the same run, is too long
PLAIN = ("站点拖着工资不给，三月到现在一共欠了我4800元，站长电话打不通，怎么办？" * 200)[:LONG]
PIECES = [
    *(
        "-",
        "1",
        "１",
        "1 ",
        "1-",
        "1\u200b",
        "13",
        "86",
        "+86-",
        "12-",
        " ",
        "\n",
        "\u200b",
        "\u0301",
        "\ud800",
        "😀",
        "a",
    ),
    *(
        "辽",
        "辽A",
        "辽A·",
        "1号",
        "室",
        "www.",
        "a.",
        "http://",
        "@",
        "<",
        "<b>",
        "<b",
        "&",
        "&#",
        "&#9",
        "*",
        "**",
        "**a",
    ),
    *(
        "_",
        "[",
        "](",
        "[a](",
        "`",
        "```",
        "||",
        ">",
        "\\",
        "周",
        "周一",
        "周一至",
        "8:",
        "8:00-",
        "1月",
        ";",
        ",",
        "十",
        "百分之",
    ),
    *("（", "【", "《", "急", "转", "电话", "a b", "王-", "王", "\t", "\0", "⺁", "著", "ﷺ"),
    *(
        "1月1日至",
        "2026年1月1日",
        "（周四）",
        "2026年",
        "共3天。",
        "1日",
        "至",
        "一、",
        "上班",
        "被车撞",
        "流血",
        "想死",
        "还有",
    ),
]
HOSTILE = [(piece * LONG)[:LONG] for piece in PIECES] + [
    "1" + "\u200b" * (LONG - 1),
    "86" + " " * (LONG - 2),
    "1" * (LONG - 1) + "号",
    "<a href='" + "a" * (LONG - 9),
    "(" * (LONG // 2) + ")" * (LONG // 2),
]


def _patiently(reader):
    """What a function refuses, it has read as well."""

    def read(given):
        try:
            reader(given)
        except Exception:  # of any kind
            return

    return read


READERS = {
    "found": redaction.found,
    "mask": redaction.mask,
    "without a name": lambda given: redaction.without(given, "王芳", "13800000000"),
    "without dashes": lambda given: redaction.without(given, "-" * 64),
    "without itself": lambda given: redaction.without(given, given[:64]),
    "questions": questions.mask,
    "preview": message_preview.length,
    "fold": folding.fold,
    "clean": text.clean,
    "typed": numbers.typed,
    "phones": phones.read,
    "hours": hours.read,
    "figures": figures.figures,
    "announcement": announcement.read,
    "emergencies": emergencies.load().numbers,
    "parts": lambda given: talk.parts(given, words.load()),
    "html": html.parse,
    "markdown": markdown.parse,
    "markdown 2": markdown.parse_v2,
    "entities": lambda given: entities.finished(given, []),
}


def seconds(reader, given):
    start = time.process_time()
    reader(given)
    return time.process_time() - start


@pytest.mark.parametrize("name", READERS)
def test_hostile_text_takes_no_longer_than_its_length_explains(name):
    reader = _patiently(READERS[name])
    for each in READERS.values():
        _patiently(each)(PLAIN)  # what is made once is made now
    budget = TIMES * max(seconds(_patiently(each), PLAIN) for each in READERS.values())
    for given in HOSTILE:
        assert seconds(reader, given) < budget, (name, given[:12])


async def test_what_a_report_says_is_told_from_a_person_as_quickly(knowledge):
    plain = seconds(knowledge.hazards.people.channel, PLAIN) + seconds(folding.fold, PLAIN)
    for given in [
        *HOSTILE,
        *((word * LONG)[:LONG] for people in knowledge.hazards.people.channels.values() for word in people),
    ]:
        assert seconds(knowledge.hazards.people.channel, given) < TIMES * plain


def test_a_name_of_dashes_takes_nothing_out():
    story = "-" * LONG
    assert redaction.without(story, "-" * 30) == story
    assert redaction.without("他—是站长", "—", " ", "") == "他—是站长"


def test_a_name_is_taken_out_whatever_stands_between_its_letters():
    for written in ("王小芳", "王 小 芳", "王-小\u200b芳", "王·小—芳", "王      小\n芳"):
        masked = redaction.without(f"我叫{written}，王小明是站长。{written}", "王小芳")
        assert masked == "我叫王**，王小明是站长。王**"


def test_a_masked_address_keeps_everything_around_it():
    assert redaction.mask("我住 12 号楼 3单元1502室，电梯坏了") == "我住 1**** 3**1****，电梯坏了"
