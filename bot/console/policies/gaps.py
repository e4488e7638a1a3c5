"""/console/gaps: what nobody could answer, grouped by meaning, and what became of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListAddress, ListView
from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.chats import questions
from bot.services.policies import policies
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Gap
from knowledge.policies import Policy
from knowledge.search import Decision
from knowledge.search.grouping import group

OPEN = 500  # questions that are put into groups, the most asked ones
SHOWN = 50  # groups on the page
OFFERED = 3  # entries that a question might be added to
SETTLED = 50  # settled ones on the page
ORDERS: Mapping[
    str, Callable[[Sequence[Gap]], tuple[Any, ...]]
] = {  # of questions that mean the same, the largest first
    "times": lambda gaps: (sum(gap.times for gap in gaps), max(gap.last_at for gap in gaps)),
    "last": lambda gaps: (max(gap.last_at for gap in gaps),),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that mean the same.  times: how often they were asked.  near: entries they may belong to."""

    gaps: Sequence[Gap]
    times: int
    near: Sequence[Policy]


@topic("gaps", right=Right.GAPS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    looked = select(func.count(), func.count(Gap.settled_at), func.max(Gap.id))
    return tuple((await session.execute(looked)).one())


@card(Right.GAPS_SETTLE, order=32)
async def waiting(context: RequestContext) -> Card:
    count = await context.session.scalar(select(func.count()).select_from(Gap).where(Gap.settled_at.is_(None))) or 0
    words = context.console.layout.words
    return Card(words("card.gaps"), count, urls.GAPS, words("card.gaps_note"))


@page("GET", urls.GAPS, right=Right.GAPS_READ, nav="gaps")
async def listed(context: RequestContext) -> web.Response:
    """A page of the groups, usually most asked first."""
    view, number = _view(context), context.number("page") or 1
    waiting = await questions.open_gaps(context.session, OPEN + 1)
    groups = await _groups(context, waiting[:OPEN], view.sort)
    number = min(max(number, 1), max(-(-len(groups) // SHOWN), 1))  # Settling the last group of a page leads back.
    shown = groups[(number - 1) * SHOWN : number * SHOWN]
    settled = await questions.settled_gaps(context.session, SETTLED)
    drafts = await policies.drafts(context.session)
    return context.page(
        "policies/gaps.html",
        groups=[Group(each.gaps, each.times, await _near(context, each.gaps[0].text)) for each in shown],
        page=number,
        view=view,
        address=ListAddress(urls.GAPS, view.asked),
        most=OPEN if len(waiting) > OPEN else 0,
        further=max(len(groups) - number * SHOWN, 0),
        settled=[(gap, gap.times - gap.settled_times, _answered(context, gap)) for gap in settled],
        entries=sorted(context.knowledge.policies.values(), key=lambda each: each.label),
        label=lambda each: context.knowledge.policies[each].label if each in context.knowledge.policies else each,
        drafts=drafts,
        may_settle=context.staffer.may(Right.GAPS_SETTLE),
        may_edit=context.staffer.may(Right.POLICIES_EDIT),
    )


@file_page(f"{urls.GAPS}.{{form}}", right=Right.GAPS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """What waits and what was settled, as a sheet."""
    size, session, view = listing.MOST + 1, context.session, _view(context)
    waiting = sorted(await questions.open_gaps(session, size), key=lambda gap: ORDERS[view.sort]([gap]), reverse=True)
    rows = [*waiting, *await questions.settled_gaps(session, size)][:size]
    return listing.content(context, "gaps", _columns(context), rows, ListAddress(urls.GAPS, view.asked), view)


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, list(ORDERS), _columns(context))


def _columns(context: RequestContext) -> Columns:
    entries, words = context.knowledge.policies, context.console.layout.words
    return {
        "text": lambda row: row.text,
        "times": lambda row: row.times,
        "why": lambda row: words(f"gap_why.{row.why}"),
        "first": lambda row: listing.moment(row.first_at),
        "last": lambda row: listing.moment(row.last_at),
        "closed": lambda row: listing.moment(row.settled_at),
        "answer": lambda row: entries[row.answer].label if row.answer in entries else row.answer,
    }


@page("POST", f"{urls.GAPS}/add", right=Right.GAPS_SETTLE)
async def add(context: RequestContext) -> web.Response:
    """These questions become ways of asking for an entry, in a draft."""
    gaps = await _chosen(context)
    name = context.text("topic")
    why = context.console.layout.words("gap.why", text=gaps[0].text)[:200]
    live = context.knowledge.policies.get(name)
    lines = [gap.text for gap in gaps]
    row = await policies.add_phrasings(context.session, context.staffer, live, name, lines, why)
    await questions.settle(context.session, gaps, context.staffer.id, answer=name)
    await context.audit("gap.settle", f"policy:{name}", count=len(gaps))
    return context.to(f"{urls.POLICIES}/{name}", said="gap_added" if row else "gap_there")


@page("POST", f"{urls.GAPS}/dismiss", right=Right.GAPS_SETTLE)
async def dismiss(context: RequestContext) -> web.Response:
    gaps = await _chosen(context)
    await questions.settle(context.session, gaps, context.staffer.id)
    await context.audit("gap.dismiss", "", count=len(gaps))
    return context.to(urls.GAPS, said="gap_aside")


@page("POST", f"{urls.GAPS}/reopen", right=Right.GAPS_SETTLE)
async def reopen(context: RequestContext) -> web.Response:
    number = context.number("gap") or 0
    await questions.reopen(context.session, number)
    await context.audit("gap.reopen", f"gap:{number}")
    return context.to(urls.GAPS, said="gap_again")


async def _chosen(context: RequestContext) -> Sequence[Gap]:
    """The ticked questions that are still open.  Raises Rejected when none is."""
    chosen = [number for each in context.every("gap") if (number := numbers.whole(each)) is not None]
    gaps = await questions.gaps_of(context.session, chosen)
    if not gaps:
        raise Rejected("gap.none")
    return gaps


async def _groups(context: RequestContext, gaps: Sequence[Gap], sort: str) -> list[Group]:
    """By meaning where there is a model, else by wording; in one of ORDERS."""
    known = context.knowledge
    space = known.search.ranking.space
    grouped = await asyncio.to_thread(group, [gap.text for gap in gaps], space)
    made = [Group([gaps[at] for at in each], sum(gaps[at].times for at in each), ()) for each in grouped]
    return sorted(made, key=lambda each: ORDERS[sort](each.gaps), reverse=True)


async def _near(context: RequestContext, text: str) -> list[Policy]:
    found = await context.knowledge.search.find(text)
    entries = context.knowledge.policies
    return [entries[match.id] for match in found.matches[:OFFERED] if match.id in entries]


def _answered(context: RequestContext, gap: Gap) -> str:
    """The entry that answers the question now; "" while nothing surely does."""
    decision, name = context.knowledge.search.by_words(gap.text)
    return name if decision is Decision.ANSWER else ""
