"""Pictures of a case are made anew: nothing of where, when and with what they were taken is kept."""

import io

import pytest
from PIL import Image
from sqlalchemy import select

from bot.errors import Refused
from bot.services.attachments import attachments
from bot.store.base import vault_of
from bot.store.models import Attachment

SECRET = b"WANG-XIAOMING-HOME"


def picture(size: tuple[int, int] = (60, 40), form: str = "JPEG") -> bytes:
    """A picture that tells where it was taken, in every way a picture can."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (41.0, 47.0, 0.0)
    out = io.BytesIO()
    more = {"comment": SECRET} if form == "JPEG" else {}
    Image.new("RGB", size, "red").save(out, form, exif=exif, icc_profile=b"icc " + SECRET, **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_original_but_its_pixels_is_kept(form):
    data = picture(form=form)
    assert SECRET in data
    made = attachments.make(data, "photo")
    assert SECRET not in made.data
    again = Image.open(io.BytesIO(made.data))
    assert (again.format, again.size, len(again.getexif())) == ("JPEG", (60, 40), 0)
    assert not {"icc_profile", "comment", "exif", "xmp"} & set(again.info)


def test_what_hides_behind_a_picture_is_gone():
    polyglot = picture() + b"<script>alert(1)</script>PK\x03\x04" + SECRET
    assert b"script" not in attachments.make(polyglot, "photo").data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<html><body>hi</body></html>",
        b"%PDF-1.7 ...",
        b"MZ\x90\x00",
        b"\xff\xd8\xff\xe0" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(Refused):
        attachments.make(data, "photo")


def test_a_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    with pytest.raises(Refused):
        attachments.make(out.getvalue(), "photo")


def test_a_large_picture_is_made_smaller_and_a_rotated_one_upright():
    made = attachments.make(picture((5_000, 2_500)), "photo")
    assert Image.open(io.BytesIO(made.data)).size == (2_000, 1_000)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG", exif=exif)
    assert Image.open(io.BytesIO(attachments.make(out.getvalue(), "photo").data)).size == (40, 60)


def test_a_voice_note_is_known_by_its_first_bytes():
    starts = {"ogg": b"OggS", "webm": b"\x1aE\xdf\xa3", "mp4": b"\0\0\0\x18ftypM4A ", "amr": b"#!AMR\n"}
    for kind, start in starts.items():  # of Telegram and browsers, iPhones, WeChat
        assert attachments.make(start + b"\0" * 40, "voice").mime == f"audio/{kind}"
    with pytest.raises(Refused):
        attachments.make(b"ID3 whatever", "voice")


async def test_a_voice_note_of_an_iphone_is_kept_with_its_case(phone, app):
    note = b"\0\0\0\x18ftypM4A " + b"\0" * 400
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_voice(note)
    await phone.presses("就这些")
    await phone.presses("提交")
    async with app.db.read() as session:
        row = await session.scalar(select(Attachment))
    assert (row.state, row.mime, row.why) == ("ready", "audio/mp4", "")
    assert attachments.read(app.settings.var / "uploads", vault_of(app.db.engine.dialect), row.name) == note


async def test_a_photo_of_an_appeal_is_fetched_and_kept_sealed(phone, app):
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_photo(picture())
    await phone.presses("就这些")
    await phone.presses("提交")
    async with app.db.read() as session:
        row = await session.scalar(select(Attachment))
    assert (row.state, row.mime, row.origin) == ("ready", "image/jpeg", None)
    folder = app.settings.var / "uploads"
    [file] = folder.iterdir()
    assert b"JFIF" not in file.read_bytes()
    kept = attachments.read(folder, vault_of(app.db.engine.dialect), row.name)
    assert Image.open(io.BytesIO(kept)).size == (60, 40)
    assert SECRET not in kept
