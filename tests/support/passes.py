"""Compounds and passes for tests: entered as rows, where a test is about something else than how they are entered."""

import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.lifecycle import Actor, Role
from bot.services.passes import passes, transitions
from bot.services.passes.passes import PassApplication
from bot.services.passes.states import PassState
from bot.services.passes.transitions import PassMove
from bot.store.models import Channel, Chat, Compound, Gate

TIEXI, HEPING = "210106", "210102"


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
            organiser = PassMove(PassState.ACTIVE, Actor(Role.ORGANISER, 999_999))
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
