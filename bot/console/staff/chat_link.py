"""/console/chat: the chat that links for signing in are sent to."""

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.console.core.routes import page, topic
from bot.messaging import urls
from bot.services.core import rate_limits
from bot.services.staff import calls, chat_links
from bot.services.staff.calls import CallMode
from bot.services.staff.chat_links import LIFE
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Chat, Staff

MINUTES = int(LIFE.total_seconds() // 60)
MOST = 10  # codes in five minutes: whoever enrols looks again a few times before the chat has answered


@topic("own-chat", right=Right.OWN_CHAT, personal=True)
async def linked(session: AsyncSession, staffer: Staffer) -> object:
    person = await session.get(Staff, staffer.id)
    return person.chat_id if person is not None else None


def _has_chat(context: RequestContext) -> bool:
    """Another chat in its place would be another way in: that takes a fresh code."""
    return context.signed_in.person.chat_id is not None


@page("GET", urls.CHAT_LINK, right=Right.OWN_CHAT, nav="chat")
async def shown(context: RequestContext) -> web.Response:
    return await _page(context)


@page("POST", urls.CHAT_LINK, right=Right.OWN_CHAT, fresh=_has_chat)
async def link(context: RequestContext) -> web.Response:
    """Show six digits, once, for the person to send to the bot."""
    context.again = urls.CHAT_LINK
    code, fault = await new_code(context)
    return await _page(context, code=code, fault=fault)


async def new_code(context: RequestContext) -> tuple[str, str]:
    """Six digits that link a chat, or "" and the sentence that says how long to wait."""
    if wait := await rate_limits.spend(context.session, "own_chat_code", str(context.staffer.id), most=MOST):
        return "", context.console.layout.words("second.wait", minutes=rate_limits.minutes(wait))
    return await chat_links.new_code(context.session, await context.person()), ""


@page("POST", f"{urls.CHAT_LINK}/unlink", right=Right.OWN_CHAT, fresh=_has_chat)
async def unlink(context: RequestContext) -> web.Response:
    person = await context.person()
    context.leave(await chat_links.unlink(context.session, person, context.by, context.knowledge.texts))
    return context.to(urls.CHAT_LINK, said="unlinked")


@page("POST", f"{urls.CHAT_LINK}/calls", right=Right.OWN_CHAT)
async def choose(context: RequestContext) -> web.Response:
    """How often they want to hear that something waits for them."""
    wanted = context.text("calls")
    if wanted not in set(CallMode):
        raise web.HTTPBadRequest
    await calls.set_mode(context.session, await context.person(), CallMode(wanted))
    return context.to(urls.CHAT_LINK, said="calls")


async def _page(context: RequestContext, *, code: str = "", fault: str = "") -> web.Response:
    chat_id = context.signed_in.person.chat_id
    chat = await context.session.get(Chat, chat_id) if chat_id is not None else None
    values: dict[str, Any] = {"chat": chat, "code": code, "minutes": MINUTES, "fault": fault}
    values |= {"modes": CallMode, "mode": context.signed_in.person.calls}
    return context.page("staff/chat_link.html", status=429 if fault else 200, **values)
