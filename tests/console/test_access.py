"""Who may open what: every address of the console, every role, in one's own district and in another one.

A page that is not listed here fails.  A new page adds its addresses to PAGES, and what stands in its address to
`things`.
"""

import re
from collections.abc import Mapping
from functools import partial

import pytest

from bot.console import PAGES as MODULES
from bot.console.core.request import Access
from bot.console.core.routes import routes
from bot.services.core.lifecycle import Role
from tests.support.desk import Desk
from tests.support.steps import statements
from tests.support.things import asked_of, things_in

OWN, OTHER = "2101", "3701"  # Shenyang, Jinan
OFFICE = "labour"  # where the handlers sit, and where the appeals are
SHORT = {
    "organiser": Role.ORGANISER,
    "approver": Role.APPROVER,
    "handler": Role.HANDLER,
    "reviewer": Role.REVIEWER,
    "admin": Role.ADMIN,
    "system": Role.SYSTEM_ADMIN,
    "auditor": Role.AUDITOR,
    "counter": Role.COUNTER,
    "provider": Role.PROVIDER,
    "property": Role.PROPERTY,
    "nobody": None,  # signed in, without any role
}
ALL = " ".join(SHORT)
PEOPLE = "admin system"
UNITS = "organiser admin system"
FIGURES = "organiser approver reviewer admin auditor"
DESK = "handler reviewer admin"
HAZARDS = "organiser handler reviewer admin"
GRID = "organiser admin"
EDITORS = "organiser"
POLICY = "friendly-merchants-shenyang"  # of OWN; everybody who may read entries at all reads all of them

# Who gets past the door of a page: Access.PUBLIC, Access.HALF, or the roles by their short names.
PAGES: Mapping[str, str] = {
    "GET /console": ALL,
    "GET /console/search": ALL,
    "GET /console/login": Access.PUBLIC,
    "POST /console/login": Access.PUBLIC,
    "GET /console/sent": Access.PUBLIC,
    "GET /console/enter/{token}": Access.PUBLIC,
    "POST /console/enter/{token}": Access.PUBLIC,
    "GET /console/screen": Access.PUBLIC,
    "POST /console/screen": Access.PUBLIC,
    "GET /console/screen/state": Access.PUBLIC,
    "GET /console/screen/picture.svg": Access.PUBLIC,
    "POST /console/screen/enter": Access.PUBLIC,
    "GET /console/webapp": Access.PUBLIC,
    "POST /console/webapp": Access.PUBLIC,
    "GET /console/static/{name}": Access.PUBLIC,
    "POST /console/leave": Access.HALF,
    "GET /console/second": Access.HALF,
    "POST /console/second": Access.HALF,
    "GET /console/enrol": Access.HALF,
    "POST /console/enrol": Access.HALF,
    "GET /console/enrol/picture.svg": Access.HALF,
    "POST /console/confirm": ALL,
    "GET /console/events": ALL,
    "GET /console/divisions": ALL,
    "GET /console/chat": ALL,
    "POST /console/chat": ALL,
    "POST /console/chat/calls": ALL,
    "POST /console/chat/unlink": ALL,
    "GET /console/sessions": ALL,
    "POST /console/sessions/end": ALL,
    "POST /console/sessions/end-all": ALL,
    "GET /console/units": UNITS,
    "GET /console/units/new": PEOPLE,
    "POST /console/units/new": PEOPLE,
    "GET /console/units/{id}": UNITS,
    "POST /console/units/{id}": PEOPLE,
    "POST /console/units/{id}/off": PEOPLE,
    "POST /console/units/{id}/on": PEOPLE,
    "GET /console/people": PEOPLE,
    "POST /console/people": PEOPLE,
    "GET /console/people/{id}": PEOPLE,
    "POST /console/people/{id}/give": PEOPLE,
    "POST /console/people/{id}/take": PEOPLE,
    "POST /console/people/{id}/unit": PEOPLE,
    "POST /console/people/{id}/link": PEOPLE,
    "POST /console/people/{id}/active": PEOPLE,
    "POST /console/people/{id}/sign-out": PEOPLE,
    "POST /console/people/{id}/reset": PEOPLE,
    "POST /console/people/{id}/keep": PEOPLE,
    "GET /console/audit": "auditor",
    "GET /console/views": "auditor",
    "GET /console/notices": "organiser approver admin",
    "GET /console/notices/photos/{digest}": "organiser approver admin",
    "GET /console/notices/groups": "organiser",
    "GET /console/notices/groups/new": "organiser",
    "POST /console/notices/groups/new": "organiser",
    "GET /console/notices/groups/{id}": "organiser",
    "POST /console/notices/groups/{id}": "organiser",
    "POST /console/notices/groups/{id}/remove": "organiser",
    "POST /console/notices/look": "organiser",
    "GET /console/notices/new": "organiser",
    "POST /console/notices/new": "organiser",
    "GET /console/notices/{id}": "organiser approver admin",
    "GET /console/notices/{id}/edit": "organiser",
    "POST /console/notices/{id}/edit": "organiser",
    "POST /console/notices/{id}/try": "organiser",
    "POST /console/notices/{id}/submit": "organiser",
    "POST /console/notices/{id}/again": "organiser",
    "POST /console/notices/{id}/correct": "organiser",
    "POST /console/notices/{id}/find": "organiser",
    "POST /console/notices/{id}/results.{form}": "organiser",
    "POST /console/notices/{id}/approve": "approver",
    "POST /console/notices/{id}/refuse": "approver",
    "POST /console/notices/{id}/step": "organiser approver",
    "POST /console/notices/{id}/recall": "organiser approver",
    "GET /console/settings": PEOPLE,
    "GET /console/settings/calendar": PEOPLE,
    "POST /console/settings/calendar": "system",
    "POST /console/settings/calendar/enter": "system",
    "GET /console/settings/limits": PEOPLE,
    "GET /console/settings/replies": PEOPLE,
    "POST /console/settings/replies": PEOPLE,
    "POST /console/settings/replies/drop": PEOPLE,
    "POST /console/settings/limits": PEOPLE,
    "GET /console/backend": "system",
    "POST /console/backend/again": "system",
    "GET /console/appeals.{form}": "admin",
    "GET /console/hazards.{form}": "admin",
    "GET /console/volunteers.{form}": GRID,
    "GET /console/stations.{form}": GRID,
    "GET /console/gaps.{form}": GRID,
    "GET /console/notices.{form}": EDITORS,
    "GET /console/people.{form}": PEOPLE,
    "GET /console/audit.{form}": "auditor",
    "GET /console/overview": FIGURES,
    "GET /console/overview/districts": FIGURES,
    "GET /console/overview/districts.{form}": "admin",
    "GET /console/overview/questions": FIGURES,
    "GET /console/overview/{measure}": FIGURES,
    "GET /console/overview/{measure}/{form}": "admin",
    "GET /console/ledgers": FIGURES,
    "POST /console/ledgers": "admin",
    "GET /console/ledgers/{id}": FIGURES,
    "POST /console/ledgers/{id}/amend": "admin",
    "GET /console/ledgers/{id}/{form}": "admin",
    "GET /console/appeals": DESK,
    "POST /console/appeals/filters": DESK,
    "POST /console/appeals/filters/drop": DESK,
    "GET /console/appeals/bulk": "admin",
    "POST /console/appeals/bulk": "admin",
    "GET /console/help": "handler",
    "GET /console/help/{id}": "handler",
    "POST /console/help/{id}": "handler",
    "POST /console/appeals/{number}/hand-over": "handler",
    "POST /console/appeals/{number}/help": "admin",
    "GET /console/alike": "admin",
    "POST /console/alike": "admin",
    "GET /console/alike/{id}": "reviewer admin",
    "POST /console/alike/{id}/draft": "admin",
    "POST /console/alike/{id}/dismiss": "admin",
    "POST /console/alike/{id}/publish": "reviewer admin",
    "POST /console/alike/{id}/take-out": "admin",
    "POST /console/alike/{id}/units": "admin",
    "POST /console/alike/{id}/units/leave": "admin",
    "GET /console/appeals/{number}": DESK,
    "POST /console/appeals/{number}/here": DESK,
    "POST /console/appeals/{number}/log": DESK,
    "POST /console/appeals/{number}/identity": DESK,
    "GET /console/appeals/{number}/files/{file}": DESK,
    "POST /console/appeals/{number}/accept": "admin",
    "POST /console/appeals/{number}/reject": "admin",
    "POST /console/appeals/{number}/assign": "admin",
    "POST /console/appeals/{number}/reassign": "admin",
    "POST /console/appeals/{number}/recategorise": "admin",
    "POST /console/appeals/{number}/verify": "admin",
    "POST /console/appeals/{number}/close": "admin",
    "POST /console/appeals/{number}/merge": "admin",
    "POST /console/appeals/{number}/unmerge": "admin",
    "POST /console/appeals/{number}/escalate": "admin",
    "POST /console/appeals/{number}/about": "admin",
    "POST /console/appeals/{number}/locate": "admin",
    "POST /console/appeals/{number}/return": "handler",
    "POST /console/appeals/{number}/begin": "handler",
    "POST /console/appeals/{number}/ask": "handler",
    "POST /console/appeals/{number}/propose": "handler",
    "POST /console/appeals/{number}/extend": "handler admin",
    "POST /console/appeals/{number}/answer": "reviewer admin",
    "POST /console/appeals/{number}/send-back": "reviewer admin",
    "GET /console/volunteers": GRID,
    "POST /console/volunteers/hours": "organiser",
    "GET /console/volunteers/{number}": GRID,
    "POST /console/volunteers/teams": "organiser",
    "POST /console/volunteers/{number}/review": "organiser",
    "POST /console/volunteers/{number}/approve": "organiser",
    "POST /console/volunteers/{number}/reject": "organiser",
    "POST /console/volunteers/{number}/suspend": "organiser",
    "POST /console/volunteers/{number}/reinstate": "organiser",
    "POST /console/volunteers/{number}/tick": "organiser",
    "POST /console/volunteers/{number}/renew": "organiser",
    "POST /console/volunteers/{number}/hours": "organiser",
    "POST /console/volunteers/{number}/dismiss": "admin",
    "POST /console/volunteers/{number}/liaison": "admin",
    "POST /console/volunteers/{number}/identity": GRID,
    "GET /console/rewards": "organiser approver admin",
    "GET /console/rewards/new": EDITORS,
    "POST /console/rewards/new": EDITORS,
    "GET /console/rewards/{code}": "organiser approver admin",
    "POST /console/rewards/{code}": EDITORS,
    "POST /console/rewards/{code}/approve": "approver",
    "POST /console/rewards/{code}/stop": EDITORS,
    "POST /console/rewards/{code}/stock": EDITORS,
    "GET /console/offerings": "organiser approver admin",
    "GET /console/offerings/new": EDITORS,
    "POST /console/offerings/new": EDITORS,
    "GET /console/offerings/{id}": "organiser approver admin",
    "POST /console/offerings/{id}": EDITORS,
    "POST /console/offerings/{id}/approve": "approver",
    "POST /console/offerings/{id}/stop": EDITORS,
    "POST /console/offerings/{id}/sittings": EDITORS,
    "GET /console/sittings": f"{GRID} provider",
    "GET /console/sittings/{id}": f"{GRID} provider",
    "POST /console/sittings/{id}": EDITORS,
    "POST /console/sittings/{id}/cancel": EDITORS,
    "POST /console/sittings/{id}/message": EDITORS,
    "POST /console/sittings/{id}/tick": "organiser provider",
    "POST /console/sittings/{id}/decline": "provider",
    "GET /console/sittings/{id}/screen": EDITORS,
    "GET /console/redeem": "organiser counter",
    "GET /console/redeem/history": "organiser counter",
    "GET /console/redeem/{code}": "organiser counter",
    "POST /console/redeem": "organiser counter",
    "GET /console/certificates/{certificate}": Access.PUBLIC,
    "GET /console/hazards": HAZARDS,
    "GET /console/hazards/map": HAZARDS,
    "GET /console/hazards/map/clusters": HAZARDS,
    "GET /console/hazards/rules": "admin",
    "GET /console/hazards/rules/districts": "admin",
    "POST /console/hazards/rules": "admin",
    "POST /console/hazards/rules/drop": "admin",
    "GET /console/hazards/{number}": HAZARDS,
    "GET /console/hazards/{number}/photos/{photo}": DESK,
    "GET /console/hazards/{number}/photos/{photo}/small": DESK,
    "POST /console/hazards/{number}/photos/{photo}/mark": DESK,
    "POST /console/hazards/{number}/begin": "handler",
    "POST /console/hazards/{number}/return": "handler",
    "POST /console/hazards/{number}/resolve": "handler",
    "POST /console/hazards/{number}/validate": "reviewer admin",
    "POST /console/hazards/{number}/dispatch": "reviewer admin",
    "POST /console/hazards/{number}/reassign": "reviewer admin",
    "POST /console/hazards/{number}/verify": "reviewer admin",
    "POST /console/hazards/{number}/reopen": "reviewer admin",
    "POST /console/hazards/{number}/link": "reviewer admin",
    "POST /console/hazards/{number}/log": "handler reviewer admin",
    "POST /console/hazards/{number}/extend": "reviewer admin",
    "POST /console/hazards/{number}/reject": "reviewer admin",
    "GET /console/stations": "organiser admin",
    "GET /console/stations/map": "organiser admin",
    "GET /console/stations/map/clusters": "organiser admin",
    "GET /console/stations/at/{station}": "organiser admin",
    "POST /console/stations/at/{station}": EDITORS,
    "POST /console/stations/at/{station}/close": EDITORS,
    "POST /console/stations/at/{station}/confirm": EDITORS,
    "POST /console/stations/at/{station}/drop": EDITORS,
    "GET /console/stations/new": EDITORS,
    "POST /console/stations/new": EDITORS,
    "GET /console/stations/import": EDITORS,
    "POST /console/stations/import": EDITORS,
    "POST /console/stations/import/take": EDITORS,
    "GET /console/stations/template.{form}": EDITORS,
    "GET /console/outlets": "organiser handler admin",
    "GET /console/outlets/new": EDITORS,
    "POST /console/outlets/new": EDITORS,
    "GET /console/outlets/import": EDITORS,
    "POST /console/outlets/import": EDITORS,
    "POST /console/outlets/import/take": EDITORS,
    "GET /console/outlets/{id}": "organiser handler admin",
    "POST /console/outlets/{id}": EDITORS,
    "POST /console/outlets/{id}/close": EDITORS,
    "POST /console/outlets/{id}/confirm": EDITORS,
    "POST /console/outlets/{id}/visit": "organiser handler",
    "GET /console/contacts": "organiser admin",
    "GET /console/contacts/new": EDITORS,
    "POST /console/contacts/new": EDITORS,
    "GET /console/contacts/import": EDITORS,
    "POST /console/contacts/import": EDITORS,
    "POST /console/contacts/import/take": EDITORS,
    "GET /console/contacts/template.{form}": EDITORS,
    "GET /console/contacts/{id}": "organiser admin",
    "POST /console/contacts/{id}": EDITORS,
    "POST /console/contacts/{id}/confirm": EDITORS,
    "POST /console/contacts/{id}/drop": EDITORS,
    "GET /console/passes": GRID,
    "GET /console/passes/check": "organiser handler counter",
    "POST /console/passes/check": "organiser handler counter",
    "GET /console/passes/{number}": GRID,
    "POST /console/passes/{number}/reject": GRID,
    "POST /console/passes/{number}/suspend": GRID,
    "POST /console/passes/{number}/reinstate": GRID,
    "POST /console/passes/{number}/revoke": "admin",
    "POST /console/passes/{number}/identity": GRID,
    "GET /console/rosters": EDITORS,
    "POST /console/rosters": EDITORS,
    "GET /console/compounds": f"{GRID} property",
    "GET /console/compounds/new": EDITORS,
    "POST /console/compounds/new": EDITORS,
    "GET /console/compounds/import": EDITORS,
    "POST /console/compounds/import": EDITORS,
    "POST /console/compounds/import/take": EDITORS,
    "GET /console/compounds/{id}": f"{GRID} property",
    "GET /console/compounds/{id}/devices": "organiser property",
    "POST /console/compounds/{id}/devices": "organiser property",
    "POST /console/compounds/{id}/devices/revoke": "organiser property",
    "GET /console/compounds/{id}/codes": "organiser property",
    "GET /console/compounds/{id}/entries": "admin",
    "POST /console/compounds/{id}/entries/trace": "admin",
    "POST /console/compounds/{id}": EDITORS,
    "POST /console/compounds/{id}/close": EDITORS,
    "POST /console/compounds/{id}/confirm": EDITORS,
    "POST /console/compounds/{id}/gates": EDITORS,
    "POST /console/compounds/{id}/gates/close": EDITORS,
    "GET /console/gaps": "organiser admin",
    "POST /console/gaps/add": EDITORS,
    "POST /console/gaps/dismiss": EDITORS,
    "POST /console/gaps/reopen": EDITORS,
    "GET /console/policies": "organiser approver admin",
    "GET /console/policies/{topic}": "organiser approver admin",
    "GET /console/policies/new": EDITORS,
    "POST /console/policies/new": EDITORS,
    "GET /console/policies/{topic}/edit": EDITORS,
    "POST /console/policies/{topic}/edit": EDITORS,
    "POST /console/policies/{topic}/drop": EDITORS,
    "POST /console/policies/{topic}/restore": EDITORS,
    "POST /console/policies/{topic}/publish": "approver",
    "POST /console/policies/{topic}/send-back": "approver",
}
ENDING = ("/console/leave", "/console/sessions/end-all")  # whoever asks this is signed out afterwards
DECLARED = {f"{route.method} {route.path}": route for route, _ in routes(MODULES)}


@pytest.fixture
async def things(app):
    """What stands in addresses, by the beginning of the address: one in a district, as `await things(district)`."""
    return partial(things_in, app)


def filled(path: str, things: Mapping[str, Mapping[str, object]]) -> str:
    """The address with the things in it."""
    values = next((each for start, each in things.items() if path.startswith(start)), {})
    usual = {
        "token": "0" * 43,
        "name": "nothing.css",
        "code": "0" * 10,
        "certificate": "0",
        "measure": "collected",
        "form": "csv",
    }
    return path.format_map({**usual, "topic": POLICY, **values})


def test_every_page_is_listed_here_and_none_that_is_gone():
    assert set(DECLARED) == set(PAGES)


def test_what_is_declared_public_is_public_here():
    for place, route in DECLARED.items():
        assert isinstance(route.right, Access) == isinstance(PAGES[place], Access), place


@pytest.mark.parametrize("short", SHORT)
async def test_a_role_opens_its_own_pages_and_no_others(app, things, short):
    own = await things(OWN)
    async with Desk(app, SHORT[short], district=OWN, agency=OFFICE if short in ("handler", "property") else "") as desk:
        if SHORT[short] is Role.PROVIDER:  # Whose things are their own, wherever others are.
            await asked_of(app, own["/console/offerings/{id}"]["id"], desk.id)
        for place in sorted(PAGES, key=lambda each: each.endswith(ENDING)):
            if isinstance(PAGES[place], Access) and not place.endswith(ENDING):
                continue
            method, path = place.split()
            page = await ask(desk, method, filled(path, own))
            allowed = PAGES[place] == Access.HALF or short in PAGES[place].split()
            assert (page.status != 403) == allowed, f"{short} {place}: {page.status}"
            assert page.status not in (401, 404, 405, 500), f"{short} {place}: {page.status}"
            if path.endswith(ENDING):
                await desk.enters()


@pytest.mark.parametrize("short", [each for each in SHORT if each != "system"])
async def test_a_thing_of_another_district_is_not_there_any_more_than_one_that_never_was(app, things, short):
    other = await things(OTHER)
    nowhere = {start: {name: nothing(value) for name, value in each.items()} for start, each in other.items()}
    async with Desk(
        app, SHORT[short], district=OWN, agency=OFFICE if short in ("handler", "property") else "", second=True
    ) as desk:
        for place in (each for each in PAGES if short in PAGES[each].split()):
            method, path = place.split()
            if any(path.startswith(start) for start in other) and "{" in path:
                answers = []
                for found in (other, nowhere):
                    with statements() as asked:
                        page = await ask(desk, method, filled(path, found))
                    answers.append((page.status, page.told, asked))
                assert answers[0][0] == 404, f"{short} {place}: {answers[0][0]}"
                assert answers[0] == answers[1], f"{short} {place}"


def nothing(value: object) -> object:
    """What looks like this name of a thing, and is none."""
    return 999_999_999 if isinstance(value, int) else re.sub(r"\d", "0", str(value))


async def test_who_is_not_signed_in_is_sent_to_the_door_and_their_form_is_kept(app, things):
    own = await things(OWN)
    async with Desk(app, None) as desk:
        desk.http.cookie_jar.clear()
        for place, who in PAGES.items():
            method, path = place.split()
            page = await ask(desk, method, filled(path, own), typed="写了很久的一段话，不能丢，丢了要重写的")
            if who == Access.PUBLIC:
                assert page.status != 401, place
            elif method == "GET" and not DECLARED[place].live:
                assert page.path.startswith("/console/login"), place
            else:
                assert page.status == 401, place
                assert DECLARED[place].live or "写了很久的一段话" in page, place


async def test_without_the_second_factor_no_page_opens(app, things):
    own = await things(OWN)
    async with Desk(app, Role.ADMIN, district=OWN, second=False) as desk:
        for place, who in PAGES.items():
            method, path = place.split()
            if not isinstance(who, Access):
                page = await ask(desk, method, filled(path, own))
                assert page.path == "/console/enrol", place


async def test_a_refused_attempt_stands_in_the_audit(app):
    async with Desk(app, Role.HANDLER) as handler, Desk(app, Role.AUDITOR, district="") as auditor:
        await handler.gets("/console/people", status=403)
        page = await auditor.gets("/console/audit?denied=1")
        assert handler.name in page
        assert "看人员" in page.words


async def ask(desk: Desk, method: str, path: str, **fields: object):
    if method == "GET":
        return await desk.gets(path, status=None)
    return await desk.submits(path, status=None, **fields)
