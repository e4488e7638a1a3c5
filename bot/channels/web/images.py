"""Pictures: their size, and people's photos turned upright, made smaller and freed of where they were taken."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
LARGEST = 100_000_000  # pixels; more is a bomb, not a photo
SIDES = 10_000  # width and height together; Telegram refuses more in a photo
FULL, SMALL = 1920, 320  # longest side, pixels
QUALITY = 82  # JPEG


class NoPicture(Exception):
    """Bytes that show nothing."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture."""

    data: bytes
    mime: str
    width: int
    height: int


def measure(data: bytes) -> Picture:
    """A picture as it is.  Raises NoPicture."""
    image = _open(data)
    return Picture(data, MIMES[str(image.format)], *image.size)


def developed(data: bytes) -> list[Picture]:
    """Someone's photo as JPEG, small and large, without EXIF: the place it was taken at stays with them.

    Takes some 100 ms of CPU for a phone's photo: not for the loop.  Raises NoPicture.
    """
    image = _open(data)
    image.draft("RGB", (FULL, FULL))
    try:
        upright = ImageOps.exif_transpose(image)
        flat = upright if upright.mode == "RGB" else _flattened(upright)
    except (OSError, ValueError, SyntaxError) as error:
        raise NoPicture from error
    return [_encoded(flat, side) for side in (SMALL, FULL)]


def _flattened(image: Image.Image) -> Image.Image:
    """On white, where the picture is transparent."""
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _encoded(image: Image.Image, side: int) -> Picture:
    smaller = image.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    smaller.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Picture(out.getvalue(), "image/jpeg", *smaller.size)


def _open(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=tuple(MIMES))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoPicture from error
    if image.width * image.height > LARGEST:
        raise NoPicture
    return image
