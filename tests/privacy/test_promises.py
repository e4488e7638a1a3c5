"""The promises of docs/privacy.md, P1 to P10: who files an appeal is found nowhere but in the vault.

A canary is planted - a name, a phone, a username, the channel's id - and then looked for wherever somebody could look.
"""

import ast
import logging
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.app import Application
from bot.errors import Rejected
from bot.services.appeals import appeals, case_work
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core import numbers
from bot.services.core.lifecycle import SYSTEM, Actor, Role
from bot.services.identity import identities
from bot.services.privacy import erasure
from bot.services.staff.permissions import RIGHTS, Grant, Staffer
from bot.settings import Settings
from bot.store import sealing
from bot.store.base import Base, Sealed
from bot.store.models import Agency, Appeal, Chat, Identity, Naming, Outbox, View
from tests.conftest import hasten
from tests.support.appeals import RESULT, filed
from tests.support.brokers import SECRET, Address, eventually
from tests.support.desk import Desk
from tests.support.phone import Phone
from tests.support.project import ROOT
from tests.support.steps import statements
from tests.support.units import unit_entered

NAME, PHONE, USERNAME = "金丝雀王晓明", "13800138777", "canary_rider_77"
SPACED = "138 0013 8777"
TYPED = f"{NAME}，电话 {SPACED}"  # as somebody of staff would type it into a form
STORY = "站长拖着十月的工资不给，一共四千三"
WAYS = {Naming.NAMED: "办事的能看到我", Naming.HIDDEN: "只让区里知道", Naming.ANONYMOUS: "谁也别知道"}


@dataclass
class Done:
    """Appeals that went all the way, one for each way of naming, and what they left behind outside the database."""

    app: Application
    backend: Address
    numbers: list[str]
    addresses: list[str]  # the channel's ids of those who filed them

    @property
    def canaries(self) -> list[str]:
        return [NAME, PHONE, SPACED, USERNAME, *self.addresses]


@pytest.fixture
async def done(settings, knowledge, caplog):
    """Cases filed with canaries and driven through everything, their words repeated by everybody who can."""
    caplog.set_level(logging.DEBUG)
    backend = await Address().start()
    more = settings.model_dump() | {"queue_url": backend.url, "queue_secret": SECRET}
    app = Application(Settings(**more, _env_file=None), knowledge, demo=True)
    hasten(app)
    await app.start()
    numbers, addresses = [], []
    for naming in Naming:
        async with Phone(app) as phone:
            await phone.opens()
            addresses.append(str(await introduces(app, phone)))
            numbers.append(await files(phone, naming))
            await goes_all_the_way(app, phone, numbers[-1], knows=naming is Naming.NAMED)
    await app.settled()
    yield Done(app, backend, numbers, addresses)
    await app.stop()
    await backend.stop()


async def introduces(app, phone) -> int:
    """Somebody whose profile tells a name and a username writes to the bot; returns the channel's id."""
    await phone.types("/start")
    async with app.db.read() as session:
        address = await session.scalar(select(Chat.address).order_by(Chat.id.desc()).limit(1))
    chat = {"id": address, "type": "private", "first_name": NAME, "username": USERNAME}
    sender = {"id": address, "is_bot": False, "first_name": NAME, "username": USERNAME}
    bot = await app.web_chat.shared.bots.own()
    for said in ("/start", "/appeals", "工资拖着不给怎么办"):
        body = {"message_id": 1, "date": 1_700_000_000, "chat": chat, "from": sender, "text": said}
        if said.startswith("/"):
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": len(said)}]
        await app.web_chat.people.inject(bot, {"message": body})
        await app.settled()
    return address


async def files(phone, naming: Naming) -> str:
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.presses("谁能知道是我")
    await phone.presses(WAYS[naming])
    if naming is Naming.NAMED:
        await phone.types(NAME)
        await phone.types(PHONE)
    said = await phone.presses("提交")
    return re.search(r"编号：(\d{12})", "\n".join(said))[1]


async def goes_all_the_way(app, phone, number: str, *, knows: bool) -> None:
    """Staff who know the name type it wherever they can, and so does the worker."""
    words = f"已和{TYPED}核对过工资表，站点答应周五付清" if knows else RESULT
    async with app.db.begin() as session:
        office = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
    handler = Actor(Role.HANDLER, 2, office)

    async def move(target: AppealState, actor: Actor) -> None:
        async with app.db.begin() as session:
            wanted = AppealMove(target, actor, text=words, note=words, agency="labour")
            await appeal_transitions.move(session, app.services, number, wanted)

    await move(AppealState.ACCEPTED, SYSTEM)
    await move(AppealState.ASSIGNED, Actor(Role.ADMIN, 1))
    await move(AppealState.IN_PROGRESS, handler)
    async with app.db.begin() as session:
        alias = await session.scalar(select(Appeal.alias).where(Appeal.number == number))
        for actor in (Actor(Role.ADMIN, 1), handler):
            purpose = f"给{TYPED}打电话" if knows else "打电话核实"
            await identities.unmask(session, alias, actor, subject=f"appeal:{number}", purpose=purpose)
        await case_work.log(session, number, words, handler)
        await case_work.propose(session, number, words, handler)
    await move(AppealState.PENDING_INFO, handler)
    await phone.types(f"我是{TYPED}" if knows else "铁西三站")
    async with app.db.begin() as session:
        await case_work.extend(session, app.services, number, 3, words, Actor(Role.ADMIN, 1))
    await move(AppealState.ANSWERED, Actor(Role.REVIEWER, 3))
    await phone.presses("不满意")
    await phone.types(f"{TYPED}，钱还是没到账" if knows else "钱还是没到账")


async def open_columns(app) -> dict[str, str]:
    """Every value that lies in the open, by its table."""
    found: dict[str, str] = {}
    async with app.db.read() as session:
        for table in Base.metadata.sorted_tables:
            columns = [each for each in table.columns if not isinstance(each.type, Sealed)]
            found[table.name] = "\n".join(map(str, (await session.execute(select(*columns))).all()))
    return found


async def dump(app) -> bytes:
    """The database as somebody gets it who steals it: the file, or every row as PostgreSQL writes it out."""
    if app.db.dialect == "sqlite":
        path = Path(app.settings.database.removeprefix("sqlite:///"))
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    rows: list[str] = []
    async with app.db.read() as session:
        for table in Base.metadata.sorted_tables:
            rows += map(str, await session.scalars(text(f'SELECT t::text FROM "{table.name}" t')))  # noqa: S608
    return "\n".join(rows).encode()


def test_every_test_that_the_page_names_exists_and_every_promise_has_one():
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    known = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    rows = dict(re.findall(r"^\| (P\d+) \|(.*)$", page, re.MULTILINE))
    assert list(rows) == [f"P{number}" for number in range(1, 11)]
    for promise, row in rows.items():
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named, promise
        assert named <= known, named - known


# P1: 您可以选择实名、对承办单位匿名、完全匿名


async def test_p1_who_filed_is_found_nowhere_but_in_the_vault(done, caplog, capfd):
    await nothing_in_the_database(done)
    await nothing_in_what_leaves(done)
    async with Phone(done.app) as phone, phone.http.get(f"{phone.url}/metrics") as response:
        gauges = await response.text()
    out, err = capfd.readouterr()
    for canary in done.canaries:
        assert canary not in caplog.text + out + err + gauges, canary


async def nothing_in_the_database(done: Done) -> None:
    stolen = (await dump(done.app)).decode(errors="replace")
    assert all(number in stolen for number in done.numbers)  # the search finds what is there
    for canary in (NAME, PHONE, SPACED, USERNAME):
        assert canary not in stolen, canary
    for table, values in (await open_columns(done.app)).items():
        if not table.startswith("web_"):  # the chat page knows its own people by random numbers
            assert not any(address in values for address in done.addresses), table


async def nothing_in_what_leaves(done: Done) -> None:
    """Neither in what the backend was told, nor in what waits, but for the chat a row goes to."""
    assert {each["type"] for each in done.backend.got} == {"appeal.submitted", "appeal.updated"}
    left = str(done.backend.got)
    async with done.app.db.read() as session:
        rows = list(await session.scalars(select(Outbox).where(Outbox.payload.is_not(None))))
    assert rows
    for row in rows:
        open_words = f"{row.subject}{row.why}"
        left += f"{ {name: value for name, value in row.payload.items() if name != 'to'} }{open_words}"
        if row.chat_id:  # With its chat a row that names the case would tell whose it is.
            assert not any(number in open_words for number in done.numbers)
    for canary in done.canaries:
        assert canary not in left, canary


MAY = {Naming.NAMED: [True, True], Naming.HIDDEN: [True, False], Naming.ANONYMOUS: [False, False]}


@pytest.mark.parametrize("naming", list(Naming))
async def test_p1_p2_a_name_is_seen_by_whom_the_author_allowed_and_each_try_is_written_down(app, naming):
    number = await filed(app, naming=naming)
    async with app.db.begin() as session:
        alias = await session.scalar(select(Appeal.alias))
        subject, purpose = f"appeal:{number}", "打电话核实"
        actors = Actor(Role.ADMIN, 1), Actor(Role.HANDLER, 2)
        seen = [await identities.unmask(session, alias, each, subject=subject, purpose=purpose) for each in actors]
        kept = await session.scalar(select(Identity.body))
        looks = list(await session.scalars(select(View).order_by(View.id)))
        told = await identities.seen_by(session, subject)
    assert [bool(each) for each in seen] == MAY[naming]
    assert (set(kept) == {"chat_id"}) == (naming is Naming.ANONYMOUS)
    assert [not each.denied for each in looks] == MAY[naming]
    assert [(each.role, each.purpose, each.subject) for each in looks] == [
        (each.role, purpose, subject) for each in actors
    ]
    assert len(told) == MAY[naming].count(True)


async def test_p1_a_fault_of_ours_quotes_nobody_in_the_log(app, phone, caplog, capfd):
    with pytest.raises(DBAPIError) as fault:
        async with app.db.begin() as session:
            await session.execute(insert(Identity).values(alias=NAME, owner=b"", naming="named", body={"name": NAME}))
    assert NAME not in str(fault.value)
    async with phone.http.post(
        f"{phone.url}/channel/web",
        json={"update_id": 7, "message": {"text": NAME, "from": PHONE}},
        headers={"X-Telegram-Bot-Api-Secret-Token": app._secret},
    ) as response:
        assert response.status == 200
    out, err = capfd.readouterr()
    assert NAME not in caplog.text + out + err
    assert PHONE not in caplog.text + out + err
    assert NAME.encode() not in await dump(app)


# P2: 谁看过都有记录


async def test_p2_a_look_without_a_purpose_shows_nothing_and_nobody_changes_the_log(app):
    number = await filed(app)
    async with app.db.begin() as session:
        appeal = await appeals.get(session, number)
        for purpose in ("", "   ", "看看"):
            with pytest.raises(Rejected, match=r"view\.purpose"):
                await identities.unmask(session, appeal.alias, Actor(Role.ADMIN, 1), subject="x", purpose=purpose)
        await identities.unmask(session, appeal.alias, Actor(Role.ADMIN, 1), subject="x", purpose="打电话核实")
    for statement in ("UPDATE views SET purpose = 'x'", "DELETE FROM views"):
        with pytest.raises(DBAPIError, match="append only"):
            async with app.db.begin() as session:
                await session.execute(text(statement))


def test_p2_no_page_reads_an_identity_or_a_file_without_writing_a_look():
    for path in sorted((ROOT / "bot" / "console").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        assert "Identity" not in re.findall(r"\w+", source), f"{path.name} opens identities by itself"
        functions = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.AsyncFunctionDef)]
        says = {each.name: ast.unparse(each) for each in functions}
        reading = {name for name, said in says.items() if "attachments.read" in said}
        for each in functions:
            reaches = each.name in reading or any(f"{name}(" in says[each.name] for name in reading)
            if each.decorator_list and reaches:  # a page
                assert "identities.note" in says[each.name], f"{path.name}: {each.name} shows a file unseen"


def test_p2_only_these_files_open_identities():
    opening = {
        str(path.relative_to(ROOT))
        for folder in ("bot", "handlers")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bIdentity\.body\b|get(_one)?\(Identity", path.read_text(encoding="utf-8"))
    }
    assert opening == {
        "bot/services/identity/identities.py",  # writes the look down
        "bot/services/privacy/data_export.py",  # tells it to its owner
        "bot/services/privacy/erasure.py",  # takes it out of what staff typed, and away
        "bot/services/privacy/retention.py",
    }


# P3: 工作单不含您的联系方式


async def test_p3_the_pages_of_staff_and_the_backends_event_show_no_contact(done):
    async with (
        Desk(done.app, Role.ADMIN, district="") as admin,
        Desk(done.app, Role.AUDITOR, district="") as auditor,
    ):
        pages = [
            *[await admin.gets(f"/console/appeals/{number}") for number in done.numbers],
            await admin.gets("/console/appeals?view=all"),
            await auditor.gets("/console/audit"),
        ]
    assert STORY in pages[0]
    for page in pages:
        for canary in done.canaries:
            assert canary not in page, canary


# P4: 被投诉方看不到


@pytest.mark.parametrize("seed", range(2))
async def test_p4_nobody_of_a_unit_complained_about_finds_the_case(app, seed):
    dice = random.Random(seed)
    async with app.db.begin() as session:
        for number in range(4):
            await unit_entered(session, f"单位{number}", "labour", code=f"unit{number}")
        units = list(await session.scalars(select(Agency).where(Agency.code.startswith("unit"))))
        codes = {each.id: each.code for each in units}
    states = [AppealState.SUBMITTED, AppealState.ASSIGNED, AppealState.IN_PROGRESS, AppealState.ANSWERED]
    for _ in range(8):
        agency, about = dice.sample(units, 2)
        await filed(app, dice.choice(states), agency=agency.code, about=about.code)
    async with app.db.read() as session:
        cases = list(await session.scalars(select(Appeal)))
        for unit in units:
            for role in RIGHTS:
                staffer = Staffer(1, "某", "x", "", unit.id, (Grant(role, dice.choice(["", "2101"])),))
                shown = set(await session.scalars(select(Appeal.id).where(appeal_queue.visible(staffer))))
                about_them = {each.id for each in cases if each.about_id == unit.id}
                assert not shown & about_them, (codes[unit.id], role)
                for each in cases:
                    if each.id in about_them:
                        assert await appeal_queue.find(session, staffer, each.number) is None


async def test_p4_a_case_one_must_not_know_of_costs_the_same_steps_as_one_that_is_not_there(app):
    number = await filed(app, AppealState.ASSIGNED, about="labour")
    steps = []
    async with Desk(app, Role.HANDLER, agency="labour") as handler:
        for each in (number, numbers.checked("26112200000")):
            with statements() as asked:
                await handler.gets(f"/console/appeals/{each}", status=404)
            ours = [sql for sql in asked if re.search(r"\b(appeals|appeal_steps|identities|audit)\b", sql)]
            steps.append([re.sub(r"\s+", " ", sql) for sql in ours])
    assert len(steps[0]) > 1
    assert steps[0] == steps[1]


# P5: 只收必要信息


async def test_p5_a_short_appeal_asks_for_neither_name_nor_phone_and_says_why_when_it_does(phone, knowledge):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    preview = (await phone.types(STORY))[-1]
    assert "姓名" not in preview
    await phone.presses("谁能知道是我")
    assert "核实用" in (await phone.presses("办事的能看到我"))[-1]
    assert "谁看都留记录" in (await phone.types("王小明"))[-1]


async def test_p5_the_database_takes_no_name_without_consent(app, phone):
    number = await filed(app)
    async with app.db.read() as session:
        assert await session.scalar(select(Identity.consent)) == app.knowledge.retention.notice
    with pytest.raises(IntegrityError):
        async with app.db.begin() as session:
            session.add(Identity(alias=f"a{number}", owner=bytes(16), naming=Naming.NAMED, body={}, consent=""))


# P6 (到期删除) and P7 (可导出、可删除) are proven in test_retention.py and test_erasure.py, P8 in test_attachments.py.


async def test_p7_nothing_names_somebody_who_was_erased_not_even_what_staff_typed(done):
    async with done.app.db.begin() as session:
        for chat in await session.scalars(select(Chat)):
            await erasure.erase(session, done.app.services, chat)
    await done.app.settled()
    async with done.app.db.read() as session:
        for column in sealing.columns():
            # The channel's own has a button on the page; a recorded reply knows no chat, and goes within the week.
            if not column.table.name.startswith(("web_", "seen_")):
                values = str(list(await session.scalars(select(column).where(column.is_not(None)))))
                assert not any(canary in values for canary in done.canaries), column
        left = list(await session.scalars(select(Appeal)))
    assert [(each.kind, each.story) for each in left] == [("wages", "")] * 3

    async def blanked() -> bool:
        erased = [each for each in done.backend.got if each["type"] == "appeal.erased"]
        return len(erased) == 3 and not any(each["data"]["story"] for each in erased)

    await eventually(blanked)


# P9: 公开地图只显示大致位置


async def test_p9_a_place_is_in_no_answer_to_whoever_holds_a_code(phones, app):
    owner, holder = await phones(), await phones()
    await owner.types("/appeal")
    await owner.presses("进门难")
    await owner.types("小区门口保安不让骑手进，只能停在外面")
    await owner.presses("地点")
    await owner.sends_location(41.796812, 123.431234)
    [receipt] = await owner.presses("提交")
    number, code = re.search(r"编号：(\d{12})\n提取码：(\w{6})", receipt).groups()
    await holder.types("我要反映")
    await holder.presses("拿编号")
    await holder.types(number)
    shown = "\n".join(await holder.types(code))
    assert number in shown
    assert "41.79" not in shown
    assert "123.43" not in shown


# P10: 不会被钓鱼、冒充


def test_p10_no_text_asks_for_a_password_a_code_or_a_bank_card(knowledge):
    asking = re.compile(r"(?:请|输入|打|发|填|告诉|提供)[^。，；！？\n]{0,8}(?:密码|验证码|银行卡|卡号)")
    denying = re.compile(r"不|别|从不|谁问|不要")
    for key, said in knowledge.texts.raw["zh"].items():
        for found in asking.finditer(said):
            line = said[said.rfind("\n", 0, found.start()) + 1 : found.end()]
            assert denying.search(line), (key, line)
    assert "从不问：密码、验证码、银行卡号" in knowledge.texts.raw["zh"]["start.privacy"]
