"""An organiser writes what points buy, somebody else approves it, workers redeem it; nobody loses what they have."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.errors import Rejected
from bot.services.core import periods
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import shown
from bot.services.points import ledger, reconciliation, rewards, vouchers
from bot.services.points.rewards import REWARD, RewardState
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import AllowedStep, Audit, Chat, Reward, Voucher
from tests.support.desk import BY, Desk
from tests.support.volunteers import earns, redeems, reward_in

PATH = "/console/rewards"
FORM = {
    "label": "反光背心",
    "about": "均码，晚上看得见",
    "points": "20",
    "stock": "3",
    "days": "14",
    "district": "沈阳市",
    "place": "兴工街驿站服务台",
    "last_day": "",
    "funding": "市总工会",
}


@pytest.fixture
async def organiser(app):
    async with Desk(app, Role.ORGANISER, district="2101") as desk:
        yield desk


@pytest.fixture
async def approver(app):
    async with Desk(app, Role.APPROVER, district="2101") as desk:
        yield desk


@pytest.fixture
async def rider(phone, app):
    """Somebody who runs in Shenyang and has fifty points."""
    await phone.types("/start")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="210106"))
    await earns(app, 50, "hazard:1:verified")
    return phone


async def writes(desk, path: str = "", **changes: str) -> str:
    """Hand the form in, of a new one or of the one there; returns its address."""
    await desk.gets(path or f"{PATH}/new")
    return (await desk.submits(path or f"{PATH}/new", **{**FORM, **changes})).path.partition("?")[0]


async def approves(desk, path: str):
    await desk.gets(path)
    return await desk.submits(f"{path}/approve")


async def offers(phone) -> str:
    """The buttons under the account, after everything that is told has arrived."""
    await phone.hears()
    await phone.types("/points")
    return "".join(await phone.buttons())


async def row(app, path: str) -> Reward:
    async with app.db.read() as session:
        return await session.get_one(Reward, path.rpartition("/")[2])


async def adds_up(app) -> bool:
    async with app.db.read() as session:
        return [each async for each in reconciliation.findings(session)] == []


async def test_one_writes_a_reward_another_approves_it_and_a_worker_has_it_handed_over(app, rider, organiser, approver):
    page = await organiser.submits(f"{PATH}/new", status=422, **{**FORM, "label": "背"})
    assert "名称写 2 到 20 个字" in page.words
    assert FORM["about"] in page
    path = await writes(organiser)
    assert "等没写过它的审批员批准" in (await organiser.gets(path)).words
    assert "反光背心" not in await offers(rider)
    assert "等批准的能换的东西" in (await approver.gets("/console")).words
    assert "在换" in (await approves(approver, path)).words
    assert "反光背心" in await offers(rider)
    await redeems(rider, "反光背心")
    assert "兴工街驿站服务台" in str((await rider.messages())[-1])
    async with app.db.read() as session:
        code = await session.scalar(select(Voucher.code))
    assert "核销成功" in (await organiser.submits("/console/redeem", code=code)).words
    assert (await row(app, path)).remaining == 2
    assert await adds_up(app)


async def test_who_wrote_a_reward_does_not_approve_it(app, organiser, approver):
    path = await writes(organiser)
    async with app.db.begin() as session:
        person = await accounts.find(session, organiser.username)
        await accounts.give(session, None, BY, person, Grant(Role.APPROVER, "2101"))
    assert f"{path}/approve" not in await organiser.gets(path)
    await organiser.submits(f"{path}/approve", status=None, version=1)
    assert (await row(app, path)).state == RewardState.DRAFT
    assert "在换" in (await approves(approver, path)).words


async def test_what_is_approved_is_what_was_read(app, organiser, approver):
    path = await writes(organiser)
    await approver.gets(path)
    await writes(organiser, path, points="40")
    assert "又改过了" in (await approver.submits(f"{path}/approve", status=422, version=1)).words
    assert "在换" in (await approves(approver, path)).words


async def test_a_changed_reward_waits_anew_and_who_has_a_code_is_served_as_it_was_promised(
    app, rider, organiser, approver
):
    path = await writes(organiser)
    await approves(approver, path)
    await redeems(rider, "反光背心")
    async with app.db.read() as session:
        before = await session.scalar(select(Voucher))
    await writes(organiser, path, label="反光马甲", points="40", place="别处", days="1", last_day=str(periods.today()))
    assert "反光" not in await offers(rider)
    await approves(approver, path)
    assert "反光马甲　40 分" in await offers(rider)
    await rider.presses("我的券")
    assert "反光背心" in "".join(await rider.hears()) or "反光背心" in str((await rider.messages())[-1])
    page = await organiser.submits("/console/redeem", code=before.code)
    assert "核销成功" in page.words
    assert ("反光背心" in page.words, "兴工街驿站服务台" in page.words) == (True, True)
    async with app.db.read() as session:
        after = await session.scalar(select(Voucher))
        assert (after.points, after.expires_at) == (20, before.expires_at)
        assert (await ledger.account_of(session, after.chat_id)).available == 30
    assert await adds_up(app)


async def test_nobody_pays_another_price_than_the_one_on_the_button(app, rider, organiser, approver):
    path = await writes(organiser)
    await approves(approver, path)
    await rider.types("/points")
    await rider.presses("反光背心")
    await writes(organiser, path, points="40")
    assert "现在不能换了" in "".join(await rider.presses("用 20 分兑换"))
    await rider.hears()
    await approves(approver, path)
    await rider.presses_data(*await _last_button(rider))
    assert "刚改过" in "".join(await rider.hears())
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Voucher)) == 0


async def _last_button(phone) -> tuple[int, str]:
    """The newest message that has a button to buy with."""
    found = [each for each in await phone.messages() if "用 20 分兑换" in str(each.get("buttons"))]
    return found[-1]["id"], found[-1]["buttons"][0][0]["callback_data"]


async def test_a_stopped_one_is_offered_no_more_its_codes_are_good_and_it_comes_back(app, rider, organiser, approver):
    path = await writes(organiser)
    await approves(approver, path)
    await redeems(rider, "反光背心")
    await organiser.gets(path)
    assert "停了" in (await organiser.submits(f"{path}/stop")).words
    assert "反光背心" not in await offers(rider)
    async with app.db.read() as session:
        code = await session.scalar(select(Voucher.code))
    assert "核销成功" in (await organiser.submits("/console/redeem", code=code)).words
    await writes(organiser, path)
    await approves(approver, path)
    assert "反光背心" in await offers(rider)


async def test_after_its_last_day_nobody_can_ask_and_no_code_is_good_longer(app, rider, organiser, approver):
    last = periods.today() + timedelta(days=3)
    path = await writes(organiser, last_day=str(last))
    await approves(approver, path)
    await rider.types("/points")
    assert f"最晚 {last}" in (await rider.presses("反光背心"))[-1]
    await rider.presses("兑换")
    async with app.db.read() as session:
        assert shown((await session.scalar(select(Voucher))).expires_at) == last
    async with app.db.begin() as session:
        await session.execute(update(Reward).values(last_day=periods.today() - timedelta(days=1)))
    assert "反光背心" not in await offers(rider)
    assert "反光背心" in (await organiser.gets(f"{PATH}?view=over")).words
    page = await organiser.submits(path, status=422, **{**FORM, "last_day": "2020-01-01"})
    assert "已经过去的日子" in page.words


async def test_one_that_has_run_out_is_told_to_who_fills_it_up(app, rider, organiser, approver):
    path = await writes(organiser, stock="1")
    await approves(approver, path)
    await redeems(rider, "反光背心")
    assert "反光背心" not in await offers(rider)
    assert "换完了的东西" in (await organiser.gets("/console")).words
    await organiser.gets(path)
    await organiser.submits(f"{path}/stock", count="2", why="工会送来的")
    assert "反光背心" in await offers(rider)


async def test_the_stock_is_filled_up_and_taken_out_and_the_audit_says_by_whom(app, organiser, approver):
    path = await writes(organiser)
    await approves(approver, path)
    await organiser.gets(path)
    for _ in range(2):  # Handed in twice, by a double click.
        page = await organiser.submits(f"{path}/stock", _key="the-same", count="50", why="工会送来的")
    assert "53 份" in page.words
    await organiser.gets(path)
    given = {"count": "999", "why": "坏了"}
    assert "没有这么多" in (await organiser.submits(f"{path}/stock", status=422, out="1", **given)).words
    assert "为什么" in (await organiser.submits(f"{path}/stock", status=422, count="5", why="")).words
    await organiser.gets(path)
    await organiser.submits(f"{path}/stock", out="1", count="20", why="运来就破了")
    await writes(organiser, path, points="30", funding="")
    async with app.db.read() as session:
        told = (await session.scalars(select(Audit).where(Audit.action.startswith("reward.")).order_by(Audit.id))).all()
    done = [(each.action, each.staff_id) for each in told]
    assert done == [
        ("reward.add", organiser.id),
        ("reward.approve", approver.id),
        *[("reward.stock", organiser.id)] * 2,
        ("reward.edit", organiser.id),
    ]
    assert [each.detail["change"] for each in told[2:4]] == [50, -20]
    assert told[4].detail["changed"] == ["要多少分", "谁出的钱"]
    found = await row(app, path)
    assert (found.remaining, found.total) == (33, 33)


async def test_the_last_one_goes_to_one_of_200_and_changing_it_meanwhile_oversells_nothing(app):
    code = await reward_in(app, "", stock=1)
    async with app.db.begin() as session:
        chats = [Chat(channel="web", address=1, language="zh", key=number.to_bytes(16)) for number in range(200)]
        session.add_all(chats)
        await session.flush()
        for each in chats:
            await ledger.grant(session, each.id, 20, f"test:{each.id}")

    async def wants(chat: Chat) -> str:
        try:
            async with app.db.begin() as session:
                await vouchers.reserve(session, chat, code)
        except Rejected as why:
            return why.key
        return ""

    async def fills(change: int) -> str:
        async with app.db.begin() as session:
            await rewards.restock(session, code, change)
        return "filled"

    tasks = [*(wants(each) for each in chats[:100]), fills(1), *(wants(each) for each in chats[100:])]
    answers = await asyncio.gather(*tasks)
    assert sorted(answers) == ["", "", "filled", *["points.gone"] * 198]
    async with app.db.read() as session:
        assert (await session.get_one(Reward, code)).remaining == 0
        assert await session.scalar(select(func.count()).select_from(Voucher)) == 2
    assert await adds_up(app)


async def test_a_reward_of_elsewhere_is_neither_offered_nor_seen_and_one_for_everywhere_is(app, rider, organiser):
    far = await reward_in(app, "3701", label="济南的手套")
    near, everywhere = await reward_in(app, "210106", label="铁西的手套"), await reward_in(app, "", label="全国的手套")
    offered = await offers(rider)
    assert ["济南" in offered, "铁西" in offered, "全国" in offered] == [False, True, True]
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        with pytest.raises(Rejected, match=r"points\.over"):  # By a button that somebody else was shown.
            await vouchers.reserve(session, chat, far)
    page = await organiser.gets(PATH)
    assert ["济南" in page, "铁西" in page, "全国的" in page] == [False, True, True]
    await organiser.gets(f"{PATH}/{far}", status=404)
    page = await organiser.gets(f"{PATH}/{everywhere}")
    assert ("改库存" in page, "改了再上" in page) == (True, False)
    await organiser.submits(f"{PATH}/{everywhere}", status=404, **FORM)
    await organiser.submits(f"{PATH}/{everywhere}/stop", status=404)
    assert "区域不能改" in await organiser.gets(f"{PATH}/{near}")
    page = await organiser.submits(f"{PATH}/{near}", status=422, **FORM)
    assert "区域不能改" in page.words


async def test_the_database_knows_the_steps_of_a_reward(app):
    async with app.db.read() as session:
        known = select(AllowedStep.source, AllowedStep.target).where(AllowedStep.kind == "reward")
        assert {tuple(each) for each in (await session.execute(known)).all()} == set(REWARD.steps)


async def test_who_may_approve_it_hears_in_chat_that_it_waits_and_where(app, organiser, approver, phone):
    page = await approver.submits("/console/chat")
    await phone.types(re.search(r"/staff \d{6}", page)[0])
    path = await writes(organiser)
    await app.settled()
    said = "".join(await phone.hears())
    assert "能换的东西“反光背心”写好了" in said
    assert path in said
