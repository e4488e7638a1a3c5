"""What the models say about the content as it stands, shipped with it, so that a fresh clone need not learn it.

Vectors are kept by the hash of their text: whatever was edited since is not found here and is embedded anew, and
nothing else is.  `python -m bot knowledge vectors` writes the files; the same content gives the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "vectors"
STEPS = 127  # of a value to either side of zero; a vector keeps its direction to a ten-thousandth

Rows = dict[str, NDArray[np.float16]]


def read(model: str, folder: Path = FOLDER) -> Rows:
    """From the key of a text to its vector, for a model by its name; empty when none are shipped, or the file is damaged."""
    try:
        with np.load(folder / f"{model}.npz") as kept:
            rows = kept["steps"] * (kept["largest"].astype(np.float32) / STEPS)[:, None]
            return dict(zip(map(bytes.hex, map(bytes, kept["keys"])), rows.astype(np.float16), strict=True))
    except (OSError, ValueError, KeyError):
        return {}


def write(model: str, known: Mapping[str, NDArray[np.float16]], folder: Path = FOLDER) -> Path:
    """Write the vectors of a model, one byte a value, in the order of their keys."""
    keys = sorted(known)
    rows = np.array([known[key] for key in keys], dtype=np.float32)
    largest = np.abs(rows).max(axis=1)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model}.npz"
    np.savez_compressed(
        path,
        keys=np.array([list(bytes.fromhex(key)) for key in keys], dtype=np.uint8),
        largest=largest.astype(np.float16),
        steps=np.rint(rows / (largest[:, None] + 1e-9) * STEPS).astype(np.int8),
    )
    return path
