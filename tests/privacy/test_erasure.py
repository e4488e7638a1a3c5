"""Somebody asks what we hold about them, takes it along, and has it erased: after a week, for good, backups included."""

import io
import json
import re
import zipfile
from datetime import timedelta

from sqlalchemy import func, select, update

from bot.commands.privacy import reapply
from bot.queue import jobs, outbox
from bot.services.appeals import appeals
from bot.services.identity import identities
from bot.services.privacy import deletion_log, erasure
from bot.store.models import Appeal, AppealStep, Attachment, Chat, Identity, Outbox, OutboxState, Tombstone, now
from tests.appeals.test_filing import ADMIN, STORY, files
from tests.attachments.test_attachments import picture


async def names_themselves(phone, story: str = STORY) -> str:
    """File an appeal with one's name and phone; returns its number."""
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.types(story)
    await phone.presses("谁能知道是我")
    await phone.presses("办事的能看到我")
    await phone.types("王小明")
    await phone.types("13812345678")
    [receipt] = await phone.presses("提交")
    return re.search(r"编号：(\d{12})", receipt)[1]


async def downloads(phone) -> zipfile.ZipFile:
    """The newest file of the conversation, as the page fetches it."""
    [document] = [each["document"] for each in await phone.messages() if "document" in each][-1:]
    async with phone.http.get(phone.url + document["src"]) as response:
        assert response.status == 200
        return zipfile.ZipFile(io.BytesIO(await response.read()))


async def week_passes(app) -> None:
    """Let the timers of erasures ring now."""
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.subject == erasure.OF).values(due_at=now()))
    await app.settled()


async def test_my_data_is_told_in_a_few_lines_and_given_as_a_file(phone):
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_photo(picture())
    await phone.presses("就这些")
    await phone.presses("提交")
    number = await names_themselves(phone)
    said = await phone.types("/我的数据")
    assert any("诉求：2 件" in each for each in said)
    packed = await downloads(phone)
    held = json.loads(packed.read("data.json"))
    assert held["appeals"][0]["number"] == number
    assert held["appeals"][0]["identity"] == {"name": "王小明", "phone": "13812345678"}
    assert held["appeals"][0]["story"] == STORY
    assert [each["name"] for each in held["appeals"][0]["timeline"]] == ["submit"]
    assert any(name.endswith(".jpg") for name in packed.namelist())
    read = packed.read("我的数据.txt").decode("utf-8-sig")
    assert all(
        words in read for words in (f"编号：{number}", "类型：欠薪、扣款", f"写的事：{STORY}", "名字：王小明", "谁：您")
    )
    assert re.findall(r"^　*([a-z_~]+：.*|.*：[a-z_]+)$", read, re.MULTILINE) == []


async def test_who_looked_stands_in_the_file(phone, app):
    number = await names_themselves(phone)
    async with app.db.begin() as session:
        appeal = await appeals.get(session, number)
        purpose = "给王小明 138 1234 5678 打电话核实"
        await identities.unmask(session, appeal.alias, ADMIN, subject=f"appeal:{number}", purpose=purpose)
    await phone.types("/mydata")
    [look] = json.loads((await downloads(phone)).read("data.json"))["appeals"][0]["looked_at"]
    assert (look["role"], look["field"]) == ("district_admin", "identity")
    assert "王小明" not in look["purpose"]
    assert "1234" not in look["purpose"]


async def test_erasing_is_asked_about_planned_and_can_be_taken_back(phone, app):
    number = await files(phone)
    ask = (await phone.types("/forget"))[0]
    assert "7 天" in ask
    assert "1 件没办完" in ask
    planned = (await phone.presses("确定"))[0]
    assert "改主意" in planned
    assert "改主意" in (await phone.types("删除我的数据"))[0]  # asked again: the same day
    assert "什么都没变" in (await phone.presses("反悔"))[0]
    await week_passes(app)
    assert number in (await phone.types("/appeals"))[0]


async def test_a_timer_of_an_erasure_taken_back_does_not_ring_for_a_later_one(phone, app):
    await files(phone)
    await phone.types("/forget")
    await phone.presses("确定")
    await phone.presses("反悔")
    await phone.types("/forget")
    await phone.presses("确定")
    async with app.db.begin() as session:
        first = select(func.min(Outbox.id)).where(Outbox.subject == erasure.OF).scalar_subquery()
        await session.execute(update(Outbox).where(Outbox.id == first).values(due_at=now()))
    await app.settled()
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Chat)) == 1


async def test_after_a_week_nothing_names_them_and_the_statistics_stay(phone, app):
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_photo(picture())
    await phone.presses("就这些")
    await phone.presses("提交")
    number = await names_themselves(phone)
    await phone.types("/forget")
    await phone.presses("确定")
    await week_passes(app)
    assert "已经删除" in (await phone.hears())[-1]
    async with app.db.read() as session:
        cases = list(await session.scalars(select(Appeal).order_by(Appeal.id)))
        bodies = list(await session.scalars(select(Identity.body)))
        counts = [await session.scalar(select(func.count()).select_from(each)) for each in (Chat, Attachment)]
        steps = list(await session.scalars(select(AppealStep.name).order_by(AppealStep.id)))
    assert bodies == [None, None]
    assert counts == [0, 0]
    assert [(each.kind, each.state, each.story) for each in cases] == [
        ("access", "withdrawn", ""),
        ("wages", "withdrawn", ""),
    ]
    assert steps == ["submit", "submit", "withdraw", "withdraw"]
    assert not list((app.settings.var / "uploads").iterdir())
    assert number not in (await phone.types("/appeals"))[0]


async def test_what_was_to_be_said_to_whoever_is_erased_is_said_no_more(phones, app):
    leaving, staying = await phones(), await phones()
    for each in (leaving, staying):
        await each.types("热线电话")
    await leaving.types("/forget")
    await leaving.presses("确定")
    later = now() + timedelta(days=1)
    async with app.db.begin() as session:
        chats = list(await session.scalars(select(Chat)))
        rows = [jobs.message(chat, {"do": "say", "text": "明天见"}, due_at=later) for chat in chats]
        await outbox.put(session, rows)
    await week_passes(app)
    async with app.db.read() as session:
        waiting = list(await session.scalars(select(Outbox.chat_id).where(Outbox.due_at == later)))
        [left] = await session.scalars(select(Chat.id))
    assert waiting == [left]


async def test_a_stranger_keeps_everything_when_somebody_else_is_erased(phones, app):
    leaving, staying = await phones(), await phones()
    await files(leaving)
    number = await files(staying)
    await leaving.types("/forget")
    await leaving.presses("确定")
    await week_passes(app)
    assert number in (await staying.types("/appeals"))[0]


async def test_a_case_on_legal_hold_stays_as_it_is_but_nobody_can_write_to_its_author(phone, app):
    await names_themselves(phone)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(hold="劳动仲裁 2026-118"))
    await phone.types("/forget")
    await phone.presses("确定")
    await week_passes(app)
    async with app.db.read() as session:
        appeal, identity = await session.scalar(select(Appeal)), await session.scalar(select(Identity))
    assert (appeal.story, appeal.state) == (STORY, "submitted")
    assert identity.body == {"name": "王小明", "phone": "13812345678"}
    assert "您还没提过" in (await phone.types("/appeals"))[-1]


async def test_a_restored_backup_is_erased_again_and_whoever_came_back_stays(phones, app):
    leaving, returning = await phones(), await phones()
    for phone in (leaving, returning):
        await files(phone)
    async with app.db.read() as session:
        backup = [(each.key, each.address) for each in await session.scalars(select(Chat).order_by(Chat.id))]
    for phone in (leaving, returning):
        await phone.types("/forget")
        await phone.presses("确定")
    await week_passes(app)
    new = await files(returning)  # somebody new
    async with app.db.begin() as session:  # The backup is put back: the chat is here again, its tombstone is not.
        key, address = backup[0]
        session.add(Chat(channel="web", key=key, address=address, created_at=now() - timedelta(days=30)))
        for stone in await session.scalars(select(Tombstone)):
            await session.delete(stone)
    assert len(deletion_log.read(app.settings.var / deletion_log.NAME)) == 2
    assert await reapply(app.settings, app.knowledge, []) == 1
    assert await reapply(app.settings, app.knowledge, []) == 0
    await app.settled()
    assert new in (await returning.types("/appeals"))[0]
    async with app.db.read() as session:
        assert list(await session.scalars(select(Chat.key))) == [backup[1][0]]


async def test_half_a_line_of_the_tombstones_is_passed_over(tmp_path):
    deletion_log.write(tmp_path, {"key": "ab" * 16, "at": "2026-11-22T00:00:00+00:00"})
    with (tmp_path / deletion_log.NAME).open("a") as file:
        file.write("cd")
    assert list(deletion_log.read(tmp_path / deletion_log.NAME)) == [bytes.fromhex("ab" * 16)]


async def test_an_erasure_that_rings_twice_erases_once(phone, app):
    await files(phone)
    await phone.types("/forget")
    await phone.presses("确定")
    async with app.db.read() as session:
        row = await session.scalar(select(Outbox).where(Outbox.subject == erasure.OF))
    for _ in range(2):
        async with app.db.begin() as session:
            await erasure.ring(session, app.services, row.payload)
    async with app.db.read() as session:
        farewells = select(func.count()).select_from(Outbox).where(Outbox.chat_id.is_(None), Outbox.kind == "web")
        assert await session.scalar(farewells) == 1
        waiting = select(Outbox.kind).where(Outbox.state == OutboxState.WAITING, Outbox.kind == "timer")
        assert set(await session.scalars(waiting)) <= {"timer"}
