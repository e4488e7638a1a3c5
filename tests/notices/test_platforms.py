"""A worker may say where they run for, so that a notice about that platform finds them: freely, and until they take it back."""

import json

from sqlalchemy import select, update

from bot.services.chats import message_preview
from bot.services.notices import audience, platforms
from bot.services.notices.audience import Audience
from bot.services.privacy import erasure
from bot.store.models import Chat, ChatTag, CopyState, NoticeCopy, NoticeKind, now
from tests.notices.test_console import FORM, ring, write
from tests.privacy.test_erasure import downloads
from tests.support.volunteers import certified, chat_of

MEITUAN = Audience(tags=(platforms.tag("meituan"),))


async def says(phone, *names: str) -> str:
    """Say where one runs for, as one does in the chat; returns what stands there then."""
    await phone.types("/start")
    await phone.types("/notices")
    await phone.presses("在哪家平台跑")
    for name in names:
        await phone.presses(name)
    return (await phone.messages())[-1]["text"]


async def tags(app) -> list[str]:
    async with app.db.read() as session:
        return list(await session.scalars(select(ChatTag.tag).order_by(ChatTag.tag)))


async def counted(app, wanted: Audience = MEITUAN) -> audience.Count:
    async with app.db.read() as session:
        return await audience.count(session, wanted, NoticeKind.SERVICE)


async def test_nothing_is_known_until_somebody_says_it_and_one_tap_takes_all_of_it_back(app, phone):
    asked = await says(phone)
    for promise in (
        "还没说",
        "只用来给您发跟这家平台有关的通知",
        "说不说随您",
        "平台的人看不到",
        "哪天想收回，点一下就没了",
    ):
        assert promise in asked
    assert await tags(app) == []
    assert "都收回" not in await phone.buttons()
    await phone.presses("美团")
    await phone.presses("滴滴等网约车")
    assert "您说的：美团、滴滴等网约车" in (await phone.messages())[-1]["text"]
    assert await tags(app) == ["platform:didi", "platform:meituan"]
    assert (await counted(app)).reached == 1
    await phone.presses("✓ 美团")
    assert await tags(app) == ["platform:didi"]
    await phone.presses("美团")
    await phone.presses("都收回")
    assert "还没说" in (await phone.messages())[-1]["text"]
    assert await tags(app) == []
    assert (await counted(app)).reached == 0
    await phone.presses("回到收哪些通知")
    assert "不打扰的时间" in (await phone.messages())[-1]["text"]


async def test_a_platform_that_is_not_offered_any_more_is_still_shown_and_taken_back(app, phone):
    chat = await chat_of(phone)
    async with app.db.begin() as session:
        await platforms.flip(session, chat, "gone")
    assert "您说的：gone" in await says(phone)
    await phone.presses("都收回")
    assert await tags(app) == []


async def test_what_a_volunteer_wrote_into_their_application_chooses_nobody(app, phone):
    await certified(phone)
    assert await tags(app) == ["role:volunteer"]
    found = await counted(app)
    assert (found.reached, found.left_out) == (0, {"unsaid": 1})


async def test_it_stands_in_the_file_of_what_we_hold_and_goes_when_somebody_is_erased(app, phone):
    await says(phone, "美团")
    await phone.types("/mydata")
    assert json.loads((await downloads(phone)).read("data.json"))["tags"] == ["platform:meituan"]
    async with app.db.begin() as session:
        await erasure.erase(session, app.services, (await session.scalars(select(Chat))).one())
    assert await tags(app) == []


async def test_the_organiser_ticks_a_platform_and_is_told_how_many_never_said_one(app, phones, organiser):
    said, silent, other = [await phones() for _ in range(3)]
    await says(said, "美团", "饿了么")
    await silent.types("/start")
    await says(other, "京东")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    path = await write(organiser, platform="meituan")
    page = await organiser.gets(path)
    assert "现在能发到 1 人" in page.words
    assert "没算进去：没说过在哪家平台跑 1 人" in page.words
    assert "平台 美团" in page.words
    form = await organiser.gets(f"{path}/edit")
    assert 'name="platform" value="meituan" checked' in form
    page = await organiser.submits(f"{path}/edit", **FORM)
    assert "现在能发到 3 人" in page.words
    assert "没说过" not in page.words


async def test_who_takes_it_back_before_their_copy_leaves_does_not_get_it(app, phone, organiser, approver):
    """They sleep while it is sent; on waking they say no, and the page says why they were left out."""
    await says(phone, "美团")
    local = now().astimezone(message_preview.ZONE)
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101", quiet=f"{local.hour}-{(local.hour + 2) % 24}"))
    path = await write(organiser, platform="meituan")
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    assert "还没发 1 人" in (await organiser.gets(path)).words
    await phone.presses("都收回")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(quiet=""))
        await session.execute(update(NoticeCopy).values(due=0))
    await app.settled()
    assert not any("周六上午" in said for said in await phone.hears())
    page = await organiser.gets(path)
    assert "没发 收回了在这家平台跑 1" in page.words
    async with app.db.read() as session:
        copy = (await session.scalars(select(NoticeCopy))).one()
    assert (copy.state, copy.why) == (CopyState.SKIPPED, "withdrawn")
