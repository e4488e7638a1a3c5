"""/console/people: colleagues, their units, roles and districts, and the way in for new ones."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import divisions, listing
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListAddress, ListView
from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.lifecycle import Role
from bot.services.points import rewards
from bot.services.setup import departures
from bot.services.staff import accounts, audit, recovery, sessions, sign_in
from bot.services.staff.lookup import PEOPLE
from bot.services.staff.permissions import AGENCY, GRANTABLE, RIGHTS, Grant, Right, Staffer, outranks
from bot.services.units import agencies
from bot.store.models import Agency, Staff, StaffRole

CHANGES = (
    "staff.add",
    "staff.grant",
    "staff.ungrant",
    "staff.unit",
    "staff.activate",
    "staff.deactivate",
    "chat.link",
    "chat.unlink",
    "second.enrol",
    "second.reset",
    "second.ask_reset",
    "second.keep",
)
Row = tuple[Staff, list[StaffRole]]
ORDERS: Mapping[str, Callable[[Row, Mapping[int, str]], tuple[Any, ...]]] = {  # with the names of units
    "usual": lambda row, _: (not row[0].active, row[0].id),
    "name": lambda row, _: (row[0].username,),
    "unit": lambda row, units: (row[0].agency_id is None, units.get(row[0].agency_id or 0, ""), row[0].id),
    "newest": lambda row, _: (-row[0].id,),
}
HOURS = int(sign_in.INVITED.total_seconds() // 3600)


@topic("people", right=Right.PEOPLE_READ)
async def changes(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *CHANGES)


@card(Right.PEOPLE_READ, order=90)
async def without_chat(context: RequestContext) -> Card:
    people = await _seen(context)
    waiting = sum(person.active and person.chat_id is None for person, _ in people)
    words = context.console.layout.words
    return Card(words("card.without_chat"), waiting, urls.PEOPLE, words("card.without_chat_note"))


@page("GET", urls.PEOPLE, right=Right.PEOPLE_READ, nav="people")
async def listed(context: RequestContext) -> web.Response:
    return await _list(context)


@file_page(f"{urls.PEOPLE}.{{form}}", right=Right.PEOPLE_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """Colleagues with their roles, as a sheet."""
    units, view = await agencies.names(context.session), _view(context)
    found = await accounts.listed(context.session, context.staffer.districts(Right.PEOPLE_EXPORT))
    rows = sorted(found, key=lambda row: ORDERS[view.sort](row, units))[: listing.MOST + 1]
    address = ListAddress(urls.PEOPLE, view.asked)
    return listing.content(context, "people", _columns(context, units), rows, address, view)


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, list(ORDERS), _columns(context, {}))


def _columns(context: RequestContext, units: Mapping[int, str]) -> Columns:
    """Of a person and their roles."""
    words = context.console.layout.words
    yes = words("detail_value.yes")
    return {
        "name": lambda row: row[0].name,
        "username": lambda row: row[0].username,
        "district": lambda row: context.district(row[0].district),
        "unit": lambda row: units.get(row[0].agency_id, ""),
        "roles": lambda row: "、".join(
            f"{words(f'role.{each.role}')} {context.district(each.district)}" for each in row[1]
        ),
        "chat": lambda row: yes if row[0].chat_id else "",
        "active": lambda row: yes if row[0].active else "",
        "created": lambda row: listing.moment(row[0].created_at),
    }


@page("POST", urls.PEOPLE, right=Right.PEOPLE_ADD)
async def add(context: RequestContext) -> web.Response:
    """A new colleague with a first role, and the link that lets them in, shown this once."""
    try:
        grant = await _grant(context)
        unit = await accounts.unit_of(context.session, context.staffer, context.text("unit"))
        if grant.role in AGENCY and unit is None:
            raise Rejected("people.unit")
        person = await accounts.add(
            context.session,
            context.staffer,
            context.by,
            name=context.text("name"),
            username=context.text("username"),
            district=grant.district,
            unit=unit,
        )
        await accounts.give(context.session, context.staffer, context.by, person, grant)
    except Rejected as error:  # raised before anything is written
        return await _list(context, fault=context.console.layout.rejection(context, error))
    return await _invited(context, person)


@page("GET", f"{urls.PEOPLE}/{{id}}", right=Right.PEOPLE_READ)
async def shown(context: RequestContext) -> web.Response:
    person = await _person(context)
    rows = next(
        rows for each, rows in await accounts.listed(context.session, [person.district]) if each.id == person.id
    )
    mine = [accounts.grant_of(row) for row in rows]
    return context.page(
        "staff/account.html",
        person=person,
        rows=rows,
        open_sessions=len(await sessions.live(context.session, person.id)),
        changeable=outranks(context.staffer, person.id, person.district, mine),
        unit=await context.session.get(Agency, person.agency_id) if person.agency_id else None,
        **await _choices(context),
    )


@page("POST", f"{urls.PEOPLE}/{{id}}/give", right=Right.PEOPLE_GRANT, fresh=True)
async def give(context: RequestContext) -> web.Response:
    person = await _person(context)
    texts, grant = context.knowledge.texts, await _grant(context)
    context.leave(await recovery.give(context.session, texts, context.staffer, context.by, person, grant))
    return context.to(f"{urls.PEOPLE}/{person.id}", said="granted")


@page("POST", f"{urls.PEOPLE}/{{id}}/take", right=Right.PEOPLE_GRANT, fresh=True)
async def take(context: RequestContext) -> web.Response:
    person = await _person(context)
    await accounts.take(context.session, context.staffer, context.by, person, context.number("role") or 0)
    return await _changed(context, person, "taken")


@page("POST", f"{urls.PEOPLE}/{{id}}/unit", right=Right.PEOPLE_GRANT, fresh=True)
async def move(context: RequestContext) -> web.Response:
    """Somebody works for another unit from now on; what they had stays with the one before."""
    person = await _person(context)
    unit = await accounts.unit_of(context.session, context.staffer, context.text("unit"))
    await accounts.set_unit(context.session, context.staffer, context.by, person, unit)
    return await _changed(context, person, "unit_changed")


@page("POST", f"{urls.PEOPLE}/{{id}}/link", right=Right.PEOPLE_MANAGE, fresh=True)
async def invite(context: RequestContext) -> web.Response:
    """A new link for somebody who cannot get in: to their own chat, or good in a day, if they were in before."""
    person = await _changeable(context)
    return await _invited(context, person)


@page("POST", f"{urls.PEOPLE}/{{id}}/active", right=Right.PEOPLE_MANAGE, fresh=True)
async def set_active(context: RequestContext) -> web.Response:
    person = await _person(context)
    active = context.form.get("active") == "1"
    await accounts.set_active(context.session, context.staffer, context.by, person, active=active)
    return await _changed(context, person, "activated" if active else "deactivated")


@page("POST", f"{urls.PEOPLE}/{{id}}/sign-out", right=Right.PEOPLE_MANAGE)
async def sign_out(context: RequestContext) -> web.Response:
    person = await _changeable(context)
    await sessions.end(context.session, person.id, context.by)
    return context.to(f"{urls.PEOPLE}/{person.id}", said="signed_out")


@page("POST", f"{urls.PEOPLE}/{{id}}/reset", right=Right.PEOPLE_MANAGE, fresh=True)
async def reset(context: RequestContext) -> web.Response:
    """Somebody lost their phone: the second factor is set up anew at their first sign-in a day later."""
    person = await _changeable(context)
    await sessions.end(context.session, person.id, context.by)
    context.leave(await recovery.ask_reset(context.session, context.knowledge.texts, context.by, person))
    return context.to(f"{urls.PEOPLE}/{person.id}", said="second_reset")


@page("POST", f"{urls.PEOPLE}/{{id}}/keep", right=Right.PEOPLE_MANAGE)
async def keep(context: RequestContext) -> web.Response:
    """Nobody lost anything: the second factor stays."""
    person = await _changeable(context)
    await recovery.keep(context.session, context.by, person)
    return context.to(f"{urls.PEOPLE}/{person.id}", said="second_kept")


async def _changed(context: RequestContext, person: Staff, said: str) -> web.Response:
    """Back to the person, who has nothing open any more that they may not handle now."""
    left = await departures.release(context.session, context.by, person)
    return context.to(f"{urls.PEOPLE}/{person.id}", said=f"{said}_left" if left else said)


async def _seen(context: RequestContext) -> list[Row]:
    return await accounts.listed(context.session, context.staffer.districts(Right.PEOPLE_READ))


async def _list(context: RequestContext, *, fault: str = "") -> web.Response:
    choices, view = await _choices(context), _view(context)
    units = choices["unit_names"]
    return context.page(
        "staff/accounts.html",
        status=422 if fault else 200,
        people=sorted(await _seen(context), key=lambda row: ORDERS[view.sort](row, units)),
        view=view,
        address=ListAddress(urls.PEOPLE, view.asked),
        form=context.form,
        fault=fault,
        **choices,
    )


async def _choices(context: RequestContext) -> Mapping[str, Any]:
    """What the fields of a role and of a unit offer, and how they are called."""
    mine = context.staffer.districts(Right.PEOPLE_GRANT)
    kinds, found = context.knowledge.appeals.kinds, await rewards.every(context.session)
    return {
        "roles": _roles(context.staffer),
        "kinds": [each for each in kinds.values() if each.confidential],
        "labels": {code: kinds[code].label for code in kinds} | {code: row.label for code, row in found.items()},
        "rewards": rewards.near(found, mine),
        "units": await agencies.around(context.session, mine),
        "unit_names": await agencies.names(context.session),
    }


async def _person(context: RequestContext) -> Staff:
    """Whom the page is about.  Raises Denied, which shows as "not found", for people of other districts."""
    return await context.find(PEOPLE, context.number("id"), Right.PEOPLE_READ)


async def _changeable(context: RequestContext) -> Staff:
    person = await _person(context)
    await accounts.changeable(context.session, context.staffer, person, Right.PEOPLE_MANAGE)
    return person


async def _invited(context: RequestContext, person: Staff) -> web.Response:
    url = f"{context.console.base_url}{urls.ENTER}/"
    made = await recovery.invite(context.session, context.knowledge.texts, context.by, person, url)
    context.again = f"{urls.PEOPLE}/{person.id}"
    context.leave(made.rows)
    link = f"{url}{made.token}" if made.token else ""
    return context.page("staff/invited.html", person=person, link=link, hours=HOURS, wait=recovery.HOURS * made.waits)


async def _grant(context: RequestContext) -> Grant:
    """The role of the form, where it holds, and for which kind.  Raises Rejected."""
    role, code, kind = context.text("role"), divisions.typed(context, Right.PEOPLE_GRANT), context.text("kind")
    if role not in RIGHTS:
        raise Rejected("people.role")
    if role != Role.COUNTER:
        known = context.knowledge.appeals.kinds.get(kind)
        if kind and (known is None or not known.confidential or Right.APPEALS_READ not in RIGHTS[Role(role)]):
            raise Rejected("people.kind")
        return Grant(Role(role), code, kind)
    reward = context.text("reward")
    if reward not in rewards.near(await rewards.every(context.session), [code]):
        raise Rejected("people.reward")
    return Grant(Role(role), code, reward)


def _roles(staffer: Staffer) -> list[Role]:
    """What this person may grant, in the order of the table."""
    below = frozenset().union(*(GRANTABLE.get(role, frozenset()) for role in staffer.roles))
    return [role for role in RIGHTS if role in below]
