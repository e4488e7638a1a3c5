"""A guard's phone without a network: what it is given to keep, and what it hands in when there is one again."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
import time_machine
from sqlalchemy import select

from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.passes.states import PassState
from bot.store.models import Entry, Gate, GateDevice, Pass, now
from tests.support.desk import OURS
from tests.support.passes import ORGANISER, code_of, enrolled, entries, moves, pass_in, revoked


@pytest.fixture
async def guard(app, compound):
    """A guard's phone: what it says to the server, and the addresses it says it to."""
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{app.port}", cookie_jar=aiohttp.CookieJar(unsafe=True), headers=OURS
    ) as http:
        await enrolled(app, compound, http)
        yield http


def kept(token: str, decision: str = "let_in", why: str = "", *, ago: float = 60) -> dict[str, object]:
    """What a phone keeps of a tap, so many seconds ago."""
    at = int((now().timestamp() - ago) * 1000)
    return {"token": token, "decision": decision, "why": why, "at": at}


async def hands_in(guard: aiohttp.ClientSession, *some: object) -> int:
    async with guard.post("/q/gate/entries", json=some) as answer:
        assert answer.status == 200
        return (await answer.json())["new"]


async def listed(guard: aiohttp.ClientSession) -> dict[str, object]:
    async with guard.get("/q/gate/list") as answer:
        assert answer.status == 200
        return await answer.json()


async def id_of(app, number: str) -> str:
    async with app.db.read() as session:
        return str(await session.scalar(select(Pass.id).where(Pass.number == number)))


async def test_what_was_kept_is_counted_once_however_often_and_by_however_many_tabs_it_is_handed_in(app, guard):
    token = await code_of(app, await pass_in(app, active=True))
    some = [kept(token), kept(token, "turned_away", "vehicle"), kept("nonsense"), kept("nonsense", ago=30)]
    answers = await asyncio.gather(*(hands_in(guard, *some) for _ in range(5)))
    assert sum(answers) == 4
    assert await hands_in(guard, *some) == 0
    assert await hands_in(guard, kept(token, ago=59)) == 0  # A second tap within a minute and a half.
    expected = [("let_in", "", True), ("turned_away", "vehicle", True), ("let_in", "", False), ("let_in", "", False)]
    assert await entries(app) == expected
    async with app.db.read() as session:
        at = list(await session.scalars(select(Entry.at).order_by(Entry.id)))
        assert [int(each.timestamp() * 1000) for each in at] == [each["at"] for each in some]
        assert await session.scalar(select(GateDevice.last_seen)) is not None
        assert set(await session.scalars(select(Entry.gate_id))) == {await session.scalar(select(Gate.id).limit(1))}


async def test_what_no_page_of_ours_kept_is_left_out_and_an_old_code_names_no_pass(app, guard):
    token = await code_of(app, await pass_in(app, active=True))
    wrong = [
        kept(token, "opened"),
        kept(token, "turned_away", "张三丰没给钱"),
        kept(token, ago=8 * 24 * 3600),
        kept(token, ago=-3600),
        {**kept(token), "at": "now"},
        {**kept(token), "token": 7},
        {},
        [],
        None,
    ]
    assert await hands_in(guard, *wrong) == 0
    async with guard.post("/q/gate/entries", json=[kept(token)] * 51) as answer:
        assert answer.status == 400
    async with guard.post("/q/gate/entries", data=b"[") as answer:
        assert answer.status == 400
    async with guard.post("/q/gate/entries", json=[kept(token)], headers={"Sec-Fetch-Site": "cross-site"}) as answer:
        assert answer.status == 403
    assert await entries(app) == []
    with time_machine.travel(now() + timedelta(days=2)):
        assert await hands_in(guard, kept(token)) == 1
    assert await entries(app) == [("let_in", "", False)]


async def test_the_list_names_by_a_number_who_was_stopped_lately_in_this_city_and_nobody_else(app, guard):
    good, suspended, withdrawn, waiting = [await pass_in(app, active=each < 3) for each in range(4)]
    far = await pass_in(app, "370102", active=True)
    for number in (suspended, far):
        await moves(app, number, PassState.SUSPENDED, ORGANISER, "有人说转借了")
    await moves(app, withdrawn, PassState.WITHDRAWN, WORKER)
    await moves(app, waiting, PassState.WITHDRAWN, WORKER)
    told = await listed(guard)
    stopped = {await id_of(app, suspended): "suspended", await id_of(app, withdrawn): "unknown"}
    assert told["stopped"] == stopped
    assert set(told) == {"at", "where", "city", "keys", "stopped", "turn", "code_good", "list_good"}
    assert (told["where"], told["city"]) == ("兴工花园 东门", "2101")
    for secret in ("张", "13800138000", good, suspended):
        assert secret not in str(told)
    await moves(app, suspended, PassState.ACTIVE, Actor(Role.ADMIN, 999_998))
    with time_machine.travel(now() + timedelta(days=2, minutes=1)):  # No code of it is good anywhere by now.
        assert (await listed(guard))["stopped"] == {}


async def test_a_phone_that_is_no_gate_s_is_given_nothing_and_hands_nothing_in(app, compound, guard):
    token = await code_of(app, await pass_in(app, active=True))
    await revoked(app, compound)
    async with aiohttp.ClientSession(guard._base_url, headers=OURS) as stranger:
        for http in (guard, stranger):
            async with http.get("/q/gate/list") as answer:
                assert answer.status == 410
            async with http.post("/q/gate/entries", json=[kept(token)]) as answer:
                assert answer.status == 410
    assert await entries(app) == []
