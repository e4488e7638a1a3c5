"""Looking at a page the way axe does, and at what axe leaves out: its width and the size of what is pressed."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

LAPTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
_AXE = Axe()
_COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
_SIZES = """() => {
  const wide = document.documentElement.scrollWidth, wrong = wide > innerWidth ? [`${wide} px wide`] : [];
  for (const each of document.querySelectorAll('button, .button, select, input:not([type=hidden], [tabindex="-1"]), summary')) {
    const box = each.getBoundingClientRect();
    if (each.checkVisibility({ visibilityProperty: true }) && (box.height < 20 || box.width < 20))
      wrong.push(`${each.outerHTML.slice(0, 60)}: ${box.width} x ${box.height}`);
  }
  return wrong;
}"""


async def faults(page: Page) -> list[str]:
    """What a person with a screen reader, a keyboard, weak eyes or a small screen would stumble over, day or night."""
    wrong = list(await page.evaluate(_SIZES))
    wrong += _named((await _AXE.run(page)).response)
    await page.emulate_media(color_scheme="dark")
    wrong += _named((await _AXE.run(page, options=_COLOURS)).response)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(PHONE)
    wrong += await page.evaluate(_SIZES)
    await page.set_viewport_size(LAPTOP)
    return wrong


def _named(found: dict) -> list[str]:
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]
