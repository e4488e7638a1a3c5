"""What 民情联络员 say to a consultation of their district: one voice and one vote each, and all are told what came of it."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.chats import notifications
from bot.services.core.context import ServiceContext
from bot.services.identity import identities, redaction
from bot.store.models import Consultation, ConsultationVote, Volunteer, now
from knowledge.regions import around

LISTED = 8  # consultations in one list
VOTES = ("for", "against")


async def open_to(session: AsyncSession, volunteer: Volunteer) -> list[Consultation]:
    """Consultations of somebody's district that are not settled yet, the newest first."""
    still = Consultation.published_at.is_(None), Consultation.dismissed_at.is_(None)
    query = select(Consultation).where(*still, Consultation.district.in_(around(volunteer.district)))
    return list(await session.scalars(query.order_by(Consultation.id.desc()).limit(LISTED)))


async def say(session: AsyncSession, volunteer: Volunteer, number: int, text: str) -> Consultation:
    """Say something, without anybody's numbers; said again, the newer words count.  Raises Rejected."""
    item, voice = await _voice(session, volunteer, number)
    voice.text = redaction.mask(text)
    await session.flush()
    return item


async def vote(session: AsyncSession, volunteer: Volunteer, number: int, wanted: str) -> Consultation:
    """Be for it or against it: one vote each, the newer one counts; what was said stays.  Raises Rejected."""
    if wanted not in VOTES:
        raise Rejected("voice.over")
    item, voice = await _voice(session, volunteer, number)
    voice.vote = wanted
    await session.flush()
    return item


async def _voice(session: AsyncSession, volunteer: Volunteer, number: int) -> tuple[Consultation, ConsultationVote]:
    item = next((each for each in await open_to(session, volunteer) if each.id == number), None)
    if item is None:
        raise Rejected("voice.over")
    voice = await session.get(ConsultationVote, (number, volunteer.alias))
    voice = voice or ConsultationVote(consultation_id=number, alias=volunteer.alias, text="", vote="")
    voice.at = now()
    session.add(voice)
    return item, voice


async def heard(session: AsyncSession, number: int) -> list[ConsultationVote]:
    """What was said to a consultation, oldest first; who said it is not for those who read it."""
    query = select(ConsultationVote).where(ConsultationVote.consultation_id == number)
    return list(await session.scalars(query.order_by(ConsultationVote.at)))


async def tell(session: AsyncSession, context: ServiceContext, item: Consultation) -> None:
    """Tell everybody who took part what came of it."""
    for voice in await heard(session, item.id):
        chat = await identities.chat_behind(session, voice.alias)
        await notifications.tell(session, context, chat, "voice.published", title=item.title, text=item.text)


async def forget(session: AsyncSession, alias: str) -> None:
    await session.execute(delete(ConsultationVote).where(ConsultationVote.alias == alias))


async def of(session: AsyncSession, alias: str) -> list[ConsultationVote]:
    """What one volunteer said."""
    return list(await session.scalars(select(ConsultationVote).where(ConsultationVote.alias == alias)))
