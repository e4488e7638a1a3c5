"""Two texts that a person reads aloud alike are one text to us."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.folding import fold
from knowledge.search.text import clean


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("瀋陽鐵西區", "沈阳铁西区"),
        ("⻓春市", "长春市"),
        ("⻄安市", "西安市"),
        ("呂梁市", "吕梁市"),
        ("铁\u200b西\u2060区", "铁西区"),
        ("\u202e铁西区\u202c", "铁西区"),
        ("\ufeff⼯資", "工资"),
        ("著火了", "着火了"),
        ("ＮＸ２６－ＡＢ", "nx26-ab"),
        ("㈠号楼", "(一)号楼"),
        ("工\ud83d资", "工资"),
        ("工\0资", "工 资"),
        ("工\u3164资\u2800\u115f\uffa0", "工资"),
        ("", ""),
    ],
)
def test_what_reads_alike_is_alike(typed, meant):
    assert fold(typed) == meant


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once_and_leaves_nothing_unseen(text):
    once = fold(text)
    assert fold(once) == once
    assert not {unicodedata.category(char) for char in once} & {"Cf", "Cs"}


@pytest.mark.parametrize(
    "typed", ["拖欠⼯資怎麼辦", "拖欠\u200b工资怎么办", "拖欠工资怎么办！！！", "　拖欠工资　怎么办"]
)
def test_a_question_in_other_writing_is_the_same_question(typed):
    assert clean(typed) == "拖欠工资怎么办"
