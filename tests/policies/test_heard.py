"""Words typed as they sound are taken for what is meant, and words that only sound alike are left alone."""

import pytest

from knowledge.search import Decision
from knowledge.search.heard import Heard

SLIPS = {
    "工商险怎么报消": "工伤险怎么报销",
    "快递员只上工商保险行不行": "快递员只上工伤保险行不行",
    "托欠工姿": "拖欠工资",
    "电平车被偷了": "电瓶车被偷了",
    "劳动种裁要多久": "劳动仲裁要多久",
    "延吃退休": "延迟退休",
}
REAL = [
    "工商银行卡冻结了",
    "去工商局问问",
    "坐火车回家",
    "家里种菜",
    "延迟退休对我们跑车的也算不",
    "工伤先行支付",
    "权益保障",
    "员工上工伤",
    "职工之家",
    "务工子女上学",
    "税务局报数",
    "驾驶怎么罚",
    "扣几分",
    "一站式",
]


@pytest.mark.parametrize(("said", "meant"), SLIPS.items())
def test_what_was_typed_as_it_sounds_is_read_as_it_is_meant(knowledge, said, meant):
    assert Heard(knowledge.words)(said) == meant


def test_words_that_only_sound_alike_stay_and_so_do_words_that_are_known(knowledge):
    heard = Heard(knowledge.words)
    assert [text for text in [*REAL, *knowledge.words.heard, *knowledge.words.real, ""] if heard(text) != text] == []


def test_a_slip_of_the_keyboard_is_answered_as_if_it_had_not_happened(knowledge):
    for said, meant in (
        ("压金不退", "押金不退"),
        ("工商认定多久", "工伤认定多久"),
        ("劳动种裁要多久", "劳动仲裁要多久"),
    ):
        found = knowledge.search.by_words(said)
        assert found == knowledge.search.by_words(meant)
        assert found[0] is not Decision.NONE
