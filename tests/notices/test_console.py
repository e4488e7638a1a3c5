"""Organisers and approvers at the console: from the first word of a notice to the table of what became of it."""

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import func, select, update

from bot.console.core.words import load
from bot.services.chats import chats
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.services.notices.states import NoticeState
from bot.services.stations import stations
from bot.store.models import (
    AllowedStep,
    Audit,
    Channel,
    Chat,
    CopyState,
    Notice,
    NoticeCopy,
    Outbox,
    Staff,
    StaffRole,
    TrialMember,
    now,
)
from knowledge import Policy
from knowledge.stations import Station
from tests.support.desk import OURS, Desk
from tests.support.fake_bot_api import Town

FORM = {
    "kind": "service",
    "title": "免费体检",
    "text": "周六上午，**带身份证**",
    "unit": "沈阳市总工会",
    "valid_until": "2099-12-31",
    "region": "2101",
}


@pytest.fixture
async def worker(app, phone):
    """Somebody in Shenyang who pressed Start."""
    await phone.types("/start")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    return phone


async def write(desk: Desk, **more: object) -> str:
    """Write a notice; returns its address."""
    page = await desk.submits("/console/notices/new", **(FORM | more))
    return page.path.partition("?")[0]


async def ring(app) -> None:
    """Its moment has come."""
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.kind == "timer").values(due_at=now()))
    await app.settled()


async def test_a_notice_from_the_first_word_to_the_phone_and_the_table(app, worker, organiser, approver):
    path = await write(organiser)
    page = await organiser.gets(path)
    assert "<b>带身份证</b>" in page
    assert "现在能发到 1 人" in page.words
    await organiser.submits(f"{path}/submit")
    await organiser.submits(f"{path}/approve", count=1, status=403)
    page = await approver.gets("/console")
    assert "待批准的通知" in page.words
    await approver.gets(path)
    page = await approver.submits(f"{path}/approve", count=2, status=422)
    assert "人数和页面上的不一样" in page.words
    page = await approver.submits(f"{path}/approve", count=1)
    assert "批准了" in page.words
    await ring(app)
    assert any("周六上午" in said for said in await worker.hears())
    page = await organiser.gets(path)
    assert "发完了" in page.words
    assert "发到了 1 人" in page.words
    async with app.db.read() as session:
        address = (await session.scalars(select(Chat))).one().address
    page = await organiser.submits(f"{path}/find", channel="web", address=address)
    assert "查到了：发到了" in page.words


async def test_what_was_typed_stays_when_something_is_missing(organiser):
    page = await organiser.submits("/console/notices/new", **(FORM | {"unit": "", "region": "5101"}), status=422)
    assert "您负责的区域以外" in page.words
    assert "周六上午" in page
    page = await organiser.submits(
        "/console/notices/new", **(FORM | {"url1": "http://x.cn", "label1": "报名"}), status=422
    )
    assert "https://" in page.words


async def test_while_it_is_written_the_form_shows_what_it_looks_like_and_how_many_it_reaches(app, worker, organiser):
    typed = FORM | {"title": "", "unit": "", "text": "周六上午，**带身份证**"}
    page = await organiser.submits("/console/notices/look", **typed)
    assert "<b>带身份证</b>" in page
    assert "现在能发到 1 人" in page.words
    page = await organiser.submits("/console/notices/look", **(typed | {"job": "courier"}))
    assert "现在能发到 0 人" in page.words
    page = await organiser.submits("/console/notices/look", **(typed | {"region": "5101"}))
    assert "您负责的区域以外" in page.words
    async with app.db.read() as session:
        assert await session.scalar(select(func.count(Notice.id))) == 0


async def test_a_new_notice_is_meant_for_the_authors_own_district(app):
    async with Desk(app, Role.ORGANISER, district="210112") as desk:
        assert '<option value="210112" selected>' in await desk.gets("/console/notices/new")


async def test_buttons_open_a_policy_and_a_station_in_the_chat(app, worker, organiser, approver):
    policy, station = next(iter(app.knowledge.policies.values())), next(iter(app.knowledge.stations))
    places = {"url1": f"政策：{policy.label}", "label2": "去歇脚", "url2": f"驿站：{station.id}"}
    page = await organiser.submits("/console/notices/new", **(FORM | {"url1": "政策：没有这一条"}), status=422)
    assert "没有找到“没有这一条”" in page.words
    path = await write(organiser, **places)
    page = await organiser.gets(path)
    assert f"{policy.label} → 政策：{policy.label}" in page.words
    assert "去歇脚 → 驿站：" in page.words
    assert f'value="政策：{policy.label}"' in await organiser.gets(f"{path}/edit")
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    assert any(policy.title in said for said in await worker.presses(policy.label))
    assert any(station.name in said for said in await worker.presses("去歇脚"))


async def test_a_button_that_leads_nowhere_by_now_is_named_on_submitting_and_on_approving(
    app, worker, organiser, approver
):
    """The station went with an import, the entry with a release; what people have on their phones is corrected all the same."""
    policy, kept = next(iter(app.knowledge.policies.values())), list(app.knowledge.stations)
    station = kept[0]

    async def there(*found: Station, topics: Mapping[str, Policy]) -> None:
        async with app.db.begin() as session:
            await stations.replace(session, found)
        await app.refresh()
        app.content_store.knowledge = replace(app.content_store.knowledge, policies=topics)

    every = app.knowledge.policies
    fewer = {topic: each for topic, each in every.items() if topic != policy.id}
    places = {"label1": "看补贴", "url1": f"政策：{policy.label}", "label2": "去歇脚", "url2": f"驿站：{station.id}"}
    path = await write(organiser, **places)
    await there(*kept[1:], topics=every)
    page = await organiser.submits(f"{path}/submit", status=422)
    assert "按钮“去歇脚”点了没有地方去" in page.words
    await there(*kept, topics=fewer)
    page = await organiser.submits(f"{path}/submit", status=422)
    assert "按钮“看补贴”点了没有地方去" in page.words
    await there(*kept, topics=every)
    await organiser.submits(f"{path}/submit")
    await there(*kept[1:], topics=every)
    page = await approver.submits(f"{path}/approve", count=1, status=422)
    assert "按钮“去歇脚”点了没有地方去" in page.words
    await there(*kept, topics=every)
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    await there(*kept[1:], topics=every)
    page = await organiser.submits(f"{path}/correct", title="免费体检", text="改到周日上午")
    assert "交上去了" in page.words


async def test_an_example_fits_five_people_or_more_and_tells_channel_city_and_job_only(app, organiser):
    """Fewer could be recognised, and with them what they were chosen by."""
    town = Town(app.db, app.knowledge)
    await town.people(4, region="210106")
    path = await write(organiser)
    page = await organiser.gets(path)
    assert "现在能发到 4 人" in page.words
    assert "比如" not in page.words
    assert "不举例：情况一样的不到 5 人" in page.words
    await town.people(1, first=5, region="210102")
    await town.people(1, first=6, region="210106", job="livestreamer")
    page = await organiser.gets(path)
    examples = page.words.partition("比如：")[2].partition(" ")[0]
    city, rider, streamer = "沈阳市", "外卖骑手", "网络主播"
    assert examples == f"Telegram·{city}·{rider}"
    assert streamer not in page.words
    await town.people(5, first=10, region="2101", job="")
    examples = (await organiser.gets(path)).words.partition("比如：")[2].partition(" ")[0]
    assert set(examples.split("，")) == {f"Telegram·{city}·{rider}", f"Telegram·{city}"}


async def test_an_edit_after_the_approval_needs_another_one(app, worker, organiser, approver):
    path = await write(organiser, start_at=f"{now().astimezone(ZONE) + timedelta(hours=20):%Y-%m-%dT%H:%M}")
    await organiser.submits(f"{path}/submit")
    await organiser.gets(path)
    await organiser.submits(f"{path}/step", step="draft")
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await organiser.gets(f"{path}/edit")
    page = await organiser.submits(f"{path}/edit", **(FORM | {"text": "改成周日"}))
    assert "草稿" in page.words
    await ring(app)
    assert not any("周" in said for said in await worker.hears())


async def test_the_approver_sees_what_changed_since_they_sent_it_back(worker, organiser, approver):
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    assert "以后改了" not in (await approver.gets(path)).words
    await approver.submits(f"{path}/refuse", comment="日子不对")
    await organiser.gets(f"{path}/edit")
    await organiser.submits(f"{path}/edit", **(FORM | {"text": "周日上午，**带身份证**", "unit": "区总工会"}))
    await organiser.submits(f"{path}/submit")
    page = await approver.gets(path)
    assert "周<del>六</del><ins>日</ins>上午" in page
    assert "退回 以后改了 当时说：日子不对" in page.words.replace("退回以后", "退回 以后")
    assert "也改了：发布单位" in page.words


async def test_what_has_begun_is_not_edited_any_more_and_the_page_says_so_in_words(app, worker, organiser, approver):
    path = await write(organiser)
    await organiser.gets(f"{path}/edit")
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    page = await organiser.submits(f"{path}/edit", **(FORM | {"text": "改成周日"}), status=409)
    assert "现在是“发完了”" in page.words
    assert "改成周日" in page


async def test_a_wrong_count_is_said_beside_its_field_and_the_right_one_goes_through(worker, organiser, approver):
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.gets(path)
    page = await approver.submits(f"{path}/approve", count=2, comment="看过了", status=422)
    assert "人数和页面上的不一样" in page.words
    assert "重新提交" not in page.words
    assert "看过了" in page
    assert 'value="2"' not in page
    page = await approver.submits(f"{path}/refuse", comment=" ", status=422)
    assert "请写一句为什么退回" in page.words
    assert "批准了" in (await approver.submits(f"{path}/approve", count=1)).words


async def test_what_is_refused_offers_no_button_that_would_be_refused_again(organiser):
    path = await write(organiser)
    page = await organiser.submits(f"{path}/try", whom="me", status=422)
    assert "重新提交" not in page.words
    assert "返回上一页" in page.words


async def test_what_is_taken_back_says_so_and_is_not_taken_back_twice(app, worker, organiser, approver):
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    await organiser.gets(path)
    await organiser.submits(f"{path}/recall")  # leads to how far that is
    page = await organiser.gets(path)
    top = re.search(r"<h1>.*?</h1>", page, re.DOTALL)[0]
    assert re.search("(正在|已)撤回", top)
    assert "发完了" not in top
    assert f"{path}/recall" not in page
    assert f"{path}/correct" not in page
    await ring(app)
    assert "已撤回" in (await organiser.gets(path)).words
    rows = (await organiser.gets("/console/notices")).words
    assert "已撤回" in rows
    for again in ("recall", "correct"):
        page = await organiser.submits(f"{path}/{again}", title="又改", text="又改一次", status=422)
        assert "已经在撤回了" in page.words
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Notice).where(Notice.does == "unsay")) == 1


async def test_why_a_message_did_not_arrive_is_said_in_words(app, worker, organiser):
    path = await write(organiser)
    async with app.db.begin() as session:
        chat = (await session.scalars(select(Chat))).one()
        chat.address = 999_999_999  # somebody who never pressed Start
        await session.execute(update(Staff).where(Staff.id == organiser.id).values(chat_id=chat.id))
    await organiser.submits(f"{path}/try", whom="me")
    await app.settled()
    page = await organiser.gets(path)
    assert "没点过开始" in page.words
    assert "Bad Request" not in page.words
    assert load().refusal("Bad Request: something new") == "聊天软件没收，它说的是：Bad Request: something new"
    assert load().refusal("") == ""


async def test_a_trial_goes_to_oneself_and_says_whether_it_arrived(app, worker, organiser):
    path = await write(organiser)
    page = await organiser.submits(f"{path}/try", whom="me", status=422)
    assert "还没有绑定聊天" in page.words
    async with app.db.begin() as session:
        chat = (await session.scalars(select(Chat))).one()
        await session.execute(update(Staff).where(Staff.id == organiser.id).values(chat_id=chat.id))
    await organiser.submits(f"{path}/try", whom="me")
    assert any("周六上午" in said for said in await worker.hears())
    page = await organiser.gets(path)
    assert f"{organiser.name} · 到了" in page.words


async def test_it_is_paused_resumed_and_cancelled(app, worker, organiser, approver):
    path = await write(organiser, start_at="2099-01-01T08:00")
    page = await organiser.submits(f"{path}/submit")
    page = await approver.submits(f"{path}/approve", count=1, status=422)
    assert "离发送还早" in page.words
    page = await organiser.submits(f"{path}/step", step="pause", status=409)
    await organiser.gets(path)
    page = await organiser.submits(f"{path}/step", step="cancel")
    assert "已取消" in page.words


async def test_the_unknown_are_sent_again_by_a_person_and_the_sent_are_taken_back(app, worker, organiser, approver):
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    async with app.db.begin() as session:
        await session.execute(update(NoticeCopy).values(state=CopyState.UNKNOWN))
        number = (await session.scalars(select(NoticeCopy.notice_id))).one()
    await _stand(app, number, NoticeState.SENDING)
    await _stand(app, number, NoticeState.SOME_FAILED)
    page = await organiser.gets(path)
    assert "补发：未知 1 人" in page.words
    await organiser.submits(f"{path}/again", which="unknown")
    await app.settled()
    page = await organiser.gets(path)
    assert "发到了 1 人" in page.words
    page = await organiser.submits(f"{path}/recall")
    await ring(app)
    assert not any("周六上午" in each.get("text", "") for each in await worker.messages())


async def test_whoever_watches_is_told_again_and_again_while_it_is_being_sent(app, worker, organiser, approver):
    await app.bulk[Channel.WEB].stop()  # So it stays on its way.
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    topic = f"notices:{path.rpartition('/')[2]}"
    async with organiser.http.get(f"{organiser.url}/console/events", params={"topics": topic}) as stream:
        assert (await stream.content.readuntil(b"\n\n")).startswith(b"retry")
        async with app.db.begin() as session:
            await session.execute(update(Outbox).where(Outbox.kind == "timer").values(due_at=now()))
        await app.relay.sweep()
        for _ in range(3):
            assert f"data: {topic}".encode() in await stream.content.readuntil(b"\n\n")


async def _stand(app, number: int, state: NoticeState) -> None:
    """Put a finished notice where a crash would have left it."""
    async with app.db.begin() as session:
        was = (await session.get_one(Notice, number)).state
        await session.merge(AllowedStep(kind="notice", source=was, target=state))
        await session.flush()
        await session.execute(update(Notice).where(Notice.id == number).values(state=state))


async def test_the_page_and_the_table_say_how_many_responded_and_how_many_had_enough(app, worker, organiser, approver):
    policy = next(iter(app.knowledge.policies.values()))
    path = await write(organiser, label1="看政策", url1=f"政策：{policy.label}")
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    assert "回应了 0 人，看完退订 0 人" in (await organiser.gets(path)).words
    await worker.presses("看政策")
    await worker.presses("看政策")
    await worker.presses("不再收这类通知")
    await app.flush()
    page = await organiser.gets(path)
    assert "回应了 1 人，看完退订 1 人" in page.words
    assert "48 小时里收到的最近一条" in page.words
    assert ",是,是" in await organiser.submits(f"{path}/results.csv")


async def test_the_table_names_nobody_and_runs_no_formula(app, organiser, approver):
    async with app.db.begin() as session:
        chat = chats.blank(Channel.WEB, b"k" * 16, 4242424242)
        chat.region, chat.job, chat.started_at = "2101", "=1+1", now()
        session.add(chat)
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    table = await organiser.submits(f"{path}/results.csv")
    assert "'=1+1" in table
    title, mark, _, columns, line = table.splitlines()
    assert title.endswith("通知结果,免费体检,沈阳市总工会")
    assert organiser.name in mark
    assert f"{now().astimezone(ZONE):%Y-%m-%d}" in mark
    assert columns.endswith("时间,回应了,看完退订")
    assert ",网页聊天,沈阳市,'=1+1," in line
    assert ",没发成," in line
    assert line.endswith(",否,否")
    assert "4242424242" not in table
    async with organiser.http.post(
        f"{organiser.url}{path}/results.xlsx", data={"_key": "xlsx"}, headers=OURS
    ) as response:
        sheet = openpyxl.load_workbook(io.BytesIO(await response.read())).active
    assert sheet["A2"].value == mark
    assert sheet.cell(5, 4).value == "'=1+1"
    await organiser.submits(f"{path}/results.pdf", status=404)
    assert "没发成" in (await organiser.gets(path)).words
    async with app.db.read() as session:
        actions = set(await session.scalars(select(Audit.action)))
        taken = await session.scalars(select(Audit.detail).where(Audit.action == "notice.export"))
        assert list(taken) == [{"form": "csv"}, {"form": "xlsx"}]
    assert {"notice.write", "notice.submit", "notice.approve", "notice.export", "notice.complete"} <= actions


def test_every_state_has_its_word():
    words = load()
    for state in NoticeState:
        assert words(f"notice_state.{state}")
    for state in CopyState:
        assert words(f"copy_state.{state}")
        assert words(f"said.copy_{state}")


async def test_a_trial_group_gets_a_notice_first_and_the_page_counts_who_got_it(app, worker, organiser):
    async with Desk(app, Role.HANDLER) as gone, Desk(app, Role.HANDLER, name="王芳") as deaf:
        await _linked(app, organiser.id, worker)
        async with app.db.begin() as session:
            away = await _barred(session)
            await session.execute(update(Staff).where(Staff.id == gone.id).values(chat_id=away))
        page = await organiser.gets("/console/notices/groups/new")
        assert "没绑聊天，收不到" in page.words.split("王芳")[1]
        people = [organiser.id, gone.id, deaf.id]
        page = await organiser.submits("/console/notices/groups/new", name="夜班组", member=people)
        assert "王芳 没绑聊天，收不到" in page.words
        path = await write(organiser)
        page = await organiser.gets(path)
        assert "夜班组（3 人，1 人没绑聊天）" in page.words
        group = re.search(r'value="(\d+)">夜班组', page)[1]
        await organiser.submits(f"{path}/try", whom=group)
        assert any("周六上午" in said for said in await worker.hears())
        page = await organiser.gets(path)
        assert "2 人：1 到了，1 没到" in page.words
        await organiser.submits(f"{path}/try", whom="me")
        assert "2 人：1 到了，1 没到" in (await organiser.gets(path)).words  # people, not messages
    async with app.db.read() as session:
        tries = await session.scalars(select(Audit.detail).where(Audit.action == "notice.try").order_by(Audit.id))
        assert list(tries) == [{"people": 2, "group": int(group)}, {"people": 1}]


async def test_a_group_that_nobody_can_be_reached_in_says_so_and_who_left_gets_nothing(app, worker, organiser):
    async with Desk(app, Role.HANDLER) as colleague:
        await organiser.submits("/console/notices/groups/new", name="白班组", member=[colleague.id])
        path = await write(organiser)
        group = re.search(r'value="(\d+)">白班组', await organiser.gets(path))[1]
        page = await organiser.submits(f"{path}/try", whom=group, status=422)
        assert "“白班组”里没有人绑了聊天" in page.words
        await _linked(app, colleague.id, worker)
        async with app.db.begin() as session:
            await session.execute(update(Staff).where(Staff.id == colleague.id).values(active=False))
        assert "人都不在了" in (await organiser.gets("/console/notices/groups")).words
        await organiser.submits(f"{path}/try", whom=group, status=422)
        assert not any("周六上午" in said for said in await worker.hears())


async def test_a_group_is_renamed_and_removed_and_never_reaches_beyond_its_district(app, organiser):
    new = "/console/notices/groups/new"
    async with Desk(app, Role.ORGANISER, district="5101") as other, Desk(app, Role.HANDLER) as colleague:
        page = await organiser.submits(new, name="夜班组", member=[other.id], status=422)
        assert "不在这个区域" in page.words
        assert 'value="夜班组"' in page
        assert "请选 1 到 20 个人" in (await organiser.submits(new, name="夜班组", status=422)).words
        await organiser.submits(new, name="夜班组", member=[organiser.id])
        page = await organiser.submits(new, name="夜班组", member=[organiser.id], status=422)
        assert "换个名字" in page.words
        path = re.search(r"/console/notices/groups/\d+", await organiser.gets("/console/notices/groups"))[0]
        assert f'value="{organiser.id}" checked' in await organiser.gets(path)
        page = await organiser.submits(path, name="早班组", member=[colleague.id])
        assert "早班组 沈阳市" in page.words.replace("辽宁省", "")
        assert colleague.name in page.words
        assert organiser.name not in page.words.split("有谁")[1]
        assert "早班组" not in (await other.gets("/console/notices/groups")).words
        await other.gets(path, status=404)
        await other.submits(f"{path}/remove", status=404)
        notice = await write(other, region="5101")
        await other.submits(f"{notice}/try", whom=path.rpartition("/")[2], status=404)
        page = await organiser.submits(f"{path}/remove")
        assert "早班组" not in page.words
    async with app.db.read() as session:
        acts = list(await session.scalars(select(Audit.action).where(Audit.subject.startswith("trial_group:"))))
        assert [each for each in acts if "group" in each] == [
            f"notice.group_{each}" for each in ("add", "change", "remove")
        ]
        assert not (await session.scalars(select(TrialMember))).all()


async def test_whoever_works_in_two_cities_says_which_one_a_group_is_for(app, organiser):
    async with app.db.begin() as session:
        session.add(StaffRole(staff_id=organiser.id, role=Role.ORGANISER, district="2102"))
    new = "/console/notices/groups/new"
    assert "大连" in (await organiser.gets(new)).words
    page = await organiser.submits(new, name="大连组", district="2102", member=[organiser.id], status=422)
    assert "不在这个区域" in page.words
    await organiser.submits(new, name="成都组", district="5101", member=[organiser.id], status=403)
    assert "沈阳组" in (await organiser.submits(new, name="沈阳组", district="2101", member=[organiser.id])).words


async def _linked(app, staff_id: int, phone) -> None:
    """Link somebody's chat with their account."""
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat.id).order_by(Chat.id))
        await session.execute(update(Staff).where(Staff.id == staff_id).values(chat_id=chat))


async def _barred(session) -> int:
    """A chat that the channel does not know."""
    chat = chats.blank(Channel.WEB, b"k" * 16, 4242424242)
    session.add(chat)
    await session.flush()
    return chat.id
