"""Looking at a page: with axe, and with an examination of our own for what axe leaves out."""

import json

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import BrowserContext, Page

SIZES = {"laptop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
AXE = "axe.run(%s).then(({ violations }) => violations)"

# What a person with a screen reader, a keyboard or weak eyes needs of a page; each line names what is wrong.
EXAMINE = """() => {
  const wrong = [], seen = each => each.checkVisibility({ visibilityProperty: true });
  const all = selector => [...document.querySelectorAll(selector)].filter(seen);
  const name = each => (each.getAttribute('aria-label') || each.innerText || each.alt || '').trim();
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
  const behind = each => {
    for (; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  if (document.documentElement.lang !== 'zh-CN') wrong.push('no language');
  if (all('h1').length !== 1) wrong.push(`${all('h1').length} h1`);
  if (!document.title.trim()) wrong.push('no title');
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`${document.documentElement.scrollWidth} px wide`);
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
  ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => wrong.push(`id ${id} twice`));
  all('input:not([type=hidden]), select, textarea').forEach(each => {
    if (!each.labels.length && !each.getAttribute('aria-label')) wrong.push(`${each.name} has no label`);
  });
  all('button, a[href], summary').forEach(each => { if (!name(each)) wrong.push(`nameless ${each.outerHTML.slice(0, 80)}`); });
  all('img').forEach(each => { if (!each.hasAttribute('alt')) wrong.push('img without alt'); });
  let level = 0;
  all('h1, h2, h3').forEach(each => {
    const now = Number(each.tagName[1]);
    if (now > level + 1) wrong.push(`${each.tagName} after h${level}`);
    level = now;
  });
  all('button, .button, select, input:not([type=hidden]), summary').forEach(each => {
    const box = each.getBoundingClientRect();
    if (box.height < 20 || box.width < 20) wrong.push(`${each.outerHTML.slice(0, 60)}: ${box.width} x ${box.height}`);
  });
  all('main *, nav *, aside *').forEach(each => {
    if (![...each.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) return;
    if (each.closest('[disabled]')) return;
    const style = getComputedStyle(each), a = light(rgb(style.color)), b = light(behind(each));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${each.innerText.slice(0, 20)}`);
  });
  return wrong;
}"""


async def bring_axe(context: BrowserContext) -> None:
    """Put axe into every page that is opened from now on: half a megabyte that need not go over for each look."""
    await context.add_init_script(AXE_SCRIPT)


async def violations(page: Page, **asked: object) -> list[str]:
    """What axe finds of any severity, with the element; `asked` are its own options."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found = await page.evaluate(AXE % json.dumps({"resultTypes": ["violations"], **asked}))
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


async def faults(page: Page) -> list[str]:
    """What a person with a screen reader, a keyboard, weak eyes or a small screen would stumble over, as it stands."""
    return [*await page.evaluate(EXAMINE), *await violations(page)]


async def faults_in_the_dark(page: Page) -> list[str]:
    """The same page at night: only its colours change, so only they are looked at again."""
    await page.emulate_media(color_scheme="dark")
    found = [*await page.evaluate(EXAMINE), *await violations(page, runOnly=["color-contrast"])]
    await page.emulate_media(color_scheme="light")
    return [f"in the dark: {each}" for each in found]
