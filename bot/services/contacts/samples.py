"""What the demo shows of outlets and contacts: a few that are made up, and the colleague who answers for one."""

import tomllib
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge.contacts
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import china_date
from bot.services.staff import accounts
from bot.services.staff.audit import By
from bot.services.staff.permissions import Grant
from bot.store.models import Agency, Contact, Outlet, Staff, now

FILE = Path(knowledge.contacts.__file__).parent / "sample.toml"


async def seed_demo(session: AsyncSession) -> None:
    """Enter the sample and its colleague; where there is any outlet already, nothing."""
    if await session.scalar(select(Outlet.id).limit(1)) is not None:
        return
    raw = _sample()
    units = {each["code"]: Agency(**each, active=True) for each in raw["units"]}
    session.add_all(units.values())
    await session.flush()
    numbers = {code: unit.id for code, unit in units.items()}
    person = await _colleague(session, raw["staff"], units)
    outlets = {each["name"]: _outlet(each, numbers) for each in raw["outlets"]}
    session.add_all(outlets.values())
    await session.flush()
    for each in raw["contacts"]:
        told = {name: value for name, value in each.items() if name not in ("unit", "outlet", "staff")}
        outlet = outlets[each["outlet"]].id if "outlet" in each else None
        staff_id = person.id if "staff" in each else None
        row = Contact(agency_id=numbers[each["unit"]], outlet_id=outlet, staff_id=staff_id, **told)
        row.checked = china_date(now())
        session.add(row)
    await session.flush()


async def colleagues(session: AsyncSession) -> list[Staff]:
    """Who answers for the contact of the sample, if they are there."""
    person = await accounts.find(session, _sample()["staff"]["username"])
    return [person] if person is not None else []


def _sample() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _outlet(entry: dict[str, Any], units: dict[str, int]) -> Outlet:
    told = {name: value for name, value in entry.items() if name not in ("community", "police")}
    posts = {f"{name}_id": units[entry[name]] for name in ("community", "police") if name in entry}
    return Outlet(**told, **posts, checked=china_date(now()))


async def _colleague(session: AsyncSession, entry: dict[str, str], units: dict[str, Agency]) -> Staff:
    by, unit = By(role=Role.SYSTEM), units[entry["unit"]]
    details = {"name": entry["name"], "username": entry["username"], "district": accounts.DEMO_DISTRICT}
    person = await accounts.add(session, None, by, unit=unit, **details)
    await accounts.give(session, None, by, person, Grant(Role.HANDLER, accounts.DEMO_DISTRICT))
    return person
