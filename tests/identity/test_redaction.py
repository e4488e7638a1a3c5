"""Personal numbers are found and masked however they are written, and other numbers are left alone."""

import pytest

from bot.services.chats import questions
from bot.services.identity import redaction
from tests.test_phones import PASTED

MOBILES = [pasted for pasted, number in PASTED.items() if number == "13800000000"]


@pytest.mark.parametrize("written", MOBILES, ids=ascii)
def test_a_mobile_number_is_found_and_masked_however_it_is_written(written):
    story = f"站长电话{written}，他不接。"
    assert "phone" in redaction.found(story)
    masked = redaction.mask(story)
    assert "0000" not in masked.replace("０", "0").replace("-", "")
    assert masked.startswith("站长")
    assert masked.endswith("，他不接。")
    assert "000" not in questions.mask(story).replace("０", "0")


@pytest.mark.parametrize(
    "written",
    ["210102199001011234", "21010219900101123X", "２１０１０２１９９００１０１１２３ｘ", "210102 1990 0101 1234"],
)
def test_an_identity_number_is_found_however_it_is_written(written):
    assert "id" in redaction.found(f"身份证{written}")
    assert written[1:] not in redaction.mask(f"身份证{written}")


@pytest.mark.parametrize("written", ["辽A12345", "辽A·D12345", "辽a12345", "辽Ａ１２３４５", "辽 A 12345"])
def test_a_plate_is_found_however_it_is_written(written):
    assert "plate" in redaction.found(f"车牌{written}追尾")


@pytest.mark.parametrize(
    "story",
    [
        "欠我 1500 2000 180 元",
        "2026-03-01 13:00-14:30 一直没人",
        "第 1380 号文",
        "订单 12345",
        "工资 13800 元",
        "024-23456789",
    ],
)
def test_money_times_and_documents_are_nobodys_numbers(story):
    assert redaction.found(story) == []
    assert redaction.mask(story) == story


def test_a_known_number_is_taken_out_however_it_is_written():
    assert "0000" not in redaction.without("打 138-0000-0000 找我，或者 138\u20110000\u20110000", "13800000000")
