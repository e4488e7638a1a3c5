"""Whatever shape it has that comes in: markup, updates, what a page posts, news of the backend.  Nothing is an error."""

import json
import secrets

import aiohttp
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.app import Application
from bot.backend.inbound_status import InboundStatus
from bot.channels.telegram.webhook import SECRET_HEADER
from bot.channels.web.markup.entities import parsed
from bot.channels.web.parameters import clean
from bot.channels.web.refusal import ApiRefusal
from bot.doors import signature
from bot.messaging.urls import BACKEND_STATUS
from bot.services.appeals.states import AppealState
from bot.settings import Settings
from tests.conftest import hasten
from tests.support.brokers import SECRET
from tests.support.phone import MARK

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIGNS = ["<", ">", "</", "<b>", "</b>", "<a href='", "&", "&lt;", "&#", "*", "**", "_", "__", "~", "`", "```", "||", "[", "](", ")", "\\", "!", "\n", "😀", "王", "\u200b", "\ud800", "a", "\0"]  # fmt: skip
MARKUP = st.lists(st.sampled_from(SIGNS), max_size=40).map("".join) | st.text(max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
DEEP = b'{"update_id": 1, "message": ' + b"[" * 50_000 + b'"\\u0000"' + b"]" * 50_000 + b"}"


def bodies(*names: str) -> st.SearchStrategy[bytes]:
    """Bytes of any kind, any JSON, and objects that have these fields with anything in them."""
    objects = st.dictionaries(st.sampled_from(names), JSON, max_size=len(names))
    return st.binary(max_size=60) | (JSON | objects).map(lambda value: json.dumps(value).encode())


@pytest.fixture
async def app(settings, knowledge):
    app = Application(
        Settings(**settings.model_dump() | {"queue_secret": SECRET}, _env_file=None), knowledge, demo=True
    )
    hasten(app)
    await app.start()
    yield app
    await app.stop()


@pytest.fixture
async def posts(app):
    """Sends bytes, and tells with what status they were answered."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"http://127.0.0.1:{app.port}/chat") as page:
            assert page.status == 200

        async def post(path: str, body: bytes, headers: dict[str, str]) -> int:
            async with http.post(f"http://127.0.0.1:{app.port}{path}", data=body, headers=headers) as response:
                await response.read()
                return response.status

        yield post


@given(text=MARKUP, mode=st.sampled_from(["HTML", "MarkdownV2", "Markdown"]))
def test_markup_is_read_or_refused_and_marks_only_what_is_there(text, mode):
    try:
        made = parsed(clean(text), mode)
    except ApiRefusal:
        return
    units = len(made.text.encode("utf-16-le")) // 2
    for entity in made.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units


@example(body=DEEP)
@given(body=bodies("update_id", "message", "callback_query", "edited_message", "my_chat_member"))
@FEW
async def test_no_bytes_of_a_webhook_are_an_error(posts, app, body):
    assert await posts("/channel/web", body, {SECRET_HEADER: app._secret}) == 200


@example(path="/chat/messages", body=DEEP)
@given(
    path=st.sampled_from(["/chat/messages", "/chat/presses", "/chat/typing"]),
    body=bodies("key", "text", "location", "message", "data", "reply_to", "contact", "bot"),
)
@FEW
async def test_no_bytes_of_a_page_are_an_error(posts, path, body):
    assert await posts(path, body, {**MARK, "Content-Type": "application/json"}) < 500


def news(data: object, **more: object) -> bytes:
    said = {"specversion": "1.0", "id": secrets.token_hex(8), "source": "/12345", "type": "appeal.status"}
    return json.dumps(
        {**said, "subject": "261122999999", "time": "2026-11-22T10:00:00Z", "data": data, **more}
    ).encode()


CHANGES = st.dictionaries(st.sampled_from(["text", "note", "agency", "reason", "backend_number"]), JSON, max_size=5)
NEWS = st.builds(lambda state, rest: news({"state": state, **rest}), st.sampled_from([*map(str, AppealState)]), CHANGES)


@example(body=DEEP)
@example(body=news({"state": "accepted", "text": "\0"}))
@example(body=news({"state": "accepted"}, time="9999-12-31T23:59:59-23:59"))
@example(body=news({"state": "accepted"}, time="0001-01-01T00:00:00+23:59"))
@given(body=bodies("specversion", "id", "source", "type", "subject", "time", "data") | NEWS)
@FEW
async def test_no_news_of_a_backend_are_an_error_by_either_way(posts, app, body):
    assert await posts(BACKEND_STATUS, body, signature.sign(SECRET, body)) < 500
    await InboundStatus(app.db, lambda: app.services, SECRET).hear(body)
