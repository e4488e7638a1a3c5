"""Staff looks after the grid: applications of their own district, training, hours, terms, and the counter for rewards."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.services.core.lifecycle import Role
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Audit, Chat, Shift, StaffRole, View, Volunteer, Voucher, now
from tests.support.desk import Desk
from tests.support.volunteers import NAME, PHONE, applied, applies, certified, earns, learns, redeems, row, stocked

PATH = "/console/volunteers"


@pytest.fixture
async def organiser(app):
    async with Desk(app, Role.ORGANISER, district="2101") as desk:
        yield desk


@pytest.fixture
async def admin(app):
    async with Desk(app, Role.ADMIN, district="2101") as desk:
        yield desk


@pytest.fixture
async def offered(app):
    await stocked(app)


async def acts(desk, number: str, verb: str, *, status: int = 200, **fields):
    await desk.gets(f"{PATH}/{number}")
    return await desk.submits(f"{PATH}/{number}/{verb}", status=status, **fields)


async def test_an_application_goes_from_the_list_to_the_certificate(phone, app, organiser):
    number = await applies(phone)
    page = await organiser.gets(PATH)
    assert number in page.words
    assert NAME not in page
    assert "赵**" in page.words
    assert PHONE not in await organiser.gets(f"{PATH}/{number}")
    await acts(organiser, number, "review")
    await acts(organiser, number, "approve")
    assert "审核通过" in "".join(await phone.hears())
    await learns(phone)
    page = await acts(organiser, number, "tick", item="on_site")
    assert "在岗" in page.words
    assert "网格员证" in "".join(await phone.hears())


async def test_another_district_sees_nothing_of_it(phone, app):
    number = await applied(phone)
    async with Desk(app, Role.ORGANISER, district="5101") as far:
        assert number not in await far.gets(PATH)
        await far.gets(f"{PATH}/{number}", status=404)
        await far.submits(f"{PATH}/{number}/review", status=404)


async def test_the_same_form_twice_and_a_step_out_of_order_change_nothing(phone, app, organiser):
    number = await applied(phone)
    await acts(organiser, number, "reinstate", status=409)
    await organiser.gets(f"{PATH}/{number}")
    for _ in range(2):
        await organiser.submits(f"{PATH}/{number}/review", _key="the-same")
    assert (await row(app, number)).version == 2


async def test_an_application_is_approved_at_once_and_the_worker_hears_once(phone, app, organiser):
    number = await applied(phone)
    await phone.hears()
    await acts(organiser, number, "approve")
    assert len(await phone.hears()) == 1
    assert (await row(app, number)).state == VolunteerState.APPROVED


async def test_a_rejection_needs_a_reason_that_the_worker_reads(phone, organiser):
    number = await applied(phone)
    await acts(organiser, number, "review")
    assert "原因" in await acts(organiser, number, "reject", status=422, reason="否")
    await acts(organiser, number, "reject", reason="不在本区跑单，请到所在区报名")
    assert "请到所在区报名" in "".join(await phone.hears())


async def test_a_leader_does_not_approve_into_their_own_team(phone, app, organiser):
    number = await applied(phone)
    await organiser.gets(PATH)
    await organiser.submits(f"{PATH}/teams", name="铁西一队", district="210106", lead="1")
    await acts(organiser, number, "review")
    page = await organiser.gets(f"{PATH}/{number}")
    team = re.search(r'<option value="(\d+)">铁西一队', page)[1]
    assert "要换个人来做" in (await acts(organiser, number, "approve", status=403, team=team)).words
    async with Desk(app, Role.ORGANISER, district="2101") as colleague:
        await acts(colleague, number, "approve", team=team)
    assert (await row(app, number)).team_id == int(team)
    assert "铁西一队" in "".join(await phone.types("帮社区、攒积分"))


async def test_one_suspends_and_another_dismisses_and_the_certificate_is_void_at_once(phone, app, organiser, admin):
    number = await certified(phone)
    certificate = f"/console/certificates/{(await row(app, number)).certificate}"
    assert "有效 持证人 赵**" in (await organiser.gets(certificate)).words
    await acts(organiser, number, "suspend", reason="有人反映他冒用工作证，先停用核实")
    assert "无效" in (await organiser.gets(certificate)).words
    await acts(organiser, number, "dismiss", status=403, reason="情况属实，有照片为证")
    await acts(admin, number, "dismiss", reason="情况属实，有照片为证")
    assert (await row(app, number)).state == "dismissed"
    assert "情况属实" in "".join(await phone.hears())


async def test_anybody_may_check_a_certificate_and_learns_nothing_else(phone, app, organiser):
    number = await certified(phone)
    volunteer = await row(app, number)
    async with phone.http.get(f"{phone.url}/console/certificates/{volunteer.certificate}") as response:
        page = await response.text()
    assert response.status == 200
    assert "有效" in page
    assert "赵**" in page
    assert "<svg" in page
    for secret in (NAME, PHONE, number, "铁西", "艳粉", "美团"):
        assert secret not in page
    async with phone.http.get(f"{phone.url}/console/certificates/NX26-ABCDEFGHJ") as response:
        assert "无效" in await response.text()


async def test_name_and_phone_are_shown_once_for_a_purpose_and_the_look_is_written_down(phone, app, admin):
    number = await applied(phone)
    page = await acts(admin, number, "identity", purpose="打电话约现场培训")
    assert NAME in page
    assert PHONE in page
    assert NAME not in await admin.gets(f"{PATH}/{number}")
    async with app.db.read() as session:
        look = await session.scalar(select(View))
    assert (look.subject, look.purpose) == (f"volunteer:{number}", "打电话约现场培训")
    await phone.types("帮社区、攒积分")
    [looks] = await phone.presses("谁看过")
    assert "区管理员" in looks
    assert "打电话约现场培训" in looks


async def test_approved_hours_are_points_and_a_refusal_says_why(phone, app, organiser):
    number = await certified(phone)
    for approve in (True, False):
        await phone.types("帮社区、攒积分")
        await phone.presses("签到")
        async with app.db.begin() as session:
            started = update(Shift).where(Shift.state == "open").values(started_at=now() - timedelta(hours=2))
            await session.execute(started)
        await phone.presses("签退")
        async with app.db.read() as session:
            shift = await session.scalar(select(Shift.id).where(Shift.state == "ended"))
        assert number in (await organiser.gets(PATH)).words
        fields = {"count": "1"} if approve else {"reason": "当天没有安排值守", "count": "0"}
        await organiser.gets(f"{PATH}/{number}")
        await organiser.submits(f"{PATH}/{number}/hours", shift=shift, **fields)
        told = "".join(await phone.hears())
        assert ("+4 分" if approve else "当天没有安排值守") in told


async def test_hours_that_two_count_at_the_same_moment_count_once_and_hold_up_nothing(phone, app, organiser):
    number = await certified(phone)
    await phone.types("帮社区、攒积分")
    for _ in range(2):
        await phone.presses("签到")
        async with app.db.begin() as session:
            started = update(Shift).where(Shift.state == "open").values(started_at=now() - timedelta(hours=2))
            await session.execute(started)
        await phone.presses("签退")
    async with app.db.read() as session:
        first, second = await session.scalars(select(Shift.id).where(Shift.state == "ended").order_by(Shift.id))
    async with Desk(app, Role.ORGANISER, district="2101") as other:
        await asyncio.gather(
            organiser.submits(f"{PATH}/hours", shift=[first, second]),
            other.submits(f"{PATH}/hours", shift=[second, first]),
        )
    assert "".join(await phone.hears()).count("+4 分") == 2
    async with app.db.read() as session:
        assert [row.state for row in await session.scalars(select(Shift))] == ["approved", "approved"]
        noted = await session.scalars(select(Audit.subject).where(Audit.action == "volunteer.hours"))
        assert list(noted) == [f"volunteer:{number}"] * 2


async def test_hours_of_somebody_else_are_not_settled_under_this_number(phones, app, organiser):
    first, second = await phones(), await phones()
    one = await certified(first)
    other = await applied(second)
    await first.types("帮社区、攒积分")
    await first.presses("签到")
    await first.presses("签退")
    async with app.db.read() as session:
        shift = await session.scalar(select(Shift.id))
    await acts(organiser, other, "hours", status=422, shift=shift, count="1")
    await acts(organiser, one, "hours", shift=shift, count="1")


async def test_a_liaison_is_appointed_by_the_admin_and_told(phone, app, organiser, admin):
    number = await certified(phone)
    await organiser.submits(f"{PATH}/{number}/liaison", status=403, liaison="1")
    await acts(admin, number, "liaison", liaison="1")
    assert "民情联络员" in "".join(await phone.hears())
    assert (await row(app, number)).liaison


async def test_a_term_is_renewed_by_staff_when_asked(phone, app, organiser):
    number = await certified(phone)
    await acts(organiser, number, "renew", status=422)
    async with app.db.begin() as session:
        await session.execute(update(Volunteer).values(expires_at=now() + timedelta(days=3)))
    await phone.types("帮社区、攒积分")
    await phone.presses("我要续期")
    assert "申请续期" in (await organiser.gets(PATH)).words
    await acts(organiser, number, "renew")
    assert (await row(app, number)).expires_at > now() + timedelta(days=300)


async def test_the_counter_uses_a_code_once_and_says_when_it_was(phone, app, organiser, offered):
    await phone.types("/start")
    await earns(app, 50, "hazard:1:verified")
    await redeems(phone)
    async with app.db.read() as session:
        code = await session.scalar(select(Voucher.code))
    assert "没用过" in (await organiser.gets(f"/console/redeem/{code}")).words
    assert "核销成功" in (await organiser.submits("/console/redeem", code=code)).words
    again = await organiser.gets(f"/console/redeem/{code}")
    assert re.search(r"这个码已经用过：\d{4}-\d\d-\d\d \d\d:\d\d", again.words)
    assert "已经用过" in (await organiser.submits("/console/redeem", code=code)).words
    assert "没有这个码" in (await organiser.gets("/console/redeem?code=ABCDEFGHJK")).words


async def test_a_merchants_own_person_hands_over_their_own_reward_and_sees_nothing_else(phone, app, admin, offered):
    await phone.types("/start")
    await earns(app, 60, "hazard:1:verified")
    await redeems(phone)
    await redeems(phone, "爱心餐券")
    async with app.db.read() as session:
        codes = {each.reward: each.code for each in await session.scalars(select(Voucher))}
    async with Desk(app, Role.COUNTER, category="meal") as counter:
        page = await counter.gets(f"/console/redeem/{codes['water']}")
        assert "这个码不在您这里兑。请他去：" in page.words
        await counter.submits("/console/redeem", status=403, code=codes["water"])
        assert "核销成功" in (await counter.submits("/console/redeem", code=codes["meal"])).words
        assert "这个码已经用过" in (await counter.gets(f"/console/redeem/{codes['meal']}")).words
        page = await counter.gets("/console/redeem/history")
        assert "领走了" in page.words
        assert counter.name in page.words
        assert "矿泉水" not in page.words  # not theirs to hand over
        assert codes["meal"] not in page
        for path in ("rewards", "volunteers", "hazards", "people"):
            await counter.gets(f"/console/{path}", status=403)
        await admin.gets(f"/console/people/{counter.id}")
        await admin.submits(f"/console/people/{counter.id}/take", role=await role_of(app, counter))
        await counter.gets("/console/redeem", status=403)
        page = await admin.submits(f"/console/people/{counter.id}/give", status=422, role="counter", district="2101")
        assert "兑换点管哪一样" in page.words
        given = {"role": "counter", "district": "2101", "reward": "meal"}
        assert "爱心餐券" in (await admin.submits(f"/console/people/{counter.id}/give", **given)).words
        await counter.gets("/console/redeem")


async def role_of(app, desk) -> int:
    async with app.db.read() as session:
        return await session.scalar(select(StaffRole.id).where(StaffRole.staff_id == desk.id))


async def test_a_worker_who_opens_the_code_themselves_uses_nothing(phone, app, offered):
    await phone.types("/start")
    await earns(app, 50, "hazard:1:verified")
    await redeems(phone)
    async with app.db.read() as session:
        code = await session.scalar(select(Voucher.code))
        assert await session.scalar(select(Chat.id))
    async with phone.http.get(f"{phone.url}/console/redeem/{code}") as response:
        assert response.url.path == "/console/login"
    async with app.db.read() as session:
        assert await session.scalar(select(Voucher.state)) == "issued"
