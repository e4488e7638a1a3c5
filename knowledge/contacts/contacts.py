"""Contacts as lists have them: who of which unit looks after which outlet or district."""

import re
from dataclasses import dataclass
from datetime import date

from knowledge import phones
from knowledge.contacts import files
from knowledge.contacts.files import FOLDER, PROBLEMS, Import, Known, Named
from knowledge.tables import Columns, FileRefused, Record, RowFault, Sheet, fields

COLUMNS = Columns.load(FOLDER / "contact_columns.toml")
LONGEST_NAME = 12  # characters of a name and duty: 李干事
LONGEST_HOURS = 200  # characters
SHORT_NUMBER = re.compile(r"[0-9]{3,6}")  # 12345, 110
MOBILE = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class ContactEntry:
    """A contact as somebody wrote it: of a unit, for an outlet or a region, and there for a platform or a job.

    phone: an office or duty number.  hours: as knowledge.hours writes them.  staff_id: whose chat rings.
    """

    agency_id: int
    duty: str
    shown_name: str
    phone: str = ""
    hours: str = ""
    outlet_id: int | None = None
    region: str | None = None
    platform: str = ""
    job: str = ""
    staff_id: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    checked: date | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from all others: a second one of the same takes its place."""
        return self.agency_id, self.duty, self.outlet_id, self.region, self.platform, self.job


def read(data: bytes, name: str, known: Known) -> Import[ContactEntry]:
    return files.read(data, name, COLUMNS, _whole, lambda record: _entry(record, known), lambda made: made.key)


def read_one(record: Record, known: Known) -> tuple[ContactEntry, tuple[str, ...]]:
    """One contact of a form, and what is wrong with it, for who typed it."""
    entry = _entry(record, known)
    return entry, tuple(PROBLEMS.said(fault) for fault in record.faults)


def _whole(sheet: Sheet) -> None:
    """Raises FileRefused for a sheet without what a contact cannot be without."""
    if "unit" not in sheet:
        raise FileRefused("no_unit_column")
    if "outlet" not in sheet and "district" not in sheet:
        raise FileRefused("no_scope_column")


def _entry(record: Record, known: Known) -> ContactEntry:
    """The contact of a row; not to be used when the record has faults."""
    nowhere: tuple[Named | None, str] = (None, "")
    outlet, region = record.tried(lambda: _scope(record, known), nowhere)
    unit = record.tried(lambda: _unit(record, known, outlet.region if outlet else region), 0)
    staff_id = record.tried(lambda: _person(record, known, unit), None) if unit else None
    since, until = record.day("valid_from"), record.day("valid_until")
    if since and until and until < since:
        record.faults.append(RowFault("backwards"))
    checked = record.span("checked")
    phone = record.tried(lambda: _phone(record), "")
    if not (record["phone"] or record["account"]):
        record.faults.append(RowFault("no_way"))
    return ContactEntry(
        agency_id=unit,
        duty=record.tried(lambda: _duty(record, known), ""),
        shown_name=record.line("name", LONGEST_NAME, missing="no_shown_name"),
        phone=phone,
        hours=record.tried(lambda: _hours(record), ""),
        outlet_id=outlet.id if outlet else None,
        region=None if outlet else region,
        platform="" if outlet else record.tried(lambda: known.platform(record["platform"]), ""),
        job=record.tried(lambda: _job(record, known), ""),
        staff_id=staff_id,
        valid_from=since,
        valid_until=until,
        checked=checked.first if checked else None,
    )


def _scope(record: Record, known: Known) -> tuple[Named | None, str]:
    """The outlet it looks after, or the region."""
    name, stated = record["outlet"], record["district"]
    region = known.district(stated) if stated else ""
    if not name:
        if not region:
            raise RowFault("no_scope")
        return None, region
    platform = known.platform(record["platform"])
    fits = [each for each in known.outlets.get(name, ()) if each.region.startswith(region)]
    fits = [each for each in fits if platform in ("", each.platform)]
    if len(fits) != 1:
        raise RowFault("several_outlets" if fits else "unknown_outlet", text=name[:40])
    return fits[0], ""


def _unit(record: Record, known: Known, region: str) -> int:
    unit = known.unit(record["unit"], region)
    if unit is None:
        raise RowFault("no_unit")
    return unit


def _person(record: Record, known: Known, unit: int) -> int | None:
    name = record["account"].lower()
    if name and unit not in known.accounts.get(name, {}):
        raise RowFault("unknown_account", text=name[:32])
    return known.accounts[name][unit] if name else None


def _duty(record: Record, known: Known) -> str:
    text = record["duty"]
    if text not in known.duties:
        raise RowFault("bad_duty", text=text[:20], known="、".join(known.duty_names))
    return known.duties[text]


def _job(record: Record, known: Known) -> str:
    text = record["job"]
    if text and text not in known.jobs:
        raise RowFault("bad_job", text=text[:20], known="、".join(each for each in known.jobs if not each.isascii()))
    return known.jobs.get(text, "")


def _phone(record: Record) -> str:
    """An office number; a mobile one only with the unit's yes.  Raises RowFault."""
    text = record["phone"]
    number = text if SHORT_NUMBER.fullmatch(text) else phones.read(text)
    if text and not number:
        raise RowFault("bad_office_phone", text=text[:40])
    if MOBILE.fullmatch(number) and not record.answer("published"):
        raise RowFault("mobile", text=text[:20])
    return number


def _hours(record: Record) -> str:
    found = fields.hours(record)
    text = found.text() if found else ""
    if len(text) > LONGEST_HOURS:
        raise RowFault("too_long", column=record.title("hours"), most=LONGEST_HOURS)
    return text
