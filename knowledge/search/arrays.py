"""Files of arrays: written whole or not at all, and as good as none when they are damaged."""

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray


def read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by their names; empty when there is none, or it was cut short."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error):
        return {}


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Whole or not at all, whoever else writes; the same arrays give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(mine, allow_pickle=False, **arrays)
    return mine.replace(path)
