"""Cases leave for 12345 in its own columns and codes, without who filed them; what must not leave stops the whole file."""

import csv
import io

import openpyxl
import orjson
import pytest
from sqlalchemy import func, select, update

from bot.commands import handoff
from bot.errors import Rejected
from bot.services.appeals.states import AppealState
from bot.store.models import Appeal, Audit
from tests.support.appeals import filed

MAPPING = """
[columns]
number = "外部编号"
type = "工单类型"
code = "分类编码"
class = "分类名称"
region = "行政区划"
title = "标题"
text = "诉求内容"
evidence = "附件"
due = "答复期限"
at = "来电时间"
place = "地点"
[kinds.wages]
type = "投诉"
code = "0302"
class = "劳动报酬"
"""
STORY = "=站长王小明的上级扣了我三百，他电话13812345678，车牌辽A12345"


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "city.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


async def hands(app, file, mapping, *numbers: str) -> None:
    async with app.db.begin() as session:
        await handoff.write(session, app.knowledge, file, mapping, [*numbers])


async def test_a_case_leaves_in_the_platforms_columns_and_names_nobody(app, mapping, tmp_path):
    number = await filed(app, story=STORY, name="李大山", phone="13900001111")
    other = await filed(app)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(about="飞毛腿站"))
    for form in ("csv", "json", "xlsx"):
        await hands(app, tmp_path / f"out.{form}", mapping, number, other, number)
    lines = orjson.loads((tmp_path / "out.json").read_bytes())
    assert [each["外部编号"] for each in lines] == [number, other]
    assert {name: lines[0][name] for name in ("工单类型", "分类编码", "分类名称", "行政区划")} == {
        "工单类型": "投诉",
        "分类编码": "0302",
        "分类名称": "劳动报酬",
        "行政区划": "210106",
    }
    assert lines[0]["诉求内容"] == "=站长王小明的上级扣了我三百，他电话1**********，车牌辽******"
    table = [*csv.reader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig")))]
    assert table[0] == [*lines[0]]
    assert table[1][6].startswith("'=")  # A spreadsheet runs nothing.
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").active["A2"].value == number
    for form in ("csv", "json"):
        written = (tmp_path / f"out.{form}").read_text(encoding="utf-8-sig")
        assert not any(each in written for each in ("李大山", "13900001111", "13812345678", "飞毛腿"))
        assert (tmp_path / f"out.{form}").stat().st_mode & 0o077 == 0
    async with app.db.read() as session:
        noted = select(func.count()).where(Audit.action == "appeal.handoff", Audit.subject == f"appeal:{number}")
        assert await session.scalar(noted) == 3


async def test_what_must_not_leave_stops_the_whole_file(app, mapping, tmp_path):
    good, secret = await filed(app), await filed(app)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).where(Appeal.number == secret).values(confidential=True))
    over = await filed(app, AppealState.VERIFIED)
    unmapped = await filed(app, kind="access", agency="")
    wrong = [(secret, "confidential"), (over, "over"), (unmapped, "kind"), ("210199999999", "unknown")]
    for number, why in wrong:
        with pytest.raises(Rejected, match=f"handoff.{why}"):
            await hands(app, tmp_path / "out.csv", mapping, good, number)
    for data, why in ((b"[columns]\nname = 'x'\n[kinds]", "column"), (b"[kinds]", "mapping"), (b"\xff", "mapping")):
        mapping.write_bytes(data)
        with pytest.raises(Rejected, match=f"handoff.{why}"):
            await hands(app, tmp_path / "out.csv", mapping, good)
    assert not (tmp_path / "out.csv").exists()
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).where(Audit.action == "appeal.handoff")) == 0
