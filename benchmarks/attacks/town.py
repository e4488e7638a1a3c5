"""What the attacks need, made through commands, pages and the chat alone: two cities with staff, people, cases."""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from benchmarks.attacks.running import Beside, Colleague, Person, Running
from bot.messaging import urls
from bot.services.core.lifecycle import Role
from tests.support.fake_bot_api import Crowd
from tests.support.founding import LINK

SHENYANG, BENXI, TIEXI = "沈阳市", "本溪市", "沈阳市铁西区"
QUEUE_SECRET = "q7WkC2vN9xLr4TzB8mHs5Dy3Fp6Jg1Qa"
STORY = "站点拖着十月的工资没给，一共四千三，问了三次都说再等等"


class Town:
    """The running program, with everybody in it."""

    running: Running
    beside: Beside

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.crowd = Crowd()
        self._open = AsyncExitStack()
        self._updates = 0

    async def __aenter__(self) -> Self:
        await self.crowd.start()
        telegram = {"NUANXIN_TELEGRAM_TOKEN": "4711:CROWD", "NUANXIN_TELEGRAM_API_URL": self.crowd.api}
        telegram |= {"NUANXIN_TELEGRAM_FILE_URL": self.crowd.api}
        self.running = Running(self.folder, {**telegram, "NUANXIN_QUEUE_SECRET": QUEUE_SECRET})
        status, said = await self.running.command("staff", "add", "wang.fang", "--name", "王芳")
        assert status == 0, said
        await self.running.start()
        self.beside = await Beside(self.running).start()
        await self._staff(LINK.search(said)[0])  # type: ignore[index]
        await self._people()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()
        await self.beside.stop()
        if self.running.process.returncode is None:
            await self.running.stop()
        await self.crowd.stop()

    async def _staff(self, link: str) -> None:
        self.system = await self.enters(link, Role.SYSTEM_ADMIN)
        self.admin = await self.joins(self.system, "赵主任", "zhao.admin", Role.ADMIN, SHENYANG)
        self.second = await self.joins(self.system, "钱主任", "qian.admin", Role.ADMIN, SHENYANG)
        self.benxi = await self.joins(self.system, "孙主任", "sun.admin", Role.ADMIN, BENXI)
        unit = {"kind": "office", "district": TIEXI, "desks": "labour"}
        page = await self.admin.submits("/console/units/new", name="铁西区人社局", **unit)
        code = re.search(r"<dt>代码</dt><dd>(u\d+)</dd>", page)
        assert code, page.words[:400]
        self.unit = code[1]
        self.handler = await self.joins(self.admin, "李承办", "li.handler", Role.HANDLER, TIEXI, self.unit)
        self.organiser = await self.joins(self.admin, "周组织", "zhou.organiser", Role.ORGANISER, SHENYANG)
        self.approver = await self.joins(self.admin, "吴审批", "wu.approver", Role.APPROVER, SHENYANG)
        self.guest = await self.joins(self.benxi, "郑组织", "zheng.organiser", Role.ORGANISER, BENXI)

    async def _people(self) -> None:
        self.worker, self.other = await self.person(), await self.person()
        self.case = await self.files(self.worker, TIEXI)
        self.foreign = await self.files(self.other, f"{BENXI}平山区")
        status, self.key = await self.running.command("open311", "key", "add", "市民云")
        assert status == 0, self.key
        self.key = next(each for each in self.key.splitlines() if " " not in each)

    async def enters(self, link: str, role: Role) -> Colleague:
        return await self._open.enter_async_context(Colleague(self.running, link, role))

    async def joins(
        self, by: Colleague, name: str, username: str, role: Role, district: str, unit: str = ""
    ) -> Colleague:
        link, number = await by.adds(name, username, role, district, unit)
        colleague = await self.enters(link, role)
        colleague.id, colleague.name, colleague.username = number, name, username
        return colleague

    async def person(self) -> Person:
        return await self._open.enter_async_context(Person(self.running))  # type: ignore[arg-type]

    async def files(self, worker: Person, place: str, story: str = STORY) -> str:
        """Somebody says where they run, and files an appeal; its number."""
        await worker.types("/start")
        await worker.types(place)
        await worker.types("/appeal")
        await worker.presses("欠薪")
        await worker.types(story)
        said = " ".join(await worker.presses("提交"))
        number = re.search(r"编号：(\d{12})", said)
        assert number, said
        return number[1]

    async def reports(self, **fields: str) -> str:
        """A hazard by the Open311 API that a person looks at first; its token."""
        given = {"service_code": "hazard-other", "lat": "41.795", "long": "123.37", "api_key": self.key}
        given |= {
            "description": "说不清的问题，王小明看见的",
            "address_string": "铁西区建设大路19号3单元501室",
            **fields,
        }
        async with self.running.http() as http, http.post(f"{urls.OPEN311}/v2/requests.json", data=given) as response:
            return str(await response.json())

    async def telegram(self, message: dict[str, object], *, chat: int, kind: str = "message") -> None:
        """A message from Telegram, whose server is ours."""
        who = {"id": abs(chat), "first_name": "王", "is_bot": False}
        place = {"id": chat, "type": "supergroup" if chat < 0 else "private"}
        body = {"message_id": self._updates + 1, "date": 1760000000, "chat": place, "from": who, **message}
        self.raw({kind: body})
        await asyncio.sleep(0)

    def raw(self, update: dict[str, object]) -> None:
        self._updates += 1
        self.crowd.updates.append({"update_id": self._updates, **update})

    def heard(self, chat: int) -> list[str]:
        """What was said to a chat of Telegram."""
        return [text for text in self.crowd.said(chat) if text]
