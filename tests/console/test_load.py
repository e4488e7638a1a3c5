"""Ten thousand open cases, and forms that no page of ours made."""

import secrets
import time
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import Engine, event, insert, select

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.store.models import Agency, Appeal, Naming, now
from tests.support.appeals import case_of, filed
from tests.support.desk import OURS, Desk
from tests.support.things import things_in

KINDS = ("wages", "platform", "access", "station", "injury")
STORY = "站长拖着第{}个月的工资不给，一共{}元，催了三次都说下周，电话也不接，群里还把我踢了"
MANY = 10_000
PAGES = ("/console/appeals", "/console/appeals?view=all&q=第7个月", "/console/appeals?view=overdue&page=3", "/console")


@pytest.fixture
def asked():
    """Statements that requests of the console send to the database; the house's own rounds are not among them."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        if "request" in structlog.contextvars.get_contextvars():
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


async def test_the_queue_asks_as_few_questions_with_ten_thousand_cases_as_with_ten(app, asked):
    async with Desk(app, Role.ADMIN) as admin:
        counts: list[list[int]] = []
        work: list[float] = []
        await admin.gets("/console")  # What a district still lacks is asked once and remembered for minutes.
        for more in (10, MANY):
            await fill(app, more)
            counts.append([])
            for path in PAGES:
                asked.clear()
                await admin.gets(path)
                counts[-1].append(len(asked))
            work.append(min([await spent(admin) for _ in range(5)]))
        assert counts[0] == counts[1]
        assert max(counts[1]) <= 12
        page = await admin.gets("/console/appeals?view=all")
        assert f"全部 {MANY + 10}" in page.words
        assert work[1] < 10 * work[0]  # a look at all cases for every row of the page would be a hundred times as much


async def test_home_asks_as_few_questions_of_many_cases_also_while_nothing_is_remembered(app, asked):
    counts = []
    for more, district in ((10, "210106"), (MANY // 2, "2101")):  # Of each it is the first page that anybody opens.
        await fill(app, more)
        async with Desk(app, Role.ADMIN, district=district) as admin:
            asked.clear()
            await admin.gets("/console")
            counts.append(len(asked))
            asked.clear()
            await admin.gets("/console")
            assert len(asked) < counts[-1]  # What a district still lacks is remembered from then on.
    assert counts[1] <= counts[0] <= 40


LISTS = {
    Role.ADMIN: ("appeals?view=all", "hazards?view=all", "volunteers?view=everybody", "people", "units", "alike"),
    Role.ORGANISER: (
        "stations",
        "notices",
        "notices/groups",
        "policies",
        "gaps",
        "contacts",
        "outlets",
        "",
        "overview",
    ),
    Role.HANDLER: ("help",),
    Role.AUDITOR: ("audit", "views"),
}


@pytest.mark.parametrize("role", LISTS)
async def test_a_list_asks_as_few_questions_with_many_rows_as_with_one(app, role, asked):
    async with Desk(app, role, district="" if role is Role.AUDITOR else "2101") as desk:
        await desk.gets("/console")
        counts = []
        for more in (1, 4):
            for _ in range(more):
                await things_in(app, "2101")
            counts.append({})
            for path in LISTS[role]:
                asked.clear()
                await desk.gets(f"/console/{path}".rstrip("/"))
                counts[-1][path] = len(asked)
    assert counts[0] == counts[1]


async def spent(admin: Desk) -> float:
    """Processor's seconds of the queue, ours and the browser's part together."""
    begun = time.process_time()
    await admin.gets("/console/appeals")
    return time.process_time() - begun


async def fill(app, count: int) -> None:
    async with app.db.read() as session:
        known = len((await session.scalars(select(Appeal.id))).all())
    at = now()
    async with app.db.begin() as session:
        offices = (await session.scalars(select(Agency.id))).all()
        numbers = range(known, known + count)
        await session.execute(insert(Appeal), [_open(number, offices[number % len(offices)], at) for number in numbers])


def _open(number: int, agency: int, at) -> dict[str, object]:
    """An open case, due between a week ago and a month ahead."""
    return {
        "number": f"9{number:011}",
        "code": secrets.token_bytes(16),
        "alias": secrets.token_hex(12),
        "kind": KINDS[number % 5],
        "state": AppealState.SUBMITTED,
        "naming": Naming.HIDDEN,
        "story": STORY.format(number % 12 + 1, number),
        "region": "210106",
        "agency_id": agency,
        "created_at": at,
        "due_at": at + timedelta(hours=number % 900 - 168),
    }


async def test_a_field_of_a_megabyte_is_refused_with_a_sentence_and_nothing_is_written(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    before = await case_of(app, number)
    page = await admin.gets(f"/console/appeals/{number}")
    page = await admin.submits(f"/console/appeals/{number}/log", note="x" * 900_000, status=422)
    assert "最多 2000 个字" in page.words
    page = await admin.submits(f"/console/appeals/{number}/log", note="x" * 1_200_000, status=413)
    assert "最多提交 1 MB" in page.words
    assert (await case_of(app, number)).version == before.version


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"version": "x"},
        {"version": "-1"},
        {"version": "99999999999999999999"},
        {"version": ["1", "2"]},
        {"_key": ""},
        {"_key": "k" * 65},
        {"text": "\x00\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "version": "1"},
    ],
    ids=str,
)
async def test_a_forged_form_changes_nothing_and_is_answered_with_a_page(app, admin, fields):
    number = await filed(app, AppealState.IN_PROGRESS)
    before = await case_of(app, number)
    page = await admin.submits(f"/console/appeals/{number}/answer", **fields, status=None)
    assert page.status in (409, 422)
    assert "<h1>" in page
    assert (await case_of(app, number)).version == before.version


@pytest.mark.parametrize("body", [b"%zz=%ff%fe", b"a" * 5000, b"version=1&version", b"\x00\xff"])
async def test_a_body_that_is_no_form_is_no_error_of_ours(app, admin, body):
    number = await filed(app, AppealState.IN_PROGRESS)
    headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    async with admin.http.post(f"{admin.url}/console/appeals/{number}/log", data=body, headers=headers) as answer:
        assert answer.status in (400, 422)


@pytest.mark.parametrize("number", ["0", "../people", "9" * 12, "'; DROP TABLE appeals", "%00", "１２３", "x" * 3000])
async def test_a_number_that_is_none_is_not_found(admin, number):
    assert (await admin.gets(f"/console/appeals/{number}", status=None)).status in (200, 403, 404)


@pytest.mark.parametrize("query", ["q=%00", "kind=%00", "view=%00", "agency=%00", "page=%00", "q=%ED%A0%80", "q=%25_'"])
async def test_an_address_that_nobody_would_type_shows_the_queue(admin, query):
    await admin.gets(f"/console/appeals?{query}")
    await admin.gets(f"/console/appeals/bulk?number=%00&{query}")


async def test_what_somebody_wrote_survives_the_end_of_their_session(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    await admin.gets(f"/console/appeals/{number}")
    text = "已经电话联系站长，对方承认拖欠，约定二十五日前补齐，下周一再核实一次"
    cookies = [(each.key, each.value) for each in admin.http.cookie_jar]
    admin.http.cookie_jar.clear()
    page = await admin.submits(f"/console/appeals/{number}/log", note=text, status=401)
    assert text in page
    admin.http.cookie_jar.update_cookies(dict(cookies))
    version, key = (await case_of(app, number)).version, "signed-in-again"
    await admin.submits(f"/console/appeals/{number}/log", note=text, version=version, _key=key)
    assert text in await admin.gets(f"/console/appeals/{number}")
