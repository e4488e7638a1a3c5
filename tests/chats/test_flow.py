"""Every form survives the death of the process after each of its steps, and the throw of each line at any of two."""

import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import Application
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import SYSTEM, Actor, Role
from bot.store.models import (
    Agency,
    Appeal,
    Channel,
    Chat,
    Compound,
    Consultation,
    Hazard,
    Outbox,
    OutboxState,
    Staff,
    StaffRole,
    Volunteer,
    WebMessage,
    now,
)
from handlers import FLOWS
from tests.appeals.test_filing import ADMIN, RESULT, REVIEWER, STORY, files
from tests.attachments.test_attachments import picture
from tests.chats.test_received import asks
from tests.conftest import free_port, hasten
from tests.support import databases
from tests.support.bookings import sitting_made
from tests.support.brokers import eventually
from tests.support.contacts import TIEXI, contact_entered, outlet_entered
from tests.support.phone import Phone
from tests.support.units import unit_entered
from tests.support.volunteers import certified
from tests.test_crash import PATIENCE, Replica, environment, opened, said, telegram, write

HERE = (41.79512, 123.43287)
Line = tuple[str, Any]  # what somebody does, and with what
LINES: dict[str, Sequence[Line]] = {
    "outlet": [("types", "/contact"), ("presses", "众包、没有站点"), ("types", "沈阳铁西区")],
    "compound": [("types", "小区怎么进"), ("types", "兴工"), ("presses", "兴工花园")],
    "pass": [
        ("types", "进门码"),
        ("presses", "办进门码"),
        ("presses", "同意"),
        ("types", "赵铁柱"),
        ("types", "13800138000"),
        ("presses", "美团"),
        ("types", "沈阳铁西区"),
        ("presses", "提交"),
    ],
    "message": [("presses", "给李干事留言"), ("types", STORY)],
    "answer": [
        ("presses", "回复"),
        ("types", "已经和站里说好，明天下午三点电工来换插头，找13812345678"),
        ("presses", "照这样发"),
    ],
    "home": [("types", "/settings"), ("presses", "换地方"), ("types", "大连"), ("presses", "甘井子")],
    "station": [("types", "找驿站"), ("types", "沈阳铁西区")],
    "fault": [
        ("types", "找驿站"),
        ("types", "沈阳铁西区"),
        ("presses", "写得不对"),
        ("presses", "开放时间"),
        ("types", "晚上八点就关了"),
    ],
    "appeal": [
        ("types", "我要反映"),
        ("presses", "写一份诉求"),
        ("presses", "欠薪"),
        ("types", f"{STORY}，站长电话13912345678"),
        ("presses", "遮住"),
        ("presses", "谁能知道是我"),
        ("presses", "办事的能看到我"),
        ("types", "王小明"),
        ("types", "13812345678"),
        ("presses", "告的是哪家"),
        ("types", "铁西三站"),
        ("presses", "照片或语音"),
        ("sends_photo", picture()),
        ("presses", "就这些"),
        ("presses", "地点"),
        ("sends_location", HERE),
        ("presses", "提交"),
    ],
    "lookup": [
        ("types", "我要反映"),
        ("presses", "拿编号"),
        ("types", "261122123456"),
        ("types", "ABC234"),
        ("presses", "先不写了"),
    ],
    "rating": [("presses", "不满意"), ("types", "钱还是没到账")],
    "report": [
        ("types", "/report"),
        ("sends_photo", picture()),
        ("sends_location", HERE),
        ("types", "路口井盖翘起来了"),
        ("presses", "路面坑洼"),
        ("presses", "提交"),
    ],
    "received": [("sends_photo", picture()), ("presses", "先不写了")],
    "reply": [("types", "入职要押金可以吗"), ("presses", "都不是")],
    "look": [("types", "随手拍"), ("presses", "修好没"), ("sends_location", HERE)],
    "voice": [("presses", "参与协商"), ("presses", "小区东门停车难"), ("types", "早晚高峰能停半小时就行")],
    "consult": [
        ("types", "培训与活动"),
        ("presses", "张律师咨询"),
        ("presses", "报名"),
        ("presses", "受伤"),
        ("types", "顺风达物流"),
    ],
    "volunteer": [
        ("types", "帮社区、攒积分"),
        ("presses", "我要报名"),
        ("presses", "同意"),
        ("types", "赵铁柱"),
        ("types", "13800138000"),
        ("presses", "美团"),
        ("presses", "外卖骑手"),
        ("types", "沈阳铁西区"),
        ("presses", "周末"),
        ("presses", "在哪片跑"),
        ("types", "艳粉社区"),
        ("presses", "提交"),
    ],
}
ENDS = {
    "outlet": "联系人还没登记上",
    "compound": "还没核对过",
    "pass": "编号：",
    "message": "留言送到了",
    "answer": "已经回给当事人",
    "home": "大连市甘井子区",
    "station": "示例",
    "fault": "写给管驿站的人",
    "appeal": "编号：",
    "lookup": "不写了",
    "rating": "重新办",
    "report": "编号：",
    "received": "不写了",
    "reply": "核对于",
    "look": "没有等着看",
    "voice": "小区东门停车难",
    "consult": "报上了",
    "volunteer": "编号：",
}


@pytest.fixture
async def homes(settings, knowledge) -> AsyncIterator[Callable[[], Any]]:
    """Opens houses on one database, one after another or side by side: `await homes()`."""
    opened: list[Application] = []

    async def another(**changes: Any) -> Application:
        app = Application(settings.model_copy(update=changes), knowledge, demo=True)
        hasten(app)
        await app.start()
        await app.settled()
        opened.append(app)
        return app

    yield another
    for app in opened:
        if any(each.sites for each in app.server.runners):
            await app.stop()


@pytest.fixture
async def app(homes) -> Application:
    """The first one; a test may put another in its place."""
    return await homes()


async def does(phone: Phone, line: Line) -> list[str]:
    verb, what = line
    given = what if isinstance(what, tuple) else (what,)
    said: list[str] = await getattr(phone, verb)(*given)
    return said


async def is_asked_why(phone, app) -> None:
    """Somebody has an answer they may rate."""
    number = await files(phone)
    async with app.db.begin() as session:
        author = await session.scalar(select(Appeal).where(Appeal.number == number))
        office = author.agency_id
    handler = Actor(Role.HANDLER, 2, office)
    steps = (
        (AppealState.ACCEPTED, SYSTEM),
        (AppealState.ASSIGNED, ADMIN),
        (AppealState.IN_PROGRESS, handler),
        (AppealState.ANSWERED, REVIEWER),
    )
    for target, actor in steps:
        async with app.db.begin() as session:
            await appeal_transitions.move(
                session, app.services, number, AppealMove(target, actor, text=RESULT, agency="labour")
            )
    await phone.hears()


async def is_a_liaison(phone, app) -> None:
    """Somebody has a part in deliberations, and there is one."""
    await certified(phone, liaison=True)
    async with app.db.begin() as session:
        session.add(Consultation(title="小区东门停车难", district="2101", opened_by=1))
    await phone.types("帮社区、攒积分")


async def is_asked(phone, app) -> None:
    await phone.types("/start")
    await asks(app, phone)


async def has_a_contact(phone, app) -> None:
    """Somebody's outlet is looked after."""
    async with app.db.begin() as session:
        unit = await unit_entered(session, "兴工社区", region=TIEXI)
        await contact_entered(session, unit, outlet_id=await outlet_entered(session))
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")


async def is_called(phone, app) -> None:
    """Somebody who handles for a unit is called about a message, which here they left themselves."""
    await has_a_contact(phone, app)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        unit = await session.scalar(select(Agency.id).where(Agency.code == "兴工社区"))
        session.add(person := Staff(name="李同事", username="called", agency_id=unit, chat_id=chat.id, district=TIEXI))
        await session.flush()
        session.add(StaffRole(staff_id=person.id, role=Role.HANDLER, district=TIEXI))
    await phone.presses("给李干事留言")
    await phone.types(STORY)
    await app.settled()
    await phone.hears()


async def has_two_compounds(phone, app) -> None:
    """Two are called alike."""
    async with app.db.begin() as session:
        session.add_all(Compound(name=name, region=TIEXI) for name in ("兴工花园", "兴工小区"))


async def may_ask_a_lawyer(phone, app) -> None:
    """There is a free time of one."""
    async with app.db.begin() as session:
        session.add(person := Staff(name="张律师", username="lawyer", district="2101"))
        await session.flush()
        asked = person.id
    await sitting_made(app, title="张律师咨询", kind="consult", provider_id=asked, capacity=1)


BEFORE = {
    "compound": has_two_compounds,
    "consult": may_ask_a_lawyer,
    "message": has_a_contact,
    "answer": is_called,
    "rating": is_asked_why,
    "voice": is_a_liaison,
    "reply": is_asked,
}


def test_every_form_there_is_has_its_lines_here():
    assert set(LINES) == {flow.name for flow in FLOWS}


@pytest.mark.parametrize("name", LINES)
async def test_a_form_goes_on_in_a_new_process_after_every_step(name, phone, app, homes):
    if name in BEFORE:
        await BEFORE[name](phone, app)
    said: list[str] = []
    for line in LINES[name]:
        said = await does(phone, line)
        await app.stop()
        app = phone.app = await homes()
    assert ENDS[name] in "\n".join(said)
    await is_left_behind(app, name)


async def is_left_behind(app, name: str) -> None:
    """The form is over, nothing waits, and what it was for is there once."""
    async with app.db.read() as session:
        assert list(await session.scalars(select(Chat.flow))) == [""]
        waiting = select(func.count()).where(Outbox.state == OutboxState.WAITING, Outbox.kind == "web")
        assert await session.scalar(waiting.select_from(Outbox)) == 0
        for form, model in (("appeal", Appeal), ("report", Hazard), ("volunteer", Volunteer)):
            expected = int(
                form == name
                or (form, name)
                in {*(("appeal", other) for other in ("rating", "reply", "message", "answer")), ("volunteer", "voice")}
            )
            assert await session.scalar(select(func.count()).select_from(model)) == expected


@pytest.mark.parametrize("name", ["appeal", "report", "volunteer"])
async def test_a_form_does_not_mind_which_replica_hears_the_next_line(name, phone, app, homes):
    """Each line goes to one of two processes at random; SQLite is one process's database, so there it is the same."""
    replicas = [app]
    if databases.is_meant():
        replicas.append(await homes(port=free_port()))
    dice = random.Random(name)
    said: list[str] = []
    for line in LINES[name]:
        heard = phone.app = dice.choice(replicas)
        phone.url = f"http://127.0.0.1:{heard.port}"
        told = dice.choice(replicas)
        await told.channels[Channel.WEB].listen_by_webhook(f"http://127.0.0.1:{told.port}/channel/web", told._secret)
        said = await does(phone, line)
        for each in replicas:
            await each.settled()
    assert ENDS[name] in "\n".join([*said, *await phone.hears()])
    await is_left_behind(app, name)


@pytest.mark.long
async def test_an_appeal_is_filed_once_though_the_process_is_killed_at_that_moment(database_url, tmp_path):
    """SIGKILL at the moment it is handed in, answered by then or not."""
    person = 2_000_001
    async with telegram(tmp_path / "telegram") as server:
        settings = environment(server, database_url, tmp_path, webhook=False)
        replica = Replica(settings)
        await replica.start()
        try:
            await write(server, person, "我要反映")
            for label in ("写一份诉求", "欠薪"):
                await press(server, person, label)
            await eventually(lambda: asks_for_the_story(server, person), PATIENCE)
            await write(server, person, STORY)
            await press(server, person, "提交")
            await replica.kill()
            await replica.start()
            receipt = await eventually(lambda: receipts(server, person), PATIENCE)
        finally:
            await replica.kill()
        assert len(receipt) == 1
        assert len(re.findall(r"编号：\d{12}", receipt[0])) == 1
    db = opened(settings)
    async with db.read() as session:
        assert list(await session.scalars(select(Appeal.story))) == [STORY]
    await db.close()


async def asks_for_the_story(server, person: int) -> bool:
    return "说说怎么回事" in (await said(server, person))[-1]


async def receipts(server, person: int) -> list[str]:
    return [each for each in await said(server, person) if "编号：" in each]


async def press(server, person: int, label: str) -> None:
    """Press a button as soon as there is one that says this."""
    bot = await server.chat.shared.bots.own()

    async def button() -> tuple[int, str] | None:
        state = await server.chat.page.views.state(bot, person)
        first = await server.chat.page.views.first(state, person)
        for message in first["messages"]:
            for each in (each for row in message.get("buttons", []) for each in row):
                if label in each["text"]:
                    return message["id"], each["callback_data"]
        return None

    message, data = await eventually(button, PATIENCE)
    await server.chat.people.press(bot, person, message, data)


async def test_a_form_of_an_earlier_version_is_cleared_away_and_nobody_is_stuck_in_it(phone, app):
    await phone.types("/start")
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        chat.flow, chat.step, chat.answers, chat.paused, chat.flow_at = "city", "city", {"city": "2101"}, False, now()
    assert "清掉了" in (await phone.types("沈阳"))[-1]
    assert "您在哪" in "".join(await phone.types("找驿站"))
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        chat.flow, chat.step, chat.answers, chat.paused, chat.flow_at = "city", "city", {"city": "2101"}, False, now()
    assert "您的表还没写完" in "".join(await phone.types("/settings"))


@pytest.mark.parametrize("press", ["!skip", "!enough"])
async def test_a_question_that_has_to_be_answered_is_not_passed_by_a_made_up_button(phone, app, press):
    """As a program in the place of Telegram's may press whatever it likes; here, the button is forged in its row."""
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    message = (await phone.messages())[-1]["id"]
    async with app.db.begin() as session:
        row = await session.scalar(select(WebMessage).where(WebMessage.message_id == message))
        forged = [[{"text": "往下", "callback_data": f"f:appeal:story:{press}"}]]
        row.body = {**row.body, "reply_markup": {"inline_keyboard": forged}}
    assert await phone.presses_data(message, f"f:appeal:story:{press}")
    assert await phone.hears() == []  # neither a fault nor the next question
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))
        assert chat.step == "story"
        assert "story" not in chat.answers


async def test_whoever_stops_writing_keeps_what_they_wrote_until_they_clear_it(phone):
    await phone.types("/appeal")
    await phone.presses("欠薪、扣款")
    await phone.types("站长拖着十月的工资不给，一共四千三")
    assert "留一天" in (await phone.presses("先不写了"))[-1]
    assert "四千三" not in (await phone.types("高温补贴多少钱"))[-1]
    assert "四千三" in (await phone.presses("接着写"))[-1]
    await phone.presses("先不写了")
    assert "清掉" in (await phone.presses("清掉"))[-1]
    assert "哪一类" in (await phone.types("/appeal"))[-1]


async def test_of_a_form_with_nothing_in_it_nothing_is_kept(phone):
    await phone.types("/appeal")
    assert (await phone.presses("先不写了"))[-1] == "好，不写了。"
    assert "哪一类" in (await phone.types("/appeal"))[-1]
