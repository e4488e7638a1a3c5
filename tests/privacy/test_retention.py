"""What has been kept long enough goes by itself, every night; a dry run says the same before; a legal hold stays."""

import os
import secrets
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.commands.privacy import delete, foresee, hold
from bot.services.appeals import appeals
from bot.services.appeals.states import AppealState
from bot.services.core import hash_chain
from bot.services.core.lifecycle import SYSTEM
from bot.services.identity import identities
from bot.services.privacy import retention
from bot.services.staff import audit
from bot.store.models import (
    Appeal,
    Attachment,
    Audit,
    Base,
    Chat,
    Gap,
    Hazard,
    Identity,
    Outbox,
    OutboxState,
    SeenUpdate,
    StationReport,
    View,
    now,
)
from tests.appeals.test_filing import ADMIN, HANDLER, REVIEWER, STORY, acts, case, files
from tests.attachments.test_attachments import picture
from tests.privacy.test_erasure import names_themselves
from tests.support.appeals import employed
from tests.support.second_thoughts import minute_over

__all__ = ["acts"]  # a fixture
YEARS = timedelta(days=731)


async def closed_before(app, ago: timedelta) -> None:
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(closed_at=now() - ago, state=Appeal.state))


async def withdraws(phone, number: str) -> None:
    await phone.types("/appeals")
    await phone.presses(number)
    await phone.presses("撤回")
    await phone.presses("真的撤回")
    await minute_over(phone.app)


def test_every_table_stands_in_the_policy_and_every_rule_with_an_end_is_carried_out(knowledge):
    rules = knowledge.retention.rules.values()
    assert {table for rule in rules for table in rule.tables} == set(Base.metadata.tables)
    ending = {rule.name for rule in rules if rule.days is not None} - {"web_queue"}  # the chat page does that itself
    assert {duty.rule for duty in retention.DUTIES} == ending


async def test_a_dry_run_says_what_a_run_then_does_and_nothing_is_left_for_a_second(phone, app, knowledge):
    number = await names_themselves(phone)
    await withdraws(phone, number)
    await closed_before(app, YEARS)
    old = now() - timedelta(days=500)
    async with app.db.begin() as session:
        await session.execute(update(SeenUpdate).values(at=old))
        await session.execute(update(Outbox).values(created_at=old))
        session.add(Gap(key=b"g" * 16, text="?", why="none", first_at=old, last_at=old))
        session.add(StationReport(station_id="1", what="closed", reporter=b"r" * 16, at=old))
    foreseen = await foresee(app.settings, knowledge)
    assert foreseen["identities"] == 1
    assert foreseen["seen_updates"] > 0
    done = await delete(app.settings, knowledge)
    assert done == {rule: count for rule, count in foreseen.items() if count}
    assert not any((await foresee(app.settings, knowledge)).values())
    async with app.db.read() as session:
        report = await session.scalar(select(Audit.detail).where(Audit.action == "retention.run"))
    assert report == {"rows": done}


async def test_two_years_after_closing_nobody_can_find_out_who_it_was_and_the_case_stays(phone, app, knowledge):
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("文化路13号楼门口的保安13912345678不让骑手进")
    await phone.presses("不遮")
    await phone.presses("照片或语音")
    await phone.sends_photo(picture())
    await phone.presses("就这些")
    await phone.presses("地点")
    await phone.sends_location(41.796812, 123.431234)
    await phone.presses("提交")
    async with app.db.read() as session:
        number = await session.scalar(select(Appeal.number))
    await withdraws(phone, number)
    await closed_before(app, YEARS - timedelta(days=2))
    assert await delete(app.settings, knowledge) == {}
    await closed_before(app, YEARS)
    assert await delete(app.settings, knowledge) == {"identities": 1}
    await app.settled()
    appeal = await case(app, number)
    assert (appeal.kind, appeal.state) == ("access", "withdrawn")
    assert "13912345678" not in appeal.story
    assert "保安" in appeal.story
    assert (appeal.latitude, appeal.longitude) == (41.8, 123.43)
    async with app.db.read() as session:
        assert await session.scalar(select(Identity.body)) is None
        assert await session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert not list((app.settings.var / "uploads").iterdir())


async def test_the_way_back_to_an_anonymous_author_goes_thirty_days_after_closing(phone, app, knowledge):
    number = await files(phone, STORY, "欠薪", "谁能知道是我", "谁也别知道")
    await withdraws(phone, number)
    await closed_before(app, timedelta(days=29))
    assert await delete(app.settings, knowledge) == {}
    await closed_before(app, timedelta(days=31))
    assert await delete(app.settings, knowledge) == {"anonymous_identities": 1}


async def test_a_merged_case_is_forgotten_with_the_one_it_was_merged_into(phones, app, knowledge, acts):
    first, second = await phones(), await phones()
    parent, child = await files(first), await files(second, "站点拖欠大家的工资两个月了")
    await employed(app, ADMIN)
    await acts(child, AppealState.MERGED, ADMIN, parent=parent)
    for target, actor in (
        (AppealState.ACCEPTED, ADMIN),
        (AppealState.ASSIGNED, ADMIN),
        (AppealState.IN_PROGRESS, HANDLER),
        (AppealState.ANSWERED, REVIEWER),
        (AppealState.VERIFIED, ADMIN),
    ):
        await acts(parent, target, actor, agency="labour", text="经核实，站点已经补发了拖欠的工资，请您查收。")
    await closed_before(app, timedelta(days=1))
    async with app.db.begin() as session:
        old = update(Appeal).where(Appeal.number == parent)
        await session.execute(old.values(closed_at=now() - YEARS))
        await session.execute(update(Appeal).where(Appeal.number == child).values(closed_at=None))
    assert await delete(app.settings, knowledge) == {"identities": 2}


async def test_a_legal_hold_keeps_everything_until_it_ends(phone, app, knowledge):
    number = await names_themselves(phone)
    await withdraws(phone, number)
    await closed_before(app, YEARS)
    await hold(app.settings, number, "劳动仲裁 2026-118")
    assert await delete(app.settings, knowledge) == {}
    await hold(app.settings, number, "")
    assert await delete(app.settings, knowledge) == {"identities": 1}


async def test_the_exact_place_of_a_hazard_is_rounded_a_year_after_closing(app, knowledge):
    async with app.db.begin() as session:
        for days, place in ((364, 41.796812), (366, 41.796812), (366, 41.797), (366, None)):
            hazard = Hazard(number=f"H{secrets.token_hex(4)}", origin="test", kind="road", state="reported", text="坑")
            hazard.latitude, hazard.longitude = place, place
            hazard.closed_at = now() - timedelta(days=days)
            session.add(hazard)
    assert await delete(app.settings, knowledge) == {"hazard_places": 1}
    async with app.db.read() as session:
        places = list(await session.scalars(select(Hazard.latitude).order_by(Hazard.id)))
    assert places == [41.796812, 41.797, 41.797, None]


async def test_a_draft_is_emptied_after_a_day_and_its_author_is_told(phone, app, knowledge):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.types("王小明的工资站长一直拖着")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(flow_at=now() - timedelta(hours=25)))
    assert await delete(app.settings, knowledge) == {"drafts": 1}
    async with app.db.read() as session:
        assert await session.scalar(select(Chat.answers)) is None
    assert "清掉了" in (await phone.types("你好"))[-1]


async def test_a_night_runs_by_itself_and_sets_the_next_one_once(phone, app):
    async with app.db.begin() as session:
        for _ in range(2):
            await retention.ensure(session)
        await session.execute(update(SeenUpdate).values(at=now() - timedelta(days=8)))
    assert await nights(app) == 1
    await phone.types("/menu")
    async with app.db.begin() as session:
        await session.execute(update(SeenUpdate).values(at=now() - timedelta(days=8)))
        await session.execute(update(Outbox).where(Outbox.subject == retention.OF).values(due_at=now()))
    await app.settled()
    assert await nights(app) == 1
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(SeenUpdate)) == 0


async def nights(app) -> int:
    async with app.db.read() as session:
        waiting = select(func.count()).where(Outbox.subject == retention.OF, Outbox.state == OutboxState.WAITING)
        return await session.scalar(waiting.select_from(Outbox))


async def test_files_that_a_crash_left_behind_are_removed_and_those_of_cases_stay(phone, app):
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_photo(picture())
    await phone.presses("就这些")
    await phone.presses("提交")
    folder = app.settings.var / "uploads"
    [kept] = folder.iterdir()
    stray, fresh = folder / "stray", folder / "fresh"
    for each in (stray, fresh):
        each.write_bytes(b"x")
    for each in (kept, stray):
        os.utime(each, (time.time() - 7200,) * 2)
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.subject == retention.OF).values(due_at=now()))
    await app.settled()
    assert set(folder.iterdir()) == {kept, fresh}


async def test_logs_are_kept_and_still_follow_from_one_another(phone, app, knowledge, acts):
    number = await names_themselves(phone)
    for target, actor in (
        (AppealState.ACCEPTED, SYSTEM),
        (AppealState.ASSIGNED, ADMIN),
        (AppealState.IN_PROGRESS, HANDLER),
    ):
        await acts(number, target, actor, agency="labour")
    await acts(number, AppealState.ANSWERED, REVIEWER, text="已责令站点于本周五前付清，并当面核对了工资表。")
    async with app.db.begin() as session:
        appeal = await appeals.get(session, number)
        await identities.unmask(session, appeal.alias, ADMIN, subject=f"appeal:{number}", purpose="核实金额")
    await phone.presses("👍 满意")
    await closed_before(app, YEARS)
    await delete(app.settings, knowledge)
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(View)) == 1
        for model in audit.CHAINS:
            assert await hash_chain.broken_at(session, model) is None


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_run_goes_on_where_an_earlier_one_was_cut_off(phone, app, limit):
    for _ in range(3):
        await phone.types("/start")
    async with app.db.begin() as session:
        await session.execute(update(SeenUpdate).values(at=now() - timedelta(days=8)))
        count = await session.scalar(select(func.count()).select_from(SeenUpdate))
    rounds = []
    while True:
        async with app.db.begin() as session:
            done = await retention.run(session, app.services, limit=limit)
        if not done:
            break
        rounds.append(done["seen_updates"])
    assert sum(rounds) == count
    assert max(rounds) <= limit
