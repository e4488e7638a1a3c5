"""At the gate: the rider scans it, or the guard's phone scans the rider; what either learns, and what stays of it."""

import re
from datetime import timedelta

import aiohttp
import time_machine
from sqlalchemy import func, select

from bot.services.core.lifecycle import SYSTEM, WORKER, Actor, Role
from bot.services.identity import identities
from bot.services.passes import gate
from bot.services.passes.gate import Verdict
from bot.services.passes.states import PassState
from bot.services.privacy import erasure, retention
from bot.store.base import as_of
from bot.store.models import Chat, Entry, Gate, Pass, now
from tests.support.desk import Desk
from tests.support.passes import (
    ORGANISER,
    altered,
    code_of,
    compound_entered,
    enrolled,
    entries,
    gates,
    moves,
    pass_in,
    revoked,
)


async def code_of_gate(app, at: Gate) -> str:
    async with app.db.read() as session:
        return gate.gate_code(session, at)


async def has_a_pass(app, phone) -> str:
    """The number of the pass of whoever holds this phone."""
    await phone.types("/start")
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id).where(Chat.channel == "web").order_by(Chat.id.desc()))
    return await pass_in(app, active=True, chat_id=chat)


async def scans(http: aiohttp.ClientSession, phone, token: str) -> str:
    async with http.get(f"{phone.url}/q/{token}") as answer:
        return await answer.text()


async def test_a_place_code_that_was_copied_to_another_gate_shows_that_other_gate_s_name_on_the_screen(
    app, phone, compound
):
    await has_a_pass(app, phone)
    east, north = await gates(app)
    async with aiohttp.ClientSession() as http:
        page = await scans(http, phone, token := await code_of_gate(app, north))
        assert "兴工花园 北门" in page
        assert f"/chat#here={token}" in page
    for _ in range(2):  # Scanned again within a minute and a half is the same entry.
        said = (await phone.types(f"/here {token}"))[-1]
        assert "有效" in said
        assert "兴工花园 北门" in said
        assert "张**" in said
        assert "张三丰" not in said
        assert "走货梯" in said
    assert await entries(app) == [("ok", "", True)]
    assert east.name not in said
    async with app.db.read() as session:
        assert gate.colour(session) in said


async def test_the_guard_s_phone_says_valid_expired_suspended_and_unknown_each_in_one_look_it_learns_a_masked_name_a_platform_and_a_date_nothing_else(
    app, phone, compound
):
    number = await has_a_pass(app, phone)
    token = await code_of(app, number)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        assert "给门岗的手机扫" in await scans(http, phone, token)
        await enrolled(app, compound, http)
        page = await scans(http, phone, token)
        assert re.search(r'<h1 class="ok">有效</h1>', page)
        for told in ("张**", "美团", "有效到", "兴工花园 东门"):
            assert told in page
        for secret in ("张三丰", "13800138000", number):
            assert secret not in page
        assert "不认识" in await scans(http, phone, await code_of(app, await pass_in(app, "370102", active=True)))
        for said in ({"decision": "let_in"}, {"decision": "let_in"}, {"decision": "turned_away", "why": "vehicle"}):
            async with http.post(f"{phone.url}/q/{token}", data=said, headers={"Sec-Fetch-Site": "same-origin"}) as a:
                assert "记下了" in await a.text()
        async with http.post(f"{phone.url}/q/{token}", data=said, headers={"Sec-Fetch-Site": "cross-site"}) as answer:
            assert answer.status == 403
        assert await entries(app) == [("let_in", "", True), ("turned_away", "vehicle", True)]
        await moves(app, number, PassState.SUSPENDED, ORGANISER, "有人说转借了")
        assert "停用" in await scans(http, phone, await code_of(app, number))
        await moves(app, number, PassState.ACTIVE, Actor(Role.ADMIN, 999_998))
        await moves(app, number, PassState.EXPIRED, SYSTEM)
        assert "过期" in await scans(http, phone, await code_of(app, number))
        await revoked(app, compound)
        assert "给门岗的手机扫" in await scans(http, phone, token)
        async with http.get(f"{phone.url}/console/compounds") as answer:  # A guard has no account anywhere.
            assert answer.url.path.startswith("/console/login")


async def test_a_changed_an_old_and_a_copied_code_are_refused_online(app, compound):
    token = await code_of(app, await pass_in(app, active=True))
    assert len(token) <= 150
    async with app.db.read() as session:
        assert (await gate.scan(session, compound, token))[0].verdict is Verdict.OK
        for each in altered(token, 10_000):
            assert await gate.scan(session, compound, each) == (gate.Look(Verdict.UNKNOWN), None)
    with time_machine.travel(now() + timedelta(seconds=91)):  # A picture of it, sent to a friend.
        async with app.db.read() as session:
            assert (await gate.scan(session, compound, token))[0] == gate.Look(Verdict.STALE)


async def test_a_suspended_rider_is_turned_away_at_the_next_scan_and_one_of_another_city_is_unknown(
    app, phone, compound
):
    number = await has_a_pass(app, phone)
    token = await code_of_gate(app, (await gates(app))[0])
    await moves(app, number, PassState.SUSPENDED, ORGANISER, "有人说转借了")
    assert "停用了" in (await phone.types(f"/here {token}"))[-1]
    far = await pass_in(app, "370102", active=True)
    async with app.db.read() as session:
        row = await session.scalar(select(Pass).where(Pass.number == far))
        assert (await gate.scan(session, compound, gate.pass_code(session, row)))[0].verdict is Verdict.UNKNOWN


async def test_the_property_sees_its_own_gates_counts_nobody_s_name_no_other_compound_404(app, phone, compound):
    await has_a_pass(app, phone)
    await phone.types(f"/here {await code_of_gate(app, (await gates(app))[0])}")
    async with app.db.begin() as session:
        other = await compound_entered(session, "保工大厦", "正门")
    async with Desk(app, Role.PROPERTY) as desk:
        page = await desk.gets(f"/console/compounds/{compound.id}/devices")
        assert "扫门码，有效 1 次" in page.words
        assert "张*" not in page
        assert "<svg" in await desk.gets(f"/console/compounds/{compound.id}/codes")
        assert "保工大厦" not in (await desk.gets("/console/compounds")).words
        for path in ("", "/devices", "/codes"):
            await desk.gets(f"/console/compounds/{other.id}{path}", status=404)
        await desk.gets(f"/console/compounds/{compound.id}/entries", status=403)


async def test_who_asked_for_an_identity_behind_an_entry_stands_in_the_view_log_and_in_the_rider_s_who_looked(
    app, phone, compound
):
    number = await has_a_pass(app, phone)
    await phone.types(f"/here {await code_of_gate(app, (await gates(app))[0])}")
    path = f"/console/compounds/{compound.id}/entries"
    async with app.db.read() as session:
        entry = await session.scalar(select(Entry.id))
    async with Desk(app, Role.ADMIN) as admin:
        assert "张三丰" not in await admin.gets(path)
        assert "文书编号" in (await admin.submits(f"{path}/trace", status=422, entry=entry, purpose="想知道是谁")).words
        await admin.gets(path)
        page = await admin.submits(f"{path}/trace", entry=entry, purpose="铁公刑调字 12 号，查盗窃，张三丰")
        assert "张三丰" in page
    assert "查了您的一次进门记录" in (await phone.hears())[-1]
    await phone.types("/pass")
    said = (await phone.presses("谁看过"))[-1]
    assert "哪次进门是谁" in said
    assert "铁公刑调字 12 号" in said
    async with app.db.read() as session:
        [view] = await identities.seen_by(session, f"pass:{number}")
    assert (view.staff_id, view.field) == (admin.id, "entry")
    assert "张三丰" not in view.purpose


async def test_withdrawing_makes_the_code_unknown_at_once_erasing_leaves_counts_only(app, phone, compound):
    number = await has_a_pass(app, phone)
    token = await code_of_gate(app, (await gates(app))[0])
    await phone.types(f"/here {token}")
    await phone.types("/pass")
    await phone.presses("亮码")
    shown = await code_of(app, number)
    await moves(app, number, PassState.WITHDRAWN, WORKER)
    async with app.db.read() as session:
        assert (await gate.scan(session, compound, shown))[0].verdict is Verdict.UNKNOWN
    assert "没有能用的进门码" in (await phone.types(f"/here {token}"))[-1]
    again = await has_a_pass(app, phone)
    await phone.types(f"/here {token}")
    assert await entries(app) == [("ok", "", True), ("unknown", "", False), ("ok", "", True)]
    async with app.db.begin() as session:
        with as_of(now() + timedelta(days=31)):
            await retention.run(session, app.services)
        assert await session.scalar(select(func.count()).where(Entry.key.is_not(None))) == 0
        session.add(
            Entry(gate_id=1, key=await session.scalar(select(Pass.key).where(Pass.number == again)), result="ok")
        )
        chat = await session.scalar(select(Chat).where(Chat.channel == "web"))
        await erasure.erase(session, app.services, chat)
    assert [each[2] for each in await entries(app)] == [False] * 4
