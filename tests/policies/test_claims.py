"""Every line of an answer says which document it comes from, and that document says it; nothing is called certain that is not."""

import re
from dataclasses import replace

import pytest

from knowledge import check, policies, regions
from knowledge.check_claims import homes_of
from knowledge.claims import claims, unmarked
from knowledge.footnotes import Footnotes
from knowledge.local import Field, Sheets, Value
from knowledge.local import load as load_sheets
from knowledge.policies import LOCAL, Source

LAW = Source(title="劳动合同法", article="第48条", date="2012-12-28 修正", read="2026-11-28", figures=("30",))
MORE = replace(LAW, article="第87条", figures=("2",))
REPRINT = Source(title="试点的通知", issuer="人社部", number="人社部发〔2025〕24号", date="2025-04-22", figures=("11",))
LEAD = Source(title="某报道", figures=("14",), secondary=True)
PROVINCE = Source(title="实施办法", issuer="辽宁省人社厅", date="2025-07", figures=("60",))
SHEETS = Sheets(
    {"minimum_wage_hour": Field("minimum_wage_hour", "小时最低工资", ("12333",), "")},
    {
        "37": {
            "minimum_wage_hour": Value(
                "24 元", Source(title="最低工资的通知", issuer="山东省人民政府", date="2025-10-01")
            )
        }
    },
)


@pytest.fixture
def entry(knowledge):
    """An entry without a fault, and nothing in it but what a test is about."""
    plain = knowledge.policies["deposit-and-id-card"]
    return replace(
        plain,
        answer="提前 30 天说。[1]",
        steps=("先拍照。",),
        details=("违法的赔 2 倍。[2]",),
        sources=(LAW, MORE),
        note="",
    )


def found(entry, knowledge):
    return {finding.rule for finding in check.check_one(entry, knowledge.policies.values()) if finding.fault}


def card(entry, knowledge, region=""):
    return knowledge.cards.with_entry(entry).card(entry, "zh", region)["text"]


def read(entry, knowledge, region=""):
    return Footnotes(entry, region, SHEETS, knowledge.texts, "zh")


def test_an_entry_whose_every_line_stands_in_the_source_it_points_to_has_no_fault(entry, knowledge):
    assert found(entry, knowledge) == set()


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("unmarked", {"answer": "提前 30 天说。[1]\n别签字。"}),
        ("unmarked", {"answer": "提前 30 天说[1]，别签字。"}),
        ("no_source", {"answer": "提前 30 天说。[1]\n别签字。[3]"}),
        ("figure", {"answer": "提前 30 天说，赔 2 倍。[1]"}),  # It stands in source 2, which the line does not name.
        ("figure", {"answer": "提前 30 天说。[1]\n过 45 天就晚了。[-]"}),
        ("figure", {"steps": ("45 天内去。",)}),
        ("unused", {"details": ("别签字。[1]",)}),
        ("lead", {"answer": "提前 30 天说。[1]\n有 14 家。[3]", "sources": (LAW, MORE, LEAD)}),
        ("one_place", {"answer": "提前 30 天说。[1]\n要 60 天。[3]", "sources": (LAW, MORE, PROVINCE)}),
        ("place", {"answer": "提前 30 天说。[1]\n@37 要赔。[1]", "region": "21"}),
        ("value", {"answer": "提前 30 天说。[1]\n每月 {no_such_value}。"}),
        ("doubt", {"note": "条号凭记忆。"}),
        ("hint", {"answer": "提前 30 天说。[1][-]"}),
        ("local", {"answer": f"提前 30 天说，{LOCAL}。[1]\n{LOCAL}。[-]"}),
        ("source_title", {"sources": (replace(LAW, title=""), MORE)}),
        ("source_remark", {"sources": (replace(LAW, title="劳动合同法（条号请核对）"), MORE)}),
        ("source_remark", {"sources": (replace(LAW, article="第48条，各地执行不一"), MORE)}),
        ("source_date", {"sources": (replace(LAW, date="长期"), MORE)}),
        ("source_read", {"sources": (replace(LAW, read="上周"), MORE)}),
        ("source_url", {"sources": (replace(LAW, url="javascript:alert(1)"), MORE)}),
    ],
)
def test_what_no_source_supports_is_refused(entry, knowledge, rule, changed):
    assert found(replace(entry, **changed), knowledge) == {rule}


def test_a_document_of_one_province_may_speak_of_that_province(entry, knowledge):
    told = replace(entry, answer="提前 30 天说。[1]\n辽宁要 60 天。[3]", sources=(LAW, MORE, PROVINCE))
    assert found(told, knowledge) == set()
    here = replace(told, answer="提前 30 天说。[1]\n@21 要 60 天。[3]")
    assert found(here, knowledge) == set()


def test_the_sentence_that_says_nothing_stands_in_few_entries(knowledge, tmp_path):
    text = policies.FOLDER.joinpath("deposit-and-id-card.md").read_text(encoding="utf-8")
    for number in range(check.LOCAL_MOST):
        (tmp_path / f"copy-{number:02}.md").write_text(f"{text}- {LOCAL}。[-]\n", encoding="utf-8")
    assert "local_often" in {finding.rule for finding in check.check(tmp_path)}
    saying = [each.id for each in knowledge.policies.values() if any(LOCAL in line for _, line in each.lines)]
    assert len(saying) < check.LOCAL_MOST


def test_figures_stand_where_the_claim_is_and_name_document_article_and_date(entry, knowledge):
    notes = read(entry, knowledge)
    assert notes.lines(["提前 30 天说[1]，违法的赔 2 倍。[1][2]"]) == ["提前 30 天说¹，违法的赔 2 倍。¹\u2009²"]
    assert list(notes.notes()) == ["¹ 劳动合同法第48条、² 第87条（2012-12-28 修正）"]
    assert not notes.doubtful


def test_a_source_nothing_shown_points_to_is_not_shown(entry, knowledge):
    assert "第48条" in card(entry, knowledge)
    assert "第87条" not in card(entry, knowledge)
    assert "第87条" in knowledge.cards.details(entry, "zh", "")


def test_what_was_not_compared_is_marked_and_said_in_one_line(entry, knowledge):
    told = replace(
        entry, answer="提前 30 天说。[1]\n有 11 家。[3?]\n还有 14 家。[4?]", sources=(LAW, MORE, REPRINT, LEAD)
    )
    said = card(told, knowledge)
    assert "有 11 家。²[?]\n还有 14 家。[?]" in said
    assert "² 人社部《试点的通知》（人社部发〔2025〕24号，2025-04-22）" in said
    assert "某报道" not in said
    assert said.count("没核到原文，打") == 1
    assert "¹ 原文核对于 2026-11-28，其余没核原文" in said
    mostly = card(replace(told, answer="提前 30 天说。[1]\n赔 2 倍。[2]\n有 11 家。[3?]"), knowledge)
    assert "原文核对于 2026-11-28，³ 没核原文" in mostly


def test_the_day_is_that_of_comparing_and_never_that_of_writing(entry, knowledge):
    assert "原文核对于 2026-11-28" in card(entry, knowledge)
    unread = replace(entry, sources=(replace(LAW, read=""), MORE))
    said = card(unread, knowledge)
    assert f"线索整理于 {entry.checked}，没核原文" in said
    assert "原文核对于" not in said


def test_without_any_document_the_card_says_that_it_is_a_lead(entry, knowledge):
    told = replace(entry, answer="有 14 家。[1?]", details=("有 14 家。[1?]",), sources=(LEAD,))
    assert "先当线索，打" in card(told, knowledge)
    hints = replace(entry, answer="先拍照。[-]", details=("先拍照。[-]",), sources=())
    assert "先当线索" not in card(hints, knowledge)


def test_a_line_for_one_place_is_read_there_only(entry, knowledge):
    lines = ["都一样。[1]", "@21 辽宁加 2 天。[2]"]
    assert read(entry, knowledge, "2101").lines(lines) == ["都一样。¹", "辽宁加 2 天。²"]
    for elsewhere in ("37", ""):
        assert read(entry, knowledge, elsewhere).lines(lines) == ["都一样。¹"]


def test_a_local_value_comes_with_its_own_source_or_says_plainly_that_it_is_missing(entry, knowledge):
    told = replace(entry, answer="每小时 {minimum_wage_hour}。[1]")
    there = read(told, knowledge, "3701")
    assert there.lines(told.answer.splitlines()) == ["每小时 24 元³[?]。¹"]
    assert "³ 山东省人民政府《最低工资的通知》（2025-10-01）" in there.notes()
    assert "这里还没填上，打 12333 问" in read(told, knowledge, "2101").lines([told.answer])[0]
    assert "/settings 选好城市" in read(told, knowledge).lines([told.answer])[0]


def test_claims_are_told_with_their_sources_for_whoever_edits_them():
    [first, second] = claims("answer", "@21 先报[1][2?]，再去。[-]")
    assert (first.text, first.place, first.sources, first.doubtful, first.hint) == ("先报", "21", (1, 2), True, False)
    assert (second.text, second.sources, second.hint) == ("，再去。", (), True)
    assert unmarked("@21 先报[1][2?]，再去。[-]") == "先报，再去。"


def test_no_mark_and_no_field_is_left_in_what_people_read(knowledge):
    for entry in knowledge.policies.values():
        for region in ("", "2101", "2109", "5101", "3701"):
            for text in (
                knowledge.cards.card(entry, "zh", region)["text"],
                knowledge.cards.details(entry, "zh", region),
            ):
                assert not re.search(r"\[(?:-|\d+\??)\]|[{}]|(?:^|\n)@", text), entry.id


def test_the_home_of_a_document_is_read_from_who_issued_it():
    known = regions.load()
    homes = {"辽宁省人社厅": {"21"}, "成都市委社会工作部": {"5101"}, "人社部": set(), "阜新市太平区委组织部": {"2109"}}
    for issuer, codes in homes.items():
        assert homes_of(Source(title="材料", issuer=issuer), known) == codes


def test_a_city_has_what_it_says_itself_or_what_its_province_says_and_misses_the_rest():
    city = {"minimum_wage_hour": Value("24 元（历下）", Source(title="市里的通知", read="2026-11-28"))}
    fields = {**SHEETS.fields, "dibao": Field("dibao", "低保标准", ("12345",), "市民政局")}
    sheets = Sheets(fields, {**SHEETS.values, "3701": city})
    assert [sheets.value("minimum_wage_hour", each).text for each in ("370102", "3701", "3702")] == [
        "24 元（历下）",
        "24 元（历下）",
        "24 元",
    ]
    assert sheets.value("minimum_wage_hour", "2101") is None
    assert [field.name for field in sheets.missing("370102")] == ["dibao"]
    assert [field.name for field in sheets.missing("2109")] == ["minimum_wage_hour", "dibao"]
    assert {region: [field.name for field in unread] for region, unread in sheets.unread.items()} == {
        "37": ["minimum_wage_hour"],
        "3701": [],
    }


@pytest.mark.parametrize("text", ["no toml", '[nobody_knows]\nvalue = "1"\ntitle = "通知"', '[dibao]\nvalue = "1"'])
def test_a_sheet_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "fields.toml").write_text(
        '[dibao]\nlabel = "低保"\nask = ["12345"]\nlook = "民政局"\n', encoding="utf-8"
    )
    (tmp_path / "2109.toml").write_text(text, encoding="utf-8")
    with pytest.raises(policies.Fault, match=r"2109\.toml"):
        load_sheets(tmp_path)


def test_fuxin_has_a_sheet_of_its_own_and_the_values_of_its_province(knowledge):
    sheets = knowledge.sheets
    assert "0418" in sheets.value("dial", "210904").text
    assert sheets.value("minimum_wage_month", "210904") == sheets.value("minimum_wage_month", "21")
    assert {"arbitration_office", "labour_inspection"} <= {field.name for field in sheets.missing("2109")}
