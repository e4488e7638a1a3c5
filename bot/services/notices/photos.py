"""The photo of a notice: made anew from its pixels, kept by what is in it, uploaded once to each channel."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.doors import pictures
from bot.errors import Refused, Rejected
from bot.services.attachments import attachments
from bot.services.staff.accounts import within
from bot.store import upsert
from bot.store.models import Notice, NoticePhoto, now

LONGISH = 20  # Telegram refuses a photo that is longer than so many times its width


class Gone(LookupError):
    """A notice whose photo is not there: it must not be sent without."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What a channel is given: its own id of the picture once it has one, before that the picture itself."""

    jpeg: bytes
    file: str = ""


def make(data: bytes) -> bytes:
    """A JPEG of what was uploaded, without whatever else was in the file.  Takes 100 ms: not for the loop.

    Raises Rejected for what is no picture, and for a strip that Telegram would refuse.
    """
    try:
        made = attachments.make(data, "photo").data
    except Refused:
        raise Rejected("notice.photo") from None
    _, *sides = pictures.size(made)
    if max(sides) > LONGISH * min(sides):
        raise Rejected("notice.photo_strip", most=LONGISH)
    return made


async def keep(session: AsyncSession, jpeg: bytes) -> str:
    """Keep a picture, or only once more the one that is there; returns its digest."""
    digest = hashlib.sha256(jpeg).hexdigest()
    add = upsert.insert(session, NoticePhoto).values(digest=digest, data=jpeg, files={}, at=now())
    again = add.on_conflict_do_update(index_elements=["digest"], set_={"at": now()})
    await session.execute(again)
    return digest


async def claim(session: AsyncSession, digest: str, districts: Iterable[str]) -> None:
    """Somebody of these districts saves a notice that shows it: retention must not be about to delete it.

    Raises Rejected: there is no such photo, or it is of other districts' notices.
    """
    here = update(NoticePhoto).where(NoticePhoto.digest == digest, _open_to(digest, districts)).values(at=now())
    if not (await session.execute(here)).rowcount:  # type: ignore[attr-defined]
        raise Rejected("notice.photo_gone")


async def get(session: AsyncSession, digest: str) -> NoticePhoto | None:
    kept: NoticePhoto | None = await session.get(NoticePhoto, digest)
    return kept


async def open_to(session: AsyncSession, digest: str, districts: Iterable[str]) -> NoticePhoto | None:
    """The photo, if a notice of these districts shows it, or no notice at all yet."""
    kept: NoticePhoto | None = await session.scalar(
        select(NoticePhoto).where(NoticePhoto.digest == digest, _open_to(digest, districts))
    )
    return kept


def _open_to(digest: str, districts: Iterable[str]) -> ColumnElement[bool]:
    shows = select(Notice.id).where(Notice.photo == digest)
    return or_(shows.where(within(Notice.district, districts)).exists(), ~shows.exists())


async def of(session: AsyncSession, notice: Notice, bot: str) -> Photo | None:
    """The photo a notice sends, as this bot has to give it; None for a notice without, and for an edit.

    Raises Gone.
    """
    if not notice.photo or notice.does != "say":
        return None
    kept = await get(session, notice.photo)
    if kept is None:
        raise Gone(notice.photo)
    return Photo(kept.data, kept.files.get(bot, ""))


async def learn(session: AsyncSession, notice: Notice, bot: str, file: str) -> None:
    """Note what the channel calls the picture, so that nobody uploads it again."""
    kept = await session.get_one(NoticePhoto, notice.photo)
    kept.files = {**kept.files, bot: file}
