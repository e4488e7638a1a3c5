"""A client that is not ours reads whatever the web chat's Bot API says: aiogram, whose models take no wrong type."""

import io

import pytest
from aiogram import Bot as Client
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    ReplyKeyboardMarkup,
)
from PIL import Image

from tests.support import web_driver
from tests.support.web_driver import TOKEN

web_database, web_key, web_server = web_driver.web_database, web_driver.web_key, web_driver.web_server
web_http, web_worker = web_driver.web_http, web_driver.web_worker

WORKER = 101
HERE = (41.7937, 123.3968)
PRESS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="好", callback_data="yes")]])


@pytest.fixture
async def client(web_server):
    session = AiohttpSession(api=TelegramAPIServer.from_base(web_server.url))
    async with Client(TOKEN, session=session) as client:
        yield client


def picture() -> BufferedInputFile:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "orange").save(out, "PNG")
    return BufferedInputFile(out.getvalue(), "a.png")


async def test_what_people_say_and_press_is_read_by_a_foreign_client(client, web_worker):
    await web_worker.says("你好")
    [first] = await client.get_updates(timeout=5)
    assert (first.message.text, first.message.chat.id, first.message.from_user.is_bot) == ("你好", WORKER, False)
    asked = await client.send_message(WORKER, "<b>好吗</b>", parse_mode="HTML", reply_markup=PRESS)
    assert [each.type for each in asked.entities] == ["bold"]
    await web_worker.presses(asked.message_id, "yes")
    [second] = await client.get_updates(offset=first.update_id + 1, timeout=5)
    assert isinstance(second.callback_query, CallbackQuery)
    assert second.callback_query.message.message_id == asked.message_id
    assert await client.answer_callback_query(second.callback_query.id, text="收到")


async def test_every_kind_of_message_comes_back_as_the_kind_it_was_sent_as(client, web_worker):
    await web_worker.opens()
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="发位置", request_location=True)]])
    assert (await client.send_message(WORKER, "好", reply_markup=keyboard)).text == "好"
    photo = await client.send_photo(WORKER, picture(), caption="井盖")
    assert photo.photo[-1].width == 8
    assert (await client.send_document(WORKER, picture())).document.file_name == "a.png"
    assert (await client.send_location(WORKER, *HERE)).location.latitude == pytest.approx(HERE[0], abs=1e-4)
    assert (await client.send_venue(WORKER, *HERE, "驿站", "太原街")).venue.title == "驿站"
    album = await client.send_media_group(WORKER, [InputMediaPhoto(media=picture()) for _ in range(2)])
    assert len({each.media_group_id for each in album}) == 1
    file = await client.get_file(photo.photo[-1].file_id)
    assert (await client.download_file(file.file_path)).read()


async def test_messages_are_edited_copied_and_taken_back(client, web_worker):
    await web_worker.opens()
    sent = await client.send_message(WORKER, "一", reply_markup=PRESS)
    edited = await client.edit_message_text("二", chat_id=WORKER, message_id=sent.message_id)
    assert (edited.text, edited.message_id) == ("二", sent.message_id)
    copied = await client.copy_message(WORKER, WORKER, sent.message_id)
    assert copied.message_id > sent.message_id
    assert await client.delete_message(WORKER, copied.message_id)
    assert await web_worker.hears() == ["二"]


async def test_who_we_are_and_what_we_offer_is_read_back(client):
    assert (await client.get_me()).is_bot
    commands = [BotCommand(command="start", description="开始")]
    assert await client.set_my_commands(commands)
    assert [(each.command, each.description) for each in await client.get_my_commands()] == [("start", "开始")]
    assert (await client.get_webhook_info()).url == ""
    assert (await client.get_chat(WORKER)).type == "private"


async def test_a_refusal_is_the_error_the_client_knows(client):
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await client.send_message(WORKER, " ")
    with pytest.raises((TelegramBadRequest, TelegramForbiddenError)):
        await client.send_message(4_000_000_001, "x")
