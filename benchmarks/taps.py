"""How many taps a rider needs on the page, from its first screen, counted while the running demo is used.

    python -m benchmarks.taps

Every button that is pressed and every line that is sent is a tap; the phone's own dialogs (photo picker, position) are not
counted.  Prints a line a task, and BELOW FLOOR where the goal is missed; ends with 1 if one is.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks.pictures import PHONE, demo
from tests.support.browser import CHROMIUM

HERE = {"latitude": 41.80, "longitude": 123.38}
STORY = "快跑站点拖了我十月工资四千三，催了三次都说下周"


@dataclass
class Rider:
    """Somebody with the page open, whose thumb is counted."""

    page: Page
    taps: int = 0
    letters: int = 0

    async def taps_on(self, label: str) -> None:
        """The last button so called: in the row above the composer, under a message, or in a sheet."""
        await self._settled()
        await self.page.get_by_role("button", name=label).last.click()
        self.taps += 1

    async def types(self, words: str) -> None:
        await self._settled()
        await self.page.locator("#input").fill(words)
        await self.page.get_by_role("button", name="发送", exact=True).click()
        self.taps += 1
        self.letters += len(words)

    async def sees(self, words: str) -> None:
        await expect(self.page.locator("#log .bubble", has_text=words).last).to_be_visible(timeout=20_000)

    async def _settled(self) -> None:
        """Until everything sent has been answered and nothing is being pressed."""
        await expect(self.page.locator("[aria-busy=true]")).to_have_count(0, timeout=20_000)
        await expect(self.page.locator("#log .row").last).not_to_have_class("row mine", timeout=20_000)


async def answer(rider: Rider) -> None:
    await rider.types("押金不退怎么办")
    await rider.sees("核对于")


async def station(rider: Rider) -> None:
    await rider.taps_on("发位置，找驿站")
    await rider.taps_on("发我的位置")
    await expect(rider.page.locator(".station").first).to_be_visible(timeout=20_000)


async def appeal(rider: Rider) -> None:
    await rider.taps_on("我要反映")
    await rider.taps_on("写一份诉求")
    await rider.taps_on("欠薪、扣款")
    await rider.types(STORY)
    await rider.sees("看一眼对不对")
    await rider.taps_on("提交")
    await rider.sees("编号：")


async def hazard(rider: Rider) -> None:
    """Without a photo, and of a type that is only found in the full list."""
    await rider.taps_on("随手拍")
    await rider.types("这边有点问题要看看")
    await rider.sees("在哪？")
    await rider.types("沈阳市铁西区建设大路")
    await rider.sees("是哪一类")
    await rider.taps_on("看全部")
    await rider.sees("全部类型")
    await rider.taps_on("飞线充电")
    await rider.sees("看一眼对不对")
    await rider.taps_on("提交")
    await rider.sees("编号：")


async def volunteer(rider: Rider) -> None:
    await rider.taps_on("帮社区、攒积分")
    await rider.taps_on("我要报名")
    await rider.taps_on("同意，开始报名")
    await rider.types("赵铁柱 13800138000")
    await rider.sees("哪家跑")
    await rider.taps_on("美团")
    await rider.taps_on("外卖骑手")
    await rider.types("沈阳铁西区")
    await rider.sees("什么时候方便")
    await rider.taps_on("周末")
    await rider.sees("看一眼对不对")
    await rider.taps_on("提交")
    await rider.sees("报名收到了")


async def notices_off(rider: Rider) -> None:
    await rider.taps_on("更多设置")
    await rider.taps_on("停用服务消息")
    await expect(rider.page.locator("#stopped")).to_be_visible(timeout=20_000)


Task = Callable[[Rider], Awaitable[None]]
TASKS: dict[str, tuple[Task, int]] = {  # and the most taps it may take
    "an answer": (answer, 1),
    "the nearest station": (station, 2),
    "an appeal": (appeal, 5),
    "a hazard, no photo, type from the full list": (hazard, 7),
    "volunteer": (volunteer, 10),
    "notices off": (notices_off, 2),
}


async def count(browser: Browser, url: str, task: Task) -> Rider:
    context = await browser.new_context(
        viewport=PHONE, locale="zh-CN", has_touch=True, geolocation=HERE, permissions=["geolocation"]
    )
    rider = Rider(await context.new_page())
    await rider.page.goto(f"{url}/chat")
    await rider.page.get_by_role("button", name="开始使用").click()
    await rider.sees("您主要在哪个区跑")
    await task(rider)
    await context.close()
    return rider


async def main() -> bool:
    """Whether every task takes no more taps than it may."""
    met = True
    with tempfile.TemporaryDirectory() as var:
        async with demo(var) as (url, _, _), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            print(f"{'task':46} taps  most  letters")
            for name, (task, most) in TASKS.items():
                rider = await count(browser, url, task)
                met &= rider.taps <= most
                print(
                    f"{name:46} {rider.taps:4}  {most:4}  {rider.letters:7}{'' if rider.taps <= most else '  BELOW FLOOR'}"
                )
            await browser.close()
    return met


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
