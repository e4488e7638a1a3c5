"""Whom outlets and contacts call: a contact that is doubted or runs out, a visit somebody wanted to make."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.contacts import directory, visits
from bot.services.contacts.contacts import WARNED
from bot.services.contacts.directory import CONTACTS
from bot.services.contacts.outlets import OUTLETS
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import china_date
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Agency, Contact, Outlet, now
from knowledge.texts import DEFAULT


async def look_at_contact(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    contact = await session.get(Contact, int(number), populate_existing=True)
    if contact is None or not _waits(contact, what):
        return None
    unit = await session.get_one(Agency, contact.agency_id)
    values = {"name": contact.shown_name, "unit": unit.name, "until": contact.valid_until}
    line = context.knowledge.texts.say(DEFAULT, f"call.contact_{what}", **values)
    return Matter(line, Right.CONTACTS_EDIT, await directory.region_of(session, contact))


def _waits(contact: Contact, what: str) -> bool:
    if what == "doubtful":
        return contact.doubtful_at is not None
    return contact.valid_until is not None and contact.valid_until <= china_date(now()) + WARNED


async def look_at_outlet(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    outlet, visit = await session.get(Outlet, visits.outlet_of(number)), await visits.due(session, number)
    if outlet is None or visit is None or not outlet.active:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.outlet_visit", name=outlet.name, on=visit.next_on)
    return Matter(line, Right.VISITS_WRITE, outlet.region, visit.agency_id)


SOURCES = {
    directory.NOUN: CallSource(CONTACTS, urls.CONTACTS, look_at_contact, int),
    visits.NOUN: CallSource(OUTLETS, urls.OUTLETS, look_at_outlet, visits.outlet_of),
}
