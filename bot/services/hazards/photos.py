"""Photos of hazards: fetched like attachments, compared with earlier ones, covered before they leave the desk."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.doors import pictures
from bot.doors.pictures import NoPicture
from bot.queue import jobs, outbox
from bot.services.attachments import attachments, fingerprints
from bot.services.attachments.attachments import Made
from bot.services.hazards import points
from bot.store.models import Channel, Hazard, HazardPhoto, HazardStep, now
from bot.store.vault import Vault
from knowledge.geo import in_china

COMPARED = 2_000  # the newest photos a new one is compared with
GPS = 0x8825  # the part of EXIF that says where
COVER = (96, 96, 96)  # what covers a face or a plate: squares of its own colours could be worked back to it

Box = tuple[int, int, int, int]  # left, top, right, bottom; pixels


@dataclass(frozen=True, slots=True)
class ResultPhoto:
    """A photo of a fix, made anew, and where it says it was taken: WGS-84 degrees, north and east."""

    made: Made
    point: tuple[float, float] | None


async def expect(
    session: AsyncSession, hazard_id: int, number: str, channel: Channel, files: Sequence[dict[str, Any]]
) -> None:
    """Note where the photos of a report are to be fetched, and have it done."""
    if not files:
        return
    rows = [
        {"hazard_id": hazard_id, "part": "report", "origin": {"channel": channel, "file": each["file"]}}
        for each in files
    ]
    await session.execute(insert(HazardPhoto), rows)
    row = jobs.FILES.row({"of": "hazard", "number": number}, subject=f"files:{number}", due_at=now())
    await outbox.put(session, [row])


async def waiting(session: AsyncSession, number: str) -> list[HazardPhoto]:
    mine = select(HazardPhoto).join(Hazard, Hazard.id == HazardPhoto.hazard_id)
    return list(await session.scalars(mine.where(Hazard.number == number, HazardPhoto.state == "waiting")))


async def of(session: AsyncSession, hazard_id: int, part: str = "") -> list[HazardPhoto]:
    """The photos of a hazard that can be looked at, oldest first."""
    mine = select(HazardPhoto).where(HazardPhoto.hazard_id == hazard_id, HazardPhoto.state == "ready")
    mine = mine.where(HazardPhoto.part == part) if part else mine
    return list(await session.scalars(mine.order_by(HazardPhoto.id)))


async def add(session: AsyncSession, hazard: Hazard, part: str, made: Made, name: str) -> HazardPhoto:
    """A photo that came with a form instead of a chat; it is on disk already."""
    photo = HazardPhoto(hazard_id=hazard.id, part=part, state="ready", name=name, mime=made.mime, size=len(made.data))
    session.add(photo)
    await fetched(session, photo, made)
    return photo


async def fetched(session: AsyncSession, photo: HazardPhoto, made: Made) -> None:
    """Compare a report's photo with those of other hazards; the same picture again makes a person look.

    A result's photo is its handler's, and costs the reporter nothing; `original` is asked before it counts.
    """
    photo.print = made.print
    keep_small(photo, made)
    if photo.part != "report":
        return
    hazard = await session.get_one(Hazard, photo.hazard_id)
    if number := await original(session, photo, but=hazard.id):
        hazard.suspect = number
        await points.take_back(session, hazard, "validated")


async def original(session: AsyncSession, photo: HazardPhoto, *, but: int = 0) -> str:
    """The number of the hazard that has this picture already, `but` not one; "" when none has."""
    others = select(HazardPhoto.print, Hazard.number).join(Hazard, Hazard.id == HazardPhoto.hazard_id)
    others = others.where(HazardPhoto.hazard_id != but, HazardPhoto.print != "", HazardPhoto.id != photo.id)
    rows = await session.execute(others.order_by(HazardPhoto.id.desc()).limit(COMPARED))
    return next((number for print_, number in rows if fingerprints.alike(print_, photo.print)), "")


def keep_small(photo: HazardPhoto, made: Made) -> None:
    """Keep the copy for lists with its photo, sealed: it goes when the photo goes."""
    photo.thumb = base64.b64encode(made.small).decode()


async def small(session: AsyncSession, photo: HazardPhoto) -> bytes:
    """The copy for lists; nothing of a photo from before there were any."""
    kept = await session.scalar(select(HazardPhoto.thumb).where(HazardPhoto.id == photo.id))
    return base64.b64decode(kept or "")


async def first_of(session: AsyncSession, hazards: Collection[int]) -> dict[int, int]:
    """The first photo of each report that has one that can be looked at: numbers of hazards and of photos."""
    mine = HazardPhoto.hazard_id.in_(hazards), HazardPhoto.part == "report", HazardPhoto.state == "ready"
    query = select(HazardPhoto.hazard_id, func.min(HazardPhoto.id)).where(*mine).group_by(HazardPhoto.hazard_id)
    return {row[0]: row[1] for row in await session.execute(query)}


async def result(session: AsyncSession, hazard: Hazard) -> HazardPhoto | None:
    """The newest photo of the fix that is claimed now: one from before a reopening shows what was not fixed."""
    reopened = select(HazardStep.at).where(HazardStep.hazard_id == hazard.id, HazardStep.name == "reopen")
    since = await session.scalar(reopened.order_by(HazardStep.id.desc()).limit(1))
    found = await of(session, hazard.id, "result")
    return next((each for each in reversed(found) if since is None or each.created_at > since), None)


def read(data: bytes) -> ResultPhoto:
    """What a handler took of a fix.  Takes some 100 ms: not for the loop.  Raises Refused."""
    return ResultPhoto(attachments.make(data, "photo"), place_of(data))


def place_of(data: bytes) -> tuple[float, float] | None:
    """Where a photo says it was taken: WGS-84 degrees, north and east; None when it does not say, or is no photo.

    For the place check only: what is kept is made anew and says nothing.
    """
    try:
        with pictures.opened(data) as picture:
            place = picture.getexif().get_ifd(GPS)
        north, east = ([float(part) for part in place[tag]] for tag in (2, 4))
        if place.get(1) != "N" or place.get(3) != "E":
            return None
        found = north[0] + north[1] / 60 + north[2] / 3600, east[0] + east[1] / 60 + east[2] / 3600
    except (NoPicture, ValueError, TypeError, KeyError, IndexError, ZeroDivisionError):
        return None
    return found if in_china(*found) else None


def pixelate(data: bytes, boxes: Sequence[Box]) -> Made:
    """The picture with each of these rectangles made one pixel: covered by one colour that is none of its own.

    Rectangles are cut to the picture; an empty list only says that somebody looked and there was nothing.
    """
    picture = pictures.upright(data, attachments.EDGE)
    for left, top, right, bottom in boxes:
        box = (max(left, 0), max(top, 0), min(right, picture.width), min(bottom, picture.height))
        width, height = box[2] - box[0], box[3] - box[1]
        if width < 1 or height < 1:
            continue
        picture.paste(COVER, box)
    return attachments.made_of(picture)


def cover(folder: Path, vault: Vault, name: str, boxes: Sequence[Box]) -> Made:
    """The covered copy of a kept photo.  Takes some 100 ms: not for the loop.  Raises FileNotFoundError."""
    return pixelate(attachments.read(folder, vault, name), boxes)
