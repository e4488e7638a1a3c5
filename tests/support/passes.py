"""Compounds and passes for tests: entered as rows, where a test is about something else than how they are entered."""

import random
import re
import secrets
import string

import aiohttp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.lifecycle import Actor, Role
from bot.services.passes import gate, passes, transitions
from bot.services.passes.passes import PassApplication
from bot.services.passes.states import PassState
from bot.services.passes.transitions import PassMove
from bot.store.models import Channel, Chat, Compound, Entry, Gate, Pass
from tests.support.desk import OURS, Desk

TIEXI, HEPING = "210106", "210102"
ORGANISER = Actor(Role.ORGANISER, 999_999)


async def compound_entered(session: AsyncSession, name: str = "兴工花园", *gates: str, **more: object) -> Compound:
    """A compound of a district, with gates that are always open to riders."""
    row = Compound(**{"name": name, "region": TIEXI, **more})
    session.add(row)
    await session.flush()
    session.add_all(Gate(compound_id=row.id, name=each, hours="24 小时") for each in gates)
    await session.flush()
    return row


async def pass_in(app, region: str = TIEXI, *, active: bool = False, chat_id: int | None = None, **more: object) -> str:
    """The number of a pass that somebody applied for, and which an organiser checked if it is to be active."""
    async with app.db.begin() as session:
        chat = await session.get(Chat, chat_id) if chat_id is not None else await _somebody(session)
        told = {"name": "张三丰", "phone": "13800138000", "own": False, "platform": "meituan", "region": region, **more}
        row = await passes.apply(session, chat, PassApplication(**told))
        if active:
            organiser = PassMove(PassState.ACTIVE, ORGANISER)
            await transitions.move(session, app.services, row.number, organiser)
        return row.number


async def _somebody(session: AsyncSession) -> Chat:
    chat = Chat(channel=Channel.TELEGRAM, key=secrets.token_bytes(16), address=secrets.randbelow(2**31))
    session.add(chat)
    await session.flush()
    return chat


async def gate_in(app, district: str) -> tuple[int, int]:
    """A compound of a district, and its gate."""
    async with app.db.begin() as session:
        row = await compound_entered(session, secrets.token_hex(4), region=f"{district}02")
        session.add(gate := Gate(compound_id=row.id, name="东门"))
        await session.flush()
        return row.id, gate.id


async def gates(app) -> list[Gate]:
    async with app.db.read() as session:
        return list(await session.scalars(select(Gate).order_by(Gate.id)))


async def code_of(app, number: str) -> str:
    """What the pass shows now."""
    async with app.db.read() as session:
        return gate.pass_code(session, await session.scalar(select(Pass).where(Pass.number == number)))


async def moves(app, number: str, target: PassState, actor: Actor, text: str = "") -> None:
    async with app.db.begin() as session:
        await transitions.move(session, app.services, number, PassMove(target, actor, text))


async def entries(app) -> list[tuple[str, str, bool]]:
    async with app.db.read() as session:
        rows = await session.scalars(select(Entry).order_by(Entry.id))
        return [(each.result, each.why, each.key is not None) for each in rows]


async def invited(app, compound: Compound) -> str:
    """The link for a guard's phone at the first gate, as the property is shown it."""
    async with Desk(app, Role.PROPERTY) as desk:
        path = f"/console/compounds/{compound.id}/devices"
        await desk.gets(path)
        page = await desk.submits(path, at=(await gates(app))[0].id, device="东门岗亭的手机")
    return re.search(r"/q/d[0-9]+-[0-9a-f]+", page)[0]


async def enrolled(app, compound: Compound, http: aiohttp.ClientSession) -> None:
    """A guard's phone at the first gate: the browser keeps the cookie."""
    link = f"http://127.0.0.1:{app.port}{await invited(app, compound)}"
    async with http.get(link) as answer:
        assert "这台手机当门岗" in await answer.text()
        assert not answer.cookies  # Looking enrols nobody: robots follow links.
    for status in (200, 410):
        async with http.post(link, headers=OURS) as answer:
            assert answer.status == status


async def revoked(app, compound: Compound) -> None:
    """The property takes the gate from the only phone."""
    async with Desk(app, Role.PROPERTY) as desk:
        path = f"/console/compounds/{compound.id}/devices"
        await desk.gets(path)
        await desk.submits(f"{path}/revoke")


def altered(token: str, many: int) -> list[str]:
    """So many edits of a code: letters changed, left out, put in and moved, in any place."""
    chance, letters = random.Random(17), f"{string.ascii_letters}{string.digits}-_."
    found: list[str] = []
    while len(found) < many:
        edited = list(token)
        for _ in range(chance.randint(1, 3)):
            at, letter = chance.randrange(len(edited)), chance.choice(letters)
            edited[at : at + chance.choice((0, 1, 1, 2))] = chance.choice(([letter], [letter], [], [letter, edited[0]]))
        if (made := "".join(edited)) != token:
            found.append(made)
    return found
