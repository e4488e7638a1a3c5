"""/console/policies: what workers are answered with, what is due for checking, what waits for a second person."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing
from bot.console.core.message_preview import bubble
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import revisions
from bot.services.core.working_days import ZONE
from bot.services.policies import policies
from bot.services.staff import accounts
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import PolicyRevision, TopicCount, now
from knowledge.policies import Policy, written

ENTRY = f"{urls.POLICIES}/{{topic}}"
Answers = tuple[int, int, int]  # how often an entry was the answer, was found useful, and useless
NONE: Answers = (0, 0, 0)
LANGUAGE = "zh"
VIEWS = ("all", "due", "drafts", "sent_back", "disliked")
COUNTED = timedelta(days=30)
COLUMNS = ("review", "category", "district", "answered", "verdicts")
ORDERS: Mapping[str, Callable[[Policy, Answers], tuple[object, ...]]] = {
    "review": lambda entry, _: (entry.review_by, entry.id),
    "answered": lambda entry, answers: (-answers[0], entry.id),
    "useless": lambda entry, answers: (-answers[2], entry.id),
}
SOON = timedelta(days=30)  # before a review is due
LONGEST_REMARK = 400
DISLIKED = 3  # people who found an answer useless, from which it is listed as such


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """Which entries somebody wants to see."""

    view: str = "all"  # one of VIEWS
    text: str = ""  # in the name, the title or a way of asking


@topic("policies", right=Right.POLICIES_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    numbers = await revisions.numbers(session)
    return numbers.get(policies.NAME), numbers.get(policies.DRAFTS)


@card(Right.POLICIES_PUBLISH, order=30)
async def waiting(context: RequestContext) -> Card:
    words = context.console.layout.words
    mine = [each for each in await _drafts(context, sent_back=False) if each.author_id != context.staffer.id]
    mine = [each for each in mine if _may_publish(context, each)]
    return Card(words("card.drafts"), len(mine), f"{urls.POLICIES}?view=drafts", words("card.drafts_note"), bool(mine))


@card(Right.POLICIES_EDIT, order=29)
async def sent_back(context: RequestContext) -> Card:
    words, count = context.console.layout.words, len(await _drafts(context, sent_back=True))
    return Card(
        words("policy_show.sent_back"), count, f"{urls.POLICIES}?view=sent_back", words("card.sent_back"), count > 0
    )


async def _drafts(context: RequestContext, *, sent_back: bool) -> list[PolicyRevision]:
    drafts = (await policies.drafts(context.session)).values()
    return [each for each in drafts if (each.sent_back_at is not None) == sent_back]


def _may_publish(context: RequestContext, draft: PolicyRevision) -> bool:
    return policies.allowed(context.staffer, Right.POLICIES_PUBLISH, policies.parse(draft.topic, draft.text))


@card(Right.POLICIES_EDIT, order=31)
async def due(context: RequestContext) -> Card:
    words = context.console.layout.words
    count = sum(entry.review_by <= today() for entry in context.knowledge.policies.values())
    return Card(words("card.due"), count, f"{urls.POLICIES}?view=due", words("card.due_note"), count > 0)


@page("GET", urls.POLICIES, right=Right.POLICIES_READ, nav="policies")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = PolicyFilter(listing.one_of(query, "view", VIEWS, "all"), searched(query))
    view = listing.view(query, list(ORDERS), COLUMNS)
    drafts = await policies.drafts(context.session)
    answers = await _counts(context.session)
    day = today()
    entries = {
        **{row.topic: policies.parse(row.topic, row.text) for row in drafts.values()},
        **context.knowledge.policies,
    }
    groups = {
        "all": list(entries),
        "due": [each for each, entry in entries.items() if entry.review_by <= day + SOON],
        "drafts": [each for each, draft in drafts.items() if draft.sent_back_at is None],
        "sent_back": [each for each, draft in drafts.items() if draft.sent_back_at is not None],
        "disliked": [each for each in entries if answers.get(each, NONE)[2] >= DISLIKED],
    }
    rows = [entries[each] for each in groups[wanted.view] if _holds(entries[each], wanted.text)]
    return context.page(
        "policies/list.html",
        rows=sorted(rows, key=lambda entry: ORDERS[view.sort](entry, answers.get(entry.id, NONE))),
        view=view,
        wanted=wanted,
        address=listing.address(urls.POLICIES, wanted, view),
        views=VIEWS,
        counts={name: len(found) for name, found in groups.items()},
        drafts=drafts,
        answers=answers,
        today=day,
        soon=day + SOON,
        may_edit=context.staffer.may(Right.POLICIES_EDIT),
    )


@page("GET", ENTRY, right=Right.POLICIES_READ)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context)


async def _show(context: RequestContext, fault: str = "") -> web.Response:
    topic, history = await found(context)
    entry, draft = context.knowledge.policies.get(topic), policies.draft_of(history)
    shown = policies.parse(topic, draft.text) if draft else entry
    if shown is None:  # a new entry whose drafts were all dropped
        shown = policies.parse(topic, history[0].text)
    number = context.number("revision")
    looked_at = next((row for row in history if row.id == number), None)
    staffer = context.staffer
    return context.page(
        "policies/policy.html",
        status=422 if fault else 200,
        entry=shown,
        live=entry,
        draft=draft,
        history=history,
        looked_at=looked_at,
        difference_lines=_difference(_older(history, looked_at), looked_at.text) if looked_at else [],
        change=_difference(written(entry) if entry else "", draft.text) if draft else [],
        names=await accounts.names(
            context.session, [n for row in history for n in (row.author_id, row.publisher_id, row.sent_back_by)]
        ),
        fault=fault,
        findings=policies.findings(shown, context.knowledge.policies, today()),
        **preview(context, shown),
        may_edit=policies.allowed(staffer, Right.POLICIES_EDIT, shown),
        may_publish=policies.allowed(staffer, Right.POLICIES_PUBLISH, shown),
        authors=policies.authors(history),
        counts=(await _counts(context.session)).get(topic, (0, 0, 0)),
        last=policies.last_of(history),
    )


@page("POST", f"{ENTRY}/publish", right=Right.POLICIES_PUBLISH)
async def publish(context: RequestContext) -> web.Response:
    topic, _ = await found(context)
    number, known = context.number("revision") or 0, context.knowledge.policies.values()
    await policies.publish(context.session, context.staffer, topic, number, known)
    await context.audit("policy.publish", f"policy:{topic}", revision=number)
    return context.to(f"{urls.POLICIES}/{topic}", said="policy_published")


@page("POST", f"{ENTRY}/send-back", right=Right.POLICIES_PUBLISH)
async def give_back(context: RequestContext) -> web.Response:
    """The second person says what is to be changed; the draft stays with its author."""
    topic, _ = await found(context)
    number, known = context.number("revision") or 0, context.knowledge.policies.values()
    why = context.text("remark", most=LONGEST_REMARK)
    try:
        await policies.send_back(context.session, context.staffer, topic, number, why, known)
    except Rejected as error:
        return await _show(context, context.console.layout.rejection(context, error))
    await context.audit("policy.send_back", f"policy:{topic}", revision=number)
    return context.to(f"{urls.POLICIES}/{topic}", said="policy_sent_back")


@page("POST", f"{ENTRY}/drop", right=Right.POLICIES_EDIT)
async def drop(context: RequestContext) -> web.Response:
    topic, _ = await found(context)
    await policies.drop(context.session, context.staffer, topic)
    await context.audit("policy.drop", f"policy:{topic}")
    return context.to(f"{urls.POLICIES}/{topic}", said="policy_dropped")


@page("POST", f"{ENTRY}/restore", right=Right.POLICIES_EDIT)
async def restore(context: RequestContext) -> web.Response:
    """An old version becomes the newest draft; a second person publishes it like any other."""
    topic, history = await found(context)
    number = context.number("revision")
    old = next((row for row in history if row.id == number), None)
    if old is None:
        raise Rejected("policy.moved_on")
    if topic in context.knowledge.policies:
        policies.required(context.staffer, Right.POLICIES_EDIT, context.knowledge.policies[topic])
    why = context.console.layout.words("policy.restored", at=f"{old.at.astimezone(ZONE):%Y-%m-%d %H:%M}")
    entry, base = policies.parse(topic, old.text), context.number("base") or 0
    row = await policies.save(context.session, context.staffer, entry, base=base, why=why)
    await context.audit("policy.save", f"policy:{topic}", revision=row.id)
    return context.to(f"{urls.POLICIES}/{topic}", said="policy_saved")


async def found(context: RequestContext) -> tuple[str, Sequence[PolicyRevision]]:
    """The entry's id and all its versions.  Raises HTTPNotFound for one that never was."""
    topic = context.http_request.match_info["topic"]
    history = await policies.history(context.session, topic)
    if topic not in context.knowledge.policies and not history:
        raise web.HTTPNotFound
    return topic, history


def preview(context: RequestContext, entry: Policy) -> dict[str, Any]:
    """The entry as a worker of its own place reads it: the card, and what 详细 tells."""
    known = context.knowledge
    region = entry.region if entry.region in known.regions else ""
    shown = entry if region else replace(entry, region="cn")
    cards = known.cards.with_entry(shown)
    card, details = cards.card(shown, LANGUAGE, region), cards.details(shown, LANGUAGE, region)
    return {"card": bubble(card), "details": bubble({"do": "say", "text": details})}


def today() -> date:
    return now().astimezone(ZONE).date()


async def _counts(session: AsyncSession) -> dict[str, Answers]:
    """What became of each entry lately."""
    table = TopicCount
    sums = (func.sum(each) for each in (table.asked, table.useful, table.useless))
    query = select(table.topic, *sums).where(table.day > today() - COUNTED).group_by(table.topic)
    return {row[0]: (row[1] or 0, row[2] or 0, row[3] or 0) for row in await session.execute(query)}


def _holds(entry: Policy, text: str) -> bool:
    wanted = text.lower()
    return not wanted or any(wanted in each.lower() for each in (entry.id, entry.title, entry.label, *entry.phrasings))


def _older(history: Sequence[PolicyRevision], row: PolicyRevision) -> str:
    """What a version was made from: the one before it, or the file."""
    before = next((each for each in history if each.id < row.id), None)
    if before is not None:
        return before.text
    return policies.seed_text(row.topic)


def _difference(old: str, new: str) -> list[tuple[str, str]]:
    """Lines of a comparison, each with "+", "-", " ", or "@" for a gap between them."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))
    return [(line[0], line[1:]) for line in lines[2:]]
