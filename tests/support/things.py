"""One of everything that the console has pages about, in a district: for tests of who may see what."""

import secrets
from collections.abc import Mapping

from sqlalchemy import select

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
from bot.store.models import (
    Agency,
    AppealHelper,
    Attachment,
    Chat,
    Compound,
    Consultation,
    Contact,
    HazardPhoto,
    Offering,
    Outlet,
    StationRow,
    TrialGroup,
)
from tests.support.appeals import case_of, filed
from tests.support.bookings import sitting_made, sitting_of
from tests.support.desk import BY
from tests.support.fake_bot_api import Town
from tests.support.passes import pass_in
from tests.support.units import unit_entered
from tests.support.volunteers import reward_in

OFFICE = "labour"  # which has the appeals and the hazards


async def things_in(app, district: str) -> Mapping[str, Mapping[str, object]]:
    """One of everything in a district, by the beginning of its address, as what stands in the address."""
    async with app.db.begin() as session:
        name = f"colleague.{secrets.token_hex(3)}"
        person = await accounts.add(session, None, BY, name=name, username=name, district=district)
        await accounts.give(session, None, BY, person, Grant(Role.ORGANISER, district))
    number = await filed(app, AppealState.ASSIGNED, district=district)
    async with app.db.begin() as session:
        item = Consultation(title="十月工资", district=district, opened_by=person.id)
        unit = await unit_entered(session, "街道", "community", code=name, region=district)
        office = await session.scalar(select(Agency.id).where(Agency.code == OFFICE))
        outlet = Outlet(name=name, platform="meituan", region=f"{district}02", community_id=office)
        session.add(outlet)
        await session.flush()
        compound = Compound(name=name, region=f"{district}02", agency_id=office)
        session.add(compound)
        contact = Contact(agency_id=unit, duty="community", shown_name="李干事", outlet_id=outlet.id)
        session.add(contact)
        session.add_all([item, group := TrialGroup(name=f"夜班组{name[-6:]}", district=district)])
        await session.flush()
    return {
        "/console/alike": {"id": item.id},
        "/console/help": {"id": await help_in(app, district)},
        "/console/units/{id}": {"id": unit},
        "/console/outlets/{id}": {"id": outlet.id},
        "/console/contacts/{id}": {"id": contact.id},
        "/console/passes/{number}": {"number": await pass_in(app, f"{district}02")},
        "/console/compounds/{id}": {"id": compound.id},
        "/console/offerings/{id}": {"id": (booked := await sitting_in(app, district))[0]},
        "/console/sittings/{id}": {"id": booked[1]},
        "/console/rewards/{code}": {"code": await reward_in(app, district)},
        "/console/people/{id}": {"id": person.id},
        "/console/ledgers": {"id": await ledger_of(app, district), "form": "csv"},
        "/console/stations/at": {"station": await station_in(app, district)},
        "/console/notices/groups": {"id": group.id},
        "/console/notices/photos": {"digest": await notice_photo_of(app, notice := await notice_of(app, district))},
        "/console/notices/{id}": {"id": notice, "form": "csv"},
        "/console/hazards/{number}": await hazard_in(app, district),
        "/console/appeals/{number}": {"number": number, "file": await photo_of(app, number)},
        "/console/volunteers/{number}": {"number": await volunteered(app, district)},
    }


async def help_in(app, district: str) -> int:
    """A question to the handlers' agency about a case that another one has."""
    number = await filed(app, AppealState.ASSIGNED, district=district, agency="community")
    case = await case_of(app, number)
    async with app.db.begin() as session:
        office = await session.scalar(select(Agency.id).where(Agency.code == OFFICE))
        row = AppealHelper(appeal_id=case.id, agency_id=office, question="站点在你们那里登记过吗")
        session.add(row)
        await session.flush()
        return row.id


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
        photo = HazardPhoto(
            hazard_id=case.id, part="report", state="ready", name=name, mime=made.mime, thumb="bm90aGluZw=="
        )
        session.add(photo)
        await session.flush()
        return {"number": case.number, "photo": photo.id}


async def sitting_in(app, district: str) -> tuple[int, int]:
    """An offering of a district, with a date."""
    number = await sitting_made(app, region=district)
    return (await sitting_of(app, number)).offering_id, number


async def asked_of(app, offering: int, staff_id: int) -> None:
    """Let somebody be who is asked there."""
    async with app.db.begin() as session:
        (await session.get_one(Offering, offering)).provider_id = staff_id


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


async def ledger_of(app, district: str) -> int:
    """The monthly ledger of a district."""
    async with app.db.begin() as session:
        wanted = ledgers.LedgerRequest("month", ledgers.last("month"), district)
        return (await ledgers.freeze(session, app.services, wanted)).id
