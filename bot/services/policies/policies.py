"""Policy entries as staff edits them: drafts, publication by a second person, and what stands in place of the files.

Every version is a row with its whole text and is never changed; restoring an old one saves it again as a new draft.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.core import revisions
from bot.services.core.lifecycle import Actor
from bot.services.staff import calls
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Gap, PolicyRevision, now
from knowledge import policies
from knowledge.check import Finding, check_one, normal
from knowledge.policies import Policy

NOUN = "policy"
NAME = "policies"  # of the published ones, which replicas watch
DRAFTS = "drafts"
SHORTEST_REMARK = 4  # characters
ID = re.compile(r"[a-z][a-z0-9-]{2,46}[a-z0-9]")  # short enough for a button's callback data


def parse(topic: str, text: str) -> Policy:
    """The entry of a revision's text.  Raises policies.Fault."""
    return policies.parse(text, Path(f"{topic}.md"))


async def published(session: AsyncSession) -> list[Policy]:
    """The entries that stand in place of files or beside them, in the order of their ids."""
    newest = _newest(PolicyRevision.published_at.is_not(None))
    rows = await session.scalars(select(PolicyRevision).where(PolicyRevision.id.in_(newest)))
    return sorted((parse(row.topic, row.text) for row in rows), key=lambda entry: entry.id)


async def drafts(session: AsyncSession) -> dict[str, PolicyRevision]:
    """The revision of each entry that is not published yet: it waits for a second person, or was sent back by them."""
    newest = _newest(PolicyRevision.dropped_at.is_(None))
    query = select(PolicyRevision).where(PolicyRevision.id.in_(newest))
    rows = await session.scalars(query.where(PolicyRevision.published_at.is_(None)).order_by(PolicyRevision.id))
    return {row.topic: row for row in rows}


async def history(session: AsyncSession, topic: str) -> Sequence[PolicyRevision]:
    """All versions of an entry, newest first."""
    query = select(PolicyRevision).where(PolicyRevision.topic == topic).order_by(PolicyRevision.id.desc())
    return (await session.scalars(query)).all()


def draft_of(rows: Iterable[PolicyRevision]) -> PolicyRevision | None:
    """The one of a history that waits, if one does."""
    newest = next((row for row in rows if row.dropped_at is None), None)
    return newest if newest is not None and newest.published_at is None else None


def last_of(rows: Sequence[PolicyRevision]) -> int:
    """The number of the newest version, by which an editor sees that somebody else was quicker; 0 for the file."""
    return rows[0].id if rows else 0


def seed_text(topic: str) -> str:
    """The file that came with the program; "" when there is none."""
    path = policies.FOLDER / f"{topic}.md"
    return path.read_text(encoding="utf-8") if ID.fullmatch(topic) and path.is_file() else ""


def required(staffer: Staffer, right: Right, entry: Policy) -> Actor:
    """Who somebody acts as.  Whoever an entry concerns may draft; whoever answers for all it concerns publishes.

    A city drafts what the nation reads, and publishes what it reads itself (docs/decisions/0006).  Raises Denied.
    """
    return staffer.require(right, district=_place(staffer, right, entry.region), subject=f"policy:{entry.id}")


def allowed(staffer: Staffer, right: Right, entry: Policy) -> bool:
    return staffer.may(right, district=_place(staffer, right, entry.region))


async def save(session: AsyncSession, staffer: Staffer, entry: Policy, *, base: int, why: str = "") -> PolicyRevision:
    """A new draft in place of the one before.

    Raises Denied, and Rejected when somebody saved another version since `base` (see `last_of`).
    """
    required(staffer, Right.POLICIES_EDIT, entry)
    if not ID.fullmatch(entry.id):
        raise Rejected("policy.id")
    await revisions.touch(session, DRAFTS)  # Two who save at once do so one after the other.
    rows = await history(session, entry.id)
    if last_of(rows) != base:
        raise Rejected("policy.changed")
    row = PolicyRevision(topic=entry.id, text=policies.written(entry), author_id=staffer.id, why=why)
    session.add(row)
    await session.flush()
    await outbox.put(session, [calls.call(NOUN, entry.id, "publish", row.id)])
    return row


async def add_phrasings(
    session: AsyncSession, staffer: Staffer, live: Policy | None, topic: str, lines: Iterable[str], why: str
) -> PolicyRevision | None:
    """A draft with these ways of asking, on top of the one that waits; None when the entry has them all already.

    Raises Denied, and Rejected for an entry that is not there.
    """
    rows = await history(session, topic)
    draft = draft_of(rows)
    entry = parse(topic, draft.text) if draft else live
    if entry is None:
        raise Rejected("gap.topic")
    known = {normal(each) for each in entry.phrasings}
    new = {normal(line): line for line in lines if normal(line) and normal(line) not in known}
    if not new:
        return None
    changed = replace(entry, ask=(*entry.ask, *new.values()))
    return await save(session, staffer, changed, base=last_of(rows), why=why)


async def publish(session: AsyncSession, staffer: Staffer, topic: str, number: int, known: Iterable[Policy]) -> Policy:
    """Put a draft in the place of what workers read; replicas take it over within seconds.

    Whoever wrote any version since the last publication is an author.  Raises Denied, SamePerson, and Rejected for
    a draft that is not the newest version any more, or has a fault.
    """
    await revisions.touch(session, DRAFTS)
    rows = await history(session, topic)
    draft, known = _handed_in(rows, number), list(known)
    entry = _publishable(staffer, topic, draft, known)
    for author in authors(rows):
        staffer.require_other(author, Right.POLICIES_PUBLISH, f"policy:{topic}")
    if faults := [finding for finding in check_one(entry, known) if finding.fault]:
        raise Rejected("policy.faults", count=len(faults))
    draft.publisher_id, draft.published_at = staffer.id, now()
    await revisions.touch(session, NAME)
    return entry


def authors(rows: Sequence[PolicyRevision]) -> set[int]:
    """Who had a hand in the draft: everybody who saved a version since the last publication."""
    found: set[int] = set()
    for row in rows:
        if row.published_at is not None:
            break
        found.add(row.author_id)
    return found


async def send_back(
    session: AsyncSession, staffer: Staffer, topic: str, number: int, why: str, known: Iterable[Policy]
) -> None:
    """The second person does not take a draft: it stays with its author, with the remark, until it is saved anew.

    Raises Denied, and Rejected without a remark, or for a draft that is not the newest version any more.
    """
    if len(why.strip()) < SHORTEST_REMARK:
        raise Rejected("move.text")
    await revisions.touch(session, DRAFTS)
    draft = _handed_in(await history(session, topic), number)
    _publishable(staffer, topic, draft, known)
    draft.sent_back_at, draft.sent_back_by, draft.remark = now(), staffer.id, why.strip()
    await outbox.put(session, [calls.call(NOUN, topic, "sent_back", draft.id)])


def _handed_in(rows: Sequence[PolicyRevision], number: int) -> PolicyRevision:
    """The draft of a history that waits for a second person.  Raises Rejected when it is not this version."""
    draft = draft_of(rows)
    if draft is None or draft.id != number or draft.sent_back_at is not None:
        raise Rejected("policy.moved_on")
    return draft


def _publishable(staffer: Staffer, topic: str, draft: PolicyRevision, known: Iterable[Policy]) -> Policy:
    """The entry of a draft, for somebody who may publish it.  Raises Denied."""
    entry = parse(topic, draft.text)
    for each in (entry, *(old for old in known if old.id == topic)):  # A new region must not be a way in.
        required(staffer, Right.POLICIES_PUBLISH, each)
    return entry


async def drop(session: AsyncSession, staffer: Staffer, topic: str) -> None:
    """Put the draft aside, with all it was built on; the questions it was to answer wait again.

    Raises Denied, and Rejected without a draft.
    """
    await revisions.touch(session, DRAFTS)
    rows = await history(session, topic)
    draft = draft_of(rows)
    if draft is None:
        raise Rejected("policy.moved_on")
    required(staffer, Right.POLICIES_EDIT, parse(topic, draft.text))
    since = max((row.published_at for row in rows if row.published_at is not None), default=None)
    unpublished = PolicyRevision.published_at.is_(None) & PolicyRevision.dropped_at.is_(None)
    dropped = update(PolicyRevision).where(PolicyRevision.topic == topic, unpublished)
    await session.execute(dropped.values(dropped_at=now()))
    waiting = update(Gap).where(Gap.answer == topic, Gap.settled_at.is_not(None))
    if since is not None:
        waiting = waiting.where(Gap.settled_at > since)
    await session.execute(waiting.values(settled_at=None, settled_by=None, answer=""))


def findings(entry: Policy, known: Mapping[str, Policy], today: date) -> list[Finding]:
    """What is wrong with an entry among the others, faults first."""
    return sorted(check_one(entry, known.values(), today=today), key=lambda finding: not finding.fault)


def _newest(condition: ColumnElement[bool]) -> Select[int]:
    """The number of the newest version of each entry that meets the condition."""
    return select(func.max(PolicyRevision.id)).where(condition).group_by(PolicyRevision.topic)


def _place(staffer: Staffer, right: Right, region: str) -> str | None:
    """Where to ask for the right: an entry about a province concerns each of its cities, and is published for all of them."""
    if right is Right.POLICIES_PUBLISH:
        return "" if region == "cn" else region
    if region == "cn":
        return None
    return next((each for each in staffer.districts(right) if each.startswith(region)), region)
