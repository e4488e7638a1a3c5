"""Tables that people hand in: every dialect they come in, every mark that programs leave, row by row."""

import io
import json
from collections.abc import Mapping
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.tables import Columns, DaySpan, FileRefused, Problem, Problems, Record, Sheet, read

COLUMNS = Columns(
    {
        "name": ["名称", "name"],
        "address": ["地址"],
        "hours": ["开放时间"],
        "phone": ["电话"],
        "checked": ["核对日期"],
        "closed": ["暂停"],
        "lon": ["经度"],
        "lat": ["纬度"],
    },
    {"name": ["姓名"]},
)
PROBLEMS = Problems.load()
HEAD = "名称,经度,纬度,开放时间,备注"
EIGHT = [f"示例站{number},123.35{number},41.8,8:00-20:00,无" for number in range(8)]


def sheet(*lines: str, name: str = "a.csv", end: str = "\n") -> Sheet:
    return read((end.join(lines) + end).encode(), name, COLUMNS)


def names(found: Sheet) -> list[str]:
    return [record["name"] for record in found.records()]


def cell(column: str, text: str) -> Record:
    return Record({column: text}, COLUMNS.title, 7)


def said(record: Record) -> list[Problem]:
    return list(PROBLEMS.of(record))


@pytest.mark.parametrize("at", [0, 3, 7])
@pytest.mark.parametrize("mark", ['"临时', '临"时"', '"临"时', '"'])
def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_and_no_other(at: int, mark: str) -> None:
    rows = [*EIGHT]
    rows[at] = rows[at].replace("无", mark)
    found = sheet(HEAD, *rows)
    broken = found.broken(PROBLEMS)
    if mark == '临"时"':  # Inside a text it is a letter like others.
        assert (broken, len(names(found))) == ([], 8)
    else:
        assert [problem.row for problem in broken] == [at + 2]
        assert "引号" in broken[0].text
        assert names(found) == [f"示例站{number}" for number in range(8) if number != at]


@pytest.mark.parametrize("second", ['"又开', '"', '"关上了"'])
def test_another_rows_quotation_mark_does_not_end_it_by_accident(second: str) -> None:
    rows = [*EIGHT]
    rows[1], rows[5] = rows[1].replace("无", '"临时'), rows[5].replace("无", second)
    found = sheet(HEAD, *rows, end="\r\n")
    assert 3 in [problem.row for problem in found.broken(PROBLEMS)]
    assert {"示例站2", "示例站3", "示例站4", "示例站6", "示例站7"} <= set(names(found))


def test_a_line_break_that_belongs_into_a_cell_stays() -> None:
    found = sheet(HEAD, '示例站,123.3,41.8,8:00-20:00,"门在东边，\n从后院进"', EIGHT[1])
    assert names(found) == ["示例站", "示例站1"]
    assert [row.number for row in found.rows] == [2, 3]


def test_a_file_of_nothing_but_open_quotation_marks_is_refused_at_once() -> None:
    with pytest.raises(FileRefused, match="quotes"):
        sheet(HEAD, *[f'"{line}' for line in EIGHT * 20])


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("inside", [";", ",", "、", "|"])
def test_what_stands_in_cells_does_not_decide_how_cells_are_told_apart(sign: str, inside: str) -> None:
    week = inside.join(f"周{day}8:00-12:00" for day in "一二三四五六日")
    hours = f'"{week}"' if inside == sign else week
    lines = [sign.join((f"示例{number}", "123.35", "41.8", hours)) for number in range(5)]
    found = sheet(HEAD.replace(",备注", "").replace(",", sign), *lines)
    assert names(found) == [f"示例{number}" for number in range(5)]
    assert {record["hours"] for record in found.records()} == {week}


def test_the_line_that_excel_understands_names_the_sign() -> None:
    found = sheet("sep=;", "名称;地址", "甲;一,二,三")
    assert [(record.number, record["name"], record["address"]) for record in found.records()] == [(3, "甲", "一,二,三")]


def test_a_row_with_a_comma_too_many_is_a_fault_and_not_a_shift() -> None:
    found = sheet("名称,地址,电话", "甲,示例路 1 号,二单元,024-23456789", "乙,示例路,,,,")
    assert [(problem.row, "多出 1 格" in problem.text) for problem in found.broken(PROBLEMS)] == [(2, True)]
    assert names(found) == ["乙"]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("'024-23456789", "024-23456789"),
        ('="02423456789"', "02423456789"),
        ('= "示例""四"', '示例"四'),
        ("null", ""),
        ("NULL", ""),
        ("nan", ""),
        ("——", ""),
        ("/", ""),
        ("暂无", ""),
        ("\u200b", ""),
        ("\ufeff示例\u2060站\u202c", "示例站"),
        ("示例\0站", "示例站"),
        ("示例站\ud83d", "示例站"),
        ("示例站🚚", "示例站🚚"),
        ("𬱖站", "𬱖站"),  # a rare character that older tables of characters do not have
        ("　示例站　", "示例站"),
        ("无锡驿站", "无锡驿站"),
    ],
)
def test_marks_of_programs_and_what_nobody_sees_do_not_reach_anybody(text: str, held: str) -> None:
    record = cell("name", text)
    assert (record["name"], said(record)) == (held, [])


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#VALUE!", "#n/a", "#########", "=A1&B1", "=SUM(B2:B9)", "N/A"])
def test_what_the_table_program_could_not_work_out_is_nothing_and_said_to_be_so(text: str) -> None:
    record = cell("phone", text)
    assert record["phone"] == ""
    (problem,) = said(record)
    assert (problem.row, problem.fault) == (7, False)
    assert "电话" in problem.text
    assert text in problem.text


@pytest.mark.parametrize("text", ["1.38E+10", "1.38e+10", "2E+10"])
def test_a_long_number_that_the_table_program_rounded_is_a_fault(text: str) -> None:
    record = cell("phone", text)
    record.line("phone", 60)
    (problem,) = said(record)
    assert problem.fault
    assert "设成“文本”" in problem.text


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024.11", date(2024, 11, 1), date(2024, 11, 30)),
        ("2024-12", date(2024, 12, 1), date(2024, 12, 31)),
        ("2024/2", date(2024, 2, 1), date(2024, 2, 29)),
        ("202411", date(2024, 11, 1), date(2024, 11, 30)),
        ("2024年11月", date(2024, 11, 1), date(2024, 11, 30)),
        ("２０２４．１１", date(2024, 11, 1), date(2024, 11, 30)),
        ("2024.11.5", date(2024, 11, 5), date(2024, 11, 5)),
        ("2024-12-2", date(2024, 12, 2), date(2024, 12, 2)),
        ("20241102", date(2024, 11, 2), date(2024, 11, 2)),
        ("2024年1月12日", date(2024, 1, 12), date(2024, 1, 12)),
        ("2024-11-05 08:30:00", date(2024, 11, 5), date(2024, 11, 5)),
    ],
)
def test_a_month_is_a_month_and_a_day_is_a_day(text: str, first: date, last: date) -> None:
    record = cell("checked", text)
    assert (record.span("checked"), record.faults) == (DaySpan(first, last), [])
    assert record.day("checked") == (None if first != last else first)
    assert [("只有年月" in problem.text) for problem in said(record)] == ([True] if first != last else [])


@pytest.mark.parametrize("text", ["0001-01-10", "1999-12-31", "1900年1月", "2101-01-01", "9999-12-31"])
def test_a_year_that_can_only_be_a_slip_is_said_so(text: str) -> None:
    record = cell("checked", text)
    assert record.span("checked") is None
    [problem] = said(record)
    assert "核对日期" in problem.text
    assert "2000 到 2100" in problem.text
    assert [cell("checked", each).span("checked") is None for each in ("2000-01-01", "2100-12-31")] == [False, False]


@pytest.mark.parametrize("text", ["2024", "2024.13", "202413", "2024-2-30", "24-11-05", "2024-1105", "去年", "45601"])
def test_no_day_is_guessed(text: str) -> None:
    record = cell("checked", text)
    assert record.span("checked") is None
    assert "核对日期" in said(record)[0].text


def test_a_phone_and_an_answer_are_read_or_refused() -> None:
    assert cell("phone", "\u2068138\u20110013\u20118000\u2069").phone("phone") == "13800138000"
    record = cell("phone", "1234")
    assert record.phone("phone") == ""
    assert "不是电话号码" in said(record)[0].text
    assert [cell("closed", text).answer("closed") for text in ("是", "YES", "无", "", "正常")] == [
        True,
        True,
        *[False] * 3,
    ]
    record = cell("closed", "也许")
    assert record.answer("closed") is False
    assert "只能写“是”或“否”" in said(record)[0].text


@pytest.mark.parametrize("name", ["a.csv", "a.geojson", "a.xlsx"])
def test_every_format_cleans_its_cells_alike(name: str) -> None:
    dirty = {"名称": "'示例\u200b站", "电话": "#REF!", "地址": "null"}
    (record,) = read(written(dirty, name), name, COLUMNS).records()
    assert (record["name"], record["phone"], record["address"]) == ("示例站", "", "")
    assert len(record.doubts) == 1


def written(cells: Mapping[str, str], name: str) -> bytes:
    if name.endswith("csv"):
        return f"{','.join(cells)}\n{','.join(cells.values())}\n".encode()
    if name.endswith("json"):
        feature = {"properties": cells, "geometry": {"type": "Point", "coordinates": [123, 41]}}
        return json.dumps({"features": [feature]}).encode()
    book, file = openpyxl.Workbook(), io.BytesIO()
    for line in (list(cells), list(cells.values())):
        book.active.append(line)
    book.save(file)
    return file.getvalue()


def test_a_property_that_is_no_text_is_not_shown_to_anybody() -> None:
    body = {"features": [{"properties": {"名称": {"zh": "甲"}, "地址": ["一", "二"]}, "geometry": None}]}
    (record,) = read(json.dumps(body).encode(), "a.json", COLUMNS).records()
    assert (record["name"], record["address"]) == ("", "一、二")


@given(st.text(max_size=200), st.sampled_from(["", "\ud83d", "\0", '"', "\r", "\n", ";;;;"]))
def test_whatever_stands_in_a_file_ends_as_texts_that_a_database_takes(text: str, more: str) -> None:
    data = f"名称,地址,电话\n{text}{more},一,二\n".encode("utf-8", "replace")
    try:
        found = read(data, "a.csv", COLUMNS)
    except FileRefused:
        return
    for record in found.records():
        for column in found.where:
            record[column].encode("utf-8")
            assert "\0" not in record[column]
