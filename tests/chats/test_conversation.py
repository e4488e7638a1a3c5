"""How a conversation begins, and what happens to everything that is not a question."""

from sqlalchemy import select

from bot.store.models import Chat


async def test_start_says_what_the_bot_does_and_keeps_and_lays_out_the_keys(phone, app):
    hello, privacy, _ = await phone.types("/start")
    assert "暖新" in hello
    assert "从不问：密码、验证码、银行卡号" in privacy
    keys = await phone.keyboard()
    assert keys[0] == ["📍 发位置，找驿站"]
    assert [len(row) for row in keys[1:]] == [2, 2, 2, 2]
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.started_at))) is not None


async def test_commands_have_their_own_answers(phone):
    assert "怎么用" in (await phone.types("/help"))[0]
    assert "您要办什么" in (await phone.types("/menu"))[0]
    hotlines = (await phone.types("/hotlines"))[0]
    assert hotlines.index("110") < hotlines.index("12333") < hotlines.index("12329")


async def test_a_city_can_be_typed(phone, app):
    await phone.types("/settings")
    await phone.presses("换地方")
    assert "没找到“火星”" in (await phone.types("火星"))[0]
    assert "主要在哪个区" in (await phone.types("大连"))[0]
    assert "大连市" in (await phone.presses("跳过"))[0]
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))
    assert (chat.region, chat.flow, chat.answers) == ("2102", "", None)


async def test_a_question_in_the_middle_of_a_form_puts_the_form_aside_and_offers_to_go_on(phone):
    await phone.types("/settings")
    await phone.presses("换地方")
    said = await phone.types("/hotlines")
    assert "还没写完" in said[-1]
    assert "核对于" in (await phone.types("入职要押金可以吗"))[0]
    await phone.presses("接着写")
    assert "大连市甘井子区" in (await phone.types("大连甘井子"))[0]


async def test_a_form_can_be_left(phone, app):
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.presses("先不写了")
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.flow))) == ""


async def test_an_old_button_is_answered_politely(phone):
    await phone.types("/settings")
    await phone.presses("换地方")
    question = (await phone.messages())[-1]["id"]
    await phone.types("大连甘井子")
    await phone.presses_data(question, "f:home:where:!cancel")
    assert (await phone.toasts())[-1] == "这个按钮过时了，点菜单重来。"
