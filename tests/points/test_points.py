"""Points are never negative, never spent twice, never granted twice, and always add up."""

import asyncio
import random
import signal
import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from bot.app import Application
from bot.commands.points import reconcile
from bot.errors import Rejected
from bot.services.core.lifecycle import Actor, Role
from bot.services.points import ledger as points_ledger
from bot.services.points import reconciliation, vouchers
from bot.services.points.vouchers import VOUCHER, VoucherState
from bot.store.base import now
from bot.store.models import (
    AllowedStep,
    Chat,
    Outbox,
    OutboxState,
    PointsAccount,
    PointsEntry,
    Reward,
    Voucher,
)
from tests.conftest import hasten
from tests.support.second_thoughts import minute_over
from tests.support.volunteers import earns, redeems, stocked

CLERK = Actor(Role.ORGANISER, 5)
WATER = 20  # points


async def account(app) -> PointsAccount:
    async with app.db.read() as session:
        return await session.scalar(select(PointsAccount))


async def voucher(app) -> Voucher:
    async with app.db.read() as session:
        return await session.scalar(select(Voucher).order_by(Voucher.id.desc()).limit(1))


async def wrong(app) -> list[str]:
    """What does not add up."""
    async with app.db.read() as session:
        return [each async for each in reconciliation.findings(session)]


async def wants(app, chat: Chat) -> str:
    """Somebody asks for water; returns why they do not get it, or ""."""
    try:
        async with app.db.begin() as session:
            await vouchers.reserve(session, chat, "water")
    except Rejected as why:
        return why.key
    return ""


@pytest.fixture(autouse=True)
async def offered(app) -> None:
    await stocked(app)


@pytest.fixture
async def rich(phone, app) -> int:
    """Somebody's chat, with fifty points."""
    await phone.types("/start")
    await earns(app, 50, "hazard:1:verified")
    return (await account(app)).id


async def test_a_reward_is_three_taps_and_a_code_as_a_picture(phone, app, rich):
    await phone.types("/points")  # 1
    assert "矿泉水一箱" in (await phone.presses("矿泉水"))[-1]  # 2
    await phone.presses("兑换")  # 3
    await app.settled()
    shown = (await phone.messages())[-1]
    bought = await voucher(app)
    assert shown.get("photo")
    assert bought.code in str(shown)
    assert (bought.state, (await account(app)).held) == ("issued", WATER)
    assert await wrong(app) == []


async def test_a_source_gives_points_once_however_often_it_is_approved(phone, app):
    await phone.types("/start")
    given = await asyncio.gather(*(earns(app, 5, "hazard:7:verified") for _ in range(20)))
    assert sorted(given) == [*([0] * 19), 5]
    assert (await account(app)).available == 5


async def test_nobody_earns_more_than_the_caps_of_a_day_and_of_a_place(phone, app):
    await phone.types("/start")
    here = [await earns(app, 15, f"hazard:{number}:verified", place="41.80,123.38") for number in (1, 2, 3)]
    assert here == [15, points_ledger.A_PLACE - 15, 0]
    there = [await earns(app, 30, f"hazard:{number}:verified") for number in (4, 5)]
    assert there == [30, points_ledger.A_DAY - points_ledger.A_PLACE - 30]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(PointsEntry)) == 5  # capped ones are known, too


async def test_of_200_who_want_the_last_one_exactly_one_gets_it(phones, app):
    async with app.db.begin() as session:
        await session.execute(update(Reward).where(Reward.code == "water").values(total=1, remaining=1))
        template = {"channel": "web", "address": 1, "language": "zh"}
        chats = [Chat(**template, key=number.to_bytes(16)) for number in range(200)]
        session.add_all(chats)
        await session.flush()
        for each in chats:
            await points_ledger.grant(session, each.id, WATER, f"test:{each.id}")

    answers = await asyncio.gather(*(wants(app, each) for each in chats))
    assert sorted(answers) == ["", *["points.gone"] * 199]
    async with app.db.read() as session:
        assert await session.scalar(select(Reward.remaining).where(Reward.code == "water")) == 0
        assert await session.scalar(select(func.sum(PointsAccount.held))) == WATER
    assert await wrong(app) == []


async def test_of_200_wishes_for_the_last_points_exactly_one_comes_true(phone, app):
    await phone.types("/start")
    await earns(app, WATER, "test:1")
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))

    answers = await asyncio.gather(*(wants(app, chat) for _ in range(200)))
    assert sorted(answers) == ["", *["points.poor"] * 199]
    mine = await account(app)
    assert (mine.available, mine.held) == (0, WATER)
    assert await wrong(app) == []


async def test_a_process_that_dies_between_reserving_and_issuing_loses_nothing_and_issues_once(
    phone, app, settings, knowledge, rich
):
    """SIGKILL with the code written and not committed; nobody else is there who could issue it meanwhile."""
    await app.relay.stop()
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
    await dies_while_issuing(settings, chat)
    mine = await account(app)
    assert ((await voucher(app)).state, mine.available, mine.held) == ("reserved", 50 - WATER, WATER)
    other = Application(settings.model_copy(update={"web_chat": False, "port": 0}), knowledge)
    hasten(other)
    try:
        await other.settled()
        issued = await voucher(app)
        for _ in range(2):  # The timer comes twice: its outcome was not written down.
            async with other.db.begin() as session:
                payload = {"do": "issue", "number": str(issued.id)}
                await vouchers.ring(session, other.services, payload)
    finally:
        await other.relay.stop()
        await other.db.close()
    async with app.db.read() as session:
        told = await session.scalar(select(func.count()).where(Outbox.kind == "web", Outbox.payload.is_not(None)))
    assert (issued.state, (await voucher(app)).code, told) == ("issued", issued.code, 1)
    assert await wrong(app) == []


async def dies_while_issuing(settings, chat: int) -> None:
    """Another process reserves a reward, and is killed in the middle of issuing its code."""
    command = (sys.executable, "-m", "tests.support.crash_child", str(settings.var), settings.database_url, str(chat))
    doomed = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert doomed.stdout is not None
    try:
        assert [await doomed.stdout.readline() for _ in range(2)] == [b"reserved\n", b"issuing\n"]
    finally:
        doomed.send_signal(signal.SIGKILL)
        await doomed.wait()


async def test_a_second_tap_on_the_same_button_buys_nothing_more(phone, app, rich):
    await phone.types("/points")
    await phone.presses("矿泉水")
    message = (await phone.messages())[-1]
    press = message["buttons"][0][0]["callback_data"]
    for _ in range(2):
        await phone.presses_data(message["id"], press)
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Voucher)) == 1
    assert "已经兑过了" in "".join(await phone.hears())


async def test_a_code_works_once_and_the_second_scan_says_since_when(phone, app, rich):
    await redeems(phone)
    code = (await voucher(app)).code
    scans = []
    for _ in range(2):
        async with app.db.begin() as session:
            used, first = await vouchers.fulfil(session, app.services, code.lower(), CLERK)
        scans.append((used.used_at, first))
    assert scans == [(used.used_at, True), (used.used_at, False)]
    assert "领走了" in "".join(await phone.hears())
    mine = await account(app)
    assert (mine.available, mine.held) == (30, 0)
    assert await wrong(app) == []


async def test_a_hundred_scans_at_once_use_a_code_once(phone, app, rich):
    await redeems(phone)
    code = (await voucher(app)).code

    async def scan() -> bool:
        async with app.db.begin() as session:
            return (await vouchers.fulfil(session, app.services, code, CLERK))[1]

    assert sum(await asyncio.gather(*(scan() for _ in range(100)))) == 1


async def test_a_code_nobody_gave_out_is_unknown(app):
    async with app.db.begin() as session:
        with pytest.raises(vouchers.UnknownVoucher):
            await vouchers.fulfil(session, app.services, "ABCDEFGHJK", CLERK)


async def test_what_is_given_back_or_runs_out_returns_the_points_and_the_reward(phone, app, rich):
    await redeems(phone)
    await phone.types("/points")
    await phone.presses("我的券")
    await phone.presses("退掉")
    await phone.presses("真的退掉")
    assert "给您留着" in (await phone.presses("撤销"))[-1]
    await minute_over(app)
    assert (await voucher(app)).state == "issued"
    await phone.types("/points")
    await phone.presses("我的券")
    await phone.presses("退掉")
    await phone.presses("真的退掉")
    await minute_over(app)
    assert "还给您" in (await phone.hears())[-1]
    await redeems(phone)
    async with app.db.begin() as session:
        due = Outbox.subject.startswith("expire:") & (Outbox.state == OutboxState.WAITING)
        await session.execute(update(Outbox).where(due).values(due_at=now() - timedelta(seconds=1)))
    await app.settled()
    assert "过期没领" in "".join(await phone.hears())
    async with app.db.read() as session:
        left = await session.scalar(select(Reward).where(Reward.code == "water"))
    assert (left.total, (await account(app)).available) == (left.remaining, 50)
    assert await wrong(app) == []


async def test_nobody_gives_back_somebody_elses_voucher(phones, app):
    one, other = await phones(), await phones()
    await one.types("/start")
    await earns(app, 50, "test:1")
    await redeems(one)
    await other.types("/start")
    async with app.db.begin() as session:
        stranger = await session.scalar(select(func.max(Chat.id)))
        assert not await vouchers.cancel(session, (await voucher(app)).id, stranger)


async def test_points_taken_back_after_they_were_spent_are_a_debt_that_is_shown_and_paid_first(phone, app, rich):
    await redeems(phone)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat.id))
        taken = [await points_ledger.reverse(session, chat, "hazard:1:verified") for _ in range(2)]
    assert taken == [50, 0]
    mine = await account(app)
    assert (mine.available, mine.held, mine.debt) == (0, WATER, 20)
    assert "上次多给了 20 分" in (await phone.types("/points"))[-1]
    await earns(app, 10, "hazard:2:verified")
    mine = await account(app)
    assert (mine.available, mine.debt) == (0, 10)
    assert await wrong(app) == []


async def test_whoever_has_too_little_is_told_how_much(phone, app):
    await phone.types("/start")
    await earns(app, 5, "test:1")
    await phone.types("/points")
    assert any("矿泉水" in each and "还差 15" in each for each in await phone.buttons())
    shown = (await phone.presses("矿泉水"))[-1]
    assert "您有 5 分" in shown
    assert "还差" in shown
    assert await phone.buttons() == []


async def test_the_ledger_cannot_be_changed(phone, app, rich):
    for statement in ("UPDATE points_entries SET d_available = 900", "DELETE FROM points_entries"):
        with pytest.raises(DBAPIError, match="append only"):
            async with app.db.begin() as session:
                await session.execute(text(statement))


async def test_the_database_refuses_less_than_nothing_and_lines_with_one_side(phone, app, rich):
    below = update(PointsAccount).values(available=-1)
    lopsided = PointsEntry.__table__.insert().values(
        account_id=rich, kind="earn", d_available=5, d_held=0, d_debt=0, d_issuer=0,
        source="x", place="", at=now(), before=bytes(32), hash=bytes(32),
    )  # fmt: skip
    for statement, name in ((below, "never_negative"), (lopsided, "balanced")):
        with pytest.raises(DBAPIError, match=name):
            async with app.db.begin() as session:
                await session.execute(statement)


@pytest.mark.parametrize(
    ("statement", "finds"),
    [
        ("UPDATE points_accounts SET available = available + 5", "available is"),
        ("UPDATE points_accounts SET held = 3", "open vouchers need"),
        ("UPDATE reward_stocks SET remaining = remaining - 1 WHERE reward = 'meal'", "reward meal"),
        ("UPDATE points_accounts SET entries = entries + 1", "entries found"),
    ],
)
async def test_reconciling_finds_what_does_not_add_up(phone, app, settings, capsys, rich, statement, finds):
    assert await reconcile(settings) == 0
    async with app.db.begin() as session:
        await session.execute(text(statement))
    assert await reconcile(settings) == 1
    assert finds in capsys.readouterr().out


async def test_reconciling_finds_a_line_that_was_changed_behind_the_triggers(phone, app, rich):
    async with app.db.begin() as session:
        postgresql = app.db.dialect == "postgresql"
        await session.execute(text("DROP TRIGGER points_fixed" + (" ON points_entries" if postgresql else "")))
        await session.execute(text("UPDATE points_entries SET source = 'hazard:9:verified'"))
    assert any("does not follow" in each for each in await wrong(app))


async def test_whatever_happens_in_whatever_order_it_adds_up(phone, app):
    await phone.types("/start")
    chance = random.Random(20261122)
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))
    for turn in range(50):
        async with app.db.begin() as session:
            bought = await vouchers.own(session, chat.id)
            what = chance.choice(("earn", "earn", "buy", "cancel", "use", "reverse"))
            if what == "earn":
                await points_ledger.grant(session, chat.id, chance.randint(1, 9), f"test:{turn}")
            elif what == "reverse":
                await points_ledger.reverse(session, chat.id, f"test:{chance.randint(0, turn)}")
            elif what == "buy" and (await points_ledger.lock_of(session, chat.id)).available >= WATER:
                await vouchers.reserve(session, chat, "water")
            elif bought and what == "cancel":
                await vouchers.cancel(session, chance.choice(bought).id, chat.id)
            elif bought and what == "use" and (one := chance.choice(bought)).code:
                await vouchers.fulfil(session, app.services, one.code, CLERK)
        if turn % 8 == 0:
            await app.settled()
    assert await wrong(app) == []


async def test_whoever_is_erased_leaves_a_ledger_that_is_nobodys_and_still_adds_up(phone, app, rich):
    await redeems(phone)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat.id))
        await vouchers.forget(session, chat)
    async with app.db.read() as session:
        assert await points_ledger.account_of(session, chat) is None
        assert await session.scalar(select(Voucher.chat_id)) is None
    assert (await voucher(app)).state == "cancelled"
    assert await wrong(app) == []


async def test_the_database_knows_the_steps_of_a_voucher_and_refuses_the_others(phone, app, rich):
    await redeems(phone)
    async with app.db.read() as session:
        known = select(AllowedStep.source, AllowedStep.target).where(AllowedStep.kind == "voucher")
        assert {tuple(row) for row in (await session.execute(known)).all()} == set(VOUCHER.steps)
    with pytest.raises(DBAPIError, match="illegal step"):
        async with app.db.begin() as session:
            await session.execute(update(Voucher).values(state=VoucherState.RESERVED))


async def test_a_code_cannot_be_read_from_a_dump(phone, app, rich):
    await redeems(phone)
    code = (await voucher(app)).code
    async with app.db.read() as session:
        dump = (await session.execute(text("SELECT * FROM vouchers"))).all()
    assert len(code) == vouchers.CODE_LENGTH
    assert code not in str(dump)


async def test_what_the_demo_offers_says_that_it_is_made_up(app):
    async with app.db.read() as session:
        places = list(await session.scalars(select(Reward.place)))
    assert len(places) == 4
    assert all("示例" in each for each in places)
