"""The console in a real browser, at 1280 and 390 pixels: every page fits, can be read, and works by keyboard."""

import time
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from bot.channels.web import mini_app
from bot.console import PAGES
from bot.console.core.routes import routes
from bot.services.appeals.states import AppealState
from bot.services.chats import message_preview
from bot.services.core import periods
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.services.hazards import hazards
from bot.services.notices import photos as notice_photos
from bot.services.reports import ledgers
from bot.services.staff import accounts, sign_in
from bot.services.staff.permissions import EVERYBODY, RIGHTS, Right
from bot.store.models import (
    Chat,
    Compound,
    Consultation,
    Contact,
    Gate,
    Notice,
    Outlet,
    Staff,
    StationRow,
    TrialGroup,
    TrialMember,
    now,
)
from tests.hazards.test_reporting import picture
from tests.support.accessibility import EXAMINE, SIZES, bring_axe, faults, faults_in_the_dark, violations
from tests.support.appeals import filed
from tests.support.browser import needed
from tests.support.desk import BY, Desk
from tests.support.passes import pass_in
from tests.support.things import help_in, sitting_in
from tests.support.volunteers import applied, reward_in

STATION = {
    "name": "很长的名字" * 12,
    "kind": "union",
    "latitude": 41.79,
    "longitude": 123.43,
    "datum": "wgs84",
    "region": "2101",
}
LONG = "站长拖着十月的工资不给" * 60 + "AVeryLongWordWithoutAnySpaceThatMustNotPushThePageWide" * 3

pytestmark = needed


async def sits(app, browser: Browser, desk: Desk) -> tuple[Page, list[str]]:
    """A browser signed in as somebody, and everything that goes wrong in it."""
    context = await browser.new_context(locale="zh-CN", reduced_motion="reduce")
    page, trouble = await context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda asked: None if asked.url.startswith((desk.url, "data:")) else trouble.append(asked.url))
    cookies = [{"name": each.key, "value": each.value, "url": f"{desk.url}/console"} for each in desk.http.cookie_jar]
    await context.add_cookies(cookies)
    return page, trouble


@pytest.fixture
async def addresses(app, phone) -> dict[str, str]:
    """For each address with a name in it one that is there: something of every kind that has a page."""
    member = await applied(phone)
    day, measure = now() - timedelta(days=8), next(iter(app.knowledge.measures.every))
    topic, station = next(iter(app.knowledge.policies)), StationRow(id="long", **STATION)
    notice = Notice(kind="service", title=LONG[:60], text=LONG, unit="总工会", valid_until=now(), district="2101")
    item = Consultation(title=LONG[:60], district="2101", opened_by=0)
    async with app.db.begin() as session:
        session.add(author := Staff(username="author", name="作者"))
        chat = await session.scalar(select(Chat))
        draft = hazards.HazardDraft("road", "井盖翘起来了，晚上看不见" * 20, point=(41.79, 123.43), region="2101")
        hazard = (await hazards.submit(session, app.services, chat, draft)).number
        ledger = await ledgers.freeze(
            session, app.services, ledgers.LedgerRequest("week", periods.week_of(day.date()), "2101")
        )
        await session.flush()
        notice.author_id, notice.photo = author.id, await notice_photos.keep(session, picture())
        session.add_all(
            [station, notice, item, group := TrialGroup(name="最长的小组名字也要放得下不能挤出去", district="2101")]
        )
        await session.flush()
        session.add(TrialMember(group_id=group.id, staff_id=author.id))
        session.add(outlet := Outlet(name=LONG[:60], platform="meituan", region="210102"))
        await session.flush()
        session.add(compound := Compound(name=LONG[:60], region="210102", rules=LONG[:300], agency_id=1))
        await session.flush()
        session.add(Gate(compound_id=compound.id, name=LONG[:30], hours=LONG[:200]))
        contact = Contact(agency_id=1, duty="community", shown_name="李干事", outlet_id=outlet.id)
        session.add(contact)
    number = await filed(app, AppealState.IN_PROGRESS, story=LONG)
    helped = await help_in(app, "2101")
    offering, sitting = await sitting_in(app, "2101")
    return {
        "/console/help/{id}": f"/console/help/{helped}",
        "/console/appeals/{number}": f"/console/appeals/{number}",
        "/console/alike/{id}": f"/console/alike/{item.id}",
        "/console/hazards/{number}": f"/console/hazards/{hazard}",
        "/console/notices/{id}": f"/console/notices/{notice.id}",
        "/console/notices/{id}/edit": f"/console/notices/{notice.id}/edit",
        "/console/notices/groups/{id}": f"/console/notices/groups/{group.id}",
        "/console/volunteers/{number}": f"/console/volunteers/{member}",
        "/console/overview/{measure}": f"/console/overview/{measure}",
        "/console/ledgers/{id}": f"/console/ledgers/{ledger.id}",
        "/console/policies/{topic}": f"/console/policies/{topic}",
        "/console/policies/{topic}/edit": f"/console/policies/{topic}/edit",
        "/console/stations/at/{station}": f"/console/stations/at/{station.id}",
        "/console/people/{id}": f"/console/people/{author.id}",
        "/console/units/{id}": "/console/units/1",
        "/console/outlets/{id}": f"/console/outlets/{outlet.id}",
        "/console/contacts/{id}": f"/console/contacts/{contact.id}",
        **{
            f"/console/compounds/{{id}}/{each}": f"/console/compounds/{compound.id}/{each}"
            for each in ("devices", "codes", "entries")
        },
        "/console/passes/{number}": f"/console/passes/{await pass_in(app, '210102')}",
        "/console/compounds/{id}": f"/console/compounds/{compound.id}",
        "/console/offerings/{id}": f"/console/offerings/{offering}",
        "/console/sittings/{id}": f"/console/sittings/{sitting}",
        "/console/rewards/{code}": f"/console/rewards/{await reward_in(app, '2101')}",
        "/console/sittings/{id}/screen": f"/console/sittings/{sitting}/screen",
    }


FILES = (  # addresses of files, of one code that only its owner has, and of a list for a field to look in
    "/console/divisions",
    "/console/hazards/map/clusters",
    "/console/hazards/rules/districts",
    "/console/stations/map/clusters",
    "/console/appeals/{number}/files/{file}",
    "/console/hazards/{number}/photos/{photo}",
    "/console/hazards/{number}/photos/{photo}/small",
    "/console/ledgers/{id}/{form}",
    "/console/notices/photos/{digest}",
    "/console/overview/{measure}/{form}",
    "/console/redeem/{code}",
    *(each.path for each, _ in routes(PAGES) if each.path.endswith(".{form}")),  # a list as a file
)


def pages_of(role: Role) -> list[str]:
    """Every page that somebody with this role may open, as an address with names in it."""
    listed = [each for each, _ in routes(PAGES) if each.method == "GET" and not each.live and each.path not in FILES]
    return [each.path for each in listed if each.right in EVERYBODY | RIGHTS[role]]


LOOKERS = [Role.ADMIN, Role.HANDLER, Role.ORGANISER, Role.AUDITOR, Role.SYSTEM_ADMIN]


@pytest.mark.long
@pytest.mark.looks
@pytest.mark.parametrize("role", LOOKERS, ids=str)
async def test_every_page_fits_the_screen_and_can_be_read(app, browser, addresses, role):
    for state in (AppealState.ASSIGNED, AppealState.PENDING_INFO):
        await filed(app, state)
    office = "labour" if role is Role.HANDLER else ""
    wide = role in (Role.AUDITOR, Role.SYSTEM_ADMIN)
    async with Desk(app, role, agency=office, district="" if wide else "2101") as desk:
        page, trouble = await sits(app, browser, desk)
        await bring_axe(page.context)
        mine = [addresses[each] if "{" in each else each for each in pages_of(role)]
        wrong: dict[str, list[str]] = {}
        for path in [*mine, "/console/appeals/0", "/console/enrol"]:
            await page.goto(desk.url + path)
            for size in SIZES.values():
                await page.set_viewport_size(size)
                found = await faults(page)
                if role is Role.ADMIN:  # whose pages have everything in them
                    found += await faults_in_the_dark(page)
                wrong |= {f"{path} {size['width']}": found} if found else {}
        assert not wrong
        assert [each for each in trouble if "404" not in each and "403" not in each] == []


def test_somebody_looks_at_every_page():
    listed = [each for each, _ in routes(PAGES) if each.method == "GET" and not each.live and each.path not in FILES]
    every = {each.path for each in listed if isinstance(each.right, Right)}
    assert {path for role in LOOKERS for path in pages_of(role)} == every


async def test_the_look_finds_what_is_wrong(app, browser):
    async with Desk(app, None) as desk:
        page, _ = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console")
        await page.evaluate("""() => {
          const main = document.querySelector('main'), add = html => main.insertAdjacentHTML('beforeend', html);
          add('<h1>两个</h1><h3>跳级</h3><input name="bare"><button></button><img src=""><p id="main">淡</p>');
          main.lastElementChild.style.color = '#ccc';
          main.lastElementChild.style.width = '3000px';
        }""")
        wrong = " ".join(await page.evaluate(EXAMINE))
        for each in ("2 h1", "px wide", "id main twice", "bare has no label", "nameless", "without alt", "contrast"):
            assert each in wrong, wrong
        for each in ("label", "button-name", "image-alt"):
            assert each in " ".join(await violations(page))
        assert "contrast" not in " ".join(await faults_in_the_dark(page))
        await page.evaluate("document.querySelector('h1').style.color = '#222'")
        assert "contrast" in " ".join(await faults_in_the_dark(page))


async def test_the_door_can_be_read_too(app, browser):
    async with Desk(app, None) as desk:
        async with app.db.begin() as session:
            token = await sign_in.invite(session, BY, await accounts.find(session, desk.username))
        desk.http.cookie_jar.clear()
        page, _ = await sits(app, browser, desk)
        for path in (
            "/console/login",
            "/console/sent",
            f"/console/enter/{token}",
            "/console/enter/x",
            "/console/screen",
            "/console/webapp",
        ):
            for size in SIZES.values():
                await page.set_viewport_size(size)
                await page.goto(desk.url + path)
                assert not await faults(page), path


async def test_a_case_is_found_opened_and_answered_by_keyboard(app, browser):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with Desk(app, Role.REVIEWER) as desk:
        page, trouble = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console")
        await page.keyboard.press("g")
        await page.keyboard.press("q")
        await page.wait_for_url("**/console/appeals")
        await page.keyboard.press("/")
        await page.keyboard.type("十月")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**q=*")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/{number}")
        await page.get_by_role("link", name="工资已追回").click()
        assert not await faults(page)
        field = page.get_by_label("答复", exact=True)
        assert "【单位】" in await field.input_value()
        assert await page.evaluate("getSelection().toString()") == "【单位】"  # typing replaces the first slot
        await field.fill("经核实，站点拖欠您十月工资四千三百元，已经在十一月二十日发到账户。")
        await page.get_by_role("button", name="发给当事人").click()
        await expect(page.get_by_role("status").first).to_contain_text("答复记下了")
        assert trouble == []


async def test_a_colleague_who_opens_the_case_is_seen_at_once_and_nothing_typed_is_lost(app, browser):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with Desk(app, Role.REVIEWER) as desk, Desk(app, Role.ADMIN, name="管理员赵") as other:
        page, trouble = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console/appeals/{number}")
        await page.get_by_label("答复", exact=True).fill("写到一半")
        theirs, _ = await sits(app, browser, other)
        await theirs.goto(f"{desk.url}/console/appeals/{number}")
        await expect(page.locator("#head")).to_contain_text("管理员赵")
        await other.gets(f"/console/appeals/{number}")
        await other.submits(f"/console/appeals/{number}/log", note="已电话联系站长")
        await expect(page.locator("#timeline")).to_contain_text("已电话联系站长")
        assert await page.get_by_label("答复", exact=True).input_value() == "写到一半"
        assert trouble == []


async def test_a_mini_app_signs_nobody_in_before_they_press_and_stays_in_no_history(app, browser):
    given = quote(mini_app.init_data(app.web_chat.shared.bots.token, 7, "别人家的张三", time.time()))
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{app.port}/console/webapp#tgWebAppData={given}")
    await expect(page.locator("[data-who]")).to_have_text("别人家的张三")
    assert page.url.endswith("/console/webapp")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_contain_text("没能认出您")  # It was handed over, and is nobody's.


async def test_pages_work_without_scripts(app, browser):
    number = await filed(app, AppealState.ASSIGNED)
    async with Desk(app, Role.HANDLER, agency="labour") as desk:
        context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
        cookies = [{"name": c.key, "value": c.value, "url": f"{desk.url}/console"} for c in desk.http.cookie_jar]
        await context.add_cookies(cookies)
        page = await context.new_page()
        await page.goto(f"{desk.url}/console/appeals")
        await page.get_by_role("link", name=number).click()
        await page.get_by_role("button", name="我来办").click()
        await expect(page.get_by_role("status").first).to_contain_text("您接手了")


TYPED = (  # title, text
    ("免费体检", "周六上午，**带身份证**"),
    ("体检😀👩‍🔧", "😀😀 **很要紧** 完"),
    ("**不加粗**", "**两行\n都粗** 和**没关的"),
    ("空行", "上\n\n\n\n\n下\n**\n\n\n**  "),
    ("尖括号 <b>", "&lt; <b>不是标签</b> & ****"),
)


async def test_a_page_counts_a_notice_as_the_server_does_to_the_last_character(app, browser):
    async with Desk(app, Role.ORGANISER) as desk:
        page, trouble = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console/notices/new")
        await page.fill("#unit", "沈阳市总工会🏠")
        await page.fill("#valid_until", "2099-12-31")
        await page.select_option("#region", "2101")
        for drill in (False, True):
            await page.set_checked("#drill", drill)
            for title, text in TYPED:
                await page.fill("#title", title)
                await page.fill("#text", text)
                left = int("".join(filter(str.isdigit, await page.inner_text("#text ~ .counter"))))
                shown = Notice(kind="service", does="say", title=title, text=text, unit="沈阳市总工会🏠", drill=drill)
                shown.valid_until, shown.buttons = datetime(2099, 12, 31, tzinfo=ZONE), []
                asked = message_preview.text(app.knowledge.texts, shown, again=True)
                assert message_preview.LONGEST - left == message_preview.length(asked), text
        full = "**" + "好" * (left // 4) + "**" + "😀" * (left // 4)
        await page.fill("#text", full)
        left = int("".join(filter(str.isdigit, await page.inner_text("#text ~ .counter"))))
        await page.fill("#text", full + "满" * (left + 1))
        await expect(page.locator("#text ~ .counter")).to_have_text("超了 1 个字")
        await page.get_by_role("button", name="存下").click()
        await expect(page.locator("#fault")).to_contain_text("现在是 4097 个")
        await page.fill("#text", full + "满" * left)
        await expect(page.locator("#text ~ .counter")).to_have_text("还能写 0 个字")
        await page.get_by_role("button", name="存下").click()
        await expect(page.get_by_role("status").first).to_contain_text("存好了")
        assert not [each for each in trouble if "422" not in each]
