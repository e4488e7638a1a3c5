"""Whatever a person sends into an appeal is answered with what to do next; nothing is lost, nothing is there twice."""

import asyncio
import io
import secrets

import pytest
from PIL import Image
from sqlalchemy import func, select

from bot.channels.telegram.transport import OutgoingFile
from bot.services.attachments import attachments
from bot.store.base import vault_of
from bot.store.models import Appeal, Attachment, Channel, Chat
from tests.appeals.test_filing import STORY, files
from tests.attachments.test_attachments import picture
from tests.support.phone import MARK, Phone
from tests.support.second_thoughts import minute_over

NOT_A_PHONE = ["12345", "1381234567", "23812345678", "138123456789", "电话", "📱", "13812345678abc", "0", "-" * 50]


async def stands_at_the_story(phone) -> None:
    await phone.types("/appeal")
    await phone.presses("欠薪")


async def count(app, model) -> int:
    async with app.db.read() as session:
        return await session.scalar(select(func.count()).select_from(model))


async def inject(app, content: dict) -> None:
    """A message of any shape from the only person there is."""
    async with app.db.read() as session:
        address = await session.scalar(select(Chat.address))
    sender = {"id": address, "is_bot": False, "first_name": "师傅"}
    chat = {"id": address, "type": "private", "first_name": "师傅"}
    message = {"message_id": secrets.randbelow(10**6) + 10**6, "date": 1_700_000_000, "chat": chat, "from": sender}
    bot = await app.web_chat.shared.bots.own()
    await app.web_chat.people.inject(bot, {"message": message | content})
    await app.settled()


async def sends_file(app, data: bytes, name: str) -> None:
    """Send any bytes as a file, which the chat page would not, and Telegram does."""
    async with app.db.read() as session:
        address = await session.scalar(select(Chat.address))
    api = app.channels[Channel.WEB].api
    sent = await api.call("sendDocument", {"chat_id": address, "document": OutgoingFile(name, data)})
    await inject(app, {"document": sent["document"]})


async def test_what_is_no_phone_number_is_asked_for_again_and_the_right_one_goes_on(phone):
    await stands_at_the_story(phone)
    await phone.types(STORY)
    await phone.presses("谁能知道是我")
    await phone.presses("办事的能看到我")
    await phone.types("王小明")
    for given in NOT_A_PHONE:
        assert "这个号码不对" in (await phone.types(given))[-1], given
    assert "王小明" in (await phone.types("＋86 138-1234-5678"))[-1]


async def test_somebody_elses_card_is_refused_and_ones_own_is_taken(phone, app):
    await stands_at_the_story(phone)
    await phone.types(STORY)
    await phone.presses("谁能知道是我")
    await phone.presses("办事的能看到我")
    await phone.types("王小明")
    card = {"phone_number": "13900001111", "first_name": "老李"}
    await inject(app, {"contact": card | {"user_id": 1}})
    assert "别人的名片" in (await phone.hears())[-1]
    async with app.db.read() as session:
        own = await session.scalar(select(Chat.address))
    await inject(app, {"contact": card | {"user_id": own}})
    assert "13900001111" in (await phone.hears())[-1]


async def test_a_story_of_five_thousand_characters_is_refused_with_the_reason_and_the_form_waits(phone, app):
    await stands_at_the_story(phone)
    body = {"key": secrets.token_hex(8), "text": "欠" * 5_000}
    async with phone.http.post(f"{phone.url}/chat/messages", json=body, headers=MARK) as response:
        assert response.status == 400
        assert "最多 4096 个字" in (await response.json())["error"]
    assert "您写了 4000 个字，一次最多 2000 个" in (await phone.types("欠" * 4_000))[0]
    assert STORY in (await phone.types(STORY))[-1]


@pytest.mark.parametrize(
    "text", ["\u200b\u200b\u2060\u200b\u200b\u200b", "\u202e\u202d\u202c\u2066\u2069\u200f", "  \n\n "]
)
async def test_letters_that_nobody_sees_are_no_story(phone, app, text):
    await stands_at_the_story(phone)
    await inject(app, {"text": text})
    assert "再多两句" in (await phone.hears())[-1]


async def test_markup_in_a_story_is_text(phone, app):
    story = "<b>十月工资</b> & <a href='https://x.example'>点我</a> {number} 没给"
    await stands_at_the_story(phone)
    assert story in (await phone.types(story))[-1]
    await phone.presses("提交")
    async with app.db.read() as session:
        assert await session.scalar(select(Appeal.story)) == story


async def test_what_a_question_does_not_take_is_answered_and_the_form_goes_on(phone, app):
    await stands_at_the_story(phone)
    await inject(app, {"sticker": {"file_id": "x", "file_unique_id": "x", "type": "regular", "width": 1, "height": 1,
                                     "is_animated": False, "is_video": False}})  # fmt: skip
    assert any("表情" in each for each in await phone.hears())
    await phone.presses("接着写")
    assert STORY in (await phone.types(STORY))[-1]


async def test_a_bomb_and_a_program_are_refused_a_polyglot_is_made_harmless_and_the_case_is_filed(phone, app):
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await sends_file(app, bomb.getvalue(), "photo.png")
    await sends_file(app, b"MZ\x90\x00 this is no picture", "photo.jpg")
    await sends_file(app, picture() + b"<script>alert(1)</script>PK\x03\x04", "photo.jpg")
    await phone.presses("就这些")
    said = await phone.presses("提交")
    assert any("编号" in each for each in said)
    assert any("2 个附件打不开" in each for each in said)
    async with app.db.read() as session:
        rows = list(await session.scalars(select(Attachment).order_by(Attachment.id)))
    assert [each.state for each in rows] == ["refused", "refused", "ready"]
    kept = attachments.read(app.settings.var / "uploads", vault_of(app.db.engine.dialect), rows[2].name)
    assert b"script" not in kept


async def test_a_tenth_picture_is_not_asked_for(phone):
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    for _ in range(8):
        said = await phone.sends_photo(picture())
    assert "收到 8 个，最多 9 个" in said[-1]
    assert "看一眼对不对" in (await phone.sends_photo(picture()))[-1]


async def test_two_devices_that_hand_in_at_the_same_moment_file_once(phone, app):
    await stands_at_the_story(phone)
    await phone.types(STORY)
    preview = (await phone.messages())[-1]["id"]
    async with second(phone) as other:
        await asyncio.gather(*(each.presses_data(preview, "f:appeal:preview:!ok") for each in (phone, other)))
        await app.settled()
    assert await count(app, Appeal) == 1
    assert sum("编号：" in each for each in await phone.hears()) == 1


async def test_a_form_put_aside_on_one_device_is_put_aside_on_the_other(phone, app):
    await stands_at_the_story(phone)
    await phone.types(STORY)
    async with second(phone) as other:
        await other.presses("先不写了")
        with pytest.raises(AssertionError, match="no button"):
            await phone.presses("提交")
        await phone.types("那就算了")
    async with app.db.read() as session:
        assert await session.scalar(select(Chat.paused))
    assert await count(app, Appeal) == 0


def second(phone: Phone) -> Phone:
    """The same person on another device: the same cookie."""

    class Second(Phone):
        async def __aenter__(self):
            await super().__aenter__()
            self.http.cookie_jar.update_cookies({each.key: each.value for each in phone.http.cookie_jar})
            return self

    return Second(phone.app)


async def test_a_button_of_a_case_long_over_says_so(phone, app):
    number = await files(phone)
    await phone.types("/appeals")
    await phone.presses(number)
    page = (await phone.messages())[-1]["id"]
    await phone.presses("撤回")
    await phone.presses("真的撤回")
    await minute_over(app)
    await phone.presses_data(page, f"ax:{number}")
    assert "撤不了：撤回了" in (await phone.hears())[-1]
