"""What is typed for a place: the name of one, or a sentence that only holds one.  tests/data/typed_places.tsv holds both."""

import pytest

from handlers.stations import spots
from tests.support.project import ROOT

PLACES = [row.split("\t") for row in (ROOT / "tests" / "data" / "typed_places.tsv").read_text("utf-8").splitlines()]


def test_what_is_the_name_of_a_place_is_told_from_what_only_holds_one(knowledge):
    found = {text: "place" if spots.says_where(knowledge, text) else "question" for _, text in PLACES}
    assert [(text, found[text]) for wanted, text in PLACES if found[text] != wanted] == []


@pytest.mark.parametrize("text", [text for wanted, text in PLACES if wanted == "place"])
async def test_a_typed_place_is_answered_with_stations_and_never_with_a_policy(phone, text):
    await phone.types("/start")
    await phone.presses("以后再说")  # Else a place is taken for where they run.
    said = "".join(await phone.types(text))
    assert any(word in said for word in ("示例", "在哪个区", "您在哪个", "的准确位置", "没查到", "关门"))
    assert "核对于" not in said
    assert "您是想问哪一个" not in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("公租房小区能申请吗", "公租房"),
        ("开放大学怎么报名", "求学圆梦"),
        ("孩子上学去哪个学校", "上学"),
        ("路上摔了", "送单受伤"),
        ("骑手走机动车道罚多少", "您是想问哪一个"),
        ("入职要押金可以吗", "押金"),
        ("你好", "您好"),
    ],
)
@pytest.mark.parametrize("begun", [True, False], ids=["asked where", "out of the blue"])
async def test_a_question_that_holds_a_road_or_a_school_is_answered_also_when_a_place_was_asked_for(
    phone, text, says, begun
):
    await phone.types("/start")
    if begun:
        await phone.types("找驿站")
    said = "".join(await phone.types(text))
    assert says in said
    assert "没找到" not in said
    assert "示例" not in said
    assert "写到一半" not in said
