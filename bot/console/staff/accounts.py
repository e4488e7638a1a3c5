"""/console/people: colleagues, their roles and districts, and the way in for new ones."""

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, Card, card, page, topic
from bot.console.staff.sign_in import ENTER
from bot.errors import Rejected
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts, audit, mfa, sessions, sign_in
from bot.services.staff.permissions import GRANTABLE, RIGHTS, Grant, Staffer, outranks
from bot.store.models import Staff, StaffRole

CHANGES = (
    "staff.add",
    "staff.grant",
    "staff.ungrant",
    "staff.activate",
    "staff.deactivate",
    "chat.link",
    "chat.unlink",
    "second.enrol",
    "second.reset",
)
HOURS = int(sign_in.INVITED.total_seconds() // 3600)


@topic("people", right="people.read")
async def changes(session: AsyncSession, staffer: Staffer) -> object:
    return await audit.newest(session, *CHANGES)


@card("people.read", order=90)
async def without_chat(visit: Visit) -> Card:
    people = await _seen(visit)
    waiting = sum(person.active and person.chat_id is None for person, _ in people)
    words = visit.console.layout.words
    return Card(words("card.without_chat"), waiting, f"{ROOT}/people", words("card.without_chat_note"))


@page("GET", f"{ROOT}/people", right="people.read", nav="people")
async def listed(visit: Visit) -> web.Response:
    return await _list(visit)


@page("POST", f"{ROOT}/people", right="people.add")
async def add(visit: Visit) -> web.Response:
    """A new colleague with a first role, and the link that lets them in, shown this once."""
    try:
        grant = _grant(visit)
        person = await accounts.add(
            visit.session,
            visit.staffer,
            visit.by,
            name=visit.text("name"),
            username=visit.text("username"),
            district=grant.district,
        )
        await accounts.give(visit.session, visit.staffer, visit.by, person, grant)
    except Rejected as error:  # raised before anything is written
        return await _list(visit, fault=visit.console.layout.rejection(visit, error))
    return await _invited(visit, person)


@page("GET", f"{ROOT}/people/{{id}}", right="people.read")
async def shown(visit: Visit) -> web.Response:
    person = await _person(visit)
    rows = next(rows for each, rows in await accounts.listed(visit.session, [person.district]) if each.id == person.id)
    mine = [accounts.grant_of(row) for row in rows]
    return visit.page(
        "staff/account.html",
        person=person,
        rows=rows,
        open_sessions=len(await sessions.live(visit.session, person.id)),
        changeable=outranks(visit.staffer, person.id, person.district, mine),
        roles=_roles(visit.staffer),
        districts=_districts(visit),
        rewards=visit.knowledge.rewards,
    )


@page("POST", f"{ROOT}/people/{{id}}/give", right="people.grant", fresh=True)
async def give(visit: Visit) -> web.Response:
    person = await _person(visit)
    await accounts.give(visit.session, visit.staffer, visit.by, person, _grant(visit))
    return visit.to(f"{ROOT}/people/{person.id}", said="granted")


@page("POST", f"{ROOT}/people/{{id}}/take", right="people.grant", fresh=True)
async def take(visit: Visit) -> web.Response:
    person = await _person(visit)
    await accounts.take(visit.session, visit.staffer, visit.by, person, visit.number("role") or 0)
    return visit.to(f"{ROOT}/people/{person.id}", said="taken")


@page("POST", f"{ROOT}/people/{{id}}/link", right="people.manage", fresh=True)
async def invite(visit: Visit) -> web.Response:
    """A new link for somebody who cannot get in.  A second factor that is set up stays in the way of others."""
    person = await _changeable(visit)
    return await _invited(visit, person)


@page("POST", f"{ROOT}/people/{{id}}/active", right="people.manage", fresh=True)
async def set_active(visit: Visit) -> web.Response:
    person = await _person(visit)
    active = visit.form.get("active") == "1"
    await accounts.set_active(visit.session, visit.staffer, visit.by, person, active=active)
    return visit.to(f"{ROOT}/people/{person.id}", said="activated" if active else "deactivated")


@page("POST", f"{ROOT}/people/{{id}}/sign-out", right="people.manage")
async def sign_out(visit: Visit) -> web.Response:
    person = await _changeable(visit)
    await sessions.end(visit.session, person.id, visit.by)
    return visit.to(f"{ROOT}/people/{person.id}", said="signed_out")


@page("POST", f"{ROOT}/people/{{id}}/reset", right="people.manage", fresh=True)
async def reset(visit: Visit) -> web.Response:
    """Somebody lost their phone: the second factor is set up anew at their next sign-in."""
    person = await _changeable(visit)
    await sessions.end(visit.session, person.id, visit.by)
    await mfa.reset(visit.session, person, visit.by)
    return visit.to(f"{ROOT}/people/{person.id}", said="second_reset")


async def _seen(visit: Visit) -> list[tuple[Staff, list[StaffRole]]]:
    return await accounts.listed(visit.session, visit.staffer.districts("people.read"))


async def _list(visit: Visit, *, fault: str = "") -> web.Response:
    return visit.page(
        "staff/accounts.html",
        status=422 if fault else 200,
        people=await _seen(visit),
        roles=_roles(visit.staffer),
        districts=_districts(visit),
        rewards=visit.knowledge.rewards,
        form=visit.form,
        fault=fault,
    )


async def _person(visit: Visit) -> Staff:
    """Whom the page is about.  Raises Denied, which shows as "not found", for people of other districts."""
    number = visit.number("id")
    person = await visit.session.get(Staff, number) if number is not None else None
    if person is None:
        raise web.HTTPNotFound
    visit.staffer.require("people.read", district=person.district, subject=f"staff:{person.id}", hidden=True)
    return person


async def _changeable(visit: Visit) -> Staff:
    person = await _person(visit)
    await accounts.changeable(visit.session, visit.staffer, person, "people.manage")
    return person


async def _invited(visit: Visit, person: Staff) -> web.Response:
    token = await sign_in.invite(visit.session, visit.by, person)
    visit.again = f"{ROOT}/people/{person.id}"
    link = f"{visit.console.base_url}{ENTER}{token}"
    return visit.page("staff/invited.html", person=person, link=link, hours=HOURS)


def _grant(visit: Visit) -> Grant:
    """The role and the district of the form.  Raises Rejected."""
    role, code = visit.text("role"), visit.text("district")
    if role not in RIGHTS:
        raise Rejected("people.role")
    if code and code not in visit.knowledge.regions:
        raise Rejected("people.district")
    if role != Role.COUNTER:
        return Grant(Role(role), code)
    reward = visit.text("reward")
    if reward not in visit.knowledge.rewards:
        raise Rejected("people.reward")
    return Grant(Role(role), code, reward)


def _roles(staffer: Staffer) -> list[Role]:
    """What this person may grant, in the order of the table."""
    below = frozenset().union(*(GRANTABLE.get(role, frozenset()) for role in staffer.roles))
    return [role for role in RIGHTS if role in below]


def _districts(visit: Visit) -> list[str]:
    """Districts this person may choose: their own and those inside; for the whole country, provinces and cities."""
    mine: Sequence[str] = visit.staffer.districts("people.grant")
    return [
        code
        for code in visit.knowledge.regions
        if code.startswith(tuple(mine)) and (len(code) <= 4 or any(len(each) >= 4 for each in mine))
    ]
