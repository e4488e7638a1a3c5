"""A fresh clone looks its deepest at once: what the models say about the content is shipped with it."""

import numpy as np

from knowledge import policies, regions, words
from knowledge.search import Tier, shipped, strangers
from knowledge.search.meaning import Cache, key_of, unit
from knowledge.search.ranking import Ranking


class Counting:
    """Takes a model's name, and counts what it is asked to embed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = 0

    def embed(self, texts, *, passages=False):
        self.asked += len(texts)
        size = next(iter(shipped.read(self.name).values())).shape[0]
        return unit(np.ones((len(texts), size), dtype=np.float32))


def test_hardly_any_text_of_the_content_is_left_to_be_embedded():
    """When this fails because much was edited: python -m bot knowledge vectors."""
    ranking = Ranking(policies.load(), words.load(), regions.load(), strangers())
    said, facts, others = ranking.texts()
    whole = sum(map(len, said)) + sum(map(len, facts)) + len(others)
    able = [Counting("use-multilingual-3"), Counting("e5-small-q4")]
    ranking.deepen(able, Cache(None))
    assert len(ranking.spaces) == Tier.FULL
    assert all(model.asked <= 0.1 * whole for model in able), [model.asked for model in able]


def test_what_is_shipped_points_where_the_model_pointed(tmp_path):
    dice = np.random.default_rng(2)
    rows = unit(dice.normal(size=(50, 384)).astype(np.float32) + 2).astype(np.float16)
    known = {key_of(str(number)): row for number, row in enumerate(rows)}
    path = shipped.write("toy", known, tmp_path)
    again = shipped.read("toy", tmp_path)
    assert set(again) == set(known)
    assert all(
        float(unit(again[key].astype(np.float32)) @ unit(known[key].astype(np.float32))) > 0.9999 for key in known
    )
    first = path.read_bytes()
    assert shipped.write("toy", dict(reversed(known.items())), tmp_path).read_bytes() == first


def test_a_damaged_file_is_as_good_as_none(tmp_path):
    (tmp_path / "toy.npz").write_bytes(b"half a file")
    assert shipped.read("toy", tmp_path) == shipped.read("missing", tmp_path) == {}


def test_only_what_is_neither_shipped_nor_kept_is_embedded_and_only_that_is_kept(tmp_path):
    model = Counting("e5-small-q4")
    cache = Cache(tmp_path)
    ranking = Ranking(policies.load()[:1], words.load(), regions.load(), ["-"])
    cache.embed(model, [ranking.texts()[0][0][0], "一句谁都没写过的话"])
    assert model.asked == 1
    with np.load(tmp_path / "e5-small-q4.npz") as kept:
        assert kept["keys"].tolist() == [key_of("一句谁都没写过的话")]
