"""What anybody may know about hazards: those somebody has looked at, without who reported them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.hazards.states import CLOSED, HazardState
from bot.store.models import Agency, Hazard, HazardPhoto, HazardStep, Open311Post

MOST = 1_000  # hazards in one answer
HIDDEN = (HazardState.REPORTED, HazardState.REJECTED, HazardState.WITHDRAWN)  # nobody looked, or nobody is to see
SAID = frozenset({"resolve", "verify", "reopen"})  # steps whose text is for the public


@dataclass(frozen=True, slots=True)
class PublicFilter:
    """Which hazards somebody asks for."""

    test: bool = False  # those of the test endpoint, and only those
    numbers: Sequence[str] = ()  # overrides everything else
    kinds: Sequence[str] = ()
    closed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    page: int = 1
    page_size: int = MOST


@dataclass(frozen=True, slots=True)
class PublicHazard:
    """A hazard with what stands beside it."""

    hazard: Hazard
    agency: str
    photo: str  # the name of the newest picture that may leave the desk; "" without one


async def find(session: AsyncSession, wanted: PublicFilter, *, key_id: int | None = None) -> list[PublicHazard]:
    """Newest first.  key_id: of the API key that asks, which may follow by number whatever it posted."""
    query: Any = select(Hazard, Agency.name).outerjoin(Agency, Agency.id == Hazard.agency_id)
    if wanted.numbers:
        seen = or_(_visible(wanted), and_(Hazard.id.in_(posted(key_id)), (Hazard.origin == "test") == wanted.test))
        query = query.where(Hazard.number.in_(wanted.numbers), seen)
    else:
        query = _filtered(query.where(_visible(wanted)), wanted)
    query = query.order_by(Hazard.created_at.desc(), Hazard.id.desc())
    rows = (await session.execute(query.limit(wanted.page_size).offset((wanted.page - 1) * wanted.page_size))).all()
    pictures = await photos(session, [hazard.id for hazard, _ in rows])
    return [PublicHazard(hazard, agency or "", pictures.get(hazard.id, "")) for hazard, agency in rows]


def posted(key_id: int | None) -> Select[int | None]:
    """The hazards that came with an API key."""
    return select(Open311Post.hazard_id).where(Open311Post.key_id == key_id)


def _visible(wanted: PublicFilter) -> ColumnElement[bool]:
    if wanted.test:
        return Hazard.origin == "test"
    return and_(Hazard.origin != "test", Hazard.state.not_in(HIDDEN))


def _filtered(query: Any, wanted: PublicFilter) -> Any:
    if wanted.kinds:
        query = query.where(Hazard.kind.in_(wanted.kinds))
    if wanted.closed is not None:
        query = query.where(Hazard.state.in_(CLOSED) if wanted.closed else Hazard.state.not_in(CLOSED))
    if wanted.since is not None:
        query = query.where(Hazard.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Hazard.created_at <= wanted.until)
    return query


async def photos(session: AsyncSession, ids: Sequence[int]) -> dict[int, str]:
    """Of each hazard the newest picture in which somebody has looked for faces and plates."""
    query = select(HazardPhoto.hazard_id, HazardPhoto.shown).where(
        HazardPhoto.hazard_id.in_(ids), HazardPhoto.shown != ""
    )
    rows = (await session.execute(query.order_by(HazardPhoto.id))).all()
    return {hazard_id: name for hazard_id, name in rows}  # noqa: C416  # dict() would lose the types.


async def is_shown(session: AsyncSession, name: str) -> bool:
    """Whether a file in the uploads folder is a copy that may leave."""
    return await session.scalar(select(HazardPhoto.id).where(HazardPhoto.shown == name)) is not None


async def steps(
    session: AsyncSession, since: datetime, until: datetime, *, test: bool, most: int = MOST
) -> Sequence[tuple[HazardStep, str]]:
    """What happened to visible hazards in a stretch of time, oldest first, each with the hazard's number."""
    query = select(HazardStep, Hazard.number).join(Hazard, Hazard.id == HazardStep.hazard_id)
    query = query.where(_visible(PublicFilter(test=test)), HazardStep.source != HazardStep.target)
    query = query.where(HazardStep.at >= since, HazardStep.at <= until).order_by(HazardStep.id).limit(most)
    return [(step, number) for step, number in await session.execute(query)]
