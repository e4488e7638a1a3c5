"""python -m bot staff: who works in the console.  The first administrator comes from here; the others from them."""

import argparse
import asyncio
from typing import Any

from sqlalchemy import select

from bot.commands import migrate
from bot.commands.running import command, transaction
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.lifecycle import Role
from bot.services.setup import departures
from bot.services.staff import accounts, sign_in
from bot.services.staff.audit import By
from bot.services.staff.permissions import RIGHTS, Grant
from bot.services.units import agencies
from bot.settings import Settings
from bot.store.models import Agency, Staff
from knowledge import appeals, hazards

BY = By(role=Role.SYSTEM)
HOURS = int(sign_in.INVITED.total_seconds() // 3600)


def add(commands: Any) -> None:
    parser = commands.add_parser("staff", help="who works in the console: add, list, remove")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    joins = actions.add_parser("add", help="a new colleague, a further role, or a new link for somebody who is there")
    joins.add_argument("username", help="what they sign in with: small letters, digits, . _ -")
    joins.add_argument("--name", default="", help="how colleagues know them (default: the username)")
    joins.add_argument("--role", choices=[str(role) for role in RIGHTS], default=str(Role.SYSTEM_ADMIN))
    joins.add_argument("--district", default="", help="GB/T 2260 prefix such as 2101; default: the whole country")
    joins.add_argument("--unit", default="", metavar="CODE", help="whom they work for; a handler has one")
    joins.add_argument("--kind", default="", help="a confidential kind of appeals, the one the role is for")
    joins.set_defaults(run=_add)
    actions.add_parser("list", help="everybody, with units and roles").set_defaults(run=_list)
    leaves = actions.add_parser("remove", help="shut somebody out at once; their rows stay, the audit names them")
    leaves.add_argument("username")
    leaves.set_defaults(run=_remove)


@command
async def _add(given: argparse.Namespace, settings: Settings) -> None:
    await asyncio.to_thread(migrate.upgrade, settings)
    async with transaction(settings) as session:
        catalogue = appeals.load()
        if given.kind and not getattr(catalogue.kinds.get(given.kind), "confidential", False):
            raise Rejected("people.kind")
        await agencies.ensure(session, (*catalogue.offices, *hazards.load().offices))
        unit, person = await accounts.unit_of(session, None, given.unit), await accounts.find(session, given.username)
        if person is None:
            known = {"name": given.name or given.username, "username": given.username, "district": given.district}
            person = await accounts.add(session, None, BY, **known, unit=unit)
        elif unit is not None:
            await accounts.set_unit(session, None, BY, person, unit)
            await departures.release(session, BY, person)
        await accounts.give(session, None, BY, person, Grant(Role(given.role), given.district, given.kind))
        token = await sign_in.invite(session, BY, person)
        print(f"{person.username}: {given.role}, {given.district or 'everywhere'}")
        print(f"good once, for {HOURS} hours, in the browser that uses it first:")
        print(f"{settings.base_url}{urls.ENTER}/{token}")


@command
async def _list(_given: argparse.Namespace, settings: Settings) -> None:
    await asyncio.to_thread(migrate.upgrade, settings)
    async with transaction(settings) as session:
        codes = {each.id: each.code for each in await session.scalars(select(Agency))}
        for person, rows in await accounts.listed(session):
            roles = ", ".join(f"{row.role}@{row.district or '*'}{row.category and ':' + row.category}" for row in rows)
            unit = codes.get(person.agency_id or 0, "-")
            print(f"{person.username:<20} {_standing(person):<8} {unit:<12} {roles or '-'}  {person.name}")


@command
async def _remove(given: argparse.Namespace, settings: Settings) -> None:
    await asyncio.to_thread(migrate.upgrade, settings)
    async with transaction(settings) as session:
        person = await accounts.find(session, given.username)
        if person is None:
            raise Rejected("people.unknown", username=given.username)
        await accounts.set_active(session, None, BY, person, active=False)
        left = await departures.release(session, BY, person)
        print(f"{person.username}: shut out, every session ended, {left} open cases back with their unit")


def _standing(person: Staff) -> str:
    return "active" if person.active else "out"
