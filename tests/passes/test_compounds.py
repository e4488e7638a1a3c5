"""小区怎么进: a city enters its compounds and gates through pages, and everybody looks them up in chat, without a pass."""

from datetime import timedelta

from sqlalchemy import select, update

from bot.services.core.lifecycle import Role
from bot.store.models import Chat, Compound, CompoundReport, Gate, Staff, StaffCall, now
from tests.support.desk import Desk
from tests.support.passes import HEPING, TIEXI, compound_entered
from tests.support.units import unit_entered

FORM = {
    "name": "兴工花园",
    "district": "沈阳市铁西区",
    "address": "兴工北街 1 号",
    "unit": "兴工物业",
    "rules": "亮工牌，送到单元门口。",
    "vehicles": "否",
    "lat": "41.7995",
    "lon": "123.3650",
    "datum": "wgs84",
}
COLUMNS = "小区,区县,物业,电动车能进,规矩,门,开放时间,骑手能走"


async def every(app, model):
    async with app.db.read() as session:
        return list(await session.scalars(select(model).order_by(model.id)))


async def test_an_organiser_enters_a_compound_and_its_gates_through_pages_and_everybody_reads_how_to_get_in(app, phone):
    async with app.db.begin() as session:
        await unit_entered(session, "兴工物业", "community", region=TIEXI)
    async with Desk(app, Role.ORGANISER, district=TIEXI) as organiser:
        await organiser.gets("/console/compounds/new")
        page = await organiser.submits("/console/compounds/new", status=422, **{**FORM, "unit": "没有物业"})
        assert "没有“没有物业”这个单位" in page.words
        assert FORM["rules"] in page
        path = (await organiser.submits("/console/compounds/new", **FORM)).path.partition("?")[0]
        await organiser.submits(f"{path}/gates", gate="东门", hours="24小时", riders="是")
        await organiser.gets(path)
        page = await organiser.submits(f"{path}/gates", status=422, gate="北门", hours="看门的高兴就开", riders="否")
        assert "看门的高兴就开" in page
        await organiser.submits(f"{path}/gates", gate="北门", hours="", riders="否")
        await phone.types("小区怎么进")
        card = (await phone.types("兴工花园"))[-1]
        for said in (
            "兴工北街",
            "东门",
            "现在开着",
            "北门　骑手不能走",
            "电动车不能骑进去",
            "亮工牌",
            "来源：兴工物业",
        ):
            assert said in card
        await phone.types("小区怎么进")
        assert "兴工花园" in (await phone.sends_location(41.7996, 123.3651))[-1]
        gates = await every(app, Gate)
        await organiser.gets(path)
        await organiser.submits(f"{path}/gates/close", at=gates[1].id)
        await organiser.submits(f"{path}/close", closed=1)
    await phone.types("小区怎么进")
    assert "还没登记上" in (await phone.types("兴工花园"))[-1]
    assert "没有登记的小区" in (await phone.sends_location(41.7996, 123.3651))[-1]
    assert [each.active for each in await every(app, Gate)] == [True, False]
    async with Desk(app, Role.ORGANISER, district=HEPING) as other:
        await other.gets(path, status=404)


async def test_a_list_of_gates_is_taken_over_whole_or_not_at_all_and_a_second_one_renews_it(app):
    lines = ["兴工花园,沈阳市铁西区,,否,亮工牌,东门,06:00-23:00,", "兴工花园,沈阳市铁西区,,否,亮工牌,北门,,否"]
    async with Desk(app, Role.ORGANISER, district=TIEXI) as organiser:

        async def looks(*rows: str):
            await organiser.gets("/console/compounds/import")
            data = "\n".join([COLUMNS, *rows]).encode()
            return await organiser.uploads("/console/compounds/import", "file", data, "list.csv", datum="")

        for wrong, said in (
            (lines[1].replace("亮工牌", "押证"), "和第 2 行是同一个小区"),
            (lines[0], "和第 2 行说的是同一个"),
            (lines[1].replace("铁西", "和平"), "不在您管的地方"),
            (lines[1].replace("花园", "").replace("兴工", ""), "没有小区名称"),
        ):
            page = await looks(lines[0], wrong)
            assert page.status == 422
            assert said in page.words
        assert await every(app, Compound) == []
        assert "北门" in (await looks(*lines)).words
        await organiser.submits("/console/compounds/import/take")
        await looks(lines[0].replace("23:00", "22:00"), "保工大厦,沈阳市铁西区,,,,,,")
        page = await organiser.submits("/console/compounds/import/take")
        assert "保工大厦" in page.words
    gates = [(each.name, each.hours, each.open_to_riders) for each in await every(app, Gate)]
    assert [each[::2] for each in gates] == [("东门", True), ("北门", False)]
    assert "22:00" in gates[0][1]
    assert [each.vehicles for each in await every(app, Compound)] == [False, None]


async def test_a_compound_that_two_people_found_otherwise_is_doubted_until_an_organiser_has_looked(app, phones):
    async with Desk(app, Role.ORGANISER, district=TIEXI) as organiser:
        async with app.db.begin() as session:
            number = (await compound_entered(session, "兴工花园", "东门")).id
            session.add(chat := Chat(channel="telegram", key=bytes(15) + b"1", address=1))
            await session.flush()
            (await session.get_one(Staff, organiser.id)).chat_id = chat.id
        for each in range(2):
            phone = await phones()
            phone.http.headers["X-Forwarded-For"] = f"203.0.113.{each}"  # All of one address are one voice.
            await phone.types("小区怎么进")
            async with app.db.begin() as session:  # A web chat counts from its second day on.
                await session.execute(update(Chat).values(created_at=now() - timedelta(days=2)))
            await phone.types("兴工")
            assert (await every(app, Compound))[0].doubtful_at is None
            assert "记下了" in (await phone.presses("写得不对"))[-1]
        await app.settled()
        assert [(each.staff_id, each.what) for each in await every(app, StaffCall)] == [(organiser.id, "doubtful")]
        await phone.types("小区怎么进")
        assert "正在核对" in (await phone.types("兴工"))[-1]
        assert "有人说不对" in (await organiser.gets("/console/compounds?view=doubtful")).words
        await organiser.gets(f"/console/compounds/{number}")
        await organiser.submits(f"/console/compounds/{number}/confirm")
    assert (await every(app, Compound))[0].doubtful_at is None
    assert all(each.settled_at for each in await every(app, CompoundReport))
