"""A photo, a voice note, a caption: each goes to whatever is open, none is lost, none of several derails what somebody writes."""

import secrets

import pytest
from sqlalchemy import select

from bot.channels.web.rows import CONVERSATIONS
from bot.services.appeals import appeals, case_work
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.store.models import Agency, Appeal, AppealStep, Attachment, Chat, Hazard, HazardPhoto
from tests.hazards.test_reporting import picture
from tests.support.appeals import filed

QUESTION = "请把工资条拍一张发过来"
STORY = "十月的工资站长拖到现在没给，一共四千三"


@pytest.fixture
def sends(app, phone):
    """Sends what Telegram clients can and the page cannot: `await sends(album=3, captions={1: "..."}, photo=...)`."""

    async def send(*, album: int = 0, captions: dict[int, str] | None = None, kind: str = "photo") -> list[str]:
        bot = await app.web_chat.shared.bots.own()
        async with app.db.read() as session:
            person = await session.scalar(select(CONVERSATIONS.c.person_id).order_by(CONVERSATIONS.c.id.desc()))
        group = {"media_group_id": secrets.token_hex(4)} if album else {}
        for number in range(max(album, 1)):
            file = {"file_id": secrets.token_hex(8), "file_unique_id": secrets.token_hex(4), "file_size": 9}
            size = {"width": 90, "height": 90}
            body = {"photo": [file | size]} if kind == "photo" else {kind: file | {"duration": 2}}
            if caption := (captions or {}).get(number):
                body["caption"] = caption
            await app.web_chat.people.say(bot, person, body | group, key=secrets.token_hex(8))
            await app.settled()
        return await phone.hears()

    return send


async def asks(app, phone, question: str = QUESTION) -> str:
    """A handler asks the author of a new case something; its number."""
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
    number = await filed(app, AppealState.IN_PROGRESS, chat=chat)
    await asks_about(app, phone, number, question)
    return number


async def asks_about(app, phone, number: str, question: str) -> None:
    async with app.db.begin() as session:
        agency = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
        wanted = AppealMove(AppealState.PENDING_INFO, Actor(Role.HANDLER, 902, agency), text=question)
        await appeal_transitions.move(session, app.services, number, wanted)
    await app.settled()
    assert question in (await phone.hears())[-1]


async def stands(app, number: str) -> tuple[str, int]:
    """The state of a case, and how many files it has."""
    async with app.db.read() as session:
        appeal = await session.scalar(select(Appeal).where(Appeal.number == number))
        files = await session.scalars(select(Attachment.id).where(Attachment.appeal_id == appeal.id))
        return appeal.state, len(files.all())


async def said_in(app, number: str) -> list[str]:
    async with app.db.read() as session:
        lines = select(AppealStep.text).join(Appeal, Appeal.id == AppealStep.appeal_id).where(Appeal.number == number)
        return list(await session.scalars(lines.order_by(AppealStep.id)))


@pytest.mark.parametrize("kind", ["photo", "document", "voice"])
async def test_what_a_handler_asked_for_reaches_the_case_and_its_clock_runs_on(app, phone, sends, kind):
    await phone.types("/start")
    number = await asks(app, phone)
    assert f"补到 {number}" in (await sends(kind=kind))[0]
    assert await stands(app, number) == ("in_progress", 1)


async def test_pictures_sent_together_are_one_answer(app, phone, sends):
    await phone.types("/start")
    number = await asks(app, phone)
    said = await sends(album=4, captions={2: "十月和十一月的"})
    assert len([each for each in said if "补到" in each]) == 1
    assert await stands(app, number) == ("in_progress", 4)
    assert "十月和十一月的" in await said_in(app, number)


async def test_a_question_of_policy_is_not_taken_for_the_answer(app, phone):
    await phone.types("/start")
    number = await asks(app, phone)
    await phone.types("入职要押金可以吗")
    assert await stands(app, number) == ("pending_info", 0)
    assert "核对于" in (await phone.presses("都不是"))[0]
    await phone.types("入职要押金可以吗")
    assert f"补到 {number}" in (await phone.presses(f"回 {number}"))[0]
    assert await stands(app, number) == ("in_progress", 0)
    assert "入职要押金可以吗" in await said_in(app, number)


async def test_a_line_taken_for_the_answer_can_be_taken_back_and_is_answered_then(app, phone):
    await phone.types("/start")
    number = await asks(app, phone)
    line = "我想问下明天下雨单价涨不涨"
    assert f"补到 {number}" in (await phone.types(line))[-1]
    assert await stands(app, number) == ("in_progress", 0)
    said = await phone.presses("不是回办的人")
    assert f"从 {number} 里拿掉了" in said[-2]
    assert len(said) == 3  # The receipt without its button, that it was taken back, and what answers the question.
    assert await stands(app, number) == ("pending_info", 0)
    assert line not in await said_in(app, number)
    assert f"补到 {number}" in (await phone.types("工资条在老家，过两天给"))[-1]
    assert await stands(app, number) == ("in_progress", 0)


async def test_an_answer_is_not_taken_back_once_the_case_has_gone_on(app, phone):
    await phone.types("/start")
    number = await asks(app, phone)
    await phone.types("工资条在老家，过两天给")
    async with app.db.begin() as session:
        agency = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
        appeal = await appeals.get(session, number)
        await case_work.add_line(session, appeal, "log", Actor(Role.HANDLER, 902, agency), note="已电话联系")
    assert "拿不回来" in (await phone.presses("不是回办的人"))[-1]
    assert await stands(app, number) == ("in_progress", 0)
    assert "工资条在老家，过两天给" in await said_in(app, number)


async def test_an_older_button_takes_no_newer_answer_back(app, phone):
    await phone.types("/start")
    number = await asks(app, phone)
    first, second = "工资条在老家，过两天给", "工资条找到了，明天拍给你们"
    await phone.types(first)
    message = (await phone.messages())[-1]
    [[button]] = message["buttons"]
    await asks_about(app, phone, number, "工资条找到了吗？")
    await phone.types(second)
    await phone.presses_data(message["id"], button["callback_data"])
    assert "拿不回来" in (await phone.hears())[-1]
    assert {first, second} <= set(await said_in(app, number))
    await phone.presses("不是回办的人")
    lines = await said_in(app, number)
    assert first in lines
    assert second not in lines


async def test_with_several_cases_waiting_it_is_said_which_one_is_answered(app, phone, sends):
    await phone.types("/start")
    first, second = await asks(app, phone), await asks(app, phone, "是哪个站点的？")
    await phone.types("铁西重工街那个站")
    await sends()  # It belongs to the same answer.
    await phone.types("是十月的")  # Said before they say which: nothing of it is lost.
    assert f"补到 {second}" in "".join(await phone.presses(f"回 {second}"))
    assert (await stands(app, first), await stands(app, second)) == (("pending_info", 0), ("in_progress", 1))
    assert "是十月的" in (await said_in(app, second))[-1]
    await phone.types("工资条我找不到了")
    assert await stands(app, first) == ("in_progress", 0)


async def test_an_answer_by_quoting_the_question_needs_no_choice(app, phone):
    await phone.types("/start")
    first, second = await asks(app, phone), await asks(app, phone, "是哪个站点的？")
    [asked] = [each["id"] for each in await phone.messages() if first in each.get("text", "")]
    await phone._post("/chat/messages", {"key": secrets.token_hex(8), "text": "入职要押金可以吗", "reply_to": asked})
    assert (await stands(app, first))[0] == "in_progress"
    assert (await stands(app, second))[0] == "pending_info"


async def test_an_album_stays_one_report_whatever_is_asked_meanwhile(app, phone, sends):
    await phone.types("随手拍")
    said = await sends(album=3, captions={1: "井盖没了，差点掉下去"})
    assert len(said) == 1
    await phone.types("沈阳铁西区重工街北二路口")
    await phone.presses((await phone.buttons())[0])
    await phone.presses("提交")
    async with app.db.read() as session:
        assert len((await session.scalars(select(HazardPhoto.id))).all()) == 3
        assert await session.scalar(select(Hazard.text)) == "井盖没了，差点掉下去"


async def test_an_album_of_ten_gets_one_answer_and_one_word_about_what_is_too_many(app, phone, sends):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    said = await sends(album=10, captions={5: "这是工资条"})
    assert len([each for each in said if "收到" in each]) == 1
    assert len([each for each in said if "最多 9 个" in each]) == 1
    await phone.presses("提交")
    async with app.db.read() as session:
        assert len((await session.scalars(select(Attachment.id))).all()) == 9
        assert "这是工资条" in await session.scalar(select(Appeal.story))


async def test_an_album_on_the_preview_shows_no_number_that_is_wrong(app, phone, sends):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    said = await sends(album=3)
    assert "照片、语音：刚发的这一组" in said[-1]
    assert "照片、语音：3，加上刚发的这一组" in (await sends(album=2))[-1]
    await phone.presses("提交")
    async with app.db.read() as session:
        assert len((await session.scalars(select(Attachment.id))).all()) == 5


async def test_evidence_before_the_story_is_kept_and_its_caption_is_the_story(app, phone, sends):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    assert "放进“诉求”" in (await sends())[0]
    await phone.presses("欠薪")
    said = await sends(captions={0: STORY})
    assert STORY in said[-1]
    await phone.presses("提交")
    async with app.db.read() as session:
        appeal = await session.scalar(select(Appeal))
        assert len((await session.scalars(select(Attachment.id))).all()) == 2
    assert appeal.story == STORY


async def test_a_voice_note_stays_when_the_story_is_written_anew(app, phone, sends):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await sends(kind="voice")
    await phone.presses("改一项")
    await phone.presses("事情")
    await phone.types(STORY)
    await phone.presses("提交")
    async with app.db.read() as session:
        assert (await session.scalars(select(Attachment.kind))).all() == ["voice"]
        assert await session.scalar(select(Appeal.story)) == STORY


async def test_a_picture_out_of_the_blue_is_kept_until_it_has_a_place(app, phone, sends):
    await phone.types("/start")
    number = await filed(app, AppealState.IN_PROGRESS, chat=await _chat(app))
    said = await sends(album=2)
    assert len(said) == 1
    assert "拿它办啥" in said[0]
    assert f"补到 {number}" in (await phone.presses(number))[0]
    assert await stands(app, number) == ("in_progress", 2)
    await sends(captions={0: "路灯坏了半个月"})
    said = await phone.presses("报隐患")
    assert "哪" in said[-1]
    await phone.types("沈阳铁西区重工街北二路口")
    await phone.presses((await phone.buttons())[0])
    await phone.presses("提交")
    async with app.db.read() as session:
        assert len((await session.scalars(select(HazardPhoto.id))).all()) == 1


async def test_a_caption_that_asks_is_answered(phone, sends):
    await phone.types("/start")
    said = await sends(captions={0: "入职要押金可以吗"})
    assert "核对于" in said[0]
    assert "拿它办啥" in said[-1]


async def test_a_caption_that_tells_of_somebody_hurt_is_answered_first_with_whom_to_call(phone, sends):
    await phone.types("/start")
    said = await sends(captions={0: "有人被车撞了，在流血"})
    assert said[0].startswith("‼️ 先打 120（医疗急救），再打 122")
    assert "拿它办啥" in said[-1]


async def test_a_picture_for_a_form_that_was_put_aside_goes_back_into_it(app, phone, sends):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.types("/hotlines")
    await sends()
    said = await phone.presses("放进写到一半的“诉求”")
    assert STORY in said[-1]
    await phone.presses("提交")
    async with app.db.read() as session:
        assert len((await session.scalars(select(Attachment.id))).all()) == 1


async def _chat(app) -> int:
    async with app.db.read() as session:
        return await session.scalar(select(Chat.id))


async def test_words_are_kept_with_a_case_that_has_no_room_for_their_picture(app, phone, sends):
    await phone.types("/start")
    number = await asks(app, phone)
    await sends(album=9)
    said = await sends(captions={0: "这是第十张，工资条背面"})
    said += await phone.presses(number)
    assert any(f"补到 {number}" in each for each in said)
    assert "最多 9 个，多出来的没收" in said[-1]
    assert "这是第十张，工资条背面" in await said_in(app, number)
    assert await stands(app, number) == ("in_progress", 9)


async def test_what_comes_for_a_case_that_is_over_by_now_is_told_so_and_offered_a_way_on(app, phone, sends):
    await phone.types("/start")
    number = await filed(app, AppealState.IN_PROGRESS, chat=await _chat(app))
    await sends()
    async with app.db.begin() as session:
        gone = AppealMove(AppealState.WITHDRAWN, WORKER)
        await appeal_transitions.move(session, app.services, number, gone)
    assert "已经办结或者撤回了" in (await phone.presses(f"补到 {number}"))[-1]
    assert await phone.buttons() == ["接着提一件"]
    assert await stands(app, number) == ("withdrawn", 0)


async def test_photos_chosen_together_on_the_page_are_taken_with_one_word(phone):
    await phone.types("/report")
    assert "在哪" in (await phone.sends_photo(picture(1), album="ab" * 16))[-1]
    for seed in (2, 3):
        assert await phone.sends_photo(picture(seed), album="ab" * 16) == []
