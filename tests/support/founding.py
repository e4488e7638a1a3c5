"""A district from nothing: units and colleagues through the console's own forms, and what they then bring to its end."""

import asyncio
import io
import re
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

import aiohttp
from PIL import Image

from bot.app import Application
from bot.services.core.lifecycle import Role
from bot.store.models import now
from tests.support.desk import Desk, Page
from tests.support.phone import Phone

DISTRICT = "沈阳市铁西区"
ANSWER = "经核实，站点拖欠的四千三百元已经在十一月二十日发到您的账户。"
WAIT = 30.0  # seconds for a message to arrive
LINK = re.compile(r"/console/enter/[\w-]+")
UNITS = (("labour", "铁西区人社局"), ("urban", "铁西区城管局"), ("justice", "铁西区司法局"))


@dataclass
class Tally:
    """What was handed in, in its order."""

    posts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(f"{len(self.posts):2} forms: {line}")


class Clerk(Desk):
    """A colleague who comes in by the link they were given, and by a chat of their own."""

    def __init__(self, app: Application, tally: Tally, link: str) -> None:
        super().__init__(app, None)
        self.tally, self.link = tally, link

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        await self.submits(LINK.search(self.link)[0])
        async with Phone(self.app) as phone:
            await phone.opens()
            await self.enrols(phone)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def _asks(self, method: str, path: str, *, status: int | None, **request: object) -> Page:
        if method == "POST":
            self.tally.posts.append(path)
        return await super()._asks(method, path, status=status, **request)

    async def adds(self, name: str, role: Role, *, unit: str = "", kind: str = "") -> str:
        """Add a colleague by the form; returns the link to hand over."""
        username = f"{role.value.replace('_', '.')}.{len(self.tally.posts)}"
        wanted = {"name": name, "username": username, "role": role, "district": DISTRICT, "unit": unit, "kind": kind}
        return LINK.search(await self.submits("/console/people", **wanted))[0]

    async def does(self, sort: str, number: str, verb: str, **fields: object) -> Page:
        """Open a case, hand one of its forms in."""
        await self.gets(f"/console/{sort}/{number}")
        return await self.submits(f"/console/{sort}/{number}/{verb}", **fields)


async def unit_by_form(clerk: Clerk, desk: str, name: str) -> str:
    """Enter a unit; returns the code its page shows."""
    page = await clerk.submits("/console/units/new", name=name, kind="office", district=DISTRICT, desks=desk)
    return re.search(r"<dt>代码</dt><dd>(u\d+)</dd>", page)[1]


async def appeal_to_the_end(admin: Clerk, handler: Clerk, worker: Phone, kind: str, story: str) -> str:
    """A worker files, the district dispatches, a unit handles, the administrator reviews, the worker is content."""
    await worker.types("/appeal")
    await worker.presses(kind)
    await worker.types(story)
    [receipt] = await worker.presses("提交")
    number = re.search(r"编号：(\d{12})", receipt)[1]
    await admin.does("appeals", number, "accept")
    await admin.does("appeals", number, "assign")
    await handler.does("appeals", number, "begin")
    await handler.does("appeals", number, "propose", text=ANSWER)
    await admin.does("appeals", number, "answer", text=ANSWER)
    assert any(ANSWER in line for line in await worker.hears())
    await worker.presses("👍 满意")
    await admin.gets(f"/console/appeals/{number}")
    return number


async def hazard_to_the_end(admin: Clerk, handler: Clerk, worker: Phone) -> str:
    """A worker reports, somebody looks, the unit mends it, the worker has seen it."""
    await worker.types("/report")
    await worker.presses("跳过")
    await worker.types("沈阳市铁西区建设大路")
    await worker.types("路口井盖翘起来了，晚上看不见")
    await worker.presses("路面坑洼")
    receipt = (await worker.presses("提交"))[-1]
    number = re.search(r"H\d{12}", receipt)[0]
    await admin.does("hazards", number, "validate")
    await handler.does("hazards", number, "begin")
    await handler.gets(f"/console/hazards/{number}")
    path = f"/console/hazards/{number}/resolve"
    page = await handler.uploads(
        path, "photo", photo(), "a.jpg", text="井盖换了新的，周围抹平", off_site="手机没有定位"
    )
    assert page.status == 200, page.words
    assert any("井盖换了新的" in line for line in await worker.hears())
    await worker.presses("👍 好了")
    return number


async def notice_arrives(organiser: Clerk, approver: Clerk, worker: Phone) -> None:
    """One writes it, somebody else agrees, whoever runs in the district reads it."""
    wanted = {
        "kind": "service",
        "title": "今晚有雨",
        "text": "路滑，慢一点骑。",
        "unit": "铁西区总工会",
        "region": "210106",
    }
    wanted["valid_until"] = f"{now() + timedelta(days=2):%Y-%m-%d}"
    page = await organiser.submits("/console/notices/new", **wanted)
    path = page.path.partition("?")[0]
    await organiser.submits(f"{path}/submit")
    await approver.gets(path)
    await approver.submits(f"{path}/approve", count=1)


async def reward_handed_over(organiser: Clerk, approver: Clerk, worker: Phone) -> None:
    """One writes what points buy, somebody else agrees, a worker asks for it and is given it at the counter."""
    wanted = {"label": "矿泉水一瓶", "about": "常温的", "points": "1", "stock": "1", "days": "7", "place": "兴工街驿站"}
    page = await organiser.submits("/console/rewards/new", **wanted, district=DISTRICT)
    path = page.path.partition("?")[0]
    await approver.gets(path)
    await approver.submits(f"{path}/approve")
    await worker.types("/points")
    await worker.presses("矿泉水")
    await worker.presses("兑换")
    said = await heard(worker, "码：")
    code = re.search(r"码：\W*(?:<code>)?([0-9A-Z]{10})", said)[1]
    await organiser.submits("/console/redeem", code=code)


async def heard(worker: Phone, word: str) -> str:
    """The newest message with this word, once it is there."""
    async with asyncio.timeout(WAIT):
        while not (found := [str(each) for each in await worker.messages() if word in str(each)]):  # noqa: ASYNC110 (a page polls)
            await asyncio.sleep(0.2)
    return found[-1]


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (120, 160, 90)).save(out, "JPEG")
    return out.getvalue()


async def lives_in(worker: Phone, place: str = "沈阳铁西区") -> None:
    """Say where one runs, as one is asked after the first word."""
    await worker.types("/start")
    await worker.presses("打字")
    await worker.types(place)
