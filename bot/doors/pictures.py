"""The one decoder for pictures that people send: bounded in pixels, in how many at once, and never in the event loop."""

import asyncio
import io
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from PIL import Image, ImageOps

PIXELS = 24_000_000  # of a picture; a phone's photo has 12 to 24 million, a bomb has more
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # what Pillow may decode at all; no SVG, no PDF, no HTML
TOGETHER = 2  # pictures decoded at once: each takes up to some 200 MB for a moment
KINDS = frozenset({"RGB", "RGBA", "L", "LA"})  # modes that are made smaller well as they are
T = TypeVar("T")

_turns = threading.BoundedSemaphore(TOGETHER)
_threads = ThreadPoolExecutor(TOGETHER, "pictures")


class NoPicture(Exception):
    """Bytes that show nothing, or more than anybody needs."""


async def aside(work: Callable[..., T], *given: Any, **named: Any) -> T:
    """Run something that decodes pictures away from the event loop; who comes third waits."""
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(work, *given, **named))


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """A picture to decode; at most two are open at once, so not for the loop.

    Whatever goes wrong with it inside is NoPicture.
    """
    with _turns, _head(data) as image:
        yield image


@contextmanager
def _head(data: bytes) -> Iterator[Image.Image]:
    """A picture of which nothing but the head has been read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Our own limit is the lower one.
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        with image:
            if image.width * image.height > PIXELS:
                raise NoPicture(f"{image.width} x {image.height} pixels")
            yield image
    except NoPicture:
        raise
    except Exception as error:  # Pillow's decoders raise most kinds of errors that there are.
        raise NoPicture(type(error).__name__) from error


def size(data: bytes) -> tuple[str, int, int]:
    """Format, width and height of a picture as it is, without decoding it.  Raises NoPicture."""
    with _head(data) as image:
        return str(image.format), image.width, image.height


def upright(data: bytes, edge: int) -> Image.Image:
    """The pixels alone, RGB, turned as they are to be seen, the longer side at most `edge` pixels.

    What is transparent becomes white.  Takes some 100 ms for a phone's photo: not for the loop.  Raises NoPicture.
    """
    with opened(data) as image:
        image.draft("RGB", (edge, edge))  # A JPEG is decoded to an eighth where that is enough.
        turn = image.getexif().get(0x0112)
        image = image if image.mode in KINDS else image.convert("RGBA")
        image.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        flat = _flattened(image)
        if turn:
            flat.getexif()[0x0112] = turn
            flat = ImageOps.exif_transpose(flat)
        bare = Image.new("RGB", flat.size)
        bare.paste(flat)
        return bare


def jpeg(image: Image.Image, quality: int) -> bytes:
    """A picture's pixels and nothing else."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode in ("RGB", "L"):
        return image.convert("RGB")
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
