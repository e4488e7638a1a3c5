"""/console/certificates/NUMBER: whether a certificate holds.  For anybody, and it says nothing else."""

import segno
from aiohttp import web
from markupsafe import Markup
from sqlalchemy import select

from bot.console.core.request import Access, RequestContext
from bot.console.core.routes import page
from bot.messaging import urls
from bot.services.core.working_days import shown
from bot.services.identity import identities
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Volunteer, now


@page("GET", f"{urls.CERTIFICATES}/{{certificate}}", right=Access.PUBLIC)
async def verify(context: RequestContext) -> web.Response:
    """A masked name, valid or not, and the code that leads here; a number nobody was given has no name."""
    number = context.http_request.match_info["certificate"].strip().upper()
    found = await context.session.scalar(select(Volunteer).where(Volunteer.certificate == number))
    holds = found is not None and found.state == VolunteerState.ACTIVE
    holds = holds and found is not None and found.expires_at is not None and found.expires_at > now()
    name = await identities.masked_name(context.session, found.alias) if found is not None else ""
    address = f"{context.console.base_url}{urls.CERTIFICATES}/{number}" if found is not None else ""
    picture, today = _picture(address) if address else "", f"{shown(now()):%Y-%m-%d}"
    return context.page(
        "volunteers/certificate.html", holds=holds, name=name, number=number, picture=picture, today=today
    )


def _picture(address: str) -> Markup:
    return Markup(segno.make(address, micro=False, error="m").svg_inline(scale=5, border=4, light="#fff"))  # noqa: S704
