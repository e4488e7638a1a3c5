"""What lists and forms of outlets and contacts may name, for whoever hands them in."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.services.contacts import directory
from bot.services.core.working_days import china_date
from bot.services.staff.permissions import Right
from bot.store.models import now
from knowledge.contacts.files import Known
from knowledge.policies import AUDIENCES
from knowledge.texts import DEFAULT

JOBS = (*AUDIENCES[1:], "other")


def today() -> date:
    return china_date(now())


def jobs(context: RequestContext) -> Mapping[str, str]:
    """The trades there are, by code."""
    return {code: context.knowledge.texts.say(DEFAULT, f"job.{code}") for code in JOBS}


async def known(context: RequestContext, session: AsyncSession, right: Right) -> Known:
    """Units around somebody's districts, outlets in them, and the words for the rest."""
    mine, contacts = context.staffer.districts(right), context.knowledge.contacts
    platforms, trades = context.knowledge.grid.platforms, jobs(context)
    return Known(
        places=context.knowledge.places,
        platforms={**contacts.platform_words, **_either(platforms)},
        platform_names=tuple(platforms.values()),
        units=await directory.units_by_name(session, mine),
        duties={**contacts.words, **_either(contacts.labels)},
        duty_names=tuple(contacts.labels.values()),
        jobs=_either(trades),
        outlets=await directory.outlets_by_name(session, mine),
        accounts=await directory.accounts_by_name(session, mine),
    )


def _either(labels: Mapping[str, str]) -> dict[str, str]:
    """Codes by their labels, and by themselves."""
    return {label: code for code, label in labels.items()} | {code: code for code in labels}
