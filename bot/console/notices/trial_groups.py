"""/console/notices/groups: the colleagues who get a notice first, in groups that organisers of a district keep."""

from collections import Counter
from typing import Any

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.notices import trial_groups, trials
from bot.services.staff.permissions import Right
from bot.store.models import Notice, TrialGroup


@page("GET", urls.TRIAL_GROUPS, right=Right.NOTICES_WRITE)
async def listed(context: RequestContext) -> web.Response:
    groups = await trial_groups.listed(context.session, context.staffer.districts(Right.NOTICES_WRITE))
    return context.page("notices/trial_groups.html", groups=groups)


@page("GET", f"{urls.TRIAL_GROUPS}/new", right=Right.NOTICES_WRITE)
async def blank(context: RequestContext) -> web.Response:
    return await _form(context, f"{urls.TRIAL_GROUPS}/new")


@page("POST", f"{urls.TRIAL_GROUPS}/new", right=Right.NOTICES_WRITE)
async def add(context: RequestContext) -> web.Response:
    mine = context.staffer.districts(Right.NOTICES_WRITE)
    place = context.text("district") if len(mine) > 1 else mine[0]
    context.staffer.require(Right.NOTICES_WRITE, district=place)
    try:
        group = await trial_groups.add(context.session, context.text("name"), place, _ticked(context))
    except Rejected as error:  # raised before anything is written
        return await _form(context, f"{urls.TRIAL_GROUPS}/new", fault=context.console.layout.rejection(context, error))
    await context.audit("notice.group_add", f"trial_group:{group.id}", people=len(_ticked(context)))
    return context.to(urls.TRIAL_GROUPS, said="trial_group_saved")


@page("GET", f"{urls.TRIAL_GROUPS}/{{id}}", right=Right.NOTICES_WRITE)
async def shown(context: RequestContext) -> web.Response:
    group = await one(context, context.number("id"))
    return await _form(context, f"{urls.TRIAL_GROUPS}/{group.id}", group)


@page("POST", f"{urls.TRIAL_GROUPS}/{{id}}", right=Right.NOTICES_WRITE)
async def change(context: RequestContext) -> web.Response:
    group = await one(context, context.number("id"))
    try:
        await trial_groups.change(context.session, group, context.text("name"), _ticked(context))
    except Rejected as error:
        return await _form(
            context, f"{urls.TRIAL_GROUPS}/{group.id}", group, fault=context.console.layout.rejection(context, error)
        )
    await context.audit("notice.group_change", f"trial_group:{group.id}", people=len(_ticked(context)))
    return context.to(urls.TRIAL_GROUPS, said="trial_group_saved")


@page("POST", f"{urls.TRIAL_GROUPS}/{{id}}/remove", right=Right.NOTICES_WRITE)
async def remove(context: RequestContext) -> web.Response:
    group = await one(context, context.number("id"))
    await trial_groups.remove(context.session, group)
    await context.audit("notice.group_remove", f"trial_group:{group.id}")
    return context.to(urls.TRIAL_GROUPS, said="trial_group_removed")


async def one(context: RequestContext, number: int | None) -> TrialGroup:
    """A group by its number.  Raises Denied, which shows as "not found", for one of another district."""
    return await context.find(trial_groups.GROUPS, number, Right.NOTICES_WRITE)


async def tried(context: RequestContext, notice: Notice) -> dict[str, Any]:
    """What the page of a notice shows of trials: to whom it may go, to whom it went, and how many it reached."""
    words = context.console.layout.words
    made = await trials.listed(context.session, notice.id)
    counts = Counter(words(f"trial.{each.state}") for each in made)
    known = dict.fromkeys(words.group("trial").values())
    groups = await trial_groups.listed(context.session, context.staffer.districts(Right.NOTICES_WRITE))
    return {"groups": groups, "trials": made, "arrived": [(word, counts[word]) for word in known if counts[word]]}


def _ticked(context: RequestContext) -> list[int]:
    return sorted({number for each in context.every("member") if (number := numbers.whole(each)) is not None})


async def _form(
    context: RequestContext, path: str, group: TrialGroup | None = None, *, fault: str = ""
) -> web.Response:
    """The form with what was typed, or, when it is opened, with what the group is."""
    mine = [group.district] if group is not None else context.staffer.districts(Right.NOTICES_WRITE)
    members = await trial_groups.members(context.session, group) if group is not None else []
    return context.page(
        "notices/trial_group.html",
        status=422 if fault else 200,
        path=path,
        group=group,
        fault=fault,
        name=context.form.get("name", group.name if group is not None else ""),
        ticked=_ticked(context) if fault else [person.id for person in members],
        districts=mine,
        colleagues=await trial_groups.colleagues(context.session, mine),
        longest=trial_groups.LONGEST_NAME,
        most=trials.TEAM,
    )
