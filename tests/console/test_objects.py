"""Whatever a form names by a number or a code is there for who may see it, and for nobody else.

The fields are those of the templates: a new one fails until it stands here, as a thing with a case or as something
else.  A thing of another district, one that is hidden and one that never was are answered in the same words, after the
same steps.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import bot.console
from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.hazards import hazards
from bot.services.hazards.states import HazardState
from bot.store.base import Base
from bot.store.models import (
    Agency,
    CalendarChange,
    CannedReply,
    Compound,
    Consultation,
    ConsultationCase,
    Entry,
    Gate,
    GateDevice,
    Hazard,
    HazardRule,
    ImportFile,
    Notice,
    Outlet,
    SavedFilter,
    Shift,
    Staff,
    StaffRole,
    StaffSession,
    Team,
    TrialGroup,
    Volunteer,
    now,
)
from tests.support import things
from tests.support.appeals import case_of, filed
from tests.support.bookings import ENTRY, somebody_books
from tests.support.desk import Desk
from tests.support.passes import gate_in, pass_in
from tests.support.steps import statements
from tests.support.units import unit_entered
from tests.support.volunteers import reward_in

OWN, OTHER = "2101", "3701"
NO_NUMBER, NO_ID, NO_CODE = "209901019999", 999_999_999, "nowhere"
WHY = "请您再看一遍这件事情"
CONTACT = {"duty": "union", "name": "李干事", "phone": "12351"}
OFFERED = {
    name: getattr(ENTRY, name) for name in ("kind", "title", "text", "place", "book_hours", "cancel_hours", "points")
}
REWARD = {"label": "反光背心", "about": "均码", "points": "20", "stock": "3", "days": "14", "place": "兴工街驿站"}
MACRO = re.compile(r"\{% macro (\w+)\((.*?)\) %\}(.*?)\{% endmacro %\}", re.DOTALL)
PLAIN = frozenset(
    """_code act action after active active_days amount address answer area ask audience before book_hours boxes calls cancel_hours capacity checked category channel confidential chat_code closed code col color comment count datum day days
    denied details desks district does drill duty hours phone format from group hotlines init_data item job kind label lat least liaison list lived lon name next none note off_site offer offer_from offer_until only out outline per
    photo_off picture about funding last_day platform points published purpose q query reason region remark review_by robots services since size sort source start_at state step steps text tier title to
    riders rules until url use vehicles username vague valid_from valid_until version view viewport which whole why""".split()
)  # words, dates, choices, codes that are good for whoever holds them, places on the map of the country or in a list
SHARED = {  # what is there for everybody who may open the form, and what is no thing there
    "policies/edit.html base": "a version of the entry of the address",
    "policies/policy.html base": "a version of the entry of the address",
    "policies/policy.html revision": "a version of the entry of the address",
    "stations/station.html base": "the version of the station of the address",
    "policies/edit.html gap": "questions without an answer belong to no district",
    "policies/gaps.html gap": "questions without an answer belong to no district",
    "policies/gaps.html topic": "everybody who reads entries reads all of them",
    "staff/choose.html role": "the name of a role",
    "backend/deliveries.html number": "who looks after the backend may name every case, and sees none",
    "staff/audit.html staff": "auditors see everybody",
    "staff/views.html staff": "auditors see everybody",
    "notices/form.html unit": "a name to sign with",
    "policies/edit.html id": "a name of its own",
    "policies/edit.html related": "everybody who reads entries reads all of them",
    "notices/form.html role": "a sort of people, as those who get it said it",
    "hazards/hazard.html photo": "a file",
    "stations/upload.html file": "a file, before it was looked at",
    "contacts/upload.html file": "a file, before it was looked at",
    "passes/rosters.html file": "a list, which is taken over at once",
    "passes/check.html seen": "a tick",
    "passes/devices.html device": "a name of its own",
    "passes/upload.html file": "a file, before it was looked at",
    "passes/compound.html gate": "a name of its own",
    "settings/calendar.html file": "a file, before it was looked at",
    "volunteers/list.html lead": "a tick",
    "bookings/offering_fields.html place": "words for where it is",
    "bookings/sitting_fields.html place": "words for where it is",
    "points/reward_fields.html place": "words for where it is",
    "points/reward_fields.html stock": "how many there are",
}


@dataclass
class Form:
    """A form and what is tried in one field of it, by what the value names."""

    path: str
    values: Mapping[str, object]
    fields: Mapping[str, object] = field(default_factory=dict)
    reads: bool = False  # it is handed in as an address


@dataclass
class Case:
    make: Callable[..., Awaitable[Form]]
    role: Role
    unit: str


CASES: dict[str, Case] = {}  # by "template field", a colon and what is tried: several forms have a field of one name


def case(*places: str, role: Role = Role.ADMIN, unit: str = ""):
    """What is tried in these fields, "template field", and by whom."""

    def keep(make):
        CASES.update({f"{place}:{make.__name__}": Case(make, role, unit) for place in places})
        return make

    return keep


@case("appeals/case.html parent", unit="labour")
async def merges(app, desk):
    number = await filed(app, AppealState.ACCEPTED)
    fields = {"version": (await case_of(app, number)).version}
    return Form(f"/console/appeals/{number}/merge", await appeals_of(app), fields)


@case("appeals/bulk.html parent", unit="labour")
async def merges_many(app, desk):
    number = await filed(app, AppealState.ACCEPTED)
    ticked = f"{number}:{(await case_of(app, number)).version}"
    return Form("/console/appeals/bulk", await appeals_of(app), {"act": "merge", "case": ticked})


@case("appeals/bulk.html case", unit="labour")
async def ticks_many(app, desk):
    values = {sort: f"{number}:3" for sort, number in (await appeals_of(app)).items()}
    return Form("/console/appeals/bulk", values, {"act": "log", "note": WHY})


@case("appeals/bulk.html number", "appeals/queue.html number", unit="labour")
async def looks_at_many(app, desk):
    return Form("/console/appeals/bulk", await appeals_of(app), {"act": "log"}, reads=True)


@case("appeals/clusters.html number", unit="labour")
async def takes_up(app, desk):
    return Form("/console/alike", await appeals_of(app), {"title": "十月工资", "lead": ""})


@case("appeals/consultation.html number", unit="labour")
async def takes_out(app, desk):
    """The hidden one and the foreign one are in it: they became so after it was begun."""
    values = await appeals_of(app)
    async with app.db.begin() as session:
        item = Consultation(title="十月工资", district=OWN, opened_by=desk.id)
        session.add(item)
        await session.flush()
        foreign = (await case_of(app, values["foreign"])).id
        session.add(ConsultationCase(appeal_id=foreign, consultation_id=item.id))
    return Form(f"/console/alike/{item.id}/take-out", values)


@case("appeals/consultation.html unit")
async def brings_in(app, desk):
    async with app.db.begin() as session:
        item = Consultation(title="十月工资", district=OWN, opened_by=desk.id)
        session.add(item)
        await session.flush()
        number = item.id
    return Form(f"/console/alike/{number}/units", await units_of(app))


@case("appeals/case.html colleague", role=Role.HANDLER, unit="labour")
async def hands_to_a_colleague(app, desk):
    number = await filed(app, AppealState.IN_PROGRESS)
    fields = {"version": (await case_of(app, number)).version, "note": WHY}
    async with Desk(app, Role.HANDLER, agency="urban") as other:
        return Form(f"/console/appeals/{number}/hand-over", {"foreign": other.id, "absent": NO_ID}, fields)


@case("appeals/case.html agency")
async def reassigns(app, desk):
    number = await filed(app, AppealState.ASSIGNED)
    fields = {"version": (await case_of(app, number)).version, "text": WHY}
    return Form(f"/console/appeals/{number}/reassign", await units_of(app), fields)


@case("appeals/case.html agency")
async def dispatches(app, desk):
    number = await filed(app)
    fields = {"version": (await case_of(app, number)).version}
    return Form(f"/console/appeals/{number}/assign", await units_of(app), fields)


@case("appeals/case.html agency")
async def changes_the_kind_and_the_unit(app, desk):
    number = await filed(app, AppealState.ASSIGNED)
    fields = {"version": (await case_of(app, number)).version, "kind": "injury", "text": WHY}
    return Form(f"/console/appeals/{number}/recategorise", await units_of(app), fields)


@case("appeals/case.html agency")
async def asks_a_unit_to_help(app, desk):
    number = await filed(app, AppealState.ASSIGNED)
    fields = {"version": (await case_of(app, number)).version, "note": WHY}
    return Form(f"/console/appeals/{number}/help", await units_of(app), fields)


@case("appeals/case.html unit")
async def names_who_it_is_about(app, desk):
    number = await filed(app, AppealState.ASSIGNED)
    fields = {"version": (await case_of(app, number)).version}
    return Form(f"/console/appeals/{number}/about", await units_of(app), fields)


@case("appeals/bulk.html agency")
async def dispatches_many(app, desk):
    number = await filed(app)
    ticked = f"{number}:{(await case_of(app, number)).version}"
    return Form("/console/appeals/bulk", await units_of(app), {"act": "assign", "case": ticked})


@case("appeals/clusters.html lead", "appeals/bulk.html lead")
async def names_who_leads(app, desk):
    numbers = [await filed(app), await filed(app)]
    return Form("/console/alike", await units_of(app), {"title": "十月工资", "number": numbers})


@case("appeals/queue.html agency")
async def filters_by_unit(app, desk):
    codes = await units_of(app)
    async with app.db.read() as session:
        rows = dict((await session.execute(select(Agency.code, Agency.id))).all())
    return Form("/console/appeals", {sort: rows.get(code, NO_ID) for sort, code in codes.items()}, reads=True)


@case("appeals/queue.html filter")
async def drops_a_filter(app, desk):
    async with Desk(app, Role.ADMIN) as other, app.db.begin() as session:
        session.add(kept := SavedFilter(staff_id=other.id, name="工资", query="kind=wages"))
    return Form("/console/appeals/filters/drop", {"foreign": kept.id, "absent": NO_ID})


@case("hazards/hazard.html parent", role=Role.REVIEWER)
async def links(app, desk):
    values = {"foreign": await hazard(app, OTHER), "hidden": await hazard(app, OWN, origin="test")}
    return Form(f"/console/hazards/{await hazard(app, OWN)}/link", {**values, "absent": "H20990101999"})


@case("hazards/hazard.html agency", role=Role.REVIEWER)
async def dispatches_a_hazard(app, desk):
    number = (await things.hazard_in(app, OWN))["number"]
    return Form(f"/console/hazards/{number}/reassign", await units_of(app), {"text": WHY})


@case("hazards/hazard.html agency", role=Role.REVIEWER)
async def dispatches_a_new_hazard(app, desk):
    number = (await things.hazard_in(app, OWN))["number"]
    async with app.db.begin() as session:
        (await session.scalar(select(Hazard).where(Hazard.number == number))).state = HazardState.VALIDATED
    return Form(f"/console/hazards/{number}/dispatch", await units_of(app))


@case("units/fields.html parent")
async def stands_below(app, desk):
    codes = await units_of(app)
    async with app.db.read() as session:
        rows = dict((await session.execute(select(Agency.code, Agency.id))).all())
    values = {sort: rows.get(code, NO_ID) for sort, code in codes.items()}
    return Form("/console/units/new", values, {"name": "新街道", "kind": "street", "district": OWN})


@case("units/fields.html parent")
async def stands_below_another(app, desk):
    async with app.db.begin() as session:
        number = await unit_entered(session, "老街道", "street", code="old", region=OWN)
    form = await stands_below(app, desk)
    return Form(f"/console/units/{number}", form.values, {"name": "老街道", "kind": "street"})


@case("units/unit.html successor")
async def hands_over(app, desk):
    values = await units_of(app)
    async with app.db.begin() as session:
        number = await unit_entered(session, "老街道", code="old", region=OWN)
    await filed(app, AppealState.ASSIGNED, agency="old")
    return Form(f"/console/units/{number}/off", values)


@case("hazards/rules.html agency")
async def rules(app, desk):
    return Form("/console/hazards/rules", await units_of(app), {"kind": "", "area": OWN})


@case("hazards/rules.html rule")
async def drops_a_rule(app, desk):
    async with app.db.begin() as session:
        unit = await session.scalar(select(Agency.id).where(Agency.region == ""))
        session.add(kept := HazardRule(kind="", area=OTHER, agency_id=unit))
    return Form("/console/hazards/rules/drop", {"foreign": kept.id, "absent": NO_ID})


@case("notices/notice.html whom", role=Role.ORGANISER)
async def tries(app, desk):
    async with app.db.begin() as session:
        session.add(group := TrialGroup(name="夜班组", district=OTHER))
    return Form(f"/console/notices/{await things.notice_of(app, OWN)}/try", {"foreign": group.id, "absent": NO_ID})


@case("settings/replies.html reply", role=Role.ADMIN)
async def changes_a_reply(app, desk):
    common = {"use": "answer", "label": "工资已追回", "text": "已经查清，钱退给您了。", "changed_by": 1}
    async with app.db.begin() as session:
        session.add(foreign := CannedReply(district=OTHER, kind="", **common))
    fields = {"use": "answer", "label": "改过的", "text": "改过的正文，够长了。", "kind": ""}
    return Form("/console/settings/replies", {"foreign": foreign.id, "absent": NO_ID}, fields)


@case("settings/replies.html reply", role=Role.ADMIN)
async def drops_a_reply(app, desk):
    return Form("/console/settings/replies/drop", (await changes_a_reply(app, desk)).values)


@case("notices/form.html photo", role=Role.ORGANISER)
async def shows_a_photo(app, desk):
    foreign = await things.notice_photo_of(app, await things.notice_of(app, OTHER))
    fields = {"kind": "service", "title": "今晚有雨", "text": "路滑，慢一点骑。", "unit": "区总工会", "region": OWN}
    fields["valid_until"] = f"{now() + timedelta(days=2):%Y-%m-%d}"
    return Form("/console/notices/new", {"foreign": foreign, "absent": "0" * 64}, fields)


@case("notices/trial_group.html member", role=Role.ORGANISER)
async def puts_into_a_group(app, desk):
    async with Desk(app, Role.ORGANISER, district=OTHER) as other:
        return Form("/console/notices/groups/new", {"foreign": other.id, "absent": NO_ID}, {"name": "夜班组"})


@case("staff/account.html role")
async def takes_a_role(app, desk):
    async with Desk(app, Role.ORGANISER, district=OTHER) as other, Desk(app, Role.ORGANISER) as person:
        async with app.db.read() as session:
            foreign = await session.scalar(select(StaffRole.id).where(StaffRole.staff_id == other.id))
        return Form(f"/console/people/{person.id}/take", {"foreign": foreign, "absent": NO_ID})


@case("staff/unit.html unit")
async def moves_to_a_unit(app, desk):
    async with Desk(app, Role.ORGANISER) as person:
        return Form(f"/console/people/{person.id}/unit", await units_of(app))


@case("staff/unit.html unit")
async def joins_a_unit(app, desk):
    fields = {"name": "新来的", "username": "newcomer", "role": Role.HANDLER, "district": OWN}
    return Form("/console/people", await units_of(app), fields)


@case("staff/sessions.html session")
async def ends_a_session(app, desk):
    async with Desk(app, Role.ORGANISER) as other, app.db.read() as session:
        foreign = await session.scalar(select(StaffSession.id).where(StaffSession.staff_id == other.id))
    return Form("/console/sessions/end", {"foreign": foreign, "absent": NO_ID})


@case("settings/calendar.html draft", role=Role.SYSTEM_ADMIN)
async def enters_days(app, desk):
    """What a colleague looked at is theirs to enter."""
    async with Desk(app, Role.SYSTEM_ADMIN) as other, app.db.begin() as session:
        days = [["2026-05-08", False, "试的"]]
        session.add(kept := CalendarChange(staff_id=other.id, year=None, days=days, source="试的，不是通知"))
    return Form("/console/settings/calendar/enter", {"foreign": kept.id, "absent": NO_ID})


@case("stations/upload.html file", role=Role.ORGANISER)
async def takes_a_file_over(app, desk):
    async with Desk(app, Role.ORGANISER) as other, app.db.begin() as session:
        session.add(kept := ImportFile(staff_id=other.id, noun="station", name="a.csv", datum="wgs84", data=b"x"))
    return Form("/console/stations/import/take", {"foreign": kept.id, "absent": NO_ID})


@case("contacts/upload.html file", role=Role.ORGANISER)
async def takes_a_list_over(app, desk):
    async with Desk(app, Role.ORGANISER) as other, app.db.begin() as session:
        session.add(kept := ImportFile(staff_id=other.id, noun="outlet", name="a.csv", datum="", data=b"x"))
    return Form("/console/outlets/import/take", {"foreign": kept.id, "absent": NO_ID})


@case("bookings/offering_fields.html unit", role=Role.ORGANISER)
async def names_who_holds_it(app, desk):
    return Form("/console/offerings/new", await units_of(app), {**OFFERED, "district": OWN})


@case("bookings/offering_fields.html provider", role=Role.ORGANISER)
async def names_who_is_asked(app, desk):
    async with Desk(app, Role.PROVIDER, district=OTHER) as other, Desk(app, Role.ORGANISER) as none:
        values = {"foreign": other.id, "hidden": none.id, "absent": NO_ID}
        return Form("/console/offerings/new", values, {**OFFERED, "kind": "consult", "district": OWN})


@case("bookings/sitting.html seat", role=Role.ORGANISER)
async def ticks_a_seat(app, desk):
    (_, own), (_, other) = await things.sitting_in(app, OWN), await things.sitting_in(app, OTHER)
    return Form(
        f"/console/sittings/{own}/tick",
        {"foreign": await somebody_books(app, other), "absent": "B209901019999"},
        {"step": "attend"},
    )


@case("contacts/contact.html unit", role=Role.ORGANISER)
async def enters_a_contact(app, desk):
    fields = {"duty": "union", "name": "李干事", "phone": "12351", "district": OWN}
    return Form("/console/contacts/new", await units_of(app), fields)


@case("contacts/contact.html outlet", role=Role.ORGANISER)
async def looks_after_an_outlet(app, desk):
    """By its name, which says also where it lies: the district is left out."""
    async with app.db.begin() as session:
        session.add(Outlet(name="外地站", platform="meituan", region=f"{OTHER}02"))
    return Form("/console/contacts/new", {"foreign": "外地站", "absent": "没有站"}, {**CONTACT, "unit": "union"})


@case("passes/compound_fields.html unit", role=Role.ORGANISER)
async def is_looked_after_by_a_unit(app, desk):
    """By its name, as lists have it."""
    async with app.db.begin() as session:
        for name, region, active in (("外地物业", OTHER, True), ("撤了物业", OWN, False)):
            await unit_entered(session, name, "community", code=secrets.token_hex(4), region=region, active=active)
    values = {"foreign": "外地物业", "hidden": "撤了物业", "absent": "没有物业"}
    return Form("/console/compounds/new", values, {"name": "兴工花园", "district": f"{OWN}06"})


@case("passes/check.html number", role=Role.ORGANISER)
async def checks_who_stands_there(app, desk):
    values = {"foreign": await pass_in(app, f"{OTHER}02"), "absent": f"P{NO_NUMBER}"}
    return Form("/console/passes/check", values, {"seen": "1"})


@case("passes/devices.html at", role=Role.ORGANISER)
async def gives_a_gate_a_phone(app, desk):
    (own, _), (_, gate) = await gate_in(app, OWN), await gate_in(app, OTHER)
    return Form(f"/console/compounds/{own}/devices", {"foreign": gate, "absent": NO_ID}, {"device": "岗亭的手机"})


@case("passes/devices.html enrolled", role=Role.ORGANISER)
async def takes_a_phone_away(app, desk):
    (own, _), (_, gate) = await gate_in(app, OWN), await gate_in(app, OTHER)
    async with app.db.begin() as session:
        session.add(phone := GateDevice(gate_id=gate, name="外地岗亭", enrolled_by=1))
        await session.flush()
    return Form(f"/console/compounds/{own}/devices/revoke", {"foreign": phone.id, "absent": NO_ID})


@case("passes/entries.html entry", role=Role.ADMIN)
async def asks_whose_an_entry_was(app, desk):
    (own, _), (_, gate) = await gate_in(app, OWN), await gate_in(app, OTHER)
    async with app.db.begin() as session:
        session.add(entry := Entry(gate_id=gate, key=b"1" * 16, result="ok"))
        await session.flush()
    path, why = f"/console/compounds/{own}/entries/trace", {"purpose": "铁公刑调字 12 号，查盗窃"}
    return Form(path, {"foreign": entry.id, "absent": NO_ID}, why)


@case("passes/compound.html at", role=Role.ORGANISER)
async def takes_a_gate_away(app, desk):
    async with app.db.begin() as session:
        rows = [Compound(name=secrets.token_hex(4), region=f"{each}02") for each in (OWN, OTHER)]
        session.add_all(rows)
        await session.flush()
        session.add(gate := Gate(compound_id=rows[1].id, name="东门"))
        await session.flush()
    return Form(f"/console/compounds/{rows[0].id}/gates/close", {"foreign": gate.id, "absent": NO_ID})


@case("contacts/contact.html account", role=Role.ORGANISER)
async def rings_a_colleague(app, desk):
    """Of a unit that is there for the whole country, and so has colleagues everywhere."""
    async with Desk(app, Role.HANDLER, district=OTHER, agency="labour") as far, Desk(app, agency="urban") as near:
        values = {"foreign": far.username, "hidden": near.username, "absent": "nobody"}
    async with Desk(app, Role.HANDLER, agency="labour") as gone, app.db.begin() as session:
        (await session.get_one(Staff, gone.id)).active = False
    fields = {**CONTACT, "unit": "labour", "district": OWN}
    return Form("/console/contacts/new", {**values, "gone": gone.username}, fields)


@case("contacts/outlet_fields.html community", "contacts/outlet_fields.html police", role=Role.ORGANISER)
async def lies_in_a_community(app, desk):
    """By the names of units, as lists have them."""
    async with app.db.begin() as session:
        for name, region, active in (("外地社区", OTHER, True), ("撤了社区", OWN, False)):
            await unit_entered(session, name, "community", code=secrets.token_hex(4), region=region, active=active)
    fields = {"name": "兴工街站", "platform": "meituan", "district": f"{OWN}06"}
    values = {"foreign": "外地社区", "hidden": "撤了社区", "absent": "没有社区"}
    return Form("/console/outlets/new", values, fields)


@case("staff/choose.html reward")
async def names_what_a_counter_hands_over(app, desk):
    values = {"foreign": await reward_in(app, OTHER), "absent": NO_CODE}
    fields = {"name": "柜台", "username": "new.counter", "role": "counter", "district": OWN, "unit": ""}
    return Form("/console/people", values, fields)


@case("volunteers/volunteer.html shift", role=Role.ORGANISER)
async def settles_hours(app, desk):
    own, foreign = await things.volunteered(app, OWN), await things.volunteered(app, OTHER)
    async with app.db.begin() as session:
        whose = await session.scalar(select(Volunteer.id).where(Volunteer.number == foreign))
        session.add(shift := Shift(volunteer_id=whose, started_at=now(), ended_at=now(), state="ended"))
    return Form(f"/console/volunteers/{own}/hours", {"foreign": shift.id, "absent": NO_ID}, {"count": "1"})


@case("volunteers/list.html shift", role=Role.ORGANISER)
async def counts_hours(app, desk):
    form = await settles_hours(app, desk)
    return Form("/console/volunteers/hours", form.values)


@case("volunteers/volunteer.html team", role=Role.ORGANISER)
async def approves_into_a_team(app, desk):
    own = await things.volunteered(app, OWN)
    await desk.submits(f"/console/volunteers/{own}/review")
    async with app.db.begin() as session:
        session.add(team := Team(name="一队", district=OTHER))
    return Form(f"/console/volunteers/{own}/approve", {"foreign": team.id, "absent": NO_ID})


async def appeals_of(app) -> dict[str, str]:
    """Numbers that are not there for an administrator of OWN who works for the unit `labour`."""
    return {
        "foreign": await filed(app, AppealState.ACCEPTED, district="370102"),
        "hidden": await filed(app, AppealState.ACCEPTED, about="labour"),
        "confidential": await filed(app, AppealState.ACCEPTED, kind="legal", agency="justice"),
        "absent": NO_NUMBER,
    }


async def units_of(app) -> dict[str, str]:
    """Codes of units that are not there for OWN."""
    code = secrets.token_hex(4)
    async with app.db.begin() as session:
        await unit_entered(session, "外地人社", code=f"{code}f", region=OTHER)
        await unit_entered(session, "撤了的站", code=f"{code}h", region=OWN, active=False)
    return {"foreign": f"{code}f", "hidden": f"{code}h", "absent": NO_CODE}


async def hazard(app, district: str, *, origin: str = "open311") -> str:
    """A hazard nobody has looked at."""
    place = {OWN: (41.795, 123.433), OTHER: (36.651, 117.120)}[district]
    async with app.db.begin() as session:
        draft = hazards.HazardDraft("road", "路口井盖翘起来了", point=place, origin=origin)
        return (await hazards.submit(session, app.services, None, draft)).number


def every_field() -> set[str]:
    """The fields of all templates that have a name of their own, "template field", whether it is written there or given
    to a macro."""
    folder = Path(bot.console.__file__).parent
    found = set()
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for name in (*re.findall(r'\bname="([a-z_]+)', text), *given_to_macros(text)):
            found.add(f"{path.relative_to(folder)} {'source' if name.startswith('source_') else name}")
    return found


def given_to_macros(text: str) -> list[str]:
    """The names that a template's own macros give to fields: `line("outlet", ...)` makes one called outlet."""
    found = []
    for macro, parameters, body in MACRO.findall(text):
        if field_of := re.search(r'\bname="\{\{ (\w+) \}\}"', body):
            at = [each.partition("=")[0].strip() for each in parameters.split(",")].index(field_of[1])
            calls = re.findall(rf"\b{macro}\(((?:\"[a-z_]*\"|\w+)(?:, ?(?:\"[^\"]*\"|\w+))*)", text)
            given = [re.findall(r"\"[^\"]*\"|\w+", call) for call in calls]
            found += [call[at].strip('"') for call in given if len(call) > at and call[at].startswith('"')]
    return found


def test_every_field_is_a_thing_with_a_case_or_known_to_be_none():
    known = {each.partition(":")[0] for each in CASES} | set(SHARED)
    assert {each for each in every_field() - known if each.partition(" ")[2] not in PLAIN} == set()
    assert known - every_field() == set()


@pytest.mark.parametrize("place", CASES)
async def test_a_foreign_a_hidden_and_an_absent_thing_are_answered_alike(app, place):
    tried, answers = CASES[place], {}
    async with Desk(app, tried.role, district=OWN, agency=tried.unit, second=True) as desk:
        form = await tried.make(app, desk)
        for sort, value in form.values.items():
            with statements() as asked:
                page = await hands_in(desk, form, place.partition(":")[0].partition(" ")[2], value)
            assert page.status in (200, 404, 422), page.words
            said = page.told.replace(value, "") if isinstance(value, str) and value else page.told
            answers[sort] = page.status, page.path.partition("?")[0], said, asked
    first, *others = answers.items()
    for sort, answer in others:
        assert answer == first[1], f"{place}: {sort} is told apart from {first[0]}"


async def hands_in(desk: Desk, form: Form, name: str, value: object):
    fields = {**form.fields, name: value}
    if form.reads:
        return await desk.gets(f"{form.path}?{'&'.join(f'{key}={each}' for key, each in fields.items())}", status=None)
    return await desk.submits(form.path, status=None, **fields)


async def elsewhere(app, desk) -> dict[str, dict[str, object]]:
    """Forms of two colleagues of OWN with a district of OTHER, by their addresses."""
    own = await things.things_in(app, OWN)
    case, station = own["/console/appeals/{number}"]["number"], own["/console/stations/at"]["station"]
    outlet, unit = own["/console/outlets/{id}"]["id"], own["/console/units/{id}"]["id"]
    person, contact = own["/console/people/{id}"]["id"], own["/console/contacts/{id}"]["id"]
    compound = own["/console/compounds/{id}"]["id"]
    far, name = f"{OTHER}02", {"name": "外地的一个"}
    entry = {"kind": "service", "title": "今晚有雨", "text": "路滑", "unit": "总工会", "valid_until": "2099-12-31"}
    days = {"kind": "wages", "amount": "2", "per": "working_days", "from": "2099-01-01", "source": "试的，不是通知"}
    base = re.search(r'name="base" value="([^"]*)"', await desk.gets(f"/console/stations/at/{station}"))[1]
    place = {"kind": "love", "address": "历下区", "lat": "36.651", "lon": "117.120", "datum": "wgs84", "base": base}
    return {
        f"/console/appeals/{case}/locate": {"version": (await case_of(app, case)).version, "district": far},
        "/console/people": {**name, "username": "far.away", "role": "organiser", "district": OTHER},
        f"/console/people/{person}/give": {"role": "organiser", "district": OTHER},
        "/console/units/new": {**name, "kind": "community", "district": far},
        "/console/hazards/rules": {"kind": "", "area": far, "agency": "urban"},
        "/console/ledgers": {"kind": "month", "district": OTHER},
        "/console/settings/replies": {
            "use": "answer",
            "label": "远",
            "text": "已经查清了。",
            "kind": "",
            "district": OTHER,
        },
        "/console/settings/limits": {**days, "district": OTHER},
        "/console/outlets/new": {**name, "platform": "meituan", "district": far},
        f"/console/outlets/{outlet}": {**name, "platform": "meituan", "district": far},
        "/console/contacts/new": {**CONTACT, "unit": "union", "district": far},
        "/console/offerings/new": {**OFFERED, "district": far},
        f"/console/offerings/{own['/console/offerings/{id}']['id']}": {**OFFERED, "district": far},
        "/console/rewards/new": {**REWARD, "district": far},
        f"/console/rewards/{own['/console/rewards/{code}']['code']}": {**REWARD, "district": far},
        f"/console/contacts/{contact}": {**CONTACT, "unit": "union", "district": far},
        "/console/compounds/new": {**name, "district": far},
        f"/console/compounds/{compound}": {**name, "district": far},
        "/console/volunteers/teams": {**name, "district": far},
        f"/console/stations/at/{station}": {**name, **place},
        "/console/notices/new": {**entry, "region": far},
        f"/console/notices/{own['/console/notices/{id}']['id']}/edit": {**entry, "region": [OWN, far]},
        f"/console/units/{unit}": {**name, "kind": "community", "district": far},
        "/console/notices/groups/new": {**name, "district": far},
    }


HERE_ANYHOW = (
    "/console/units/",
    "/console/notices/groups/new",
)  # what is made or changed stays in OWN, whatever is said


async def test_no_form_makes_or_moves_anything_into_a_district_where_one_may_not(app):
    async with Desk(app, Role.ADMIN) as admin, Desk(app, Role.ORGANISER) as organiser:
        forms = await elsewhere(app, organiser)
        before = await lying(app, OTHER)
        for path, fields in forms.items():
            pages = [await desk.submits(path, status=None, **fields) for desk in (admin, organiser)]
            assert {page.status for page in pages} <= {403, 404, 422} or path.startswith(HERE_ANYHOW), path
            assert await lying(app, OTHER) == before, path


async def lying(app, district: str) -> dict[str, int]:
    """How many rows of each table lie in a district, by whichever column says where."""
    found = {}
    async with app.db.read() as session:
        for table in Base.metadata.sorted_tables:
            for name in {"region", "district", "area"} & set(table.columns.keys()):
                where = table.c[name].startswith(district)
                found[f"{table.name}.{name}"] = await session.scalar(
                    select(func.count()).select_from(table).where(where)
                )
        regions = await session.scalars(select(Notice.audience))
        found["audiences"] = sum(any(each.startswith(district) for each in audience["regions"]) for audience in regions)
    return found
