"""Who takes part in a drill: workers, who file, report and ask, and staff, who go from page to page meanwhile."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.channels.web.wakeups import CONVERSATION
from bot.services.core.lifecycle import Role
from bot.store.db import Database
from tests.support.desk import Desk
from tests.support.web_driver import Server
from tests.test_crash import write

FIRST = 3_000_001  # the first worker's number at the Bot API server
NUMBER = re.compile(r"编号：(\d{12})")
HAZARD = re.compile(r"编号：(H\d{12})")
BURST = {"我的诉求": "您的诉求", "设置": "您的设置", "热线电话": "点号码就能打"}  # lines, and what answers them
QUESTION, ANSWER = "高温津贴一个月多少钱", "高温津贴有多少"
PAGES = ("", "/appeals", "/appeals?view=all", "/hazards", "/overview", "/notices")
PAUSE = 0.5  # seconds that somebody looks at a page


@dataclass
class Worker:
    """Somebody who files an appeal and reads what comes back."""

    server: Server
    number: int
    receipts: list[str] = field(default_factory=list)

    @property
    def story(self) -> str:
        return f"站点拖着十月的工资没给，问了三次都说再等等。我是第{self.number - FIRST + 1}位。"

    @property
    def hazard(self) -> str:
        return f"楼道里飞线充电，拉到{self.number - FIRST + 1}单元门口"

    async def file(self) -> None:
        await write(self.server, self.number, "我要反映")
        await self._press("写一份诉求")
        await self._press("欠薪")
        await self._hear(lambda said, _: "怎么回事" in said)
        await write(self.server, self.number, self.story)
        await self._hear(lambda said, _: said.startswith("诉求：看一眼"))
        await self._press("提交")
        await self._hear(lambda said, _: bool(NUMBER.search(said)))
        for line in BURST:
            await write(self.server, self.number, line)
        for sign in BURST.values():
            await self._hear(lambda said, _, sign=sign: sign in said)

    async def report(self) -> None:
        """A hazard, and a question about a policy."""
        await write(self.server, self.number, "随手拍")
        await self._press("跳过")
        await self._hear(lambda said, _: "在哪" in said)
        await write(self.server, self.number, f"沈阳市铁西区建设大路{self.number}号")
        await self._hear(lambda said, _: "哪里不对？打几个字" in said)
        await write(self.server, self.number, self.hazard)
        await self._press("飞线充电")
        if await self._press("提交", "不是，另报") == "不是，另报":  # Others reported one close by.
            await self._press("提交")
        await self._hear(lambda said, _: bool(HAZARD.search(said)))
        await write(self.server, self.number, QUESTION)
        await self._hear(lambda said, _: ANSWER in said)

    async def is_in_order(self) -> bool:
        """Whether the answers to the three lines came as the lines did; one that came twice counts where it came first."""
        said = [message.get("text", "") for message in await self._messages() if not message["mine"]]
        first = [next((at for at, text in enumerate(said) if sign in text), -1) for sign in BURST.values()]
        return -1 not in first and first == sorted(first)

    async def read(self) -> list[str]:
        """The numbers on all receipts this worker has got."""
        return [found[1] for message in await self._messages() if (found := NUMBER.search(message.get("text", "")))]

    async def _press(self, *labels: str) -> str:
        """Press the first of these that is there, on the newest message that has one; which it was."""

        def found(buttons: Sequence[dict[str, Any]]) -> tuple[str, str]:
            pairs = ((label, each["callback_data"]) for each in buttons for label in labels if label in each["text"])
            return next(pairs, ("", ""))

        message = await self._hear(lambda _, buttons: found(buttons)[0] != "")
        label, data = found(_buttons(message))
        bot = await self.server.chat.shared.bots.own()
        await self.server.chat.people.press(bot, self.number, message["id"], data)
        return label

    async def _hear(self, wanted: Any) -> dict[str, Any]:
        """The newest message of the bot that is wanted, once it is there."""
        while True:
            bot = await self.server.chat.shared.bots.own()
            state = await self.server.chat.page.views.state(bot, self.number)
            if state is not None:
                with self.server.chat.shared.wakeups.listen(
                    (CONVERSATION, state.id), seen=state.last_event
                ) as listener:
                    for message in reversed(await self._messages()):
                        if not message["mine"] and wanted(message.get("text", ""), _buttons(message)):
                            return message
                    await listener.wait(1.0)

    async def _messages(self) -> list[dict[str, Any]]:
        bot = await self.server.chat.shared.bots.own()
        state = await self.server.chat.page.views.state(bot, self.number)
        if state is None:
            return []
        return list((await self.server.chat.page.views.first(state, self.number))["messages"])


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in message.get("buttons", []) for button in row if "callback_data" in button]


@dataclass
class Elsewhere:
    """What a desk needs to know of programs that run in other processes: their database, and a port of theirs."""

    db: Database
    port: int


class Colleague:
    """Somebody of the district who reads page after page, at whichever replica answers."""

    def __init__(self, db: Database, ports: Sequence[int]) -> None:
        self.ports, self.answered = ports, Counter[str]()
        self._desk = Desk(Elsewhere(db, ports[0]), Role.ADMIN, district="2101")

    async def works(self) -> None:
        """Until cancelled."""
        async with self._desk as desk:
            while True:
                for path in PAGES:
                    desk.url = f"http://127.0.0.1:{random.choice(self.ports)}"
                    try:
                        page = await desk.gets(f"/console{path}", status=None)
                        self.answered[str(page.status)] += 1
                    except aiohttp.ClientError:
                        self.answered["dead"] += 1
                    await asyncio.sleep(PAUSE)
