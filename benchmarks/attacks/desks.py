"""What staff tries that is not theirs, with files, numbers and each other's accounts; what keys and readers try."""

import io
import re
import time
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import openpyxl

from benchmarks.attacks.attempts import Attempt, attempts, held
from benchmarks.attacks.doors import in_short, statuses
from benchmarks.attacks.running import Colleague
from benchmarks.attacks.town import SHENYANG, Town
from bot.console.policies.fields import SOURCE, typed
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.store.models import now
from knowledge import policies
from tests.support.desk import Page

ALL: list[Attempt] = []
attack = attempts(ALL)
ABSENT = "209901019999"
HEAD = "编号,名称,类型,经度,纬度,开放时间,服务,地址"
HERE = "tx-1,铁西驿站,爱心驿站,123.3760,41.8030,00:00-24:00,歇脚、饮水,铁西区建设大路一号"
THERE = "bx-1,本溪驿站,爱心驿站,123.7710,41.2950,8:00-18:00,歇脚,平山区一号"
ENTRY = "unpaid-wages-steps"


async def uploads(desk: Colleague, *lines: str, data: bytes = b"", name: str = "a.csv") -> Page:
    """Look at a file of stations."""
    await desk.gets("/console/stations/import")
    body = data or "\n".join((HEAD, *lines)).encode()
    return await desk.uploads("/console/stations/import", "file", body, name, datum="gcj02")


async def takes(desk: Colleague, *lines: str) -> Page:
    page = await uploads(desk, *lines)
    return page if page.status != 200 else await desk.submits("/console/stations/import/take", status=None)


async def does(desk: Colleague, number: str, verb: str, **fields: object) -> Page:
    """Open a case, hand one of its forms in, whatever becomes of it."""
    await desk.gets(f"/console/appeals/{number}", status=None)
    return await desk.submits(f"/console/appeals/{number}/{verb}", status=None, **fields)


def same(one: Page, other: Page, first: str, second: str) -> bool:
    """Whether two answers differ in nothing but the number that was asked for."""
    strip = [
        re.sub(r"\b[0-9a-f]{16}\b|\d{6,}|\d\d:\d\d", "", page.words.replace(number, ""))
        for page, number in ((one, first), (other, second))
    ]
    return one.status == other.status and strip[0] == strip[1]


@attack("H5", "a case merged into another city's, singly and in bulk; another unit's case opened, merged, taken apart")
async def foreign_numbers(town: Town) -> str:
    said, alike = Counter[int](), []
    await does(town.admin, town.case, "accept")
    for verb, path in (("merge", f"/console/appeals/{town.case}/merge"), ("bulk", "/console/appeals/bulk")):
        pages = []
        for parent in (town.foreign, ABSENT):
            page = await town.admin.gets(f"/console/appeals/{town.case}")
            version = re.search(r'name="version" value="(\d+)"', page)
            assert version, page.words[:200]
            fields = {"parent": parent}
            fields |= {"act": "merge", "case": f"{town.case}:{version[1]}"} if verb == "bulk" else {}
            pages.append(await town.admin.submits(path, status=None, **fields))
            said[pages[-1].status] += 1
        alike.append(same(*pages, town.foreign, ABSENT))
    for verb in ("unmerge", "merge", "log"):
        pages = [await does(town.handler, each, verb, parent=ABSENT, note="看一看") for each in (town.foreign, ABSENT)]
        alike.append(same(*pages, town.foreign, ABSENT))
        said.update(page.status for page in pages)
    foreign = await town.benxi.gets(f"/console/appeals/{town.foreign}")
    came = f"{sum(alike)} of {len(alike)} answered as for no case; {in_short(said)}"
    return held(all(alike) and town.case not in foreign.words, came)


@attack("H6", "stations of one city uploaded by another city's organiser under the same id, with and without replacing")
async def taken_stations(town: Town) -> str:
    assert (await takes(town.guest, THERE)).status == 200
    pages = [await takes(town.organiser, HERE.replace("tx-1", "bx-1")), await takes(town.organiser, THERE)]
    assert (await takes(town.organiser, HERE)).status == 200
    still = await town.guest.gets("/console/stations/at/bx-1")
    refused = [page.status for page in pages]
    return held(refused == [422, 422] and "本溪驿站" in still.words, f"{refused}, and the other's station stays")


@attack("M1", "an administrator's new link, reset and role for an approver who was in before, then for themselves")
async def second_person(town: Town) -> str:
    them, admin, page_of = town.approver, town.admin, f"/console/people/{town.approver.id}"
    await them.phone.hears(within=0)
    await town.second.phone.hears(within=0)
    shown = await admin.submits(f"{page_of}/link", status=None)
    facts = {"no link shown": "/console/enter/" not in shown}
    own = re.search(r"/console/enter/[\w-]+", " ".join(await them.phone.hears()))
    facts["it went to its owner"] = own is not None
    facts["another administrator is told"] = them.name in " ".join(await town.second.phone.hears())
    await admin.submits(f"{page_of}/reset", status=None)
    facts["of a reset, too"] = "清空" in " ".join(await them.phone.hears())
    facts["it waits a day"] = f"{page_of}/keep" in await admin.gets(page_of)
    await town.second.gets(page_of)
    await town.second.submits(f"{page_of}/keep")
    facts["another administrator stops it"] = f"{page_of}/keep" not in await admin.gets(page_of)
    if own is not None:  # A reset signs them out, in case their phone is lost.
        await them.submits(own[0])
        await them.proves()
    facts["the owner gets in by it with their own codes"] = "/console/leave" in await them.gets("/console/notices")
    for role in (Role.APPROVER, Role.ORGANISER):
        gave = await admin.submits(f"/console/people/{admin.id}/give", status=None, role=role, district=SHENYANG)
        facts[f"nobody makes themselves {role.value} ({gave.status})"] = gave.status in (403, 404, 422)
    return held(all(facts.values()), ", ".join(name if holds else f"NOT: {name}" for name, holds in facts.items()))


@attack("M1-notice", "an administrator who writes a notice, and approves it")
async def own_notice(town: Town) -> str:
    path = await written(town, town.organiser, ["2101"])
    await town.organiser.submits(f"{path}/submit")
    await town.organiser.gets(path)
    page = await town.organiser.submits(f"{path}/approve", status=None, count=1)
    return held(page.status == 403, f"{page.status}")


async def written(town: Town, by: Colleague, regions: list[str]) -> str:
    """A notice that is to go tomorrow; its address."""
    later = now().astimezone(ZONE) + timedelta(hours=20)
    wanted = {"kind": "service", "title": "今晚有雨", "text": "路滑，慢一点骑。", "unit": "沈阳市总工会"}
    wanted |= {"valid_until": f"{later + timedelta(days=2):%Y-%m-%d}", "start_at": f"{later:%Y-%m-%dT%H:%M}"}
    page = await by.submits("/console/notices/new", **wanted, region=regions)
    return page.path.partition("?")[0]


@attack("M10", "a notice to two cities, approved, refused and stopped by the approver of one of them")
async def two_cities(town: Town) -> str:
    author = await town.joins(town.system, "全省组织", "all.organiser", Role.ORGANISER, "辽宁省")
    path = await written(town, author, ["2101", "2105"])
    await author.submits(f"{path}/submit")
    said = []
    await town.approver.proves()
    for verb in ("approve", "refuse", "step"):
        await town.approver.gets(path, status=None)
        page = await town.approver.submits(f"{path}/{verb}", status=None, count=1, comment="先等等", step="cancel")
        said.append(page.status)
    state = (await author.gets(path)).words
    return held(set(said) <= {403, 404} and "待批准" in state, f"{said}, and it waits")


@attack("M3", "5 KB of XLSX that say they are row 1,200,000, and row 2^31, while somebody writes")
async def endless_rows(town: Town) -> str:
    said, took = [], []
    for number in (1_200_000, 2**31):
        page = await uploads(town.organiser, data=sheet(number), name="a.xlsx")
        said.append(page.status)
        begun = time.monotonic()
        await town.worker.types("/help")
        took.append(time.monotonic() - begun)
    return held(set(said) <= {413, 422} and max(took) < 10, f"{said}, a line answered after {max(took):.1f} s")


def sheet(number: int) -> bytes:
    """A small workbook whose second row says that it is the row of this number."""
    book, plain, made = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["名称", "地址"])
    book.active.append(["驿站", "某街"])
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            data = source.read(part)
            if part.filename.endswith("sheet1.xml"):
                data = data.replace(b'<row r="2"', b'<row r="%d"' % number).replace(b'"A2"', b'"A%d"' % number)
            target.writestr(part.filename, data)
    return made.getvalue()


@attack("M4", "540 numbers of hazards guessed, and one nobody has looked at read by others and by its own key")
async def guessed_hazards(town: Town) -> str:
    await town.reports()
    page = await town.admin.gets("/console/hazards")
    found = re.search(r"H\d{12}", page)
    assert found, page.words[:300]
    path = f"/open311/v2/requests/{found[0]}.json"
    said = await statuses(town, "GET", path) + await statuses(town, "GET", path, params={"api_key": "guessed"})
    own = await statuses(town, "GET", path, params={"api_key": town.key})
    many = ",".join(f"{found[0][:-3]}{number:03}" for number in range(540))
    tried = await statuses(town, "GET", "/open311/v2/requests.json", params={"service_request_id": many})
    well = set(said) == {404} and set(own) == {200} and 200 not in tried
    return held(well, f"{in_short(said)}, its key {in_short(own)}, 540 at once {in_short(tried)}")


@attack("open311", "another system's key writes to a hazard that it did not post")
async def annotated(town: Town) -> str:
    _, key = await town.running.command("open311", "key", "add", "别的系统")
    key = next(each for each in key.splitlines() if " " not in each)
    found = re.search(r"H\d{12}", await town.admin.gets("/console/hazards"))
    assert found
    news = {"update_id": "1", "description": "已经修好了", "updated_datetime": f"{now():%Y-%m-%dT%H:%M:%SZ}"}
    said = []
    for number in (found[0], f"{found[0][:-4]}9999"):
        fields = {"service_request_id": number, "status": "CLOSED", "api_key": key, **news}
        said.append(await statuses(town, "POST", "/open311/v2/servicerequestupdates.json", data=fields))
    page = await town.admin.gets(f"/console/hazards/{found[0]}")
    return held(said[0] == said[1] and set(said[0]) == {404} and "已经修好了" not in page, in_short(said[0] + said[1]))


@attack("hidden", "the time that pages of a foreign station and of none take, by turns")
async def timing(town: Town) -> str:
    took: dict[str, list[float]] = {"bx-1": [], "zz-9": []}
    for _ in range(30):
        for station, times in took.items():
            begun = time.perf_counter()
            await town.organiser.gets(f"/console/stations/at/{station}", status=404)
            times.append(time.perf_counter() - begun)
    ratio = sorted(took["bx-1"])[15] / sorted(took["zz-9"])[15]
    return held(0.6 < ratio < 1.6, f"404, {ratio:.2f} times as long")


@attack("script", "a draft of an entry whose sources are javascript:")
async def scripts(town: Town) -> str:
    file = policies.FOLDER / f"{ENTRY}.md"
    entry = policies.parse(file.read_text(encoding="utf-8"), file)
    sources = tuple(replace(each, url="javascript:alert(1)") for each in entry.sources)
    given = typed(replace(entry, sources=sources))
    columns = {f"source_{name}": [each[name] for each in given["sources"]] for name in SOURCE}
    del given["sources"]
    await town.organiser.gets(f"/console/policies/{ENTRY}/edit")
    page = await town.organiser.submits(f"/console/policies/{ENTRY}/edit", act="look", **given, **columns)
    return held('class="bubble"' in page and 'href="javascript' not in page, "the preview links to none of them")


@attack("M2", "pages of a handler who has no second factor yet; a second chat without a fresh code")
async def one_factor(town: Town) -> str:
    link, _ = await town.admin.adds("冯承办", "feng.handler", Role.HANDLER, "沈阳市铁西区", town.unit)
    fresh = Colleague(town.running, link, Role.HANDLER)
    fresh._http = town.running.http()
    page = await fresh.submits(link)
    paths = [(await fresh.gets(path)).path for path in ("/console/appeals", f"/console/appeals/{town.case}")]
    page = await fresh.submits("/console/enrol", status=None, code="123456", chat_code="123456")
    await fresh.http.close()
    well = all(each.startswith("/console/enrol") for each in paths) and "恢复码" not in page.words
    return held(well, f"led to {paths[0]}, and made-up digits set nothing up")


@attack("M7-station", "two browsers opened just now, at two addresses, say that a station is closed")
async def doubted(town: Town) -> str:
    said = []
    for _ in range(2):
        person = await town.person()
        await person.sends_location(41.8030, 123.3760)
        said += await person.presses("关门了")
    again = await (await town.person()).sends_location(41.8030, 123.3760)
    return held("铁西驿站" in again[0] and "有人说这里不对" not in again[0], "counted, and no station doubtful")
