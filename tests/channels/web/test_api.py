"""The web chat's Bot API: it refuses what Telegram refuses, word for word, and means the same by the rest."""

import asyncio
import io
import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import text, update

from bot.channels.web import Limits, files
from bot.channels.web.markup import html, markdown
from bot.channels.web.markup.marks import CannotParse
from bot.channels.web.rows import UPDATES
from bot.store.models import now
from tests.support import web_driver
from tests.support.web_driver import MARK, TOKEN, Bot, Person, Refusal, Server, eventually

web_database, web_key, web_server = web_driver.web_database, web_driver.web_key, web_driver.web_server
web_http, web_bot, web_worker = web_driver.web_http, web_driver.web_bot, web_driver.web_worker

WORKER = 101
PRESS = {"inline_keyboard": [[{"text": "好", "callback_data": "yes"}]]}
SMILE = "😀"


def png(width: int = 2, height: int = 2) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(out, "PNG")
    return out.getvalue()


def keyboard(**button: object) -> dict[str, object]:
    return {"inline_keyboard": [[{"text": "x"} | button]]}


# ---------------------------------------------------------------- refusals


REFUSALS = [
    ("sendMessage", {"text": ""}, "message text is empty"),
    ("sendMessage", {"text": " \n\t"}, "message text is empty"),
    ("sendMessage", {"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
    ("sendMessage", {"text": "x" * 4097}, "message is too long"),
    ("sendMessage", {"text": SMILE * 2049}, "message is too long"),
    ("sendMessage", {"text": "x", "chat_id": ""}, "chat_id is empty"),
    ("sendMessage", {"text": "x", "chat_id": 4_000_000_001}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": "@nobody"}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": "--5"}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": "9" * 19}, "chat not found"),
    ("sendPhoto", {"photo": "A" * 43, "caption": "字" * 1025}, "message caption is too long"),
    ("sendMessage", {"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
    ("sendMessage", {"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
    ("sendMessage", {"text": "x", "reply_to_message_id": 999}, "message to be replied not found"),
    ("sendMessage", {"text": "x", "reply_markup": "{"}, "can't parse reply_markup JSON object"),
    ("sendMessage", {"text": "x", "reply_markup": "[1]"}, "object expected as reply markup"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(callback_data="")}, "BUTTON_DATA_INVALID"),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard()},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard(url="amapuri://route")},
        "inline keyboard button URL 'amapuri://route' is invalid: Unsupported URL protocol",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard(url="tel:12345")},
        "inline keyboard button URL 'tel:12345' is invalid: Unsupported URL protocol",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "1"}] * 9]}},
        "reply markup is too long",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "1"}]] * 101}},
        "reply markup is too long",
    ),
    ("sendLocation", {"latitude": 91, "longitude": 0}, "wrong location specified"),
    ("sendLocation", {"longitude": 0}, "latitude is empty"),
    ("sendVenue", {"latitude": 1, "longitude": 1, "title": "", "address": "a"}, "venue title must be non-empty"),
    ("sendContact", {"phone_number": "", "first_name": "a"}, "contact phone number must be non-empty"),
    ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
    ("sendPhoto", {"photo": "nope"}, "wrong remote file identifier specified: Wrong padding in the string"),
    ("sendPhoto", {"photo": "A" * 43}, "wrong file identifier/HTTP URL specified"),
    ("sendPhoto", {}, "there is no photo in the request"),
    ("sendMediaGroup", {"media": [{"type": "photo", "media": "A" * 43}]}, "too few messages to send as an album"),
    (
        "sendMediaGroup",
        {"media": [{"type": "photo", "media": "A" * 43}] * 11},
        "too many messages to send as an album",
    ),
    ("getFile", {"file_id": "nope"}, "wrong file_id or the file is temporarily unavailable"),
    ("editMessageText", {"message_id": 999, "text": "x"}, "message to edit not found"),
    ("editMessageText", {"message_id": 999, "text": ""}, "message text is empty"),
    ("deleteMessage", {"message_id": 999}, "message to delete not found"),
    ("deleteMessage", {}, "message identifier is not specified"),
    ("copyMessage", {"from_chat_id": WORKER, "message_id": 999}, "message to copy not found"),
    ("forwardMessage", {"from_chat_id": WORKER, "message_id": 999}, "message to forward not found"),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1"},
        "query is too old and response timeout expired or query ID is invalid",
    ),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "MESSAGE_TOO_LONG"),
    ("setMyCommands", {"commands": [{"command": "Bad", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
    (
        "setMyCommands",
        {"commands": [{"command": "a", "description": "x"}] * 101},
        "BOT_COMMANDS_TOO_MUCH",
    ),
    ("setWebhook", {"url": "https://a.example", "secret_token": "a b"}, "secret token contains unallowed characters"),
    (
        "setWebhook",
        {"url": "http://a.example"},
        "bad webhook: An HTTPS URL must be provided for webhook",
    ),
    (
        "setWebhook",
        {"url": "https://a.example:8000"},
        "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
    ),
]


async def test_bad_requests_are_refused_in_telegrams_words(web_bot):
    said = []
    for method, parameters, _ in REFUSALS:
        with pytest.raises(Refusal) as refusal:
            await web_bot(method, **{"chat_id": WORKER} | parameters)
        said.append(refusal.value.body)

    assert said == [{"ok": False, "error_code": 400, "description": f"Bad Request: {why}"} for _, _, why in REFUSALS]


async def test_an_unknown_method_is_not_found_and_known_ones_have_no_case(web_bot):
    with pytest.raises(Refusal) as refusal:
        await web_bot("noSuchMethod")
    me = await web_bot("GETME")

    assert refusal.value.body["description"] == "Not Found: method not found"
    assert me["is_bot"] is True
    assert me["id"] == 4711


async def test_in_production_only_the_configured_token_is_a_bot(web_database, web_key, tmp_path, web_http):
    server = await Server(web_database, tmp_path, key=web_key, demo=False).start()
    try:
        me = await Bot(server, web_http)("getMe")
        with pytest.raises(Refusal) as refusal:
            await Bot(server, web_http, "4712:OTHER")("getMe")
        async with web_http.post(f"{server.url}/sim/update", json={}) as response:
            injected = response.status
        async with web_http.get(f"{server.url}/demo") as response:
            demo = response.status
        with pytest.raises(Refusal) as nobody:
            await Bot(server, web_http)("sendMessage", chat_id=WORKER, text="x")
    finally:
        await server.stop()

    assert me["id"] == 4711
    assert refusal.value.body == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert (injected, demo) == (404, 404)
    assert nobody.value.description == "Bad Request: chat not found"


async def test_in_the_demo_every_token_is_a_bot_of_its_own(web_server, web_http, web_worker):
    other = Bot(web_server, web_http, "99:OTHER")
    await other("sendMessage", chat_id=WORKER, text="only mine")
    await other("setMyCommands", commands=[{"command": "a", "description": "b"}])

    assert await web_worker.hears() == []
    assert await Bot(web_server, web_http)("getMyCommands") == []


# ---------------------------------------------------------------- formats of requests


async def test_query_form_multipart_and_json_say_the_same(web_bot, web_http):
    markup = '{"inline_keyboard":[[{"text":"好","callback_data":"yes"}]]}'
    fields = {"chat_id": str(WORKER), "text": "同一句话", "reply_markup": markup}
    url = f"{web_bot.base}/sendMessage"
    async with web_http.get(url, params=fields) as response:
        by_query = await web_bot.result(response)
    async with web_http.post(url, data=fields) as response:
        by_form = await web_bot.result(response)
    by_multipart = await web_bot.form("sendMessage", **fields)
    by_json = await web_bot("sendMessage", chat_id=WORKER, text="同一句话", reply_markup=PRESS)

    kept = [
        {name: each[name] for name in ("text", "chat", "reply_markup")} for each in (by_query, by_form, by_multipart)
    ]
    assert kept == [{name: by_json[name] for name in ("text", "chat", "reply_markup")}] * 3
    assert by_json["reply_markup"] == PRESS


async def test_broken_bodies_are_refused_not_suffered(web_bot, web_http):
    answers = []
    for body, kind in (
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"text=%ff", "application/x-www-form-urlencoded"),
    ):
        async with web_http.post(f"{web_bot.base}/sendMessage", data=body, headers={"Content-Type": kind}) as response:
            answers.append((response.status, (await response.json())["description"]))

    assert answers == [
        (400, "Bad Request: can't parse JSON object"),
        (400, "Bad Request: object expected"),
        (400, "Bad Request: strings must be encoded in UTF-8"),
    ]


async def test_control_characters_and_direction_overrides_are_cleaned(web_bot):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="a\x00b\u202ec\r\nd")

    assert sent["text"] == "a bc\nd"


# ---------------------------------------------------------------- text and entities


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"{SMILE}&lt;<tag", "Unclosed start tag at byte offset 8"),
        (f"{SMILE}<div>x</div>", 'Unsupported start tag "div" at byte offset 4'),
        ("您好<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("您好</b>", "Unexpected end tag at byte offset 6"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>x</b ", "Unclosed end tag at byte offset 4"),
        ("<b =x>y</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<a href=a,b>y</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="x>y', "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji emoji-id='x'>y</tg-emoji>", "Invalid custom emoji identifier specified"),
    ],
)
def test_broken_html_is_refused_with_the_byte_offset(source, message):
    with pytest.raises(CannotParse) as error:
        html.parse(source)

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("source", "shown", "entities"),
    [
        ("1 &lt; 2 &amp; 3 &gt; 2 &quot;&nbsp;&#20320;&#x597d;", '1 < 2 & 3 > 2 "&nbsp;你好', []),
        (f"{SMILE}<b>粗</b>", f"{SMILE}粗", [("bold", 2, 1)]),
        (
            "<b>a<i>b</i></b><u>c</u><s>d</s>",
            "abcd",
            [("bold", 0, 2), ("italic", 1, 1), ("underline", 2, 1), ("strikethrough", 3, 1)],
        ),
        ("<b></b>x", "x", []),
        ("<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>", "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        (
            "<blockquote>q</blockquote><blockquote expandable>r</blockquote>",
            "qr",
            [("blockquote", 0, 1), ("expandable_blockquote", 1, 1)],
        ),
        ("<pre><code class='language-py'>x</code></pre>", "x", [("pre", 0, 1)]),
        ("<code>x</code>", "x", [("code", 0, 1)]),
        ("<a href='javascript:alert(1)'>x</a><a href='tel:12345'>y</a>", "xy", []),
    ],
)
def test_html_becomes_text_with_entities_in_utf_16(source, shown, entities):
    found, marks = html.parse(source)

    assert found == shown
    assert [(each["type"], each["offset"], each["length"]) for each in marks] == entities


def test_a_link_in_html_carries_its_address():
    assert html.parse('<a href="https://a.cn/?x=1&amp;y=2">去</a>')[1] == [
        {"type": "text_link", "offset": 0, "length": 1, "url": "https://a.cn/?x=1&y=2"}
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        (f"{SMILE}*粗", "Can't find end of Bold entity at byte offset 4"),
        ("_a*b_", "Can't find end of Italic entity at byte offset 4"),
        ("```py x", "Can't find end of PreCode entity at byte offset 0"),
        ("[a](http://b", "Can't find end of a URL at byte offset 4"),
    ],
)
def test_broken_markdown_v2_is_refused(source, message):
    with pytest.raises(CannotParse) as error:
        markdown.parse_v2(source)

    assert str(error.value) == message


def test_markdown_of_both_kinds_is_understood():
    new, marks = markdown.parse_v2("*粗 _斜_* ||s|| [去](https://a.cn/x\\)) `c`\n>引")
    old, older_marks = markdown.parse("*粗* _斜_ [去](https://a.cn/) \\*")

    assert new == "粗 斜 s 去 c\n引"
    assert [each["type"] for each in marks] == ["bold", "italic", "spoiler", "text_link", "code", "blockquote"]
    assert old == "粗 斜 去 *"
    assert [each["type"] for each in older_marks] == ["bold", "italic", "text_link"]


async def test_commands_links_and_mentions_are_found_where_there_is_no_code(web_bot):
    source = "/start@nuanxin 看 https://a.cn/x。<code>/no https://b.cn</code> @somebody #标签 #tag"
    sent = await web_bot("sendMessage", chat_id=WORKER, text=source, parse_mode="HTML")

    found = [
        (each["type"], sent["text"][each["offset"] : each["offset"] + each["length"]]) for each in sent["entities"]
    ]
    assert found == [
        ("bot_command", "/start@nuanxin"),
        ("url", "https://a.cn/x"),
        ("code", "/no https://b.cn"),
        ("mention", "@somebody"),
        ("hashtag", "#tag"),
    ]


async def test_length_counts_after_parsing(web_bot):
    sent = await web_bot("sendMessage", chat_id=WORKER, text=f"<b>{'字' * 4096}</b>", parse_mode="HTML")

    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


async def test_entities_counted_by_the_bot_are_kept_and_wrong_ones_dropped(web_bot):
    entities = [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "bold", "offset": 3, "length": 99},
        {"type": "nonsense", "offset": 0, "length": 1},
    ]
    sent = await web_bot("sendMessage", chat_id=WORKER, text="您好，师傅", entities=entities)

    assert sent["entities"] == entities[:1]


async def test_text_is_trimmed_and_entities_move_along(web_bot):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="  \n<b> 您好</b> \n", parse_mode="HTML")

    assert (sent["text"], sent["entities"]) == ("您好", [{"type": "bold", "offset": 0, "length": 2}])


# ---------------------------------------------------------------- messages


async def test_an_edit_replaces_text_and_buttons_and_says_when(web_bot, web_worker):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="旧", reply_markup=PRESS)
    edited = await web_bot("editMessageText", chat_id=WORKER, message_id=sent["message_id"], text="新")
    with pytest.raises(Refusal) as unchanged:
        await web_bot("editMessageText", chat_id=WORKER, message_id=sent["message_id"], text="新")
    [bubble] = await web_worker.sees()

    assert (edited["text"], "reply_markup" in edited, edited["edit_date"] >= sent["date"]) == ("新", False, True)
    assert unchanged.value.description == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert (bubble["text"], bubble["edited"]) == ("新", True)


async def test_people_s_messages_cannot_be_edited_but_a_reaction_shows(web_bot, web_worker):
    said = await web_worker.says("您好")
    with pytest.raises(Refusal) as refusal:
        await web_bot("editMessageText", chat_id=WORKER, message_id=said["id"], text="x")
    await web_bot(
        "setMessageReaction", chat_id=WORKER, message_id=said["id"], reaction=[{"type": "emoji", "emoji": "👍"}]
    )
    [bubble] = await web_worker.sees()

    assert refusal.value.description == "Bad Request: message can't be edited"
    assert (bubble["text"], bubble["reaction"]) == ("您好", "👍")


async def test_a_deleted_message_is_gone_and_the_page_is_told(web_bot, web_worker):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="x")
    [bubble] = await web_worker.sees()
    await web_bot("deleteMessage", chat_id=WORKER, message_id=sent["message_id"])
    _, news = await web_worker.get("/chat/events", after=bubble["event"])

    assert await web_worker.sees() == []
    assert news["messages"] == [{"id": sent["message_id"], "event": bubble["event"] + 1, "deleted": True}]


async def test_replies_quote_and_missing_ones_may_be_ignored(web_bot):
    first = await web_bot("sendMessage", chat_id=WORKER, text="一")
    second = await web_bot(
        "sendMessage", chat_id=WORKER, text="二", reply_parameters={"message_id": first["message_id"]}
    )
    third = await web_bot(
        "sendMessage", chat_id=WORKER, text="三", reply_to_message_id=99, allow_sending_without_reply=True
    )

    assert second["reply_to_message"]["text"] == "一"
    assert "reply_to_message" not in third


async def test_copies_lose_their_origin_and_forwards_name_it(web_bot, web_worker):
    said = await web_worker.says("原话")
    copied = await web_bot("copyMessage", chat_id=102, from_chat_id=WORKER, message_id=said["id"])
    forwarded = await web_bot("forwardMessage", chat_id=102, from_chat_id=WORKER, message_id=said["id"])

    assert set(copied) == {"message_id"}
    assert forwarded["text"] == "原话"
    assert forwarded["forward_origin"]["sender_user"]["first_name"] == "王师傅·外卖"


async def test_only_inline_keyboards_come_back_and_reply_keyboards_reach_the_page(web_bot, web_worker):
    rows = [[{"text": "📍 发位置", "request_location": True}], ["政策", {"text": "电话", "request_contact": True}]]
    markup = {"keyboard": rows, "resize_keyboard": True, "is_persistent": True, "input_field_placeholder": "问吧"}
    sent = await web_bot("sendMessage", chat_id=WORKER, text="x", reply_markup=markup)
    _, shown = await web_worker.get("/chat/events")
    await web_bot("sendMessage", chat_id=WORKER, text="y", reply_markup={"remove_keyboard": True})
    _, removed = await web_worker.get("/chat/events")

    assert "reply_markup" not in sent
    assert shown["keyboard"]["keyboard"][1] == [{"text": "政策"}, {"text": "电话", "request_contact": True}]
    assert shown["keyboard"]["is_persistent"] is True
    assert removed["keyboard"] is None


async def test_typing_shows_until_the_bot_speaks(web_bot, web_worker):
    await web_bot("sendChatAction", chat_id=WORKER, action="typing")
    _, before = await web_worker.get("/chat/events")
    await web_bot("sendMessage", chat_id=WORKER, text="x")
    _, after = await web_worker.get("/chat/events")

    assert before["action"]["name"] == "typing"
    assert after["action"] is None


# ---------------------------------------------------------------- files


async def test_an_upload_can_be_fetched_and_sent_again(web_bot, web_http, web_worker):
    data = png(30, 20)
    sent = await web_bot.form("sendPhoto", chat_id=WORKER, photo=data, caption="<b>图</b>", parse_mode="HTML")
    photo = sent["photo"][-1]
    again = await web_bot("sendPhoto", chat_id=102, photo=photo["file_id"])
    file = await web_bot("getFile", file_id=photo["file_id"])
    async with web_http.get(f"{web_bot.server.url}/file/bot{TOKEN}/{file['file_path']}") as response:
        fetched, headers = await response.read(), response.headers
    [bubble] = await web_worker.sees()
    async with web_http.get(web_bot.server.url + bubble["photo"]["full"], params={"as": WORKER}) as response:
        shown, shown_type = await response.read(), response.content_type

    assert (photo["width"], photo["height"], photo["file_size"]) == (30, 20, len(data))
    assert sent["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert again["photo"] == sent["photo"]
    assert (fetched, headers["X-Content-Type-Options"]) == (data, "nosniff")
    assert (shown, shown_type) == (data, "image/png")


async def test_photos_chosen_together_reach_the_bot_as_one_album(web_bot, web_worker):
    album, headers = "ab" * 16, MARK | {"Content-Type": "image/png"}
    for key in ("12345671", "12345672"):
        await web_worker.post("/chat/photos", png(), key=key, album=album, headers=headers)
    await web_worker.post("/chat/photos", png(), key="12345673", headers=headers)
    refused, _ = await web_worker.post("/chat/photos", png(), key="12345674", album="../<b>", headers=headers)
    told = [each["message"].get("media_group_id") for each in await web_bot("getUpdates")]
    assert (told, refused) == ([album, album, None], 400)


async def test_an_album_is_several_messages_of_one_group(web_bot):
    media = '[{"type":"photo","media":"attach://a"},{"type":"photo","media":"attach://b","caption":"二"}]'
    sent = await web_bot.form("sendMediaGroup", chat_id=WORKER, media=media, a=png(), b=png(3))

    assert len({each["media_group_id"] for each in sent}) == 1
    assert [each.get("caption") for each in sent] == [None, "二"]
    assert [each["photo"][0]["width"] for each in sent] == [2, 3]


async def test_files_have_telegrams_limits(web_bot):
    refusals = []
    for method, fields in (
        ("sendPhoto", {"photo": b"not a picture"}),
        ("sendPhoto", {"photo": png(9990, 20)}),
        ("sendPhoto", {"photo": bytes(10 * 2**20 + 1)}),
        ("sendDocument", {"document": bytes(50 * 2**20 + 1)}),
    ):
        with pytest.raises(Refusal) as refusal:
            await web_bot.form(method, chat_id=WORKER, **fields)
        refusals.append((refusal.value.status, refusal.value.description))
    large = await web_bot.form("sendDocument", chat_id=WORKER, document=bytes(20 * 2**20 + 1))
    with pytest.raises(Refusal) as refusal:
        await web_bot("getFile", file_id=large["document"]["file_id"])

    assert refusals == [
        (400, "Bad Request: IMAGE_PROCESS_FAILED"),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (400, "Bad Request: file is too big"),
        (413, "Request Entity Too Large"),
    ]
    assert refusal.value.description == "Bad Request: file is too big"


async def test_a_refused_upload_leaves_no_file(web_bot, tmp_path):
    with pytest.raises(Refusal):
        await web_bot.form("sendDocument", chat_id=4_000_000_001, document=b"x")

    assert list((tmp_path / "files").iterdir()) == []


# ---------------------------------------------------------------- buttons


async def test_a_press_is_answered_once_and_the_page_hears_it(web_bot, web_worker):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="x", reply_markup=PRESS)
    press = await web_worker.presses(sent["message_id"], "yes")
    [update_] = await web_bot.updates()
    query = update_["callback_query"]
    _, before = await web_worker.get("/chat/events")
    await web_bot("answerCallbackQuery", callback_query_id=query["id"], text="好的", show_alert=True)
    with pytest.raises(Refusal) as twice:
        await web_bot("answerCallbackQuery", callback_query_id=query["id"])
    _, news = await web_worker.get("/chat/events", after=before["event"])

    assert (query["data"], query["id"], query["message"]["message_id"]) == ("yes", press, sent["message_id"])
    assert news["answers"] == [{"id": press, "text": "好的", "alert": True}]
    assert twice.value.description.endswith("query ID is invalid")


async def test_only_a_button_that_is_there_can_be_pressed(web_bot, web_worker):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="x", reply_markup=PRESS)
    status, body = await web_worker.post("/chat/presses", {"message": sent["message_id"], "data": "forged"})

    assert (status, body["why"]) == (409, "button_gone")


# ---------------------------------------------------------------- getUpdates


async def test_an_offset_confirms_and_the_unconfirmed_comes_again(web_bot, web_worker):
    await web_worker.says("一")
    await web_worker.says("/start 二")
    both = await web_bot.updates()
    again = await web_bot.updates()
    rest = await web_bot.updates(offset=both[0]["update_id"] + 1)
    none = await web_bot.updates(offset=both[1]["update_id"] + 1, timeout=0)

    assert [each["message"]["text"] for each in both] == ["一", "/start 二"]
    assert both == again
    assert rest == both[1:]
    assert none == []
    assert both[1]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert both[0]["message"]["from"] == {
        "id": WORKER,
        "is_bot": False,
        "first_name": "王师傅·外卖",
        "language_code": "zh-hans",
    }


async def test_a_negative_offset_keeps_the_last_ones(web_bot, web_worker):
    for word in "一二三":
        await web_worker.says(word)
    last = await web_bot.updates(offset=-2)
    later = await web_bot.updates()

    assert [each["message"]["text"] for each in last] == ["二", "三"]
    assert later == last


async def test_a_long_poll_wakes_at_once(web_bot, web_worker):
    poll = asyncio.create_task(web_bot.updates(timeout=20))
    await _polling(web_bot.server)
    began = time.monotonic()
    await web_worker.says("醒醒")
    [found] = await poll

    assert found["message"]["text"] == "醒醒"
    assert time.monotonic() - began < 1


async def test_a_newer_poll_wins(web_bot):
    older = asyncio.create_task(web_bot.updates(timeout=20))
    await _polling(web_bot.server)
    newer = asyncio.create_task(web_bot.updates(timeout=1))
    with pytest.raises(Refusal) as refusal:
        await older

    assert (refusal.value.status, refusal.value.description) == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    assert await newer == []


async def test_a_webhook_and_polling_exclude_each_other(web_bot):
    poll = asyncio.create_task(web_bot.updates(timeout=20))
    await _polling(web_bot.server)
    await web_bot("setWebhook", url="http://127.0.0.1:9/hook")
    with pytest.raises(Refusal) as ended:
        await poll
    with pytest.raises(Refusal) as refusal:
        await web_bot.updates(timeout=0)
    await web_bot("deleteWebhook")

    assert ended.value.description == "Conflict: terminated by setWebhook request"
    assert refusal.value.body["description"] == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    assert await web_bot.updates(timeout=0) == []


async def test_the_same_empty_poll_again_is_held(web_bot):
    await web_bot.updates(timeout=0)
    began = time.monotonic()
    await web_bot.updates(timeout=0)

    assert time.monotonic() - began >= 0.19  # seconds; clocks.conflict of the tests


async def test_allowed_updates_count_when_an_update_is_made(web_bot, web_worker):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="x", reply_markup=PRESS)
    await web_bot.updates(allowed_updates=["callback_query"], timeout=0)
    await web_worker.says("nobody asked")
    await web_worker.presses(sent["message_id"], "yes")
    found = await web_bot.updates(allowed_updates=[])
    await web_worker.says("heard")
    later = await web_bot.updates()

    assert [set(each) - {"update_id"} for each in found] == [{"callback_query"}]
    assert [set(each) - {"update_id"} for each in later] == [{"callback_query"}, {"message"}]


async def test_a_poll_ends_when_its_client_leaves(web_bot, web_worker):
    async def nobody_polls():
        return not web_bot.server.chat.shared.wakeups.ids("bot")

    poll = asyncio.create_task(web_bot.updates(timeout=20))
    await _polling(web_bot.server)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    await eventually(nobody_polls)
    await web_worker.says("x")

    assert len(await web_bot.updates()) == 1


async def test_updates_live_a_day_and_presses_150_seconds(web_bot, web_worker):
    sent = await web_bot("sendMessage", chat_id=WORKER, text="x", reply_markup=PRESS)
    await web_worker.says("x")
    await web_worker.presses(sent["message_id"], "yes")
    async with web_bot.server.db.connect() as connection:
        rows = (await connection.execute(text("select queue, expires_at, due_at from web_updates"))).all()
        await connection.execute(update(UPDATES).values(expires_at=now() - timedelta(seconds=1)))
    found = await web_bot.updates(timeout=0)
    await web_bot.server.chat.watch.purge()
    async with web_bot.server.db.connect() as connection:
        left = (await connection.execute(text("select count(*) from web_updates"))).scalar_one()

    lives = {row.queue: _seconds(row.expires_at) - _seconds(row.due_at) for row in rows}
    assert lives == {"chat:101": pytest.approx(86_400), "press:101": pytest.approx(150)}
    assert (found, left) == ([], 0)


async def test_an_injected_update_of_any_shape_arrives_numbered(web_bot, web_http):
    for update_ in ({"message": 5}, {}, {"poll": {"id": "1"}, "update_id": 7}):
        async with web_http.post(
            f"{web_bot.server.url}/sim/update", json={"token": TOKEN, "update": update_}
        ) as answer:
            assert answer.status == 200
    found = await web_bot.updates()
    numbers = [each.pop("update_id") for each in found]

    assert found == [{"message": 5}, {}, {"poll": {"id": "1"}}]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


# ---------------------------------------------------------------- people


async def test_a_person_can_stop_the_bot_and_come_back(web_bot, web_worker):
    await web_worker.says("x")
    await web_worker.post("/chat/stop", {"stopped": True})
    with pytest.raises(Refusal) as refusal:
        await web_bot("sendMessage", chat_id=WORKER, text="x")
    refused_status, sentence = await web_worker.post("/chat/messages", {"key": "k" * 8, "text": "x"})
    await web_worker.post("/chat/stop", {"stopped": False})
    await web_bot("sendMessage", chat_id=WORKER, text="x")
    kinds = [next(iter(set(each) - {"update_id"})) for each in await web_bot.updates()]

    assert refusal.value.body == {
        "ok": False,
        "error_code": 403,
        "description": "Forbidden: bot was blocked by the user",
    }
    assert (refused_status, sentence["why"]) == (409, "stopped")
    assert kinds == ["message", "my_chat_member", "my_chat_member"]


async def test_a_deleted_person_is_gone_with_all_they_sent(web_server, web_bot, web_http, tmp_path):
    stranger = Person(web_server, web_http)
    await stranger.opens()
    await stranger.says("我的秘密")
    await stranger.post("/chat/photos", png(40, 40), key="photo-key", headers=MARK | {"Content-Type": "image/png"})
    person = (await web_bot.updates())[0]["message"]["from"]["id"]
    files_before = len(list((tmp_path / "files").iterdir()))
    status, _ = await stranger.post("/chat/delete", {})
    with pytest.raises(Refusal) as refusal:
        await web_bot("sendMessage", chat_id=person, text="x")
    left = await web_bot.updates()
    again = await stranger.says("新的开始")

    assert (status, files_before) == (200, 2)
    assert list((tmp_path / "files").iterdir()) == []
    assert refusal.value.description == "Forbidden: user is deactivated"
    assert [set(each) - {"update_id"} for each in left] == [{"my_chat_member"}]
    assert again["id"] == 1
    assert (await web_bot.updates())[-1]["message"]["from"]["id"] != person


async def test_a_stranger_is_found_again_by_their_cookie_and_has_no_sequential_number(web_server, web_http):
    stranger = Person(web_server, web_http)
    await stranger.opens()
    await stranger.says("您好")
    again = Person(web_server, web_http)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as elsewhere:
        other = Person(web_server, elsewhere)
        await other.opens()
        seen_elsewhere = await other.get("/chat/events")

    assert [each["text"] for each in await again.sees()] == ["您好"]
    assert seen_elsewhere[1] == {"new": True}


async def test_an_idle_page_waits_even_where_nothing_was_ever_said(web_bot, web_worker):
    """Not before a message comes: a page that is answered at once would ask again at once."""
    waiting = asyncio.create_task(web_worker.get("/chat/events", after=0))

    async def listens():
        return web_bot.server.chat.shared.wakeups.ids("conversation")

    await eventually(listens)
    assert not waiting.done()
    await web_bot("sendMessage", chat_id=WORKER, text="第一句")
    _, news = await waiting

    assert [each["text"] for each in news["messages"]] == ["第一句"]


async def test_a_forged_cookie_is_nobody(web_server):
    cookies = {"nuanxin_chat": "5.1.0123456789abcdef"}
    async with (
        aiohttp.ClientSession(cookies=cookies) as http,
        http.get(f"{web_server.url}/chat/events") as response,
    ):
        status = response.status

    assert status == 401


async def test_a_repeated_post_is_one_message(web_bot, web_worker):
    first = await web_worker.says("x", key="same-key-1")
    second = await web_worker.says("x", key="same-key-1")

    assert first == second
    assert len(await web_bot.updates()) == 1


async def test_what_the_page_posts_is_checked_and_answered_in_plain_words(web_worker):
    answers = []
    for body in (
        {"key": "12345678", "text": "  "},
        {"key": "12345678", "text": "字" * 4097},
        {"key": "12345678", "location": {"latitude": 99, "longitude": 0}},
        {"key": "12345678", "location": {"latitude": "x", "longitude": 0}},
        {"key": "12345678", "contact": {"phone": "abc"}},
        {"key": "x", "text": "x"},
        {"key": "12345678"},
    ):
        status, answer = await web_worker.post("/chat/messages", body)
        answers.append((status, answer["why"]))
    no_picture, answer = await web_worker.post("/chat/photos", b"no picture", key="12345678")

    assert [why for _, why in answers] == [
        "empty",
        "too_long",
        "bad_place",
        "bad_place",
        "bad_phone",
        "bad_request",
        "bad_request",
    ]
    assert {status for status, _ in answers} == {400}
    assert (no_picture, answer["error"]) == (400, "这张图片打不开，请换成 JPG 或 PNG 格式再发。")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        MARK | {"Sec-Fetch-Site": "cross-site"},
        MARK | {"Origin": "https://evil.example"},
        MARK | {"Origin": "null"},
    ],
)
async def test_no_other_site_can_post_for_somebody(web_worker, headers):
    status, _ = await web_worker.post("/chat/messages", {"key": "12345678", "text": "x"}, headers=headers)

    assert status == 403


async def test_nul_and_lone_surrogates_do_not_get_in(web_bot, web_worker):
    said = await web_worker.says("a\x00b")
    status, _ = await web_worker.post(
        "/chat/messages", b'{"key":"12345678","text":"\\ud800"}', headers=MARK | {"Content-Type": "application/json"}
    )

    assert said["text"] == "a b"
    assert status == 400


async def test_twenty_messages_a_minute_then_a_polite_sentence(web_database, web_key, tmp_path, web_http):
    server = await Server(web_database, tmp_path, key=web_key, messages_a_minute=20).start()
    try:
        worker = Person(server, web_http, WORKER)
        for _ in range(20):
            await worker.says("x")
        status, answer = await worker.post("/chat/messages", {"key": "12345678", "text": "x"})
    finally:
        await server.stop()

    assert status == 429
    assert re.fullmatch("您发得太快了，请等 [123] 秒再发。", answer["error"])


async def test_twenty_uploads_a_day_then_a_polite_sentence(web_database, web_key, tmp_path, web_http):
    server = await Server(web_database, tmp_path, key=web_key, messages_a_minute=1000).start()
    try:
        worker = Person(server, web_http, WORKER)
        answers = [await worker.post("/chat/voices", b"OggS", key=f"upload-{number:02}") for number in range(21)]
    finally:
        await server.stop()

    assert [status for status, _ in answers] == [200] * 20 + [429]
    assert answers[-1][1]["error"] == "今天已经上传了 20 个文件，请明天再传，或先用文字说明。"
    assert len(os.listdir(tmp_path / "files")) == 20  # noqa: PTH208


async def test_a_photo_loses_its_place_and_is_turned_upright(web_bot, web_worker, web_http):
    image = Image.new("RGB", (400, 200), "orange")
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif.get_ifd(0x8825)[2] = (41.0, 48.0, 0.0)  # GPS latitude
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    status, body = await web_worker.post(
        "/chat/photos", out.getvalue(), key="12345678", headers=MARK | {"Content-Type": "image/jpeg"}
    )
    [found] = await web_bot.updates()
    sizes = found["message"]["photo"]
    file = await web_bot("getFile", file_id=sizes[-1]["file_id"])
    async with web_http.get(f"{web_bot.server.url}/file/bot{TOKEN}/{file['file_path']}") as response:
        kept = Image.open(io.BytesIO(await response.read()))

    assert status == 200, body
    assert [(each["width"], each["height"]) for each in sizes] == [(160, 320), (200, 400)]
    assert dict(kept.getexif()) == {}


async def test_nothing_readable_lies_in_the_database_or_in_the_files(web_bot, web_worker, tmp_path):
    canaries = ["金丝雀", "王师傅", "41.8057", "13800001111", "webhook-canary"]
    await web_bot("setWebhook", url="http://127.0.0.1:9/webhook-canary", secret_token="webhook-canary")
    await web_worker.says("金丝雀")
    await web_worker.post("/chat/messages", {"key": "12345678", "location": {"latitude": 41.8057, "longitude": 123.4}})
    await web_worker.post("/chat/messages", {"key": "12345679", "contact": {"phone": "13800001111", "name": "金丝雀"}})
    await web_bot("sendMessage", chat_id=WORKER, text="金丝雀", reply_markup={"keyboard": [["金丝雀"]]}, key="金丝雀")
    await web_bot.form("sendDocument", chat_id=WORKER, document="金丝雀".encode())
    async with web_bot.server.db.connect() as connection:
        dump = []
        for table in ("bots", "people", "conversations", "messages", "presses", "updates", "results", "files"):
            rows = (await connection.execute(text(f"select * from web_{table}"))).all()  # noqa: S608 (our own names)
            dump += [repr(tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)) for row in rows]
    stored = "".join(dump).encode() + b"".join(each.read_bytes() for each in (tmp_path / "files").iterdir())

    assert len(dump) > 8
    spelled = [
        word for word in canaries for form in (word.encode(), repr(word.encode()).encode()[2:-1]) if form in stored
    ]
    assert spelled == []


async def test_a_file_s_address_is_good_for_its_person_only(web_bot, web_worker, web_http):
    await web_bot.form("sendPhoto", chat_id=WORKER, photo=png())
    [bubble] = await web_worker.sees()
    async with web_http.get(web_bot.server.url + bubble["photo"]["src"], params={"as": 102}) as response:
        status = response.status

    assert status == 404


# ---------------------------------------------------------------- rehearsals


async def test_faults_are_met_once_and_calls_are_recorded(web_server, web_bot):
    web_server.chat.faults.add("sendMessage", 429, "Too Many Requests: retry after 2", parameters={"retry_after": 2})
    with pytest.raises(Refusal) as refusal:
        await web_bot("sendMessage", chat_id=WORKER, text="一")
    await web_bot("sendMessage", chat_id=WORKER, text="二")

    assert refusal.value.body["parameters"] == {"retry_after": 2}
    assert refusal.value.headers["Retry-After"] == "2"
    assert [(each.method, each.parameters["text"], each.ok) for each in web_server.chat.calls] == [
        ("sendMessage", "一", False),
        ("sendMessage", "二", True),
    ]


async def test_telegrams_rates_can_be_rehearsed(web_database, web_key, tmp_path, web_http):
    server = await Server(web_database, tmp_path, key=web_key, limits=Limits(burst=2)).start()
    try:
        bot = Bot(server, web_http)
        for _ in range(2):
            await bot("sendMessage", chat_id=WORKER, text="x")
        with pytest.raises(Refusal) as refusal:
            await bot("sendMessage", chat_id=WORKER, text="x")
        await bot("sendMessage", chat_id=102, text="x")
    finally:
        await server.stop()

    assert refusal.value.body == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }


async def test_an_idempotency_key_makes_a_repetition_harmless(web_bot, web_worker):
    first = await web_bot("sendMessage", chat_id=WORKER, text="一次", key="outbox-1")
    again = await asyncio.gather(
        *(web_bot("sendMessage", chat_id=WORKER, text="一次", key="outbox-1") for _ in range(5))
    )
    other = await web_bot("sendMessage", chat_id=WORKER, text="两次", key="outbox-2")

    assert again == [first] * 5
    assert other["message_id"] == first["message_id"] + 1
    assert await web_worker.hears() == ["一次", "两次"]


async def test_the_same_key_at_the_same_time_sends_once(web_bot, web_worker):
    sent = await asyncio.gather(
        *(web_bot("sendMessage", chat_id=WORKER, text="一次", key="outbox-1") for _ in range(8))
    )

    assert len({each["message_id"] for each in sent}) == 1
    assert await web_worker.hears() == ["一次"]


async def test_bytes_without_a_row_are_swept(web_server, tmp_path):
    folder: Path = tmp_path / "files"
    stray, fresh = await web_server.chat.shared.files.keep(b"a"), await web_server.chat.shared.files.keep(b"b")
    os.utime(folder / stray.name, (1, 1))
    removed = await files.sweep(web_server.db, web_server.chat.shared.files)

    assert removed == 1
    assert os.listdir(folder) == [fresh.name]  # noqa: PTH208


async def _polling(server: Server) -> None:
    """Wait until a long poll of this process is the bot's."""

    async def taken_over():
        async with server.db.connect() as connection:
            pollers = (await connection.execute(text("select poller from web_bots"))).scalars().all()
        wakeups = server.chat.shared.wakeups
        return {each.mark for number in wakeups.ids("bot") for each in wakeups.at(("bot", number))} & set(pollers)

    await eventually(taken_over)


def _seconds(value: object) -> float:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(moment, datetime)
    return moment.timestamp()
