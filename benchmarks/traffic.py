"""What people send, as the Bot API hands it out: questions, new or repeated, and presses of a button."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from knowledge.search.fit import ASKED

QUESTIONS = Path(__file__).parents[1] / "tests" / "data" / "questions.jsonl"
PEOPLE = 1_000  # who take turns, so that nobody has two updates underway
FIRST = 5_000_000_000  # the first person's id
DATE = 1_760_000_000  # when everything was sent; seconds since 1970
# What people put around the same question; 8 x 9 ways make 100,000 questions of the 1,397 that no cache has seen.
BEFORE = ("", "请问", "师傅", "你好", "那个", "我想问", "麻烦问下", "想知道")
AFTER = ("", "呢", "呀", "吧", "嘛", "哈", "哦", "呗", "谢谢")

MESSAGE, PRESS = frozenset({"sendMessage"}), frozenset({"editMessageText", "answerCallbackQuery"})


@dataclass(frozen=True, slots=True)
class Update:
    """One update, ready to be posted, and the calls that answer it."""

    number: int
    person: int
    body: bytes
    needs: frozenset[str]


def new_questions() -> Iterator[str]:
    """Every question in words nobody has used before; the order is the same in every run."""
    chance = random.Random(7)
    asked, ways = list(_questions()), list(itertools.product(BEFORE, AFTER))
    chance.shuffle(asked)
    chance.shuffle(ways)
    for before, after in ways:
        yield from (f"{before}{question}{after}" for question in asked)


def usual_questions() -> Iterator[str]:
    """Questions as people repeat them: the n-th most frequent is asked 1/n as often as the first."""
    chance = random.Random(7)
    asked = list(_questions())
    chance.shuffle(asked)
    shares = list(itertools.accumulate(1 / rank for rank in range(1, len(asked) + 1)))
    while True:
        yield from chance.choices(asked, cum_weights=shares, k=1_000)


def messages(texts: Iterator[str], count: int, first: int) -> list[Update]:
    """`count` messages, numbered from `first`, of all people in turn."""
    return [_message(number, text) for number, text in zip(range(first, first + count), texts, strict=False)]


def presses(count: int, first: int) -> list[Update]:
    """`count` presses that choose a job, in turn the one and the other, so that each changes the row."""
    return [_press(number) for number in range(first, first + count)]


def _message(number: int, text: str) -> Update:
    message = {"message_id": number, "from": _person(number), "chat": _chat(number), "date": DATE, "text": text}
    body = orjson.dumps({"update_id": number, "message": message})
    return Update(number, FIRST + number % PEOPLE, body, MESSAGE)


def _press(number: int) -> Update:
    code = ("rider", "courier")[number // PEOPLE % 2]
    robot = {"id": 123456, "is_bot": True, "first_name": "暖新", "username": "nuanxin_bot"}
    buttons = [
        [{"text": "骑手", "callback_data": "set:job:rider"}, {"text": "快递员", "callback_data": "set:job:courier"}]
    ]
    message = {
        "message_id": number,
        "from": robot,
        "chat": _chat(number),
        "date": DATE,
        "text": "您是做什么的？",
        "reply_markup": {"inline_keyboard": buttons},
    }
    press = {
        "id": str(number),
        "from": _person(number),
        "message": message,
        "chat_instance": str(FIRST + number % PEOPLE),
        "data": f"set:job:{code}",
    }
    body = orjson.dumps({"update_id": number, "callback_query": press})
    return Update(number, FIRST + number % PEOPLE, body, PRESS)


def _person(number: int) -> dict[str, object]:
    return {"id": FIRST + number % PEOPLE, "is_bot": False, "first_name": "王", "language_code": "zh-hans"}


def _chat(number: int) -> dict[str, object]:
    return {"id": FIRST + number % PEOPLE, "first_name": "王", "type": "private"}


@cache
def _questions() -> tuple[str, ...]:
    lines = [line for path in (QUESTIONS, ASKED) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(orjson.loads(line)["q"] for line in lines)
