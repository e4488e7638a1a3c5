"""/console/chat: the chat that links for signing in are sent to."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, page, topic
from bot.services.core import rate_limits
from bot.services.staff import chat_links
from bot.services.staff.chat_links import LIFE
from bot.services.staff.permissions import Staffer
from bot.store.models import Chat, Staff


@topic("own-chat", right="own.chat")
async def linked(session: AsyncSession, staffer: Staffer) -> object:
    person = await session.get(Staff, staffer.id)
    return person.chat_id if person is not None else None


@page("GET", f"{ROOT}/chat", right="own.chat", nav="chat")
async def shown(visit: Visit) -> web.Response:
    return await _page(visit)


@page("POST", f"{ROOT}/chat", right="own.chat")
async def link(visit: Visit) -> web.Response:
    """Show six digits, once, for the person to send to the bot."""
    visit.again = f"{ROOT}/chat"
    if wait := await rate_limits.spend(visit.session, "own_chat_code", str(visit.staffer.id)):
        return await _page(visit, fault=visit.console.layout.words("second.wait", minutes=rate_limits.minutes(wait)))
    person = await visit.person()
    return await _page(visit, code=await chat_links.new_code(visit.session, person))


@page("POST", f"{ROOT}/chat/unlink", right="own.chat")
async def unlink(visit: Visit) -> web.Response:
    person = await visit.person()
    visit.leave(await chat_links.unlink(visit.session, person, visit.by, visit.knowledge.texts))
    return visit.to(f"{ROOT}/chat", said="unlinked")


async def _page(visit: Visit, *, code: str = "", fault: str = "") -> web.Response:
    chat_id = visit.signed_in.person.chat_id
    chat = await visit.session.get(Chat, chat_id) if chat_id is not None else None
    minutes = int(LIFE.total_seconds() // 60)
    return visit.page(
        "staff/chat_link.html", status=429 if fault else 200, chat=chat, code=code, minutes=minutes, fault=fault
    )
