"""The logs: whatever is changed, taken away, slipped in or moved is found, and the database refuses to begin with."""

import ast
import html
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.app import Application
from bot.commands import audit as command
from bot.commands import migrate
from bot.console.core import words
from bot.services.appeals.states import AppealState
from bot.services.core import hash_chain
from bot.services.core.lifecycle import Actor, Role
from bot.services.identity import identities
from bot.services.staff import accounts, audit
from bot.services.staff.audit import By
from bot.services.staff.permissions import Right
from bot.store.models import Audit, View, now
from tests.support import databases
from tests.support.appeals import filed
from tests.support.desk import BY, Desk
from tests.support.project import ROOT

UNLOCK = {
    "sqlite": ["DROP TRIGGER {table}_fixed", "DROP TRIGGER {table}_kept"],
    "postgresql": ["ALTER TABLE {table} DISABLE TRIGGER ALL"],
}


@pytest.fixture
async def written(app):
    """Both logs with ten rows, without what protects them: as somebody with the database's password has them."""
    async with app.db.begin() as session:
        for number in range(10):
            actor = Actor(Role.ADMIN, number)
            await identities.note(session, actor, f"appeal:{number}", "identity", "打电话核实")
            await audit.note(session, By(number), "staff.add", f"staff:{number}", district="2101", username="王芳")
        for table in ("audit", "views"):
            for statement in UNLOCK["postgresql" if databases.is_meant() else "sqlite"]:
                await session.execute(text(statement.format(table=table)))
    return app


async def found(app, model) -> int | None:
    async with app.db.read() as session:
        return await hash_chain.broken_at(session, model)


@pytest.mark.parametrize("model", [Audit, View])
async def test_logs_that_nobody_touched_hold(written, model):
    assert await found(written, model) is None


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("audit", "UPDATE audit SET staff_id = 99 WHERE id = 4"),
        ("audit", "UPDATE audit SET action = 'staff.list' WHERE id = 4"),
        ("audit", 'UPDATE audit SET detail = \'{"district":"2102"}\' WHERE id = 4'),
        ("audit", "UPDATE audit SET denied = true WHERE id = 4"),
        ("audit", "DELETE FROM audit WHERE id = 3"),
        ("audit", "UPDATE audit SET id = CASE id WHEN 4 THEN 104 ELSE id END"),
        ("views", "UPDATE views SET purpose = '好奇看看' WHERE id = 4"),
        ("views", "UPDATE views SET staff_id = NULL WHERE id = 4"),
        ("views", "DELETE FROM views WHERE id = 3"),
    ],
    ids=str,
)
async def test_an_edit_a_deletion_and_a_move_are_found_at_the_first_row_that_is_wrong(written, table, change):
    model = Audit if table == "audit" else View
    async with written.db.begin() as session:
        await session.execute(text(change))
    assert await found(written, model) in (4, 5)


async def test_two_rows_that_changed_places_are_found(written):
    async with written.db.begin() as session:
        for old, new in ((4, 1004), (5, 4), (1004, 5)):
            await session.execute(update(Audit).where(Audit.id == old).values(id=new))
    assert await found(written, Audit) == 4


async def test_a_row_made_up_later_is_found_even_with_a_hash_of_its_own(written):
    values = {
        "at": (await row(written, 4)).at, "staff_id": 4, "role": "", "action": "staff.add", "subject": "staff:4",
        "detail": {}, "denied": False, "request_id": "",
    }  # fmt: skip
    async with written.db.begin() as session:
        before = (await session.get_one(Audit, 3)).hash
        forged = {**values, "before": before, "hash": hash_chain.digest(before, values)}
        await session.execute(update(Audit).where(Audit.id == 4).values(forged))
    assert await found(written, Audit) == 5


async def test_cutting_off_the_end_is_found_by_the_end_that_was_kept(written, settings, capsys):
    assert await command.verify(settings) == 0
    kept = [audit.Head.read(each) for each in re.findall(r"audit:\d+:[0-9a-f]{64}", capsys.readouterr().out)]
    async with written.db.begin() as session:
        last = await session.scalar(text("SELECT max(id) FROM audit"))
        await session.execute(text("DELETE FROM audit WHERE id = :last"), {"last": last})
    assert await command.verify(settings) == 0
    assert await command.verify(settings, kept) == 1
    assert f"row {last}" in capsys.readouterr().out


async def test_the_command_says_where_and_exits_with_one(written, settings, capsys):
    assert await command.verify(settings) == 0
    async with written.db.begin() as session:
        await session.execute(update(View).where(View.id == 4).values(purpose="好奇看看"))
    assert await command.verify(settings) == 1
    assert "views: row 4" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["UPDATE {} SET role = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["audit", "views"])
async def test_the_database_itself_refuses_to_change_a_log(app, table, change):
    async with app.db.begin() as session:
        await audit.note(session, By(1), "staff.add")
        await identities.note(session, Actor(Role.ADMIN, 1), "appeal:1", "identity", "打电话核实")
    with pytest.raises(DBAPIError, match="append only"):
        async with app.db.begin() as session:
            await session.execute(text(change.format(table)))


@pytest.mark.parametrize("table", ["audit", "views"])
async def test_the_database_refuses_to_empty_a_log(app, table):
    async with app.db.begin() as session:
        await audit.note(session, By(1), "staff.add")
        await identities.note(session, Actor(Role.ADMIN, 1), "appeal:1", "identity", "打电话核实")
    empty = "TRUNCATE" if databases.is_meant() else "DELETE FROM"
    with pytest.raises(DBAPIError, match="append only"):
        async with app.db.begin() as session:
            await session.execute(text(f"{empty} {table}"))


@pytest.mark.skipif(not databases.is_meant(), reason="SQLite has no users")
async def test_the_user_that_the_program_runs_as_may_change_no_log(settings, knowledge):
    role = f"app_{secrets.token_hex(4)}"
    url = make_url(settings.database_url)
    owner = create_async_engine(url)
    async with owner.begin() as connection:
        await connection.execute(text(f"CREATE ROLE {role} LOGIN"))
    await migrate.grant(settings, role)
    as_role = url.set(username=role, password=None).render_as_string(hide_password=False)
    app = Application(settings.model_copy(update={"database_url": as_role}), knowledge, demo=True)
    await app.start()
    try:
        number = await filed(app, AppealState.VERIFIED)
        async with Desk(app, Role.ADMIN) as admin:  # signs in, sets up a code, looks, freezes: all by that user
            await admin.gets(f"/console/appeals/{number}")
            await admin.submits(f"/console/appeals/{number}/identity", purpose="打电话核实金额")
            await admin.submits("/console/ledgers", kind="week", district="2101")
        for table in migrate.KEPT:
            for change in (
                "DELETE FROM {}",
                "UPDATE {} SET id = id",
                "TRUNCATE {}",
                "ALTER TABLE {} DISABLE TRIGGER ALL",
            ):
                with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                    async with app.db.begin() as session:
                        await session.execute(text(change.format(table)))
    finally:
        await app.stop()
        async with owner.begin() as connection:
            await connection.execute(text(f"DROP OWNED BY {role}"))
            await connection.execute(text(f"DROP ROLE {role}"))
        await owner.dispose()


async def test_auditors_read_who_looked_at_whom_and_what_for_but_not_what_was_seen(app):
    number = await filed(app)
    async with Desk(app, Role.ADMIN) as admin, Desk(app, Role.AUDITOR, district="") as auditor:
        await admin.gets(f"/console/appeals/{number}")
        await admin.submits(f"/console/appeals/{number}/identity", purpose="打电话核实金额")
        page = await auditor.gets("/console/views")
        for each in (admin.name, "姓名电话", number, "打电话核实金额"):
            assert each in page.words
        assert "王小明" not in page
        await auditor.gets(f"/console/appeals/{number}", status=403)


async def test_who_looked_far_more_often_than_the_others_this_week_is_listed_for_auditors(app):
    async with Desk(app, Role.AUDITOR, district="") as auditor:
        assert "看得比别人多" not in (await auditor.gets("/console/views")).words
        people = [await colleague(app, name) for name in ("看得多的孙", "看得少的钱", "上周看的李", "一般的周")]
        for person, times in zip(people, (19, 9, 0, 3), strict=True):
            await looks(app, person, times)
        await looks(app, people[2], 30, days=8)
        page = await auditor.gets("/console/views")
        listed = page.words.split("最近 7 天")[1].split("满 10 次")[0]
        assert "看得多的孙 19 次 19 件 0 次 6 次" in listed  # the middle of 9 and 3
        assert not any(name in listed for name in ("钱", "李", "周"))
        await looks(app, people[3], 7)
        assert "看得比别人多" not in (await auditor.gets("/console/views")).words.split("谁 所有人")[0]


async def colleague(app, name: str) -> int:
    async with app.db.begin() as session:
        username = f"colleague.{secrets.token_hex(3)}"
        return (await accounts.add(session, None, BY, name=name, username=username, district="2101")).id


async def looks(app, staff_id: int, times: int, *, days: int = 0) -> None:
    """Somebody looks at so many cases, so many days ago."""
    async with app.db.begin() as session:
        for number in range(times):
            values = {"staff_id": staff_id, "role": Role.HANDLER, "subject": f"appeal:{number}", "field": "identity"}
            values |= {"purpose": "打电话核实", "denied": False, "request_id": "", "at": now() - timedelta(days=days)}
            await hash_chain.append(session, View, values)


async def test_what_is_not_done_in_the_end_is_not_in_the_log(app):
    with suppress(RuntimeError):
        async with app.db.begin() as session:
            await audit.note(session, By(1), "staff.add")
            raise RuntimeError
    async with app.db.read() as session:
        assert await audit.head(session, Audit) is None


async def test_who_did_what_to_whom_is_read_by_auditors_without_a_name_of_a_worker(app):
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as system, Desk(app, None) as colleague:
        page = await system.gets(f"/console/people/{colleague.id}")
        await system.submits(f"/console/people/{colleague.id}/give", role="organiser", district="2101")
        async with Desk(app, Role.AUDITOR, district="") as auditor:
            page = await auditor.gets(f"/console/audit?group=staff&staff={system.id}")
            taken = html.unescape(re.search(r'href="([^"]*audit\.csv[^"]*)"', page)[1])
            lines = [line.split(",") for line in str(await auditor.gets(taken)).splitlines()[4:]]
            assert {(line[1], line[2]) for line in lines} == {(system.name, "加角色")}
            assert await auditor.gets(f"{taken}&denied=1") != await auditor.gets(taken)
        assert "加角色" in page.words
        assert colleague.name in page.words
        assert "沈阳市" in page.words
        async with app.db.read() as session:
            assert await hash_chain.broken_at(session, Audit) is None


def test_whatever_may_stand_in_the_audit_has_words():
    said, calls = (
        words.load(),
        [call for path in (ROOT / "bot").rglob("*.py") for call in _audited(path)],
    )
    actions = {each.value for call in calls for arg in call.args for each in ast.walk(arg) if _is_action(each)}
    assert len(actions) > 40
    unsaid = {each for each in actions | set(Right) if not said.get(f"action.{each}")}
    unsaid |= {f"detail.{word.arg}" for call in calls for word in call.keywords if word.arg not in (None, "denied")}
    unsaid |= {f"subject.{kind}" for call in calls for kind in _subjects(call) if kind != "district"}
    assert {each for each in unsaid if not said.get(each)} == set()


def _audited(path: Path) -> list[ast.Call]:
    text = path.read_text(encoding="utf-8")
    calls = ast.walk(ast.parse(text)) if "audit" in text else ()
    return [each for each in calls if isinstance(each, ast.Call) and _is_audit(each.func)]


def _is_audit(called: ast.expr) -> bool:
    """context.audit, or audit.note."""
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return (called.value.id, called.attr) in {("context", "audit"), ("audit", "note")}


def _subjects(call: ast.Call) -> set[str]:
    """What the call writes about: "appeal" of f"appeal:{number}"."""
    begun = [arg.values[0] for arg in call.args if isinstance(arg, ast.JoinedStr)]
    texts = [each.value for each in begun if isinstance(each, ast.Constant)]
    return {text.partition(":")[0] for text in texts if ":" in text}


def _is_action(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(re.fullmatch(r"[a-z_]+\.[a-z_]+", str(node.value)))


async def row(app, number: int) -> Audit:
    async with app.db.read() as session:
        return await session.get_one(Audit, number)
