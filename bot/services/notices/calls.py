"""Whom a notice calls: who may approve it, unless they had a hand in it."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.notices import notices
from bot.services.notices.notices import NOTICES
from bot.services.notices.states import NoticeState
from bot.services.staff import calls
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Notice, NoticeKind
from knowledge.texts import DEFAULT

NOUN = "notice"


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    notice = await session.get(Notice, int(number), populate_existing=True)
    if notice is None or notice.state != NoticeState.PENDING:
        return None
    urgent = notice.kind == NoticeKind.EMERGENCY
    key = "call.notice_emergency" if urgent else "call.notice"
    return Matter(
        line=context.knowledge.texts.say(DEFAULT, key, number=number, count=notice.count),
        right=Right.NOTICES_APPROVE,
        region=notice.district,
        but=calls.people(*await notices.writers(session, notice.id)),
        urgent=urgent,
    )


SOURCE = CallSource(NOTICES, urls.NOTICES, look, int)
