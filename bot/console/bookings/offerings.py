"""/console/offerings: what people can come to; organisers write it, somebody else approves it."""

from collections.abc import Mapping, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.bookings import sittings as sitting_pages
from bot.console.core import divisions, listing, words
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.bookings import offerings, sittings
from bot.services.bookings.offerings import VIEWS, OfferingEntry, OfferingFilter, OfferingKind
from bot.services.bookings.states import OfferingState
from bot.services.staff import accounts, audit
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Agency, Offering
from knowledge.policies import AUDIENCES
from knowledge.regions import full_name
from knowledge.texts import DEFAULT

OFFERING = f"{urls.OFFERINGS}/{{id}}"
FIELDS = (
    "kind",
    "title",
    "text",
    "district",
    "unit",
    "place",
    "book_hours",
    "cancel_hours",
    "points",
    "provider",
    "confidential",
)
BEGUN = {
    **dict.fromkeys(FIELDS, ""),
    "kind": OfferingKind.COURSE,
    "book_hours": "2",
    "cancel_hours": "12",
    "points": "0",
}
LONGEST = 700  # characters of a field
UNLIKE = ("district", "unit", "provider", "confidential")  # fields whose column is called or written otherwise
JOBS = (*AUDIENCES[1:], "other")

Given = Mapping[str, str]


@topic("offerings", right=Right.OFFERINGS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *words.load().actions("offering"))


@card(Right.OFFERINGS_APPROVE, order=36)
async def waiting(context: RequestContext) -> Card | None:
    """What waits for a second person; nothing while nothing does."""
    count = (await offerings.counts(context.session, context.staffer))["draft"]
    said, path = context.console.layout.words, f"{urls.OFFERINGS}?view=draft"
    return Card(said("card.offerings"), count, path, said("card.offerings_note")) if count else None


@page("GET", urls.OFFERINGS, right=Right.OFFERINGS_READ, nav="offerings")
async def listed(context: RequestContext) -> web.Response:
    query = context.http_request.query
    wanted = OfferingFilter(listing.one_of(query, "view", VIEWS, "approved"), searched(query))
    page = await offerings.listed(context.session, context.staffer, wanted, context.place)
    return context.page(
        "bookings/offerings.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        address=listing.address(urls.OFFERINGS, wanted),
        views=list(VIEWS),
        counts=await offerings.counts(context.session, context.staffer),
        names=await agencies.names(context.session),
        may_write=context.staffer.may(Right.OFFERINGS_WRITE),
    )


@page("GET", f"{urls.OFFERINGS}/new", right=Right.OFFERINGS_WRITE)
async def blank(context: RequestContext) -> web.Response:
    return await _new(context, BEGUN, [])


@page("POST", f"{urls.OFFERINGS}/new", right=Right.OFFERINGS_WRITE)
async def add(context: RequestContext) -> web.Response:
    given, jobs = _given(context), _jobs(context)
    try:
        row = await _write(context, None, given, jobs)
    except Rejected as error:
        return await _new(context, given, jobs, context.console.layout.rejection(context, error))
    await context.audit("offering.add", f"offering:{row.id}", label=row.title)
    return context.to(f"{urls.OFFERINGS}/{row.id}", said="offering_saved")


@page("GET", OFFERING, right=Right.OFFERINGS_READ)
async def shown(context: RequestContext) -> web.Response:
    row = await _found(context, Right.OFFERINGS_READ)
    return await _show(context, row, await _typed(context, row), row.jobs)


@page("POST", OFFERING, right=Right.OFFERINGS_WRITE)
async def edit(context: RequestContext) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    row, given, jobs = await _found(context, Right.OFFERINGS_WRITE), _given(context), _jobs(context)
    try:
        await _write(context, row, given, jobs)
    except Rejected as error:
        return await _show(context, row, given, jobs, context.console.layout.rejection(context, error))
    await context.audit("offering.edit", f"offering:{row.id}", label=row.title)
    return context.to(f"{urls.OFFERINGS}/{row.id}", said="offering_saved")


@page("POST", f"{OFFERING}/approve", right=Right.OFFERINGS_APPROVE)
async def approve(context: RequestContext) -> web.Response:
    row = await _found(context, Right.OFFERINGS_APPROVE)
    actor = context.staffer.require(Right.OFFERINGS_APPROVE, district=row.region, subject=f"offering:{row.id}")
    await sittings.approve(context.session, row, actor, context.number("version") or 0)
    await context.audit("offering.approve", f"offering:{row.id}", label=row.title)
    return context.to(f"{urls.OFFERINGS}/{row.id}", said="offering_approved")


@page("POST", f"{OFFERING}/stop", right=Right.OFFERINGS_WRITE)
async def stop(context: RequestContext) -> web.Response:
    row = await _found(context, Right.OFFERINGS_WRITE)
    offerings.stop(row, context.staffer.require(Right.OFFERINGS_WRITE, district=row.region))
    await context.audit("offering.stop", f"offering:{row.id}", label=row.title)
    return context.to(f"{urls.OFFERINGS}/{row.id}", said="offering_stopped")


@page("POST", f"{OFFERING}/sittings", right=Right.SITTINGS_RUN)
async def add_sitting(context: RequestContext) -> web.Response:
    """A date more; of an approved offering it can be booked at once."""
    row, given = await _found(context, Right.SITTINGS_RUN), sitting_pages.given(context)
    actor = context.staffer.require(Right.SITTINGS_RUN, district=row.region)
    try:
        sitting = await sittings.add(context.session, row, sitting_pages.entry(given), actor)
    except Rejected as error:
        fault = context.console.layout.rejection(context, error)
        return await _show(context, row, await _typed(context, row), row.jobs, sitting=given, sitting_fault=fault)
    await context.audit("sitting.add", f"sitting:{sitting.id}", label=row.title)
    return context.to(f"{urls.OFFERINGS}/{row.id}", said="sitting_added")


def _given(context: RequestContext) -> dict[str, str]:
    return {name: context.text(name, most=LONGEST) for name in FIELDS}


def _jobs(context: RequestContext) -> list[str]:
    return [each for each in JOBS if each in context.every("job")]


async def _write(context: RequestContext, row: Offering | None, given: Given, jobs: Sequence[str]) -> Offering:
    """Raises Rejected; Denied for a district that is not theirs."""
    if not given["district"]:
        raise Rejected("people.district")
    region = divisions.typed(context, Right.OFFERINGS_WRITE)
    context.staffer.require(Right.OFFERINGS_WRITE, district=region, subject="offering")
    entry = OfferingEntry(
        kind=given["kind"],
        title=given["title"],
        text=given["text"],
        region=region,
        agency_id=(await agencies.named(context.session, given["unit"], region)).id if given["unit"] else None,
        place=given["place"],
        jobs=list(jobs),
        book_hours=sitting_pages.whole(given["book_hours"]),
        cancel_hours=sitting_pages.whole(given["cancel_hours"]),
        points=sitting_pages.whole(given["points"]),
        provider_id=await _provider(context, given["provider"], region),
        confidential=given["confidential"] == "1",
    )
    return await offerings.write(context.session, row, entry, context.staffer.id)


async def _provider(context: RequestContext, typed: str, region: str) -> int | None:
    """Who is asked.  Raises Rejected, in the same words for nobody, for who is no provider, and for one of elsewhere."""
    if not typed:
        return None
    for each in await offerings.providers(context.session, context.staffer.districts(Right.OFFERINGS_WRITE)):
        if str(each.id) == typed and region.startswith(each.district):
            return each.id
    raise Rejected("offering.provider")


async def _found(context: RequestContext, right: Right) -> Offering:
    """The offering of the address.  Raises Denied, which shows as "not found", for one of another district."""
    lock = right is not Right.OFFERINGS_READ
    return await context.find(offerings.OFFERINGS, context.number("id"), right, lock=lock)


async def _typed(context: RequestContext, row: Offering) -> dict[str, str]:
    """An offering as its form shows it."""
    asked = {"provider": str(row.provider_id or ""), "confidential": "1" if row.confidential else ""}
    unit = await context.session.get(Agency, row.agency_id) if row.agency_id is not None else None
    plain = {name: str(getattr(row, name)) for name in FIELDS if name not in UNLIKE}
    return {
        **plain,
        "district": full_name(context.knowledge.regions, row.region),
        "unit": unit.code if unit else "",
        **asked,
    }


async def _new(context: RequestContext, given: Given, jobs: Sequence[str], fault: str = "") -> web.Response:
    status = 422 if fault else 200
    told = {"given": given, "chosen": jobs, "fault": fault, **await _choices(context)}
    return context.page("bookings/new_offering.html", status=status, **told)


async def _choices(context: RequestContext) -> dict[str, object]:
    mine = context.staffer.districts(Right.OFFERINGS_WRITE)
    return {
        "kinds": list(OfferingKind),
        "jobs": {code: context.knowledge.texts.say(DEFAULT, f"job.{code}") for code in JOBS},
        "mine": mine,
        "units": await agencies.around(context.session, mine) if mine else [],
        "providers": await offerings.providers(context.session, mine),
    }


async def _show(
    context: RequestContext,
    row: Offering,
    given: Given,
    jobs: Sequence[str],
    fault: str = "",
    sitting: Given | None = None,
    sitting_fault: str = "",
) -> web.Response:
    """fault, sitting_fault: of the form of the offering, and of the one for a date more."""
    staffer = context.staffer

    def may(right: Right) -> bool:
        return staffer.may(right, district=row.region)

    draft = row.state == OfferingState.DRAFT
    return context.page(
        "bookings/offering.html",
        status=422 if fault or sitting_fault else 200,
        row=row,
        path=f"{urls.OFFERINGS}/{row.id}",
        given=given,
        chosen=jobs,
        fault=fault,
        sitting=sitting or sitting_pages.BEGUN,
        sitting_fault=sitting_fault,
        sittings=await sittings.of_offering(context.session, row.id),
        names=await agencies.names(context.session),
        people=await accounts.names(context.session, [*row.writers, row.provider_id]),
        may_edit=draft and may(Right.OFFERINGS_WRITE),
        may_stop=row.state != OfferingState.OFF and may(Right.OFFERINGS_WRITE),
        may_approve=draft and may(Right.OFFERINGS_APPROVE) and staffer.id not in row.writers,
        may_add=row.state != OfferingState.OFF and may(Right.SITTINGS_RUN),
        may_read=may(Right.SITTINGS_READ) and offerings.is_desk(staffer, row),
        **await _choices(context),
    )
