"""Entries as a property reads them, in counts; and the one way back from an entry to a person, which is written down."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.messaging.pass_presses import ShowPass
from bot.services.chats import notifications
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.services.core.working_days import ZONE
from bot.services.identity import identities
from bot.services.passes import passes
from bot.store.models import Compound, Entry, Gate, Pass, now

DAYS = 30  # that are counted, and after which nobody finds out any more whose an entry was
SHORTEST = 10  # characters of a reason with the number of a paper
SHOWN = 200  # entries of one day
FIELD = "entry"  # what the view log says was looked at


async def counts(session: AsyncSession, compound_id: int) -> Mapping[str, int]:
    """How many entries of each result the gates of a compound had lately."""
    query = select(Entry.result, func.count()).join(Gate, Gate.id == Entry.gate_id)
    query = query.where(Gate.compound_id == compound_id, Entry.at > now() - timedelta(days=DAYS))
    return dict((await session.execute(query.group_by(Entry.result).order_by(Entry.result))).all())


async def by_hour(session: AsyncSession, compound_id: int) -> Mapping[int, int]:
    """How many entries there were lately in each hour of the day, China time."""
    query = select(Entry.at).join(Gate, Gate.id == Entry.gate_id)
    query = query.where(Gate.compound_id == compound_id, Entry.at > now() - timedelta(days=DAYS))
    found: dict[int, int] = {}
    for at in await session.scalars(query.order_by(Entry.id.desc()).limit(50_000)):
        hour = at.astimezone(ZONE).hour
        found[hour] = found.get(hour, 0) + 1
    return dict(sorted(found.items()))


async def of_day(session: AsyncSession, compound_id: int, day: date) -> Sequence[tuple[Entry, str]]:
    """The entries of a day with the names of their gates, newest first; whose they are is not said."""
    begin = datetime.combine(day, time(0), ZONE)
    query = select(Entry, Gate.name).join(Gate, Gate.id == Entry.gate_id).where(Gate.compound_id == compound_id)
    query = query.where(Entry.at >= begin, Entry.at < begin + timedelta(days=1))
    return [(row[0], row[1]) for row in await session.execute(query.order_by(Entry.id.desc()).limit(SHOWN))]


async def of_pass(session: AsyncSession, row: Pass) -> Sequence[tuple[datetime, str, str]]:
    """When somebody's own pass was shown where, and what came of it, while it is known."""
    query = select(Entry.at, Entry.result, Compound.name, Gate.name).join(Gate, Gate.id == Entry.gate_id)
    query = query.join(Compound, Compound.id == Gate.compound_id).where(Entry.key == row.key)
    return [
        (at, result, f"{name} {gate}") for at, result, name, gate in await session.execute(query.order_by(Entry.id))
    ]


async def trace(
    session: AsyncSession,
    context: ServiceContext,
    compound_id: int,
    number: int,
    actor: Actor,
    *,
    purpose: str,
    request_id: str,
) -> tuple[Pass, Mapping[str, str]] | None:
    """Whose an entry of this compound was; written down and told to the person.  None where nobody can know.

    Raises Rejected for a reason without a paper.
    """
    if len(purpose.strip()) < SHORTEST or not any(each.isdigit() for each in purpose):
        raise Rejected("entry.purpose", least=SHORTEST)
    here = select(Pass).join(Entry, Entry.key == Pass.key).join(Gate, Gate.id == Entry.gate_id)
    row = await session.scalar(here.where(Entry.id == number, Gate.compound_id == compound_id))
    if row is None:
        await identities.note(session, actor, f"entry:{number}", FIELD, purpose, denied=True, request_id=request_id)
        return None
    subject, may = f"pass:{row.number}", passes.MAY_UNMASK
    known = await identities.unmask(
        session, row.alias, actor, subject=subject, purpose=purpose, request_id=request_id, may=may, field=FIELD
    )
    chat = await identities.chat_behind(session, row.alias)
    await notifications.tell(session, context, chat, "pass.told_traced", choices=[(("pass.show", ShowPass()),)])
    return row, known


async def forget(session: AsyncSession, row: Pass) -> None:
    """What a pass was used for stays in the counts, and is nobody's."""
    if row.key is not None:
        await session.execute(update(Entry).where(Entry.key == row.key).values(key=None))
        row.key = None
