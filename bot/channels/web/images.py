"""Pictures: their size, and people's photos turned upright, made smaller and freed of where they were taken."""

from dataclasses import dataclass

from PIL import Image

from bot.doors import pictures
from bot.doors.pictures import NoPicture

__all__ = ["SIDES", "NoPicture", "Picture", "developed", "measure"]

MIMES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
SIDES = 10_000  # width and height together; Telegram refuses more in a photo
FULL, SMALL = 1920, 320  # longest side, pixels
QUALITY = 82  # JPEG


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture."""

    data: bytes
    mime: str
    width: int
    height: int


def measure(data: bytes) -> Picture:
    """A picture as it is.  Raises NoPicture."""
    kind, width, height = pictures.size(data)
    return Picture(data, MIMES[kind], width, height)


def developed(data: bytes) -> list[Picture]:
    """Someone's photo as JPEG, small and large, without EXIF: the place it was taken at stays with them.

    Takes some 100 ms of CPU for a phone's photo: not for the loop.  Raises NoPicture.
    """
    full = pictures.upright(data, FULL)
    return [_encoded(full, side) for side in (SMALL, FULL)]


def _encoded(image: Image.Image, side: int) -> Picture:
    smaller = image.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return Picture(pictures.jpeg(smaller, QUALITY), "image/jpeg", *smaller.size)
