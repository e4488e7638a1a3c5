"""/console/policies/ID/edit: an entry on a form, seen on the phone, checked and tried out before it is saved."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web
from multidict import MultiDict

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.policies.fields import TIERS, Typed, entry_of, handed_in, typed
from bot.console.policies.list import ENTRY, found, preview, today
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.chats import questions
from bot.services.policies import policies
from bot.services.staff.permissions import Right
from bot.store.models import Gap, PolicyRevision
from knowledge import search_over, with_policies
from knowledge.policies import ACTIONS, AUDIENCES, Policy
from knowledge.search.effect import Effect, effect

NEW = f"{urls.POLICIES}/new"
REVIEW = timedelta(days=180)  # until a new entry is due for checking
GAPS = 200  # unanswered questions that an edit is tried on


@page("GET", NEW, right=Right.POLICIES_EDIT)
async def begin(context: RequestContext) -> web.Response:
    """An empty entry, or one begun from questions nobody could answer."""
    gaps = await questions.gaps_of(context.session, _numbers(context.http_request.query.getall("gap", [])))
    return await _form(context, {**_empty(), "ask": "\n".join(gap.text for gap in gaps)}, gaps=gaps)


@page("POST", NEW, right=Right.POLICIES_EDIT)
async def create(context: RequestContext) -> web.Response:
    return await _handed_in(context, None)


@page("GET", f"{ENTRY}/edit", right=Right.POLICIES_EDIT)
async def edit(context: RequestContext) -> web.Response:
    topic, history = await found(context)
    entry = _newest(context, topic, history)
    policies.required(context.staffer, Right.POLICIES_EDIT, entry)
    return await _form(context, typed(entry), topic=topic, base=policies.last_of(history), remark=_remark(history))


@page("POST", f"{ENTRY}/edit", right=Right.POLICIES_EDIT)
async def change(context: RequestContext) -> web.Response:
    topic, history = await found(context)
    policies.required(context.staffer, Right.POLICIES_EDIT, _newest(context, topic, history))
    return await _handed_in(context, topic)


def _remark(history: Sequence[PolicyRevision]) -> str:
    """Why the draft was sent back; "" when it was not."""
    draft = policies.draft_of(history)
    return draft.remark if draft is not None else ""


def _newest(context: RequestContext, topic: str, history: Sequence[Any]) -> Policy:
    draft = policies.draft_of(history)
    if draft is None and topic in context.knowledge.policies:
        return context.knowledge.policies[topic]
    return policies.parse(topic, (draft or history[0]).text)


async def _handed_in(context: RequestContext, topic: str | None) -> web.Response:
    """Look at an entry, or save it; either way nothing that was typed is lost."""
    given, base = handed_in(context.form), context.number("base") or 0
    if topic is not None:
        given["id"] = topic
    gaps = await questions.gaps_of(context.session, _numbers(context.every("gap")))
    try:
        entry = entry_of(given)
        _check_id(context, entry, new=topic is None)
        if context.form.get("act") == "save":
            return await _save(context, entry, base, gaps)
    except Rejected as error:
        if error.key == "policy.changed":  # Whoever reads this and saves again means it.
            base = policies.last_of(await policies.history(context.session, given["id"]))
        fault = context.console.layout.rejection(context, error)
        return await _form(context, given, topic=topic, base=base, gaps=gaps, fault=fault)
    tried = await _tried(context, entry)
    return await _form(context, given, topic=topic, base=base, gaps=gaps, entry=entry, tried=tried)


async def _save(context: RequestContext, entry: Policy, base: int, gaps: Sequence[Gap]) -> web.Response:
    why = context.text("why")
    row = await policies.save(context.session, context.staffer, entry, base=base, why=why)
    await questions.settle(context.session, gaps, context.staffer.id, answer=entry.id)
    await context.audit("policy.save", f"policy:{entry.id}", revision=row.id)
    return context.to(f"{urls.POLICIES}/{entry.id}", said="policy_saved")


async def _tried(context: RequestContext, entry: Policy) -> Effect:
    """Which questions would go elsewhere."""
    known = context.knowledge
    gaps = [gap.text for gap in await questions.open_gaps(context.session, GAPS)]

    def run() -> Effect:
        return effect(known.search, search_over(with_policies(known, [entry])), entry, gaps)

    return await asyncio.to_thread(run)


async def _form(
    context: RequestContext,
    given: Typed,
    *,
    topic: str | None = None,
    base: int = 0,
    gaps: Sequence[Gap] = (),
    fault: str = "",
    remark: str = "",
    entry: Policy | None = None,
    tried: Effect | None = None,
) -> web.Response:
    """topic: of an entry that is there already.  entry, tried: when it was looked at."""
    known = context.knowledge
    looked: dict[str, Any] = {"findings": policies.findings(entry, known.policies, today())} if entry else {}
    return context.page(
        "policies/edit.html",
        status=422 if fault else 200,
        given=given,
        topic=topic,
        base=base,
        gaps=gaps,
        fault=fault,
        remark=remark,
        why=context.form.get("why", ""),
        tried=tried,
        looked={**looked, **preview(context, entry)} if entry else None,
        label=lambda each: known.policies[each].label if each in known.policies else given["label"],
        categories=sorted({each.category for each in known.policies.values()}),
        tiers=TIERS,
        actions=ACTIONS,
        audiences=AUDIENCES,
        hotlines=known.hotlines,
        regions=_regions(context),
    )


def _regions(context: RequestContext) -> list[str]:
    """Places an editor may write about: those of their own, and what lies above and below."""
    mine = context.staffer.districts(Right.POLICIES_EDIT)
    longest = 6 if any(len(each) >= 4 for each in mine) else 4
    near = [code for code in context.knowledge.regions if code.startswith(mine) and len(code) <= longest]
    above = [code for code in context.knowledge.regions if any(each.startswith(code) and each != code for each in mine)]
    return above + near


def _check_id(context: RequestContext, entry: Policy, *, new: bool) -> None:
    """Raises Rejected for an id that no file could have, or that a new entry would take from another one."""
    if not policies.ID.fullmatch(entry.id) or f"{urls.POLICIES}/{entry.id}" == NEW:
        raise Rejected("policy.id")
    if new and entry.id in context.knowledge.policies:
        raise Rejected("policy.taken", id=entry.id)


def _empty() -> Typed:
    begun = {"checked": today().isoformat(), "review_by": (today() + REVIEW).isoformat(), "region": "cn"}
    return {**handed_in(MultiDict()), **begun, "tier": TIERS[-1], "audience": ["all"]}


def _numbers(texts: Iterable[str]) -> list[int]:
    return [number for each in texts if (number := numbers.whole(each)) is not None]
