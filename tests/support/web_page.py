"""The chat page in a real browser: a server, a scripted bot, phones; and what people do on them."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.web_driver import Bot, Server, eventually

PHONE, TALL, DESK = {"width": 360, "height": 740}, {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@dataclass
class Stage:
    """A server, a scripted bot, a browser; and everything that must not happen."""

    server: Server
    bot: Bot
    browser: Browser
    key: str
    folder: Path
    url: str
    elsewhere: tuple[str, ...] = ()  # whom the page may ask besides its own server
    trouble: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def opens(self, path: str = "/chat", *, size: dict[str, int] = PHONE, **options: object) -> Page:
        context = await self.browser.new_context(
            viewport=size,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=size is not DESK,
            reduced_motion="reduce",
            **options,
        )
        self.contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda message: self.trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("request", lambda request: self._check(request.url))
        page.set_default_timeout(8000)  # milliseconds
        await page.goto(self.server.url + path)
        return page

    async def restart(self, **options: object) -> None:
        """The same server, as another process; perhaps set up in another way."""
        port = self.server.port
        await self.server.stop()
        self.server = await Server(self.url, self.folder, key=self.key, **options).start(port)
        self.bot.server = self.server

    def _check(self, url: str) -> None:
        self.asked.append(url)
        if not url.startswith((self.server.url, "blob:", *self.elsewhere)):
            self.trouble.append(f"asked elsewhere: {url}")

    async def stranger(self) -> int:
        """The person with a cookie, as the bot knows them."""

        async def known():
            return [each.parameters["chat_id"] for each in self.server.chat.calls if each.method == "sendMessage"]

        return (await eventually(known))[0]


async def begins(page: Page) -> None:
    await page.get_by_role("button", name="开始使用").click()
    await expect(page.get_by_role("button", name="有事问我")).to_be_visible()


async def says(page: Page, text: str) -> None:
    await page.locator("#input").fill(text)
    await page.keyboard.press("Enter")


def bubbles(page: Page, text: str) -> Locator:
    return page.locator(".bubble", has_text=text)
