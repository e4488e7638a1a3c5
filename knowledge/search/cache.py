"""What a model said and what was learned from it, kept on disk beside what is shipped: an edit costs only its own texts.

What is shipped is what a fresh clone would have to embed and learn; `python -m bot knowledge learn` writes it, and the
same content gives the same bytes.  Vectors are kept by the hash of their text, a head with the hash of its content.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.search import arrays
from knowledge.search import head as heads
from knowledge.search.head import Head, Learner
from knowledge.search.meaning import Model, Vectors, clipped, to_unit

SHIPPED = Path(__file__).parent / "learned"
STEPS = 127  # of a value to either side of zero; a vector keeps its direction to a ten-thousandth
CHUNK = 200  # texts after which their vectors are written down, so that a stopped process need not begin anew

Rows = dict[str, NDArray[np.float16]]
Progress = Callable[[int, int], None]  # texts that were embedded, of how many


def _silent(done: int, of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Cache:
    """Vectors by model and text, and heads by model.  Without a folder, nothing new is kept."""

    folder: Path | None
    progress: Progress = _silent

    def embed(self, model: Model, texts: Sequence[str]) -> Vectors:
        """One unit vector per text, from the disk where it is there."""
        known = self.known(model, texts)
        return to_unit(np.array([known[key_of(text)] for text in texts], dtype=np.float32))

    def known(self, model: Model, texts: Sequence[str]) -> Rows:
        """The vectors of these texts by their keys, and of whatever else lies beside them."""
        own = self._read(model)
        known = read(SHIPPED / f"{model.name}.npz") | own
        missing = list({key: text for text in texts if (key := key_of(text)) not in known}.items())
        for at in range(0, len(missing), CHUNK):
            new, unknown = zip(*missing[at : at + CHUNK], strict=True)
            own |= dict(zip(new, model.embed(unknown).astype(np.float16), strict=True))
            self._write(model, own)
            self.progress(min(at + CHUNK, len(missing)), len(missing))
        return known | own

    def heads(self, name: str) -> list[Head]:
        """The heads that were learned over one kind of vectors: here, and before it was shipped."""
        folders = (self.folder, SHIPPED) if self.folder else (SHIPPED,)
        found = [heads.read(folder / f"{name}.head.npz") for folder in folders]
        return [each for each in found if each is not None]

    def learn(self, learner: Learner) -> None:
        """Have it rank by the head of its very phrasings: a kept one, or one that it learns now, in seconds."""
        if learner.head.content == learner.content:
            return
        kept = next((each for each in self.heads(learner.name) if each.content == learner.content), None)
        learner.take(kept or learner.learn())
        if kept is None:
            self.keep(learner)

    def keep(self, learner: Learner) -> None:
        if self.folder is not None:
            heads.write(self.folder / f"{learner.name}.head.npz", learner.head)

    def ship(self, model: Model, texts: Sequence[str]) -> Path:
        """Write what a fresh clone would have to embed."""
        known = self.known(model, texts)
        return write(SHIPPED / f"{model.name}.npz", {key: known[key] for key in map(key_of, texts)})

    def _read(self, model: Model) -> Rows:
        return read(self.folder / f"{model.name}.npz") if self.folder else {}

    def _write(self, model: Model, known: Rows) -> None:
        if self.folder is not None:
            write(self.folder / f"{model.name}.npz", known)


def key_of(text: str) -> str:
    """What a text's vector is kept by."""
    return hashlib.blake2b(clipped(text).encode(), digest_size=12).hexdigest()


def read(path: Path) -> Rows:
    """From the key of a text to its vector; empty when there is no such file, or it is damaged."""
    kept = arrays.read(path)
    if kept.keys() != {"keys", "largest", "steps"}:
        return {}  # None yet, half a file, or another version's: they can be made anew.
    largest = kept["largest"].astype(np.float32) / STEPS
    rows = np.empty(kept["steps"].shape, dtype=np.float16)
    np.multiply(kept["steps"], largest[:, None], out=rows, casting="unsafe")
    return dict(zip(map(bytes.hex, map(bytes, kept["keys"])), rows, strict=True))


def write(path: Path, known: Mapping[str, NDArray[np.float16]]) -> Path:
    """Write vectors, one byte a value, in the order of their keys."""
    keys = sorted(known)
    rows = np.array([known[key] for key in keys], dtype=np.float32)
    largest = np.abs(rows).max(axis=1)
    steps = np.rint(rows / (largest[:, None] + 1e-9) * STEPS).astype(np.int8)
    names = np.array([list(bytes.fromhex(key)) for key in keys], dtype=np.uint8)
    return arrays.write(path, {"keys": names, "largest": largest.astype(np.float16), "steps": steps})
