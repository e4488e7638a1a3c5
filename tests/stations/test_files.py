"""Station files: every format people have, every mistake they make, all rows or none."""

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.models import StationRow
from knowledge import contacts, passes, places, stations, tables
from knowledge.contacts.files import PROBLEMS as CONTACT_PROBLEMS
from knowledge.geo import Datum, Point, distance, from_wgs
from knowledge.hours import read as read_hours
from knowledge.stations import vocabulary
from knowledge.stations.read import FOLDER, PROBLEMS, Import, read
from knowledge.stations.row import LONGEST
from knowledge.tables import file as table_file
from knowledge.tables import workbook as table_workbook

COUNTRY, WORDS = places.load(), vocabulary.load()
HEAD = "名称,类型,地址,区县,经度,纬度,服务,开放时间,电话,核对日期"
ROW = "铁西示例驿站,爱心驿站,示例路 1 号,铁西区,123.3500,41.8000,歇脚、饮水、微波炉,8:00-20:00,,2026-03-01"
TIEXI = Point(41.8, 123.35)


def taken(data: str | bytes, name: str = "stations.csv", datum: Datum = "wgs84") -> Import:
    return read(data.encode() if isinstance(data, str) else data, name, datum, COUNTRY, WORDS)


def rows(*lines: str, head: str = HEAD) -> str:
    return "\n".join((head, *lines)) + "\n"


def said(found: Import) -> list[tuple[int, str]]:
    return [(problem.row, problem.text) for problem in found.problems]


def test_a_row_becomes_a_station() -> None:
    (made,) = taken(rows(ROW)).stations
    assert (made.name, made.kind, made.address, made.point) == ("铁西示例驿站", "love", "示例路 1 号", TIEXI)
    assert (made.region, made.datum, made.checked) == ("210106", "wgs84", date(2026, 3, 1))
    assert made.services == {"rest", "water", "heat"}
    assert made.hours == read_hours("08:00-20:00")
    assert (made.closed, made.sample, made.phone, made.offer) == (False, False, "", "")


def workbook(*lines: Sequence[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def geojson(properties: Mapping[str, object], lon: object, lat: object, kind: str = "Point") -> str:
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": [lon, lat, 40.0]}}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (rows(ROW).encode(), "a.csv"),
        (rows(ROW).encode("utf-8-sig"), "a.csv"),
        (rows(ROW).encode("gb18030"), "a.CSV"),
        (rows(ROW).encode("utf-16"), "a.txt"),
        (rows(ROW).replace("\n", "\r\n").encode(), "a.csv"),
        (rows(ROW).replace(",", "\t").encode(), "a.tsv"),
        (rows(ROW).replace(",", ";").encode("gb18030"), "a.csv"),
        (
            workbook(HEAD.split(","), [*ROW.split(",")[:4], 123.35, 41.8, *ROW.split(",")[6:9], date(2026, 3, 1)]),
            "a.xlsx",
        ),
        (workbook(["示例市驿站一览表"], [], HEAD.split(","), ROW.split(",")), "a.xlsx"),
        (workbook(HEAD.split(","), ROW.split(",")), "no suffix"),
        (
            geojson(dict(zip(HEAD.split(","), ROW.split(","), strict=True)) | {"经度": "", "纬度": ""}, 123.35, 41.8),
            "a.geojson",
        ),
    ],
)
def test_every_format_gives_the_same_station(data: bytes | str, name: str) -> None:
    found = taken(data, name)
    assert found.problems == ()
    assert found.stations == taken(rows(ROW)).stations


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("名称,经度,纬度", "甲,123.35,41.8"),
        ("驿站名称,lng,lat", "甲,123.35,41.8"),
        ("站点,Lon,Lat", "甲,123.35,41.8"),
        ("站 点 名 称,坐标", '甲,"123.35,41.8"'),
        ("name,location", '甲,"123.35, 41.8"'),
        ("站点名称（必填）,经纬度", "甲,123.35 41.8"),
        ("名称,坐标", '甲,"41.8,123.35"'),
        ("序号,驿站名称*,GPS经度,GPS纬度", "1,甲,１２３.３５,41.8°"),
        ("示例单位名称,经度(GCJ),纬度(GCJ)", "甲,123.35,41.8"),
    ],
)
def test_columns_are_known_by_many_names(head: str, line: str) -> None:
    (made,) = taken(rows(line, head=head)).stations
    assert (made.name, made.point) == ("甲", TIEXI)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_points_are_brought_to_wgs_84_and_the_source_s_datum_is_kept(datum: Datum) -> None:
    lat, lon = from_wgs(TIEXI, datum)
    (made,) = taken(rows(f"甲,{lon:.8f},{lat:.8f}", head="名称,经度,纬度"), datum=datum).stations
    assert distance(made.point, TIEXI) < 0.01
    assert made.datum == datum


def test_the_datum_has_to_be_one_of_three() -> None:
    with pytest.raises(ValueError, match="unknown datum"):
        taken(rows(ROW), datum="gps")  # type: ignore[arg-type]


def test_the_preview_shows_five_rows_with_their_districts() -> None:
    found = taken(rows(*(ROW.replace("示例驿站", f"示例驿站{number}") for number in range(7))))
    assert len(found.stations) == 7
    assert [(shown.row, shown.name) for shown in found.preview] == [
        (number + 2, f"铁西示例驿站{number}") for number in range(5)
    ]
    assert found.preview[0].district == "辽宁省沈阳市铁西区"
    assert found.preview[0].hours == "每天 08:00–20:00"


WRONG = {
    ",爱心驿站,,,123.35,41.8,,8:00-20:00,,": "没有名称",
    "甲,爱心驿站,,,41.8,123.35,,8:00-20:00,,": "经度和纬度写反了（纬度 123.35，经度 41.8）",
    "甲,爱心驿站,,,139.69,35.68,,8:00-20:00,,": "不在中国境内",
    "甲,爱心驿站,,,0,0,,8:00-20:00,,": "不在中国境内",
    "甲,爱心驿站,,,124.5,36.0,,8:00-20:00,,": "不在中国境内",  # the Yellow Sea
    "甲,爱心驿站,,,,,,8:00-20:00,,": "没有经纬度",
    "甲,爱心驿站,,,123.35,,,8:00-20:00,,": "看不懂",
    "甲,爱心驿站,,,东经,北纬,,8:00-20:00,,": "经纬度“北纬 东经”看不懂",
    "甲,爱心驿站,,,inf,inf,,8:00-20:00,,": "不在中国境内",
    "甲,爱心驿站,,,nan,nan,,8:00-20:00,,": "没有经纬度",
    "甲,爱心驿站,,,123.35,41.8,,看情况,,": "开放时间“看情况”看不懂，卡在“看情况”",
    "甲,空间站,,,123.35,41.8,,8:00-20:00,,": "不认识的类型“空间站”",
    "甲,爱心驿站,,,123.35,41.8,歇脚、按摩,8:00-20:00,,": "不认识的服务“按摩”",
    "甲,爱心驿站,,,123.35,41.8,,8:00-20:00,,去年": "日期“去年”看不懂",
    "甲,爱心驿站,,,123.35,41.8,,8:00-20:00,,2026-02-30": "日期“2026-02-30”看不懂",
    f"{'长' * 61},爱心驿站,,,123.35,41.8,,8:00-20:00,,": "超过 60 个字",
}


@pytest.mark.parametrize(("line", "text"), WRONG.items())
def test_a_wrong_row_stops_all_of_them_and_is_named(line: str, text: str) -> None:
    found = taken(rows(ROW, line))
    assert found.refused
    assert found.stations == ()
    ((row, problem),) = said(found)
    assert row == 3
    assert text in problem


def test_every_problem_is_listed_at_once() -> None:
    found = taken(rows("甲,空间站,,,41.8,123.35,按摩,看情况,,", ROW, ",爱心驿站,,,123.35,41.8,,8:00-20:00,,"))
    assert [row for row, _ in said(found)] == [2, 2, 2, 2, 4]
    assert [shown.row for shown in found.preview] == [3]


def test_blank_lines_do_not_shift_the_numbers_of_rows() -> None:
    found = taken(rows("", ROW, ",,,", "甲,空间站,,,123.35,41.8,,全天,,"))
    assert [row for row, _ in said(found)] == [5]


def test_a_line_break_in_a_cell_does_not_shift_the_numbers_of_rows() -> None:
    found = taken(rows(ROW.replace("示例路 1 号", '"示例路\n1 号"'), "甲,空间站,,,123.35,41.8,,全天,,"))
    assert [row for row, _ in said(found)] == [3]


def test_the_same_id_or_the_same_station_twice_is_refused() -> None:
    head = "编号,名称,经度,纬度,开放时间"
    found = taken(
        rows(
            "a,甲,123.35,41.8,全天", "a,乙,123.36,41.8,全天", ",丙,123.37,41.8,全天", ",丙,123.37,41.8,全天", head=head
        )
    )
    assert [(row, text.partition("。")[0]) for row, text in said(found)] == [
        (3, "编号“a”和第 2 行重复"),
        (5, "名称和位置与第 4 行相同"),
    ]
    assert found.refused


def test_a_stated_district_that_disagrees_is_a_warning() -> None:
    found = taken(rows(ROW.replace(",铁西区,", ",沈河区,")))
    assert said(found) == [(2, "表里写的是“沈河区”，按经纬度在“辽宁省沈阳市铁西区”。请核对坐标系和经纬度。")]
    assert len(found.stations) == 1


@pytest.mark.parametrize("stated", ["铁西区", "铁西", "沈阳市铁西区", "沈阳市", "高新区", "21"])
def test_a_stated_district_that_agrees_or_says_nothing_is_none(stated: str) -> None:
    assert taken(rows(ROW.replace(",铁西区,", f",{stated},"))).problems == ()


def test_a_station_without_hours_is_taken_with_a_warning() -> None:
    found = taken(rows("甲,123.35,41.8", head="名称,经度,纬度"))
    assert [problem.fault for problem in found.problems] == [False]
    assert "现在开门" in found.problems[0].text
    assert found.stations[0].hours is None


def test_the_kind_may_stand_in_the_name_and_synonyms_are_known() -> None:
    head = "名称,类型,经度,纬度,开放时间"
    lines = (
        "沈河货车司机之家,,123.45,41.79,全天",
        "甲,“暖心”驿站,123.35,41.8,全天",
        "乙,工会爱心驿站,123.36,41.8,全天",
        "丙,,123.37,41.8,全天",
    )
    assert [made.kind for made in taken(rows(*lines, head=head).replace("“暖心”", "暖心")).stations] == [
        "driver",
        "nuanxin",
        "union",
        "other",
    ]


def test_offers_and_answers_are_read() -> None:
    head = "名称,类型,经度,纬度,开放时间,暂停开放,示例,优惠,优惠开始,优惠截止"
    (made,) = taken(rows("甲,友好商户,123.35,41.8,全天,是,否,面 9 折,2026年3月1日,20261231", head=head)).stations
    assert (made.kind, made.closed, made.sample, made.offer) == ("merchant", True, False, "面 9 折")
    assert (made.offer_from, made.offer_until) == (date(2026, 3, 1), date(2026, 12, 31))


@pytest.mark.parametrize("written", ["2024.11", "2024-11", "2024/11", "202411", "2024年11月"])
def test_a_check_whose_day_nobody_wrote_down_stays_a_month(written: str) -> None:
    (made,) = taken(rows(ROW.replace("2026-03-01", written))).stations
    assert (made.checked, made.checked_text) == (date(2024, 11, 1), "2024-11")


def test_an_offer_runs_from_the_first_to_the_last_day_of_its_months() -> None:
    head = "名称,经度,纬度,开放时间,优惠,优惠开始,优惠截止"
    (made,) = taken(rows("甲,123.35,41.8,全天,面 9 折,2026.2,2026.2", head=head)).stations
    assert (made.offer_from, made.offer_until) == (date(2026, 2, 1), date(2026, 2, 28))
    (made,) = taken(rows("甲,123.35,41.8,全天,无,,", head=head)).stations
    assert made.offer == ""


def test_a_row_that_swallows_others_stops_the_import_and_is_named() -> None:
    lines = [f"示例站{number},123.35{number},41.8,8:00-20:00,无" for number in range(8)]
    lines[1] = lines[1].replace("无", '"临时')
    found = taken(rows(*lines, head="名称,经度,纬度,开放时间,优惠"))
    assert (found.stations, [row for row, _ in said(found)]) == ((), [3])
    assert "引号" in said(found)[0][1]


@pytest.mark.parametrize(("column", "limit"), LONGEST.items())
def test_the_database_takes_whatever_the_reader_takes(column: str, limit: int) -> None:
    width = StationRow.__table__.c[column].type.length  # type: ignore[attr-defined]
    assert limit <= width


def test_importing_again_gives_the_same_ids() -> None:
    assert [made.id for made in taken(rows(ROW)).stations] == [made.id for made in taken(rows(ROW)).stations]
    moved = taken(rows(ROW.replace("8:00-20:00", "全天").replace("示例路 1 号", "示例路 2 号")))
    assert moved.stations[0].id == taken(rows(ROW)).stations[0].id


def entities() -> bytes:
    file = io.BytesIO(workbook(HEAD.split(","), ROW.split(",")))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/evil.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return file.getvalue()


FILES: list[tuple[str | bytes, str, str]] = [
    ("", "a.csv", "文件里没有站点"),
    (HEAD, "a.csv", "文件里没有站点"),
    ("地址,经度,纬度\n甲,1,2\n", "a.csv", "找不到站点名称"),
    ("名称,经度\n甲,1\n", "a.csv", "找不到经纬度"),
    (b"\xff\xfe\xd8", "a.csv", "文件打不开"),
    (b"\x81" * 9, "a.csv", "文件打不开"),
    ("名称,经度,纬度\n" + '"' + "x" * 200_000, "a.csv", "文件打不开"),
    ("%PDF", "a.pdf", "不认识的文件类型“.pdf”"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.xlsx", "旧版 Excel"),
    ("", "a.xls", "旧版 Excel"),
    (b"PK\x03\x04 nothing", "a.xlsx", "文件打不开"),
    ("not a workbook", "a.xlsx", "文件打不开"),
    ("[" * 100_000, "a.geojson", "文件打不开"),
    ('{"type": "Feature"}', "a.geojson", "文件打不开"),
    ('{"features": [1, null]}', "a.json", "文件打不开"),
    (entities(), "a.xlsx", "文件解压后超过"),
]


@pytest.mark.parametrize(("data", "name", "text"), FILES, ids=range(len(FILES)))
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(data: str | bytes, name: str, text: str) -> None:
    found = taken(data, name)
    ((row, problem),) = said(found)
    assert (row, found.stations, found.refused) == (0, (), True)
    assert text in problem


def test_large_files_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "ROWS", 3)
    assert "超过 3 行" in said(taken(rows(*[ROW] * 5)))[0][1]
    monkeypatch.setattr(table_file, "BYTES", 1 << 20)
    assert "文件有 2 MB，最多 1 MB" in said(taken(b" " * (2 << 20)))[0][1]


def test_a_small_file_that_unpacks_to_a_large_one_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_workbook, "UNPACKED", 2 << 20)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (3 << 20))
    assert said(taken(file.getvalue(), "a.xlsx")) == [(0, "文件解压后超过 2 MB，不予打开。请另存为 CSV 再导入。")]


def test_a_line_or_an_area_is_no_station() -> None:
    found = taken(geojson({"名称": "甲"}, 123.35, 41.8, kind="LineString"), "a.geojson")
    assert [text[:6] for _, text in said(found)] == ["没有经纬度。"]


def test_amap_s_empty_lists_are_empty_texts() -> None:
    (made,) = taken(
        geojson({"name": "甲", "tel": [], "address": "示例路", "类型": None}, 123.35, 41.8), "a.json"
    ).stations
    assert (made.phone, made.kind) == ("", "other")


@settings(deadline=None, max_examples=60)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: (HEAD + "\n" + text).encode("utf-8", "replace"))
)
@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.geojson"])
def test_no_file_is_an_exception(name: str, data: bytes) -> None:
    found = taken(data, name)
    assert found.refused == (not found.stations)


def test_every_message_is_used_and_filled_in() -> None:
    """Keys and values of both problems.toml are those of the code."""
    folders = (Path(stations.__file__).parent, Path(tables.__file__).parent)
    code = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py"))
    used = set(re.findall(r"(?:FileRefused|RowFault)\(\s*\"(\w+)\"", code)) | set(
        re.findall(r"missing=\"(\w+)\"", code)
    )
    used |= {"swapped", "abroad"}
    assert used == {*PROBLEMS.texts["file"], *PROBLEMS.texts["row"]}


def test_every_message_about_outlets_contacts_and_compounds_is_used_and_filled_in() -> None:
    folders = tuple(Path(each.__file__).parent for each in (contacts, passes, tables))
    code = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py"))
    used = set(re.findall(r"(?:FileRefused|RowFault)\(\s*\"(\w+)\"", code))
    used |= set(re.findall(r"missing=\"(\w+)\"", code)) | {"swapped", "abroad", "several_outlets", "unknown_outlet"}
    assert used == {*CONTACT_PROBLEMS.texts["file"], *CONTACT_PROBLEMS.texts["row"]}


def test_the_sample_reads_without_a_word() -> None:
    assert taken((FOLDER / "sample.csv").read_bytes(), "sample.csv").problems == ()
