"""A fresh clone looks its deepest at once: what the models say about the content is shipped with it."""

import numpy as np

from knowledge import policies, regions, words
from knowledge.search import arrays, pieces, strangers, wording
from knowledge.search import cache as files
from knowledge.search.cache import Cache, key_of
from knowledge.search.meaning import E5, unit
from knowledge.search.ranking import Asker, Ranking
from knowledge.search.text import clean


class Counting:
    """Takes the model's name, and counts what it is asked to embed."""

    name = E5.name

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts):
        self.asked += len(texts)
        return unit(np.ones((len(texts), 384), dtype=np.float32))


def test_hardly_any_text_of_the_content_is_left_to_be_embedded():
    """When this fails because much was edited: python -m bot knowledge learn."""
    ranking = Ranking(policies.load(), words.load(), regions.load(), strangers())
    said, others = ranking.texts()
    model = Counting()
    space = ranking.deepen(model, Cache(None))
    assert model.asked <= 0.1 * (sum(map(len, said)) + len(others)), model.asked
    assert len(set(space.head.topics) & set(ranking.topics)) >= 0.9 * len(ranking.topics)


def test_what_is_shipped_points_where_the_model_pointed(tmp_path):
    dice = np.random.default_rng(2)
    rows = unit(dice.normal(size=(50, 384)).astype(np.float32) + 2).astype(np.float16)
    known = {key_of(str(number)): row for number, row in enumerate(rows)}
    path = files.write(tmp_path / "toy.npz", known)
    again = files.read(tmp_path / "toy.npz")
    assert set(again) == set(known)
    assert all(
        float(unit(again[key].astype(np.float32)) @ unit(known[key].astype(np.float32))) > 0.9999 for key in known
    )
    first = path.read_bytes()
    assert files.write(tmp_path / "toy.npz", dict(reversed(known.items()))).read_bytes() == first


def test_the_pieces_of_words_are_those_of_the_model_and_whole_words_are_found_first(tmp_path):
    again = wording.Pieces(arrays.read(pieces.write(tmp_path / "again.npz")))
    known, names = wording.pieces(), arrays.read(wording.FILE)["pieces"].tolist()
    assert [names[row] for row in known.divided("拖欠工资 怎么办")] == ["▁", "拖", "欠", "工资", "▁", "怎么办"]
    close, far = known.embed(["老板拖欠工资", "电动车在楼道充电"]) @ known.embed(["公司不发薪水"])[0]
    assert close > far
    assert float(again.embed(["老板拖欠工资"])[0] @ known.embed(["老板拖欠工资"])[0]) > 0.999
    assert np.isfinite(known.embed(["hello 123", ""])).all()


def test_without_the_pieces_the_search_goes_by_letters_and_sounds(tmp_path, monkeypatch):
    (tmp_path / "damaged.npz").write_bytes(wording.FILE.read_bytes()[:1000])
    monkeypatch.setattr(wording, "FILE", tmp_path / "damaged.npz")
    wording.pieces.cache_clear()
    try:
        ranking = Ranking(policies.load(), words.load(), regions.load(), strangers())
        evidence = ranking.lexical(clean("押金不退怎么办"), Asker())
    finally:
        wording.pieces.cache_clear()
    assert np.isfinite(evidence.scores).all()
    assert ranking.topics[int(evidence.scores.argmax())] == "deposit-and-id-card"


def test_a_damaged_file_is_as_good_as_none(tmp_path):
    whole = files.write(tmp_path / "toy.npz", {key_of("一"): np.ones(8, dtype=np.float16)}).read_bytes()
    for damaged in (b"half a file", whole[:100], whole[:-1], b""):
        (tmp_path / "toy.npz").write_bytes(damaged)
        assert files.read(tmp_path / "toy.npz") == {}
    assert files.read(tmp_path / "toy.npz") == files.read(tmp_path / "missing.npz") == {}


def test_only_what_is_neither_shipped_nor_kept_is_embedded_and_only_that_is_kept(tmp_path):
    model = Counting()
    cache = Cache(tmp_path)
    ranking = Ranking(policies.load()[:1], words.load(), regions.load(), ["-"])
    cache.embed(model, [ranking.texts()[0][0][0], "一句谁都没写过的话"])
    assert model.asked == 1
    assert set(files.read(tmp_path / "e5-small-q4.npz")) == {key_of("一句谁都没写过的话")}
