"""Updates are handled once, in order per person, and acknowledged only after the commit."""

import asyncio
import io
import json
import re

import aiohttp
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bot.app import Application
from bot.channels.telegram.intake import decode
from bot.channels.telegram.turns import Turns
from bot.channels.telegram.unit import Context
from bot.channels.telegram.webhook import SECRET_HEADER
from bot.queue import jobs, outbox
from bot.store.models import Channel, Chat, Outbox, OutboxState, ParkedUpdate, SeenUpdate
from tests.conftest import free_port
from tests.support.phone import spoken


def message(update_id: int, text: str, person: int = 7, **more: object) -> dict:
    entities = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}] if text.startswith("/") else []
    who = {"id": person, "is_bot": False, "first_name": "王"}
    chat = {"id": person, "type": "private", "first_name": "王"}
    body = {"message_id": update_id, "date": 1, "text": text, "entities": entities, "from": who, "chat": chat}
    return {"update_id": update_id, "message": body | more}


@pytest.fixture
async def hook(app):
    """Posts updates to the webhook as a Bot API server does; returns status and body."""
    async with aiohttp.ClientSession() as http:

        async def post(update: object, secret: str | None = None) -> tuple[int, dict | None]:
            body = update if isinstance(update, bytes) else json.dumps(update).encode()
            headers = {SECRET_HEADER: app._secret if secret is None else secret}
            url = f"http://127.0.0.1:{app.port}/channel/web"
            async with http.post(url, data=io.BytesIO(body), headers=headers) as response:
                raw = await response.read()
                return response.status, json.loads(raw) if raw.startswith(b"{") else None

        yield post


async def count(app, table) -> int:
    """Rows of a table; of the outbox, those for people."""
    rows = select(func.count()).select_from(table)
    async with app.db.read() as session:
        return await session.scalar(rows.where(Outbox.kind == Channel.WEB) if table is Outbox else rows)


async def test_a_lone_reply_rides_in_the_answer_and_a_redelivery_repeats_it(hook, app):
    first = await hook(message(5, "/appeal"))
    again = await hook(message(5, "/appeal"))
    assert first[1]["method"] == "sendMessage"
    assert again == first
    assert (await count(app, SeenUpdate), await count(app, Outbox)) == (1, 0)


async def test_of_several_replies_none_rides_because_the_second_could_overtake_it(hook, app):
    first = await hook(message(5, "/start"))
    again = await hook(message(5, "/start"))
    assert first == again == (200, None)
    assert (await count(app, SeenUpdate), await count(app, Outbox)) == (1, 3)


async def test_before_a_channel_knows_who_it_is_an_update_is_asked_for_again(settings, knowledge):
    away = f"http://127.0.0.1:{free_port()}"
    more = {
        "telegram_token": SecretStr("1:x"),
        "telegram_api_url": f"{away}/bot",
        "telegram_webhook_url": f"{away}/telegram",
    }
    settings = settings.model_copy(update={**more, "web_chat": False, "telegram_webhook_secret": SecretStr("s")})
    app = Application(settings, knowledge)
    await app.start()
    try:
        async with aiohttp.ClientSession(headers={SECRET_HEADER: "s"}) as http:
            url = f"http://127.0.0.1:{settings.port}/telegram"
            async with http.post(url, json=message(5, "/start")) as response:
                assert response.status == 503
        assert await count(app, SeenUpdate) == 0
    finally:
        await app.stop()


async def test_a_wrong_secret_is_refused(hook):
    assert (await hook(message(1, "/start"), secret="guess"))[0] == 403
    assert (await hook(message(1, "/start"), secret=""))[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"update_id": "x"}',
        b'{"update_id": 9, "message": []}',
        b'{"update_id": 9, "message": {"message_id": 1}}',
        b'{"update_id": 9, "callback_query": {"id": 1}}',
    ],
)
async def test_what_nobody_can_read_is_parked_and_the_next_one_comes(hook, app, body):
    assert await hook(body) == (200, None)
    assert await count(app, ParkedUpdate) == 1
    assert (await hook(message(10, "/help")))[1]["method"] == "sendMessage"


async def test_an_update_too_large_is_refused(hook):
    assert (await hook(b'{"update_id": 1, "x": "' + b"a" * 2**20 + b'"}'))[0] == 413


async def test_lone_surrogates_and_nul_do_not_reach_the_database(hook):
    status, answer = await hook(
        b'{"update_id": 3, "message": '
        + json.dumps(message(3, "x")["message"])
        .encode()
        .replace(b'"text": "x"', b'"text": "\\ud83d\\u0000\\u5de5\\u8d44"')
        + b"}"
    )
    assert status == 200
    assert answer["method"] == "sendMessage"
    assert decode(b'{"update_id": 3, "x": "a\\u0000\\ud83d"}')["x"].encode("utf-8")


async def test_an_error_of_ours_changes_nothing_and_is_apologised_for_under_a_number(hook, app, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Context, "say", broken_say := lambda *a, **k: 1 / 0)
    status, answer = await hook(message(4, "/start"))
    monkeypatch.undo()
    assert broken_say
    assert status == 200
    assert "我这边卡了一下" in answer["text"]
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.started_at))) is None
    assert await hook(message(4, "/start")) == (status, answer)  # A redelivery does not try again.


async def test_without_a_database_the_update_comes_again(hook, app, monkeypatch):
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(app.db, "first", refuse)
        assert (await hook(message(6, "/start")))[0] == 503
    assert (await hook(message(6, "/start")))[0] == 200


async def test_a_typo_in_our_sql_does_not_come_back_for_a_day(hook, app, monkeypatch):
    async def typo(*_: object) -> None:
        raise OperationalError("SELECT", {}, __import__("sqlite3").OperationalError("no such column: x"))

    real = app.db.first
    calls = []

    async def once(*arguments: object) -> object:
        calls.append(1)
        return await (typo() if len(calls) == 1 else real(*arguments))

    monkeypatch.setattr(app.db, "first", once)
    assert (await hook(message(8, "/start")))[0] == 200


async def test_messages_of_one_person_are_answered_in_their_order(phone):
    """Sent at once, to a question whose refusal repeats what was typed: so each answer tells what it answers."""
    await phone.types("/settings")
    await phone.presses("换地方")
    texts = [f"找{number:02}号" for number in range(20)]
    await asyncio.gather(
        *(
            phone._post("/chat/messages", {"key": f"k{number:02}{'x' * 8}", "text": text})
            for number, text in enumerate(texts)
        )
    )
    told = [
        (each["mine"], found[0]) for each in await phone.messages() if (found := re.search(r"找\d\d号", spoken(each)))
    ]
    asked, answered = [text for mine, text in told if mine], [text for mine, text in told if not mine]
    assert sorted(asked) == texts
    assert answered == asked


async def test_two_processes_with_one_update_each_act_once(app, hook):
    answers = await asyncio.gather(*(hook(message(11, "/start")) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert await count(app, Outbox) == 3


async def test_a_flooding_person_does_not_starve_a_quiet_one():
    turns, order = Turns(), []

    async def work(person: int, number: int) -> None:
        async with turns.of(person):
            await asyncio.sleep(0)
            order.append((person, number))

    await asyncio.gather(*(work(1, number) for number in range(50)), work(2, 0))
    assert order.index((2, 0)) < 5
    assert [number for person, number in order if person == 1] == list(range(50))
    assert not turns._locks


async def test_somebody_who_blocks_the_bot_hears_nothing_more(app, hook):
    await hook(message(1, "/start", person=4242))  # The web chat knows no such person: it answers 400.
    await app.settled()
    async with app.db.read() as session:
        assert (await session.scalar(select(Outbox.state).where(Outbox.kind == Channel.WEB))) == OutboxState.REFUSED


async def test_a_group_gets_an_answer_only_when_it_calls_and_a_bot_gets_none(hook):
    group = {"id": -5, "type": "group", "title": "兄弟们"}
    assert (await hook(message(1, "拖欠工资怎么办", chat=group)))[1] is None
    answer = (await hook(message(2, "/start", chat=group)))[1]
    assert "私聊" in answer["text"]
    assert "message_thread_id" not in answer
    forum = {"id": -6, "type": "supergroup", "title": "骑手", "is_forum": True}
    topic = {"message_thread_id": 77, "is_topic_message": True}
    answer = (await hook(message(4, "/help", chat=forum, **topic)))[1]
    assert (answer["chat_id"], answer["message_thread_id"]) == (-6, 77)
    assert (await hook(message(5, "/weather", chat=forum, **topic)))[1] is None
    robot = {"id": 9, "is_bot": True, "first_name": "b"}
    assert (await hook({"update_id": 3, "message": message(3, "/start")["message"] | {"from": robot}}))[1] is None


PARTS = {
    "sticker": {
        "file_id": "a",
        "file_unique_id": "b",
        "type": "regular",
        "width": 1,
        "height": 1,
        "is_animated": False,
        "is_video": False,
    },
    "poll": {
        "id": "1",
        "question": "?",
        "options": [],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
    "contact": {"phone_number": "13800000000", "first_name": "李"},
    "location": {"latitude": 0.0, "longitude": 0.0},
    "photo": [{"file_id": "a", "file_unique_id": "b", "width": 90, "height": 90, "file_size": 20 * 2**20}],
    "voice": {"file_id": "a", "file_unique_id": "b", "duration": 3},
    "document": {"file_id": "a", "file_unique_id": "b", "file_name": "x.exe"},
    "new_chat_title": "x",
    "dice": {"emoji": "🎲", "value": 1},
    "forward_origin": {
        "type": "channel",
        "date": 1,
        "chat": {"id": -100, "type": "channel", "title": "c"},
        "message_id": 1,
    },
}


@pytest.mark.parametrize("part", PARTS)
async def test_everything_people_send_gets_a_clear_line_or_a_polite_silence(hook, app, part):
    update = message(1, "x", **{part: PARTS[part]})
    if part != "forward_origin":
        del update["message"]["text"], update["message"]["entities"]
    status, answer = await hook(update)
    assert status == 200
    assert await count(app, ParkedUpdate) == 0
    if part != "new_chat_title":
        assert answer["method"] == "sendMessage"
        assert "卡了一下" not in answer["text"]


@pytest.mark.parametrize(
    "text", ["😀😀😀", "x" * 4096, "<b>", "‮反", "好" * 4096, " ", "&lt;", "/unknown", "/start@other_bot", "{}"]
)
async def test_odd_texts_are_answered_and_break_nothing(hook, app, text):
    status, answer = await hook(message(1, text))
    assert status == 200
    assert await count(app, ParkedUpdate) == 0
    assert answer is None or "卡了一下" not in answer["text"]


async def test_an_edited_message_is_not_answered_twice(hook):
    update = message(1, "入职要押金可以吗")
    assert await hook({"update_id": 2, "edited_message": update["message"] | {"edit_date": 2}}) == (200, None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "text",
        "from",
        "chat",
        "location",
        "photo",
        "entities",
        "message_id",
        "date",
        "contact",
        "voice",
        "reply_to_message",
    ]
)


@given(changes=st.dictionaries(NAMES, VALUES, max_size=4), number=st.integers(1, 2**40))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_shape_of_an_update_is_an_error_for_the_server(hook, changes, number):
    update = message(number, "你好")
    update["message"] |= changes
    status, _ = await hook(update)
    assert status == 200


async def test_an_answer_that_only_reads_waits_for_replies_that_a_dead_process_left(hook, app):
    """Another process took a line, wrote two replies down and was killed; the next line of the burst comes to us."""
    assert await hook(message(5, "/start")) == (200, None)
    await app.settled()
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        chat_id, left = chat.id, jobs.message(chat, {"do": "say", "text": "前一句的回答"})
        await outbox.put(session, [left])
    assert await hook(message(6, "高温天有没有补贴")) == (200, None)
    async with app.db.read() as session:
        waiting = select(Outbox.id, Outbox.due_at).where(Outbox.chat_id == chat_id, Outbox.state == OutboxState.WAITING)
        first, second = (await session.execute(waiting.order_by(Outbox.id))).all()
    assert first.id == left.id
    assert not app.relay.holds([second.id])  # A relay sends both, in their order, as soon as the first one is due.


async def test_channels_are_told_apart(app):
    assert {each.value for each in Channel} == {"telegram", "web"}
