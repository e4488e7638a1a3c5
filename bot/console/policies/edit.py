"""/console/policies/ID/edit: an entry on a form, seen on the phone, checked and tried out before it is saved."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web
from multidict import MultiDict

from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.console.policies.fields import TIERS, Typed, entry_of, handed_in, typed
from bot.console.policies.list import ENTRY, POLICIES, found, preview, today
from bot.errors import Rejected
from bot.services.chats import questions
from bot.services.policies import policies
from bot.store.models import Gap
from knowledge import search_over, with_policies
from knowledge.policies import ACTIONS, AUDIENCES, Policy
from knowledge.search.effect import Effect, effect

NEW = f"{POLICIES}/new"
REVIEW = timedelta(days=180)  # until a new entry is due for checking
GAPS = 200  # unanswered questions that an edit is tried on


@page("GET", NEW, right="policies.edit")
async def begin(visit: Visit) -> web.Response:
    """An empty entry, or one begun from questions nobody could answer."""
    gaps = await questions.gaps_of(visit.session, _numbers(visit.request.query.getall("gap", [])))
    return await _form(visit, {**_empty(), "ask": "\n".join(gap.text for gap in gaps)}, gaps=gaps)


@page("POST", NEW, right="policies.edit")
async def create(visit: Visit) -> web.Response:
    return await _handed_in(visit, None)


@page("GET", f"{ENTRY}/edit", right="policies.edit")
async def edit(visit: Visit) -> web.Response:
    topic, history = await found(visit)
    entry = _newest(visit, topic, history)
    policies.required(visit.staffer, "policies.edit", entry)
    return await _form(visit, typed(entry), topic=topic, base=policies.last_of(history))


@page("POST", f"{ENTRY}/edit", right="policies.edit")
async def change(visit: Visit) -> web.Response:
    topic, history = await found(visit)
    policies.required(visit.staffer, "policies.edit", _newest(visit, topic, history))
    return await _handed_in(visit, topic)


def _newest(visit: Visit, topic: str, history: Sequence[Any]) -> Policy:
    draft = policies.draft_of(history)
    if draft is None and topic in visit.knowledge.policies:
        return visit.knowledge.policies[topic]
    return policies.parse(topic, (draft or history[0]).text)


async def _handed_in(visit: Visit, topic: str | None) -> web.Response:
    """Look at an entry, or save it; either way nothing that was typed is lost."""
    given, base = handed_in(visit.form), visit.number("base") or 0
    if topic is not None:
        given["id"] = topic
    gaps = await questions.gaps_of(visit.session, _numbers(visit.every("gap")))
    try:
        entry = entry_of(given)
        _check_id(visit, entry, new=topic is None)
        if visit.form.get("act") == "save":
            return await _save(visit, entry, base, gaps)
    except Rejected as error:
        if error.key == "policy.changed":  # Whoever reads this and saves again means it.
            base = policies.last_of(await policies.history(visit.session, given["id"]))
        fault = visit.console.layout.rejection(visit, error)
        return await _form(visit, given, topic=topic, base=base, gaps=gaps, fault=fault)
    tried = await _tried(visit, entry)
    return await _form(visit, given, topic=topic, base=base, gaps=gaps, entry=entry, tried=tried)


async def _save(visit: Visit, entry: Policy, base: int, gaps: Sequence[Gap]) -> web.Response:
    why = visit.text("why")
    row = await policies.save(visit.session, visit.staffer, entry, base=base, why=why)
    await questions.settle(visit.session, gaps, visit.staffer.id, answer=entry.id)
    await visit.audit("policy.save", f"policy:{entry.id}", revision=row.id)
    return visit.to(f"{POLICIES}/{entry.id}", said="policy_saved")


async def _tried(visit: Visit, entry: Policy) -> Effect:
    """Which questions would go elsewhere."""
    known = visit.knowledge
    gaps = [gap.text for gap in await questions.open_gaps(visit.session, GAPS)]

    def run() -> Effect:
        return effect(known.search, search_over(with_policies(known, [entry])), entry, gaps)

    return await asyncio.to_thread(run)


async def _form(
    visit: Visit,
    given: Typed,
    *,
    topic: str | None = None,
    base: int = 0,
    gaps: Sequence[Gap] = (),
    fault: str = "",
    entry: Policy | None = None,
    tried: Effect | None = None,
) -> web.Response:
    """topic: of an entry that is there already.  entry, tried: when it was looked at."""
    known = visit.knowledge
    looked: dict[str, Any] = {"findings": policies.findings(entry, known.policies, today())} if entry else {}
    return visit.page(
        "policies/edit.html",
        status=422 if fault else 200,
        given=given,
        topic=topic,
        base=base,
        gaps=gaps,
        fault=fault,
        why=visit.form.get("why", ""),
        tried=tried,
        looked={**looked, **preview(visit, entry)} if entry else None,
        label=lambda each: known.policies[each].label if each in known.policies else given["label"],
        categories=sorted({each.category for each in known.policies.values()}),
        tiers=TIERS,
        actions=ACTIONS,
        audiences=AUDIENCES,
        hotlines=known.hotlines,
        regions=_regions(visit),
    )


def _regions(visit: Visit) -> list[str]:
    """Places an editor may write about: those of their own, and what lies above and below."""
    mine = visit.staffer.districts("policies.edit")
    longest = 6 if any(len(each) >= 4 for each in mine) else 4
    near = [code for code in visit.knowledge.regions if code.startswith(mine) and len(code) <= longest]
    above = [code for code in visit.knowledge.regions if any(each.startswith(code) and each != code for each in mine)]
    return above + near


def _check_id(visit: Visit, entry: Policy, *, new: bool) -> None:
    """Raises Rejected for an id that no file could have, or that a new entry would take from another one."""
    if not policies.ID.fullmatch(entry.id) or f"{POLICIES}/{entry.id}" == NEW:
        raise Rejected("policy.id")
    if new and entry.id in visit.knowledge.policies:
        raise Rejected("policy.taken", id=entry.id)


def _empty() -> Typed:
    begun = {"checked": today().isoformat(), "review_by": (today() + REVIEW).isoformat(), "region": "cn"}
    return {**handed_in(MultiDict()), **begun, "tier": TIERS[-1], "audience": ["all"]}


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(each) for each in texts if each.isascii() and each.isdigit() and len(each) < 10]
