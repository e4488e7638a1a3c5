"""Telling one picture from another: a dHash, which survives being made smaller, brighter or saved again."""

import dhash
import numpy
from PIL import Image

SIDE = 8  # of the hash: two of 64 bits, along rows and along columns
ALIKE = 10  # bits of 128 that may differ in the same picture, sent again


def of(picture: Image.Image) -> str:
    """The dHash of decoded pixels, 32 hex digits."""
    grays = picture.convert("L").resize((SIDE + 1, SIDE + 1), Image.Resampling.LANCZOS)
    # dhash would ask Pillow for the pixels in a way that Pillow is giving up.
    rows, columns = dhash.dhash_row_col([int(value) for value in numpy.asarray(grays).ravel()], SIDE)
    return str(dhash.format_hex(rows, columns, SIDE))


def alike(one: str, other: str) -> bool:
    """Whether two prints are of one picture."""
    return bool(dhash.get_num_bits_different(int(one, 16), int(other, 16)) <= ALIKE)
