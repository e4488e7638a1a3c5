"""The ledger itself: what each entry moves, the caps of a day and of a place, debts, and what is good once."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.errors import Rejected
from bot.services.core import hash_chain
from bot.services.core.working_days import ZONE
from bot.services.points import ledger
from bot.services.points.ledger import A_DAY, A_PLACE
from bot.store.models import Chat, PointsAccount, PointsEntry, now
from bot.store.opening import database_of


@pytest.fixture
async def db(settings):
    db = database_of(settings)
    yield db
    await db.close()


@pytest.fixture
async def chat(db):
    async with db.begin() as session:
        session.add(chat := Chat(channel="web", key=b"k" * 16, address=1))
        await session.flush()
    return chat


async def grants(db, chat, amount: int, source: str, **more: object) -> int:
    async with db.begin() as session:
        return await ledger.grant(session, chat, amount, source, **more)


async def changes(db, chat, does, *given: object) -> None:
    async with db.begin() as session:
        await does(session, await ledger.lock_of(session, chat.id), *given)


async def stands(db, chat) -> tuple[int, int, int, int]:
    """Available, held, debt and the number of entries; what the account says and what its entries add up to are one."""
    async with db.read() as session:
        account = await ledger.account_of(session, chat.id)
        lines = list(await session.scalars(select(PointsEntry).where(PointsEntry.account_id == account.id)))
    sums = [sum(getattr(each, name) for each in lines) for name in ("d_available", "d_held", "d_debt")]
    assert [account.available, account.held, account.debt] == sums
    assert all(each.d_available + each.d_held - each.d_debt + each.d_issuer == 0 for each in lines)
    return account.available, account.held, account.debt, account.entries


async def entries(db) -> list[PointsEntry]:
    async with db.read() as session:
        return list(await session.scalars(select(PointsEntry).order_by(PointsEntry.id)))


async def test_a_source_gives_once_also_by_the_number_of_the_chat(db, chat):
    assert await grants(db, chat, 10, "hazard:1:verified", place="a", staff_id=7) == 10
    assert await grants(db, chat.id, 10, "hazard:1:verified") == 0
    assert await stands(db, chat) == (10, 0, 0, 1)
    [line] = await entries(db)
    assert (line.kind, line.source, line.place, line.staff_id) == ("earn", "hazard:1:verified", "a", 7)


async def test_nobody_has_an_account_before_the_first_point(db, chat):
    async with db.read() as session:
        assert await ledger.account_of(session, chat.id) is None
    async with db.begin() as session:
        fresh = await ledger.lock_of(session, chat.id)
        assert (fresh.available, fresh.held, fresh.debt, fresh.entries) == (0, 0, 0, 0)
        assert fresh.head == hash_chain.START


async def test_a_day_and_a_place_give_no_more_than_their_caps(db, chat):
    assert await grants(db, chat, A_PLACE - 1, "a", place="here") == A_PLACE - 1
    assert await grants(db, chat, 5, "b", place="here") == 1
    assert await grants(db, chat, 5, "c", place="here") == 0
    assert await grants(db, chat, 5, "d", place="there") == 5
    assert await grants(db, chat, A_PLACE, "h", place="yonder") == A_PLACE
    assert await grants(db, chat, A_DAY, "e") == A_DAY - 2 * A_PLACE - 5
    assert await grants(db, chat, 1, "f") == 0
    assert await grants(db, chat, -3, "g") == 0
    assert await stands(db, chat) == (A_DAY, 0, 0, 8)


@pytest.mark.parametrize(("before", "given"), [(timedelta(0), 0), (timedelta(microseconds=1), A_DAY)])
async def test_a_day_begins_at_midnight_in_china(db, chat, monkeypatch, before, given):
    moment = datetime(2026, 11, 28, 0, 0, tzinfo=ZONE)
    monkeypatch.setattr(ledger, "now", lambda: moment - before)
    await grants(db, chat, A_DAY, "late")
    monkeypatch.setattr(ledger, "now", lambda: datetime.combine(moment.date(), time(23, 59), ZONE))
    assert await grants(db, chat, A_DAY, "next") == given


async def test_others_earn_on_their_own(db, chat):
    async with db.begin() as session:
        session.add(other := Chat(channel="web", key=b"o" * 16, address=2))
        await session.flush()
    await grants(db, chat, A_DAY, "a")
    assert await grants(db, other, 4, "b", place="x") == 4
    assert await stands(db, other) == (4, 0, 0, 1)
    async with db.begin() as session:
        assert await ledger.reverse(session, other, "a") == 0
        assert ledger.owner_key(session, chat.id) != ledger.owner_key(session, other.id)


async def test_points_are_held_given_back_and_used(db, chat):
    await grants(db, chat, 30, "a")
    await changes(db, chat, ledger.reserve, 20, "voucher:1")
    assert await stands(db, chat) == (10, 20, 0, 2)
    await changes(db, chat, ledger.release, 20, "voucher:1")
    assert await stands(db, chat) == (30, 0, 0, 3)
    await changes(db, chat, ledger.reserve, 30, "voucher:2")
    assert await stands(db, chat) == (0, 30, 0, 4)
    await changes(db, chat, ledger.redeem, 30, "voucher:2", 8)
    assert await stands(db, chat) == (0, 0, 0, 5)
    assert [each.kind for each in await entries(db)] == ["earn", "reserve", "release", "reserve", "redeem"]
    assert (await entries(db))[-1].staff_id == 8
    async with db.read() as session:
        account = await ledger.account_of(session, chat.id)
        assert [each.kind for each in await ledger.newest(session, account, 2)] == ["redeem", "reserve"]


async def test_more_than_there_is_cannot_be_held_and_nothing_is_written(db, chat):
    await grants(db, chat, 10, "a")
    with pytest.raises(Rejected) as refused:
        await changes(db, chat, ledger.reserve, 11, "voucher:1")
    assert (refused.value.key, refused.value.values) == ("points.poor", {"available": 10, "points": 11})
    assert await stands(db, chat) == (10, 0, 0, 1)


@pytest.mark.parametrize(("does", "given"), [(ledger.release, (1, "v")), (ledger.redeem, (1, "v", None))])
async def test_what_was_not_held_is_neither_used_nor_given_back(db, chat, does, given):
    await grants(db, chat, 10, "a")
    with pytest.raises(RuntimeError):
        await changes(db, chat, does, *given)
    assert await stands(db, chat) == (10, 0, 0, 1)


async def test_what_was_given_wrongly_is_taken_back_once_and_what_is_spent_becomes_a_debt(db, chat):
    await grants(db, chat, 20, "a")
    await grants(db, chat, 5, "b")
    await changes(db, chat, ledger.reserve, 15, "voucher:1")
    async with db.begin() as session:
        assert await ledger.reverse(session, chat.id, "a", staff_id=9) == 20
        assert await ledger.reverse(session, chat, "a") == 0
        assert await ledger.reverse(session, chat, "never") == 0
    assert await stands(db, chat) == (0, 15, 10, 4)
    assert (await entries(db))[-1].staff_id == 9
    assert await grants(db, chat, 4, "c") == 4
    assert await stands(db, chat) == (0, 15, 6, 5)
    await changes(db, chat, ledger.release, 15, "voucher:1")
    assert await stands(db, chat) == (9, 0, 0, 6)


async def test_what_is_taken_back_whole_leaves_no_debt(db, chat):
    await grants(db, chat, 20, "a")
    async with db.begin() as session:
        assert await ledger.reverse(session, chat, "a") == 20
    assert await stands(db, chat) == (0, 0, 0, 2)


async def test_entries_hang_together_and_an_account_that_was_moved_meanwhile_takes_none(db, chat):
    await grants(db, chat, 10, "a")
    await grants(db, chat, 5, "b")
    first, second = await entries(db)
    assert (first.before, second.before) == (hash_chain.START, first.hash)
    async with db.begin() as session:
        account = await ledger.lock_of(session, chat.id)
        assert account.head == second.hash
        assert await ledger.lock(session, account.id) is account
        await session.execute(PointsAccount.__table__.update().values(entries=PointsAccount.entries + 1))
        with pytest.raises(RuntimeError):
            await ledger.redeem(session, account, 0, "x", None)
        assert (await ledger.lock(session, account.id)).entries == 3  # as it is now, not as it was read before


async def test_what_is_earned_now_is_dated_now(db, chat):
    before = now()
    await grants(db, chat, 1, "a")
    [line] = await entries(db)
    assert before <= line.at <= now()
