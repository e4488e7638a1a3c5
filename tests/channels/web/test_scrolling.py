"""Sixty bubbles scroll as an empty page does: nothing is laid out anew on the way, and frames are no longer for them."""

from typing import Any

import pytest
from playwright.async_api import CDPSession, Page

from tests.support.browser import needed
from tests.support.web_page import begins
from tests.support.web_script import CARD, CASE, NEAREST, NOTICE, VERDICT, WAYS

MESSAGES, FRAMES, ROUNDS = 60, 90, 3
PUT = "messages => messages.forEach(message => NX.show(message))"
NOTHING = "<div id=stage style='height: 600px; overflow-y: auto'><div style='height: 40000px'></div></div>"
# Of so many frames of scrolling, how many took more than twice as long as the usual one.
SCROLLED = """async frames => {
    const stage = document.getElementById("stage"), took = [];
    stage.scrollTop = 0;
    await new Promise(resolve => {
        let last = performance.now();
        function frame(now) {
            took.push(now - last);
            last = now;
            stage.scrollTop += 60;
            took.length < frames ? requestAnimationFrame(frame) : resolve();
        }
        requestAnimationFrame(frame);
    });
    const usual = [...took].sort((a, b) => a - b)[Math.floor(took.length / 2)];
    return took.filter(each => each > 2 * usual).length;
}"""

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


def messages() -> list[dict[str, Any]]:
    """Of all looks, as the server tells them."""
    looks: list[dict[str, Any]] = [
        {"text": CARD, "buttons": VERDICT["inline_keyboard"]},
        {"text": CASE},
        {"text": NOTICE},
        {"text": NEAREST, "buttons": WAYS["inline_keyboard"]},
        {"text": "站点拖着工资不给怎么办", "mine": True},
    ]
    usual = {"mine": False, "date": 1_760_000_000}
    return [usual | looks[at % len(looks)] | {"id": 1000 + at, "event": 1000 + at} for at in range(MESSAGES)]


async def layouts(wire: CDPSession) -> float:
    """How often the page was laid out since it was opened."""
    metrics = (await wire.send("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "LayoutCount"))


async def scrolls(page: Page) -> tuple[float, int]:
    """Layouts while scrolling, and the fewest long frames of several times: the machine has other work, too."""
    wire = await page.context.new_cdp_session(page)
    await wire.send("Performance.enable")
    await page.evaluate(SCROLLED, FRAMES)  # The first time pictures and letters are drawn.
    before = await layouts(wire)
    long = [int(await page.evaluate(SCROLLED, FRAMES)) for _ in range(ROUNDS)]
    return (await layouts(wire) - before) / ROUNDS, min(long)


async def test_sixty_bubbles_scroll_without_layouts_and_with_hardly_more_long_frames_than_an_empty_page(stage):
    page = await stage.opens()
    await begins(page)
    await page.evaluate(PUT, messages())
    assert await page.locator("#log").evaluate("log => log.getBoundingClientRect().height") > 40 * FRAMES
    empty = await page.context.new_page()
    await empty.set_content(NOTHING)
    bare, nothing = await scrolls(empty)
    await page.bring_to_front()
    laid_out, long = await scrolls(page)
    assert laid_out <= bare + FRAMES / 10
    assert long <= nothing + FRAMES / 10
