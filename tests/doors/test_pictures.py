"""Every door that takes pictures uses the one decoder, which costs little whatever is sent."""

import asyncio
import io
import re
import resource
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.doors import pictures
from bot.doors.pictures import NoPicture
from tests.support.phone import MARK, Phone
from tests.support.project import ROOT

MOST = 300  # MB that one picture may cost for a moment
MEASURE = """
import io, resource, sys
from PIL import Image
from bot.doors import pictures
mode, side, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
out = io.BytesIO()
Image.effect_noise((64, 64), 20).convert(mode).resize((side, side)).save(out, kind)
data = out.getvalue()
child = __import__("os").fork()
if not child:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        pictures.upright(data, 1920)
    except pictures.NoPicture:
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def bomb(side=9_990):
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    return out.getvalue()


def test_no_other_module_opens_pictures():
    for path in (ROOT / "bot").rglob("*.py"):
        if path.name != "pictures.py" or path.parent.name != "doors":
            assert not re.search(r"Image\.open|ImageFile|decompress", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("given_", [bomb(), b"", b"\x89PNG\r\n\x1a\n", b"GIF89a\xff\xff\xff\xff", b"BM" + b"\xff" * 60])
def test_a_bomb_is_refused_unopened(given_):
    with pytest.raises(NoPicture):
        pictures.upright(given_, 1920)
    with pytest.raises(NoPicture):
        pictures.size(given_)


@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("RGB", "JPEG")])
def test_the_largest_picture_that_is_taken_costs_little_memory(mode, kind):
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, mode, "4890", kind], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) / 1024 < MOST


async def test_a_bomb_costs_an_upload_and_no_memory(app):
    async with Phone(app) as phone:
        await phone.opens()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        data = bomb()
        url = f"{phone.url}/chat/photos?key=0123456789"
        for _ in range(4):
            async with phone.http.post(url, data=data, headers={**MARK, "Content-Type": "image/png"}) as response:
                assert response.status == 400
                assert "打不开" in (await response.json())["error"]
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST


async def test_at_most_two_are_decoded_at_once():
    running, most = 0, 0

    def work():
        nonlocal running, most
        with pictures.opened(small()):
            running += 1
            most = max(most, running)
            for _ in range(50):
                Image.new("L", (300, 300)).resize((200, 200))
            running -= 1

    await asyncio.gather(*(pictures.aside(work) for _ in range(8)), *(asyncio.to_thread(work) for _ in range(4)))
    assert 1 <= most <= pictures.TOGETHER


def small():
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(out, "PNG")
    return out.getvalue()


@settings(max_examples=150)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]), st.data())
def test_a_broken_picture_is_a_picture_or_none(kind, data):
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(out, kind)
    broken = bytearray(out.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = pictures.upright(bytes(broken[: data.draw(st.integers(1, len(broken)))]), 64)
    except NoPicture:
        return
    assert max(made.size) <= 64
