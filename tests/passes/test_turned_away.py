"""被拦了: counted once for a person, five of them call whoever answers for the gate, and a tap makes it an appeal."""

from datetime import timedelta

from sqlalchemy import func, select

from bot.services.core.lifecycle import Role
from bot.services.passes import turned_away
from bot.services.privacy import retention
from bot.store.base import as_of
from bot.store.models import Agency, Appeal, Chat, Staff, StaffCall, TurnedAway, now
from tests.support.desk import Desk
from tests.support.passes import compound_entered


async def test_five_riders_turned_away_at_one_gate_within_a_month_are_one_cluster_and_the_property_is_called(
    app, phone, admin
):
    async with Desk(app, Role.PROPERTY) as desk:
        async with app.db.begin() as session:
            unit = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
            row = await compound_entered(session, "兴工花园", "东门", agency_id=unit)
            chats = [Chat(channel="telegram", key=bytes([each]) * 16, address=each) for each in range(1, 6)]
            session.add_all(chats)
            await session.flush()
            (await session.get_one(Staff, desk.id)).chat_id = chats[0].id
            for chat in chats[1:]:
                assert await turned_away.report(session, row, "vehicle", chat.key)
                assert not await turned_away.report(session, row, "code", chat.key)
                await turned_away.appeal(session, app.services, chat, row, "vehicle")
        assert "没有符合条件的" in (await desk.gets("/console/compounds?view=turned_away")).words
        await phone.types("被拦了")
        await phone.types("兴工花园")
        await phone.presses("被拦了")
        assert "记下了" in (await phone.presses("要登记"))[-1]
        said = (await phone.presses("写成诉求"))[-1]
        assert "编号" in said
        await app.settled()
        assert "兴工花园" in (await desk.gets("/console/compounds?view=turned_away")).words
        page = await desk.gets(f"/console/compounds/{row.id}/devices")
        assert "5 位，该去看看" in page.words
        assert "不让骑车进 4 次" in page.words
    async with app.db.read() as session:
        calls = list(await session.scalars(select(StaffCall)))
        assert [(each.staff_id, each.what) for each in calls] == [(desk.id, "turned_away")]
        filed = list(await session.scalars(select(Appeal).order_by(Appeal.id)))
        assert {(each.kind, each.place, each.region) for each in filed} == {("access", "兴工花园", row.region)}
        assert "要登记" in filed[-1].story
    assert "5 件" in (await admin.gets("/console/alike")).words


async def test_after_a_month_nobody_knows_who_was_turned_away_and_after_a_year_nobody_that_somebody_was(app):
    async with app.db.begin() as session:
        row = await compound_entered(session)
        await turned_away.report(session, row, "manner", b"1" * 16)
        for days, left in ((31, 1), (366, 0)):
            with as_of(now() + timedelta(days=days)):
                await retention.run(session, app.services)
            assert await session.scalar(select(func.count()).select_from(TurnedAway)) == left
            assert await session.scalar(select(func.count()).where(TurnedAway.reporter == b"1" * 16)) == 0
