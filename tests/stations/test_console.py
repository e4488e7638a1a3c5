"""Stations at the desk: found, checked, closed for a while, and imported as a whole or not at all."""

import pytest
from sqlalchemy import func, select

from bot.services.core.lifecycle import Role
from bot.services.stations import stations
from bot.store.models import ImportFile, StationRow, now
from tests.support.desk import Desk

HEAD = "编号,名称,类型,经度,纬度,开放时间,服务,地址"
HERE = "shy-1,沈河驿站,爱心驿站,123.4382,41.7968,8:00-18:00,歇脚、饮水,沈河区一号"
THERE = "jn-1,济南驿站,爱心驿站,117.0009,36.6758,8:00-18:00,歇脚,历下区一号"


@pytest.fixture
async def organiser(app):
    async with Desk(app, Role.ORGANISER, name="组织员李") as desk:
        yield desk


async def looks_at(desk, *lines, name="stations.csv", datum="gcj02", data=None):
    """Upload a file to see what is in it."""
    await desk.gets("/console/stations/import")
    body = "\n".join((HEAD, *lines)).encode() if data is None else data
    return await desk.uploads("/console/stations/import", "file", body, name, datum=datum)


async def imports(desk, *lines):
    page = await looks_at(desk, *lines)
    assert page.status == 200, page.words
    return await desk.submits("/console/stations/import/take")


async def kept(app):
    async with app.db.read() as session:
        return {row.id: row for row in await session.scalars(select(StationRow))}


async def test_a_file_is_looked_at_before_it_is_taken_over_and_workers_find_it_then(app, organiser):
    page = await looks_at(organiser, HERE)
    assert "沈河驿站" in page.words
    assert "沈阳市沈河区" in page.words
    assert await kept(app) == {}
    page = await organiser.submits("/console/stations/import/take")
    assert "已导入" in page.words
    row = (await kept(app))["shy-1"]
    assert row.datum == "gcj02"
    assert abs(row.longitude - 123.4382) > 0.003  # half a kilometre, as Amap's points are off
    await app.refresh()
    assert [station.name for station in app.knowledge.stations] == ["沈河驿站"]
    page = await organiser.submits("/console/stations/import/take", status=422, file=1)
    assert "已经导入过" in page.words


async def test_hours_are_shown_and_written_as_people_say_them(app, organiser):
    page = await looks_at(organiser, HERE.replace("8:00-18:00", "周一至周五 8:00-18:00"))
    assert "周一至周五 08:00–18:00" in page.words
    await organiser.submits("/console/stations/import/take")
    assert (await kept(app))["shy-1"].hours == "Mo-Fr 08:00-18:00"
    assert "周一至周五 08:00–18:00" in (await organiser.gets("/console/stations")).words
    page = await organiser.gets("/console/stations/at/shy-1")
    assert 'value="周一至周五 08:00–18:00"' in page
    assert "Mo-Fr" not in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"lines": (HERE, "shy-2,,爱心驿站,123.4,41.8,8:00-18:00,歇脚,")}, "第 3 行 要改 没有名称"),
        ({"lines": (HERE, THERE)}, "不在您管的地方"),
        ({"lines": (HERE,), "datum": "mars"}, "请选一个文件和它的坐标系"),
        ({"data": b"\xd0\xcf\x11\xe0" * 9, "name": "old.xls"}, "请另存为 .xlsx"),
        ({"data": b"PK\x03\x04" + b"x" * 99, "name": "a.xlsx"}, "文件打不开"),
        ({"data": b""}, "文件里没有站点"),
        ({"data": b"x" * (13 << 20)}, "内容太大"),
    ],
)
async def test_one_fault_and_nothing_is_written(app, organiser, given, said):
    page = await looks_at(organiser, *given.pop("lines", ()), **given)
    assert page.status in (413, 422)
    assert said in page.words
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(ImportFile)) == 0
    assert await kept(app) == {}


async def test_nobody_takes_over_the_file_of_a_colleague(app, organiser):
    await looks_at(organiser, HERE)
    async with Desk(app, Role.ORGANISER) as other:
        page = await other.submits("/console/stations/import/take", status=422, file=1)
        assert "请重新选文件" in page.words
    assert await kept(app) == {}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_template_shows_each_column_and_its_example_is_never_imported(app, organiser, form):
    assert "下载带一行例子的模板" in (await organiser.gets("/console/stations/import")).words
    async with organiser.http.get(f"{organiser.url}/console/stations/template.{form}") as answer:
        assert answer.status == 200
        data = await answer.read()
    page = await looks_at(organiser, name=f"stations.{form}", data=data)
    assert page.status == 422
    assert "第 2 行" in page.words
    assert "模板里的例子" in page.words
    assert "提醒" not in page.words  # Everything else in it can be read.
    assert "没有写入" in page.words
    assert await kept(app) == {}


async def test_an_import_never_takes_a_station_of_another_district_away(app, organiser):
    async with Desk(app, Role.ORGANISER, district="3701") as jinan:
        await imports(jinan, THERE)
    page = await looks_at(organiser, HERE.replace("shy-1", "jn-1"))
    assert page.status == 422
    assert "有 1 个编号是别的地方的驿站在用：jn-1" in page.words
    await looks_at(organiser, HERE.replace("shy-1", "jn-2"))
    async with Desk(app, Role.ORGANISER, district="3701") as jinan:
        await imports(jinan, THERE.replace("jn-1", "jn-2"))  # between the look and the import
    page = await organiser.submits("/console/stations/import/take", status=422, only="1")
    assert "请重新选文件" in page.words
    assert {row.region[:4] for row in (await kept(app)).values()} == {"3701"}


async def test_the_audit_names_the_stations_of_an_import_and_what_changed(app, organiser):
    await imports(organiser, HERE, HERE.replace("shy-1", "shy-2").replace("123.4382", "123.45"))
    await looks_at(
        organiser, HERE.replace("沈河驿站", "沈河暖新驿站"), HERE.replace("shy-1", "shy-3").replace("41.7968", "41.80")
    )
    await organiser.submits("/console/stations/import/take", only="1")
    async with Desk(app, Role.AUDITOR, district="") as auditor:
        said = (await auditor.gets("/console/audit")).words
    assert "新增 shy-3 改了 shy-1（名称） 删掉 shy-2" in said


async def test_leaving_only_the_files_stations_touches_no_other_district(app, organiser):
    async with Desk(app, Role.ORGANISER, district="3701") as jinan:
        await imports(jinan, THERE)
    await imports(organiser, HERE)
    await looks_at(organiser, HERE.replace("shy-1", "shy-9"))
    await organiser.submits("/console/stations/import/take", only="1")
    assert set(await kept(app)) == {"shy-9", "jn-1"}


async def test_reports_lead_to_a_look_and_a_look_settles_them(app, organiser):
    await imports(organiser, HERE)
    async with app.db.begin() as session:
        for person in (b"a" * 16, b"b" * 16):
            await stations.report(session, "shy-1", stations.Report.CLOSED, person)
    page = await organiser.gets("/console/stations?view=reported")
    assert "有人说不对" in page.words
    page = await organiser.gets("/console/stations/at/shy-1")
    assert page.words.count("门关着") == 2
    await organiser.submits("/console/stations/at/shy-1/confirm")
    row = (await kept(app))["shy-1"]
    assert row.doubtful_at is None
    assert abs((row.checked - now().date()).days) <= 1
    page = await organiser.gets("/console/stations?view=reported")
    assert "没有符合条件的" in page.words


async def test_an_edit_keeps_the_datum_until_somebody_moves_the_pin(app, organiser):
    await imports(organiser, HERE)
    before = (await kept(app))["shy-1"]
    await edits(organiser, before, name="沈河暖新驿站", services=["rest"])
    row = (await kept(app))["shy-1"]
    assert (row.name, row.datum, row.latitude) == ("沈河暖新驿站", "gcj02", before.latitude)
    await edits(organiser, row, lat="41.80")
    row = (await kept(app))["shy-1"]
    assert (row.datum, row.latitude) == ("wgs84", 41.80)


async def test_what_is_wrong_is_said_and_what_was_typed_stays(app, organiser):
    await imports(organiser, HERE)
    row = (await kept(app))["shy-1"]
    page = await edits(organiser, row, status=422, hours="看心情", name="别丢了我")
    assert "开放时间“看心情”看不懂" in page.words
    assert "别丢了我" in page
    page = await edits(organiser, row, status=403, lat="36.6758", lon="117.0009")
    page = await edits(organiser, row, status=422, base="earlier")
    assert "别人改过这个驿站" in page.words
    assert (await kept(app))["shy-1"].name == "沈河驿站"


async def test_one_station_is_entered_and_taken_out_and_never_the_last_one(app, organiser):
    given = {"name": "铁西驿站", "kind": "union", "lat": "41.80", "lon": "123.38", "datum": "wgs84", "hours": "看心情"}
    await organiser.gets("/console/stations/new")
    page = await organiser.submits("/console/stations/new", status=422, **given)
    assert "看心情" in page
    await organiser.submits(
        "/console/stations/new", status=403, **{**given, "hours": "", "lat": "36.66", "lon": "117.1"}
    )
    page = await organiser.submits("/console/stations/new", **{**given, "hours": "8:00-18:00", "services": ["rest"]})
    [(number, row)] = (await kept(app)).items()
    assert page.path.startswith(f"/console/stations/at/{number}")
    assert (row.name, row.region[:6], row.services) == ("铁西驿站", "210106", ["rest"])
    assert "最后一个" in (await organiser.submits(f"/console/stations/at/{number}/drop", status=422)).words
    await imports(organiser, HERE)
    await organiser.gets(f"/console/stations/at/{number}")
    assert "删掉了" in (await organiser.submits(f"/console/stations/at/{number}/drop")).words
    assert list(await kept(app)) == ["shy-1"]


async def test_the_map_shows_the_stations_of_ones_own_city_and_in_red_what_is_wrong(app, organiser):
    at = {"kind": "love", "datum": "wgs84", "region": "2101"}
    async with app.db.begin() as session:
        for n in range(12):
            session.add(StationRow(id=f"near-{n}", name="挨着的", latitude=41.79 + n / 1e5, longitude=123.43, **at))
        session.add(StationRow(id="far", name="远的驿站", latitude=41.95, longitude=123.4, closed=True, **at))
        there = {**at, "region": "3701"}
        session.add(StationRow(id="jinan", name="济南的", latitude=36.65, longitude=117.1, **there))
    assert "/console/stations/map" in await organiser.gets("/console/stations")
    page = await organiser.gets("/console/stations/map")
    assert page.count("<circle") == 2
    assert ">12</text>" in page
    assert 'href="/console/stations/at/far" aria-label="远的驿站"' in page
    assert page.count('class="dot late"') == 1
    assert "13 个在图上" in page.words
    page = await organiser.gets("/console/stations/map?q=远&view=closed&lat=x&lon=123&span=nan")
    assert page.count("<circle") == 1
    assert "view=closed&amp;kind=&amp;q=%E8%BF%9C&amp;lat=" in page


async def test_a_station_closed_for_a_while_is_not_open_whatever_its_hours_say(app, organiser):
    await imports(organiser, HERE)
    await organiser.submits("/console/stations/at/shy-1/close", closed="1")
    await app.refresh()
    assert [station.closed for station in app.knowledge.stations] == [True]
    assert "临时关闭" in await organiser.gets("/console/stations?view=closed")
    await organiser.submits("/console/stations/at/shy-1/close", closed="0")
    assert (await kept(app))["shy-1"].closed is False


async def test_a_check_known_to_the_month_is_never_said_to_the_day(app, organiser, phone):
    page = await looks_at(organiser, f"{HERE},2024.11", data=f"{HEAD},核对日期\n{HERE},2024.11".encode())
    await organiser.submits("/console/stations/import/take")
    assert "2024-11-01" not in page.words
    await app.refresh()
    said = "\n".join(await phone.sends_location(41.7968, 123.4382))
    assert "2024-11 核实过" in said
    assert "2024-11-0" not in said
    row = (await kept(app))["shy-1"]
    await edits(organiser, row, checked="2024-11")
    assert ">2024-11<" in await organiser.gets("/console/stations/at/shy-1")
    await organiser.submits("/console/stations/at/shy-1/confirm")
    assert (await kept(app))["shy-1"].checked_month is False


async def test_letters_that_no_database_takes_are_gone_before_it_sees_them(app, organiser):
    feature = '{{"properties":{{"名称":"示例{}站","开放时间":"全天"}},"geometry":{{"type":"Point","coordinates":[123.43,41.79]}}}}'
    features = ",".join(feature.format(odd) for odd in ("\\ud83d", "\\u0000一"))
    page = await looks_at(organiser, name="a.geojson", data=f'{{"features":[{features}]}}'.encode())
    assert page.status == 200, page.words
    await organiser.submits("/console/stations/import/take")
    assert {row.name for row in (await kept(app)).values()} == {"示例站", "示例一站"}


async def edits(desk, row, status=200, **changed):
    """Open a station's form and hand it in."""
    path = f"/console/stations/at/{row.id}"
    await desk.gets(path)
    form = {"name": row.name, "kind": row.kind, "hours": row.hours, "datum": "wgs84", "address": row.address}
    form |= {"lat": f"{row.latitude:.6f}", "lon": f"{row.longitude:.6f}", "services": row.services}
    return await desk.submits(path, status=status, **form | changed)
