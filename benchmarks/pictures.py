"""The pictures of the documents, taken from the running demo as somebody sees it.

    python -m benchmarks.pictures [FOLDER]

Starts `python -m bot demo` in a folder of its own, asks, finds a station and files an appeal on a phone of 360 x 740, looks
at it in the console, and leaves a PNG of each in docs/pictures or FOLDER.  Needs Chromium, a Chinese font and an emoji font.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import free_port
from tests.support.browser import CHROMIUM
from tests.support.project import ROOT

STORY = "快跑站点拖了我十月工资四千三，催了三次都说下周"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
PAUSE = 1500  # milliseconds until an answer stands


@asynccontextmanager
async def demo(folder: str) -> AsyncIterator[tuple[str, str, int]]:
    """Its address, the link of the administrator of a district, and the process."""
    command = [sys.executable, "-m", "bot", "demo", "--port", str(free_port())]
    environment = {"NUANXIN_VAR": folder, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE)
    said = ""
    assert process.stdout is not None
    while "Ctrl+C" not in said:
        said += (await process.stdout.readline()).decode()
    chat, desk = re.search(r"http\S+/chat", said), re.search(r"区域管理员\D*?(http\S+)", said)
    assert chat, said
    assert desk, said
    try:
        yield chat[0].removesuffix("/chat"), desk[1], process.pid
    finally:
        process.terminate()
        await process.wait()


async def opens(browser: Browser, address: str, size: dict[str, int], colours: str) -> Page:
    context = await browser.new_context(viewport=size, locale="zh-CN", color_scheme=colours, device_scale_factor=1)
    page = await context.new_page()
    await page.goto(address)
    return page


async def says(page: Page, text: str) -> None:
    await page.locator("textarea").first.fill(text)
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(PAUSE)


async def presses(page: Page, label: str) -> None:
    await page.get_by_role("button", name=label).last.click()
    await page.wait_for_timeout(PAUSE)


async def on_the_phone(browser: Browser, url: str, folder: Path) -> None:
    for colours in ("light", "dark"):
        page = await opens(browser, f"{url}/chat", PHONE, colours)
        await presses(page, "开始使用")
        await says(page, "站点拖着工资不给怎么办")
        await page.screenshot(path=folder / f"answer-{colours}.png")
        await says(page, "沈阳铁西区驿站")
        await page.screenshot(path=folder / f"stations-{colours}.png")
        await says(page, "/appeal")
        await presses(page, "欠薪、扣款")
        await says(page, STORY)
        await presses(page, "提交")
        await page.screenshot(path=folder / f"receipt-{colours}.png")
        await says(page, "我的诉求")
        await page.locator("#log .choice").last.click()
        await page.wait_for_timeout(PAUSE)
        await page.screenshot(path=folder / f"steps-{colours}.png")
    page = await opens(browser, f"{url}/map", PHONE, "light")
    await page.wait_for_timeout(PAUSE)
    await page.screenshot(path=folder / "map-light.png")


async def at_the_desk(browser: Browser, link: str, url: str, folder: Path) -> None:
    page = await opens(browser, link, DESK, "light")
    await presses(page, "登录")
    shown = re.search(r"验证码是\s*(\d{6})", await page.inner_text("body"))  # The demo tells it.
    if shown:
        await page.locator("input[name=code]").fill(shown[1])
        await presses(page, "继续")
    for name, path in (("home", "/console"), ("queue", "/console/appeals")):
        await page.goto(url + path)
        await page.screenshot(path=folder / f"{name}-light.png")
    await page.locator("main table a").first.click()
    await page.screenshot(path=folder / "case-light.png")


async def take(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as var:
        async with demo(var) as (url, link, _), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            await on_the_phone(browser, url, folder)
            await at_the_desk(browser, link, url, folder)
            await browser.close()


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    chosen.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(chosen))
    for each in sorted(chosen.glob("*.png")):
        print(f"{each.stat().st_size / 1000:6.0f} KB  {each.name}")
