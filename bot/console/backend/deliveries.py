"""/console/backend: what does not get out to the backend, and news from it that fit no case; nobody's story is here."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.queue import outbox
from bot.services.appeals import deliveries as appeal_deliveries
from bot.services.appeals.queue import DIGITS
from bot.services.staff.permissions import Right, Staffer


@topic("backend", right=Right.BACKEND_READ)
async def moved(session: AsyncSession, staffer: Staffer) -> object:
    counts = await appeal_deliveries.counts(session)
    return [each.number for each in await appeal_deliveries.stuck(session)], counts["dead"], counts["dead_letters"]


@card(Right.BACKEND_READ, order=80)
async def stuck(context: RequestContext) -> Card:
    count = len(await appeal_deliveries.stuck(context.session))
    words = context.console.layout.words
    return Card(words("card.backend"), count, urls.BACKEND, words("card.backend_note"), urgent=count > 0)


@page("GET", urls.BACKEND, right=Right.BACKEND_READ, nav="backend")
async def listed(context: RequestContext) -> web.Response:
    return context.page(
        "backend/deliveries.html",
        counts=await appeal_deliveries.counts(context.session),
        stuck=await appeal_deliveries.stuck(context.session),
        letters=await appeal_deliveries.letters(context.session),
        forwards=context.services.queue,
        oldest=await outbox.oldest_due(context.session),
        edits=context.staffer.may(Right.BACKEND_AGAIN),
    )


@page("POST", f"{urls.BACKEND}/again", right=Right.BACKEND_AGAIN)
async def again(context: RequestContext) -> web.Response:
    """Send once more what is dead or waits for another try: of one case, or of all."""
    number = context.text("number")
    if number and not DIGITS.fullmatch(number):
        raise Rejected("backend.number")
    count = await appeal_deliveries.again(context.session, [number] if number else [])
    await context.audit("backend.again", f"appeal:{number}" if number else "", count=count)
    return context.to(urls.BACKEND, said="backend_again" if count else "backend_none")
