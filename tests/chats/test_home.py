"""Where somebody runs: asked once, by tap, and never kept more closely than they said."""

import pytest
from sqlalchemy import select

from bot.store.models import Chat, Outbox, SeenUpdate
from tests.appeals.test_filing import STORY
from tests.support.volunteers import applies

TIEXI = (41.80, 123.38)


async def home(app) -> str:
    async with app.db.read() as session:
        return await session.scalar(select(Chat.region))


async def test_who_begins_is_asked_once_and_never_again_after_not_now(phone, app):
    assert "您主要在哪个区跑？" in (await phone.types("/start"))[-1]
    assert await phone.buttons() == ["📍 发位置，只取区", "✏️ 打字", "以后再说"]
    assert "不问了" in (await phone.presses("以后再说"))[-1]
    assert "哪个区跑" not in "".join(await phone.types("/start"))
    assert await home(app) == ""


async def test_the_page_speaks_of_its_own_way_only(phone):
    said = "".join(await phone.types("/start"))
    assert "从不问：密码、验证码、银行卡号" in said
    assert "Telegram" not in said


async def test_who_does_not_answer_is_not_held_up_and_not_asked_again(phone, app):
    await phone.types("/start")
    [answer] = await phone.types("入职要押金可以吗")
    assert "核对于" in answer
    assert "没写完" not in "".join(await phone.types("政策咨询"))
    assert "哪个区跑" not in "".join(await phone.types("/start"))


@pytest.mark.parametrize(
    ("typed", "code"), [("沈阳铁西区", "210106"), ("我主要在成都武侯区跑", "510107"), ("shenyang tiexi", "210106")]
)
async def test_a_place_typed_right_after_the_question_is_the_answer(phone, app, typed, code):
    await phone.types("/start")
    assert "好，记成" in (await phone.types(typed))[-1]
    assert await home(app) == code


async def test_a_question_that_names_a_place_is_a_question(phone, app):
    await phone.types("/start")
    await phone.types("沈阳铁西区拖欠工资找谁")
    assert await home(app) == ""


async def test_a_position_becomes_a_district_and_is_forgotten(phone, app):
    await phone.types("/start")
    await phone.presses("发位置，只取区")
    assert "沈阳市铁西区" in (await phone.sends_location(*TIEXI))[-1]
    assert await home(app) == "210106"
    async with app.db.read() as session:
        kept = [*await session.scalars(select(Outbox.payload)), *await session.scalars(select(SeenUpdate.answer))]
        chat = await session.scalar(select(Chat))
    assert chat.answers is None
    assert not any("41.8" in str(each) or "123.38" in str(each) for each in kept)


async def test_a_position_sent_without_being_asked_for_still_finds_stations(phone, app):
    await phone.types("/start")
    assert "驿站" in (await phone.sends_location(*TIEXI))[0]
    assert await home(app) == ""


async def test_a_name_of_several_places_is_asked_about(phone, app):
    await phone.types("/settings")
    await phone.presses("换地方")
    assert "有好几个" in (await phone.types("铁西区"))[-1]
    await phone.presses("鞍山市铁西区")
    assert await home(app) == "210303"


@pytest.mark.parametrize(
    ("taps", "code"),
    [(("沈阳", "铁西"), "210106"), (("沈阳", "跳过"), "2101"), (("北京", "海淀"), "110108")],
)
async def test_a_city_and_its_district_are_two_taps(phone, app, taps, code):
    await phone.types("/settings")
    await phone.presses("换地方")
    for label in taps:
        await phone.presses(label)
    assert await home(app) == code


@pytest.mark.parametrize(("typed", "code"), [("大连", "2102"), ("辽宁", "21"), ("北京", "1101"), ("香港", "81")])
async def test_as_much_as_somebody_says_is_kept_and_no_more(phone, app, typed, code):
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.types(typed)
    if typed != "香港":
        await phone.presses("跳过")
    assert await home(app) == code
    assert "还没说" not in (await phone.types("/settings"))[-1]


async def test_a_volunteers_application_says_it_where_nobody_had(phone, app):
    await applies(phone, "沈阳铁西区")
    assert await home(app) == "210106"


async def test_a_volunteers_application_changes_nothing_that_was_said_before(phone, app):
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.types("大连甘井子")
    await applies(phone, "沈阳铁西区")
    assert await home(app) == "210211"


async def test_an_appeal_that_is_being_written_waits_while_somebody_says_where_they_run(phone, app):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.types("/settings")
    await phone.presses("换地方")
    said = await phone.types("沈阳铁西区")
    assert "沈阳市铁西区" in said[0]
    assert "“诉求”先放着" in said[1]
    assert STORY in (await phone.presses("接着写"))[-1]


async def test_forms_that_wait_for_each_other_are_all_kept(phone):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.types("/join")
    await phone.presses("同意")
    await phone.types("王小明")
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    assert STORY in (await phone.presses("接着写"))[-1]
    said = await phone.presses("先不写了")
    assert "报名帮社区”先放着" in said[-1]
    assert "手机号" in (await phone.presses("接着写"))[-1]
