"""The process dies while a guard's phone hands in what it kept, and each entry counts once."""

import asyncio
import contextlib
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import func, select, update

from bot.public.guard import COOKIE
from bot.services.passes import devices, gate, offline, passes
from bot.services.passes.passes import PassApplication
from bot.services.passes.states import PassState
from bot.store.models import Channel, Chat, Entry, Gate, Pass, now
from tests.support.brokers import eventually
from tests.support.desk import OURS
from tests.support.passes import TIEXI, compound_entered
from tests.test_crash import PATIENCE, Replica, environment, opened, telegram


@pytest.mark.long
async def test_a_process_killed_before_and_after_an_entry_is_written_down_counts_it_once(database_url, tmp_path):
    async with telegram(tmp_path / "telegram") as server:
        settings = environment(server, database_url, tmp_path, webhook=False)
        db = opened(settings)
        async with db.begin() as session:
            cookie, token = await _at_the_gate(session)
        address = f"http://127.0.0.1:{settings['NUANXIN_PORT']}/q/gate/entries"
        replica = Replica(settings)
        await replica.start()
        async with aiohttp.ClientSession(headers=OURS, cookies={COOKIE: cookie}) as http:
            try:
                for written in (0, offline.MOST):
                    some = _kept(token if written else "nonsense")
                    before = await _count(db)
                    await eventually(lambda: _hands_in(http, address, []), PATIENCE)  # It answers.
                    lost = asyncio.create_task(_hands_in(http, address, some))
                    if written:
                        await eventually(lambda before=before: _grew(db, before), PATIENCE)
                    else:
                        await asyncio.sleep(0)  # The request is on its way.
                    await replica.kill()
                    await lost
                    await replica.start()
                    for _ in range(2):
                        await eventually(lambda some=some: _hands_in(http, address, some), PATIENCE)
                    assert await _count(db) == before + (1 if written else offline.MOST)
            finally:
                await replica.kill()
        await db.close()


async def _at_the_gate(session) -> tuple[str, str]:
    """The cookie of a guard's phone, and the code of a rider."""
    row = await compound_entered(session, "兴工花园", "东门")
    at = await session.scalar(select(Gate).where(Gate.compound_id == row.id))
    cookie = await devices.enrol(session, await devices.add(session, at, "东门岗亭的手机", 1))
    session.add(chat := Chat(channel=Channel.TELEGRAM, key=bytes(16), address=1))
    await session.flush()
    rider = await passes.apply(session, chat, PassApplication("张三丰", "13800138000", False, "meituan", TIEXI))
    checked = {"state": PassState.ACTIVE, "valid_until": now() + timedelta(days=30)}
    await session.execute(update(Pass).where(Pass.id == rider.id).values(checked))
    await session.refresh(rider)
    return cookie, gate.pass_code(session, rider)


def _kept(token: str) -> list[dict[str, object]]:
    """As many taps as are handed in at once; those for one pass, within a minute and a half, are one entry."""
    at = int(now().timestamp() * 1000)
    return [{"token": token, "decision": "let_in", "why": "", "at": at - each} for each in range(offline.MOST)]


async def _hands_in(http: aiohttp.ClientSession, address: str, some: list[dict[str, object]]) -> bool:
    """Whether the phone may forget them."""
    with contextlib.suppress(aiohttp.ClientError):
        async with http.post(address, json=some) as answer:
            return answer.status == 200
    return False


async def _count(db) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count()).select_from(Entry))


async def _grew(db, before: int) -> bool:
    return await _count(db) > before
