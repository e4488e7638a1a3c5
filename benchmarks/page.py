"""What the page costs a cheap phone on a bad network: bytes, the first paint, and sixty messages to scroll through.

    python -m benchmarks.page

Opens /chat and /map of the running demo at 400 kbit/s with 100 ms of delay, three times with nothing kept; then puts sixty
messages of all looks on the page and scrolls; a page with nothing on it, scrolled before and after, says what is the
machine's own part.  Prints BELOW FLOOR where a goal is missed; ends with 1 if one is.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from benchmarks.machine import machine
from benchmarks.pictures import PHONE, demo
from tests.support.browser import CHROMIUM
from tests.support.web_script import CARD, CASE, NEAREST, NOTICE, VERDICT, WAYS

VISITS = 3
SLOW = {"offline": False, "latency": 100, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
WEIGHT, PAINT = 120_000, 1.0  # bytes before the map; seconds
FRAME = 33.0  # ms that 95 of 100 frames may take at most: less than two of them
MESSAGES, FRAMES = 60, 240
PUT = """messages => {
    document.getElementById("welcome").hidden = true;
    document.getElementById("log").hidden = false;
    const began = performance.now();
    messages.forEach(message => NX.show(message));
    return performance.now() - began;
}"""
NOTHING = "<div id=stage style='height: 600px; overflow-y: auto'><div style='height: 40000px'></div></div>"
SCROLLED = """async () => {
    const stage = document.getElementById("stage"), frames = [];
    stage.scrollTop = 0;
    await new Promise(resolve => {
        let last = performance.now();
        function frame(now) {
            frames.push(now - last);
            last = now;
            stage.scrollTop += 60;
            if (frames.length < 240) requestAnimationFrame(frame);
            else resolve();
        }
        requestAnimationFrame(frame);
    });
    frames.sort((a, b) => a - b);
    return [frames[120], frames[228]];
}"""


async def visit(browser: Browser, address: str) -> tuple[float, float, int]:
    """Seconds to the first paint, those of them until the server began to answer, and bytes until nothing more comes."""
    context = await browser.new_context(viewport=PHONE, locale="zh-CN")
    page = await context.new_page()
    wire: CDPSession = await context.new_cdp_session(page)
    loaded: list[int] = []
    wire.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    await wire.send("Network.enable")
    await wire.send("Network.emulateNetworkConditions", SLOW)
    await page.goto(address, wait_until="load")
    await page.wait_for_timeout(2000)  # what is fetched by script
    paint = await page.evaluate("performance.getEntriesByType('paint').map(each => each.startTime)")
    answered = await page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    await context.close()
    return min(paint) / 1000, answered / 1000, int(sum(loaded))


def messages() -> list[dict[str, Any]]:
    """Of all looks, as the server tells them."""
    looks: list[dict[str, Any]] = [
        {"text": CARD, "buttons": VERDICT["inline_keyboard"]},
        {"text": CASE},
        {"text": NOTICE},
        {"text": NEAREST, "buttons": WAYS["inline_keyboard"]},
        {"text": "站点拖着工资不给怎么办", "mine": True},
    ]
    bare = [each | {"text": _bare(each["text"])} for each in looks]
    return [
        {"id": at, "event": at, "mine": False, "date": 1_790_000_000} | bare[at % len(bare)]
        for at in range(1, MESSAGES + 1)
    ]


def _bare(text: str) -> str:
    return text.replace("<b>", "").replace("</b>", "")


@dataclass(frozen=True)
class Scroll:
    """Frames of ms: half of them and 95 of 100 take at most; and what the main thread worked for each."""

    half: float
    most: float
    work: float

    def __str__(self) -> str:
        return f"frames p50 {self.half:.1f} ms, p95 {self.most:.1f} ms, {self.work:.2f} ms of work each"


async def scrolled(page: Page) -> Scroll:
    wire = await page.context.new_cdp_session(page)
    await wire.send("Performance.enable")
    before = await _worked(wire)
    half, most = await page.evaluate(SCROLLED)
    return Scroll(half, most, (await _worked(wire) - before) * 1000 / FRAMES)


async def _worked(wire: CDPSession) -> float:
    """Seconds that the main thread has worked."""
    metrics = (await wire.send("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


async def empty(browser: Browser) -> Scroll:
    """The same of a page with nothing on it."""
    page = await browser.new_page(viewport=PHONE)
    await page.set_content(NOTHING)
    scroll = await scrolled(page)
    await page.close()
    return scroll


async def frames(browser: Browser, address: str) -> bool:
    """Whether sixty messages scroll as they should."""
    before = await empty(browser)
    page = await browser.new_page(viewport=PHONE)
    await page.goto(address)
    put = await page.evaluate(PUT, messages())
    full = await scrolled(page)
    after = await empty(browser)
    met = full.most <= FRAME
    print(f"{MESSAGES} messages put in {put:.0f} ms; {full}{'' if met else '  BELOW FLOOR'}")
    print(f"an empty page before: {before}")
    print(f"an empty page after:  {after}")
    print(f"p95: {full.most / max(before.most, after.most):.2f} times the empty page's")
    return met


async def main() -> bool:
    met = True
    print(machine())
    with tempfile.TemporaryDirectory() as var:
        async with demo(var) as (url, _, _), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for path in ("/chat", "/map"):
                visits = [await visit(browser, url + path) for _ in range(VISITS)]
                paints, answers = sorted(paint for paint, _, _ in visits), sorted(answer for _, answer, _ in visits)
                weight = max(loaded for _, _, loaded in visits)
                good = path == "/map" or (weight <= WEIGHT and paints[-1] <= PAINT)
                met &= good
                print(
                    f"{path:6} first paint {paints[0]:.2f} to {paints[-1]:.2f} s, of which the server took "
                    f"{answers[0]:.2f} to {answers[-1]:.2f} s  {weight / 1000:.0f} KB"
                    f"{'' if good else '  BELOW FLOOR'}"
                )
            met &= await frames(browser, f"{url}/chat")
            await browser.close()
    return met


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
