"""From a case to the next one of the list somebody came from, its filter kept, until the list is done."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import update

from bot.services.appeals.states import AppealState
from bot.store.models import Appeal, now
from tests.support.appeals import case_of, filed

BEFORE, AFTER = (re.compile(rf'href="([^"]+)" rel="{rel}"') for rel in ("prev", "next"))


async def listed(desk, query: str) -> list[str]:
    return re.findall(r'data-row="(\d{12})"', await desk.gets(f"/console/appeals?{query}"))


async def walked(desk, query: str, way: re.Pattern[str], first: str) -> list[str]:
    """The numbers of the cases that one comes to by the same link again and again."""
    numbers, path = [], f"/console/appeals/{first}?list={quote(query)}"
    while path:
        numbers.append(re.search(r"\d{12}", path)[0])
        found = way.search(await desk.gets(path))
        path = found[1].replace("&amp;", "&") if found else ""
    return numbers


@pytest.mark.parametrize(
    "query", ["view=open", "view=all", "view=done", "view=dispatch&kind=wages", "view=open&district=210106"]
)
async def test_next_and_previous_walk_the_list_in_its_own_order(app, admin, query):
    await some(app)
    numbers = await listed(admin, query)
    assert len(numbers) > 1
    assert await walked(admin, query, AFTER, numbers[0]) == numbers
    assert await walked(admin, query, BEFORE, numbers[-1]) == numbers[::-1]


async def test_a_case_that_was_dealt_with_leads_on_to_the_next_one(app, admin):
    await some(app)
    query = "view=dispatch"
    first, second, *_ = await listed(admin, query)
    page = await admin.gets(f"/console/appeals/{first}?list={quote(query)}")
    version = (await case_of(app, first)).version
    path = f"/console/appeals/{first}/assign?list={quote(query, safe='=')}".replace("view=", "view%3D")
    assert f'action="{path}"' in page
    page = await admin.submits(path, version=version, agency="labour")
    assert AFTER.search(page)[1].startswith(f"/console/appeals/{second}?")
    assert first not in await listed(admin, query)
    assert f'href="/console/appeals?{query}"' in page


async def test_links_of_a_list_carry_its_filter(app, admin):
    number = await filed(app)
    page = await admin.gets("/console/appeals?view=dispatch&kind=wages")
    assert f"/console/appeals/{number}?list=view%3Ddispatch%26kind%3Dwages" in page


async def test_who_came_from_nowhere_has_no_next_one(app, admin):
    await some(app)
    page = await admin.gets(f"/console/appeals/{await filed(app)}")
    assert not AFTER.search(page)
    assert not BEFORE.search(page)


async def test_nobody_is_led_to_a_case_they_may_not_see(app, admin):
    mine, far, other = await filed(app), await filed(app, district="210203"), await filed(app)
    page = await admin.gets(f"/console/appeals/{mine}?list=view%3Dall")
    assert other in page
    assert far not in page


async def test_a_list_is_narrowed_by_day_and_district_in_its_address(app, admin):
    old, new = await filed(app, district="210106"), await filed(app, district="210102")
    async with app.db.begin() as session:
        moved = update(Appeal).where(Appeal.number == old).values(created_at=now() - timedelta(days=40))
        await session.execute(moved)
    today = (now() + timedelta(hours=8)).date()
    assert await listed(admin, f"since={today}") == [new]
    assert await listed(admin, f"until={today - timedelta(days=1)}") == [old]
    assert await listed(admin, f"since={today - timedelta(days=40)}&until={today}&district=210106") == [old]
    assert set(await listed(admin, "since=soon&until=0001-01-01&district=%F0")) == {old, new}


async def some(app) -> None:
    """Cases in several states, some with the same deadline, one without, one that comes first."""
    numbers = [
        await filed(app, state) for state in (AppealState.SUBMITTED, AppealState.ASSIGNED, AppealState.VERIFIED) * 2
    ]
    numbers += [await filed(app), await filed(app, district="210102")]
    changes = {"due_at": None}, {"priority": True}, {"due_at": now() - timedelta(days=3)}
    async with app.db.begin() as session:
        for number, values in zip((numbers[0], numbers[1], numbers[6]), changes, strict=True):
            await session.execute(update(Appeal).where(Appeal.number == number).values(**values))
