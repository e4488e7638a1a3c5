"""Who may open what: every address of the console, every role, in one's own district and in another one.

A page that is not listed here fails.  A new page adds its addresses to PAGES, and what stands in its address to
`things`.
"""

import secrets
from collections.abc import Mapping

import pytest
from sqlalchemy import select

from bot.console import PAGES as MODULES
from bot.console.core.routes import HALF, PUBLIC, routes
from bot.services.appeals import appeals
from bot.services.appeals.states import AppealState
from bot.services.attachments import attachments
from bot.services.attachments.attachments import Made
from bot.services.core.lifecycle import Role
from bot.services.hazards import hazards
from bot.services.hazards import transitions as hazard_transitions
from bot.services.notices import notices
from bot.services.notices import photos as notice_photos
from bot.services.notices.audience import Audience
from bot.services.reports import ledgers
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.services.volunteers import applications
from bot.services.volunteers.applications import VolunteerApplication
from bot.store.models import Agency, Attachment, Chat, Consultation, HazardPhoto, StationRow, TrialGroup
from tests.support.appeals import filed
from tests.support.desk import BY, Desk
from tests.support.fake_bot_api import Town

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
    "nobody": None,  # signed in, without any role
}
ALL = " ".join(SHORT)
PEOPLE = "admin system"
FIGURES = "organiser approver reviewer admin auditor"
DESK = "handler reviewer admin"
HAZARDS = "organiser handler reviewer admin"
GRID = "organiser admin"
EDITORS = "organiser"
POLICY = "friendly-merchants-shenyang"  # of OWN; everybody who may read entries at all reads all of them

# Who gets past the door of a page: PUBLIC, HALF, or the roles by their short names.
PAGES: Mapping[str, str] = {
    "GET /console": ALL,
    "GET /console/login": PUBLIC,
    "POST /console/login": PUBLIC,
    "GET /console/sent": PUBLIC,
    "GET /console/enter/{token}": PUBLIC,
    "POST /console/enter/{token}": PUBLIC,
    "GET /console/webapp": PUBLIC,
    "POST /console/webapp": PUBLIC,
    "GET /console/static/{name}": PUBLIC,
    "POST /console/leave": HALF,
    "GET /console/second": HALF,
    "POST /console/second": HALF,
    "GET /console/enrol": HALF,
    "POST /console/enrol": HALF,
    "GET /console/enrol/picture.svg": HALF,
    "POST /console/confirm": ALL,
    "GET /console/events": ALL,
    "GET /console/divisions": ALL,
    "GET /console/chat": ALL,
    "POST /console/chat": ALL,
    "POST /console/chat/unlink": ALL,
    "GET /console/sessions": ALL,
    "POST /console/sessions/end": ALL,
    "POST /console/sessions/end-all": ALL,
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
    "GET /console/backend": "system",
    "POST /console/backend/again": "system",
    "GET /console/overview": FIGURES,
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
    "GET /console/alike": "admin",
    "POST /console/alike": "admin",
    "GET /console/alike/{id}": "admin",
    "POST /console/alike/{id}/publish": "admin",
    "POST /console/alike/{id}/take-out": "admin",
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
    "GET /console/rewards": "organiser",
    "POST /console/rewards": "organiser",
    "GET /console/redeem": "organiser counter",
    "GET /console/redeem/{code}": "organiser counter",
    "POST /console/redeem": "organiser counter",
    "GET /console/certificates/{certificate}": PUBLIC,
    "GET /console/hazards": HAZARDS,
    "GET /console/hazards/map": HAZARDS,
    "GET /console/hazards/rules": "admin",
    "POST /console/hazards/rules": "admin",
    "POST /console/hazards/rules/drop": "admin",
    "GET /console/hazards/{number}": HAZARDS,
    "GET /console/hazards/{number}/photos/{photo}": DESK,
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
    "POST /console/hazards/{number}/reject": "reviewer admin",
    "GET /console/stations": "organiser admin",
    "GET /console/stations/map": "organiser admin",
    "GET /console/stations/at/{station}": "organiser admin",
    "POST /console/stations/at/{station}": EDITORS,
    "POST /console/stations/at/{station}/close": EDITORS,
    "POST /console/stations/at/{station}/confirm": EDITORS,
    "GET /console/stations/import": EDITORS,
    "POST /console/stations/import": EDITORS,
    "POST /console/stations/import/take": EDITORS,
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

    async def made(district: str) -> Mapping[str, Mapping[str, object]]:
        async with app.db.begin() as session:
            name = f"colleague.{secrets.token_hex(3)}"
            person = await accounts.add(session, None, BY, name=name, username=name, district=district)
            await accounts.give(session, None, BY, person, Grant(Role.ORGANISER, district))
        number = await filed(app, AppealState.ASSIGNED, district=district)
        async with app.db.begin() as session:
            item = Consultation(title="十月工资", district=district, opened_by=person.id)
            session.add_all([item, group := TrialGroup(name="夜班组", district=district)])
            await session.flush()
        return {
            "/console/alike": {"id": item.id},
            "/console/people": {"id": person.id},
            "/console/ledgers": {"id": await ledger_of(app, district), "form": "csv"},
            "/console/stations/at": {"station": await station_in(app, district)},
            "/console/notices/groups": {"id": group.id},
            "/console/notices/photos": {"digest": await notice_photo_of(app, notice := await notice_of(app, district))},
            "/console/notices/{id}": {"id": notice, "form": "csv"},
            "/console/hazards/{number}": await hazard_in(app, district),
            "/console/appeals/{number}": {"number": number, "file": await photo_of(app, number)},
            "/console/volunteers/{number}": {"number": await volunteered(app, district)},
        }

    return made


async def notice_of(app, district: str) -> int:
    """A draft in a district."""
    town = await Town(app.db, app.knowledge).settle()
    async with app.db.begin() as session:
        wanted = town.draft(audience=Audience(regions=(district,)))
        notice = await notices.write(session, app.services, town.author, wanted, districts=[district])
        return notice.id


async def notice_photo_of(app, number: int) -> str:
    """The digest of the photo of a notice, to which it is given here; each notice has another one."""
    async with app.db.begin() as session:
        notice = await notices.get(session, number)
        notice.photo = await notice_photos.keep(session, f"not looked at, of {number}".encode())
        return notice.photo


async def hazard_in(app, district: str) -> Mapping[str, object]:
    """A hazard with a photo, which the handlers' agency has."""
    place = {"2101": (41.795, 123.433), "3701": (36.651, 117.120)}[district]
    made = Made(b"not looked at", "image/jpeg")
    async with app.db.begin() as session:
        draft = hazards.HazardDraft("gas", "楼下漏气", point=place, origin="open311")
        case = await hazard_transitions.get(session, (await hazards.submit(session, app.services, None, draft)).number)
        case.agency_id = await session.scalar(select(Agency.id).where(Agency.code == OFFICE))
        name = attachments.keep(app.settings.var / "uploads", attachments.vault_for(session), made)
        photo = HazardPhoto(hazard_id=case.id, part="report", state="ready", name=name, mime=made.mime)
        session.add(photo)
        await session.flush()
        return {"number": case.number, "photo": photo.id}


async def station_in(app, district: str) -> str:
    """A station of a district."""
    row = StationRow(id=f"s{secrets.token_hex(4)}", name="驿站", kind="love", latitude=41.8, longitude=123.4)
    row.datum, row.region = "wgs84", f"{district}02"
    async with app.db.begin() as session:
        session.add(row)
    return row.id


async def photo_of(app, number: str) -> int:
    """A photo of a case."""
    made = Made(b"not looked at", "image/jpeg")
    async with app.db.begin() as session:
        case = await appeals.get(session, number)
        name = attachments.keep(app.settings.var / "uploads", attachments.vault_for(session), made)
        row = Attachment(appeal_id=case.id, kind="photo", state="ready", name=name, mime=made.mime)
        session.add(row)
        await session.flush()
        return row.id


async def volunteered(app, district: str) -> str:
    """The number of somebody who applied."""
    async with app.db.begin() as session:
        chat = Chat(channel="web", key=secrets.token_bytes(16), address=1)
        session.add(chat)
        await session.flush()
        wanted = VolunteerApplication("王芳", "13800138000", "meituan", "rider", f"{district}06", "", "any")
        return (await applications.apply(session, app.services, chat, wanted)).number


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
        assert (route.right in (PUBLIC, HALF)) == (PAGES[place] in (PUBLIC, HALF)), place


@pytest.mark.parametrize("short", SHORT)
async def test_a_role_opens_its_own_pages_and_no_others(app, things, short):
    own = await things(OWN)
    async with Desk(app, SHORT[short], district=OWN, agency=OFFICE if short == "handler" else "") as desk:
        for place in sorted(PAGES, key=lambda each: each.endswith(ENDING)):
            if PAGES[place] in (PUBLIC, HALF) and not place.endswith(ENDING):
                continue
            method, path = place.split()
            page = await ask(desk, method, filled(path, own))
            allowed = PAGES[place] == HALF or short in PAGES[place].split()
            assert (page.status != 403) == allowed, f"{short} {place}: {page.status}"
            assert page.status not in (401, 404, 405, 500), f"{short} {place}: {page.status}"
            if path.endswith(ENDING):
                await desk.enters()


@pytest.mark.parametrize("short", [each for each in SHORT if each != "system"])
async def test_a_thing_of_another_district_is_not_there(app, things, short):
    other = await things(OTHER)
    async with Desk(app, SHORT[short], district=OWN, agency=OFFICE if short == "handler" else "", second=True) as desk:
        for place in (each for each in PAGES if short in PAGES[each].split()):
            method, path = place.split()
            if any(path.startswith(start) for start in other) and "{" in path:
                page = await ask(desk, method, filled(path, other))
                assert page.status == 404, f"{short} {place}: {page.status}"


async def test_who_is_not_signed_in_is_sent_to_the_door_and_their_form_is_kept(app, things):
    own = await things(OWN)
    async with Desk(app, None) as desk:
        desk.http.cookie_jar.clear()
        for place, who in PAGES.items():
            method, path = place.split()
            page = await ask(desk, method, filled(path, own), typed="写了很久的一段话，不能丢，丢了要重写的")
            if who == PUBLIC:
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
            if who not in (PUBLIC, HALF):
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


async def ledger_of(app, district: str) -> int:
    """The monthly ledger of a district."""
    async with app.db.begin() as session:
        wanted = ledgers.LedgerRequest("month", ledgers.last("month"), district)
        return (await ledgers.freeze(session, app.services, wanted)).id
