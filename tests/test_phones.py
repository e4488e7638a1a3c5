"""Phone numbers as they are pasted: one number, one writing; whatever is no number is refused."""

import pytest

from knowledge import phones

PASTED = {
    "\u206813800000000\u2069": "13800000000",  # as iPhones copy contacts
    "\u200e13800000000": "13800000000",
    "13800000000\u200b": "13800000000",
    "\ufeff13800000000": "13800000000",
    "138\u20110000\u20110000": "13800000000",
    "138–0000–0000": "13800000000",
    "138.0000.0000": "13800000000",
    "138·0000·0000": "13800000000",
    "(138) 0000 0000": "13800000000",
    "008613800000000": "13800000000",
    "0086 13800000000": "13800000000",
    "+86 138 0000 0000": "13800000000",
    "8613800000000": "13800000000",
    "１３８００００００００": "13800000000",
    "手机号：13800000000": "13800000000",
    "Tel: 13800000000": "13800000000",
    "+86 24 2345 6789": "02423456789",
    "+86-24-23456789": "02423456789",
    "+86 (0)24 23456789": "02423456789",
    "+86-411-82345678": "041182345678",
    "(024)2345-6789": "02423456789",
    "024-23456789-801": "02423456789-801",
    "024-2345-6789-801": "02423456789-801",
    "024-23456789转801": "02423456789-801",
    "０２４－２３４５６７８９ 分机 801": "02423456789-801",
    "0411-82345678-8": "041182345678-8",
    "0427-1234567 ext. 12": "04271234567-12",
    "400-810-1234": "4008101234",
}
NO_NUMBERS = [
    "",
    "12345",
    "1380013800",
    "138001380000",
    "12345678901",
    "13800138000,13900139000",
    "138 0013 8000 / 139 0013 9000",
    "1.38E+10",
    "没有",
    "024-123",
    "13800138000转1",
    "9" * 500,
    "-" * 500,
]


@pytest.mark.parametrize(("pasted", "number"), PASTED.items(), ids=map(ascii, PASTED))
def test_a_right_number_is_read_however_it_is_written(pasted: str, number: str) -> None:
    assert phones.read(pasted) == number
    assert phones.read(number) == number
    assert phones.is_personal(number) == (not number.startswith("400"))


@pytest.mark.parametrize("text", NO_NUMBERS, ids=map(ascii, NO_NUMBERS))
def test_what_is_no_number_is_refused(text: str) -> None:
    assert phones.read(text) == ""
    assert not phones.is_personal("")
