"""A browser for all tests of the page, and a stage for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot.store.vault import new_key
from tests.support.browser import CHROMIUM
from tests.support.web_driver import Bot, Server, Webhook, database
from tests.support.web_page import Stage
from tests.support.web_script import Script

ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a module, which share a loop; started by the driver, because files go into it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser, tmp_path: Path) -> AsyncIterator[Stage]:
    key = new_key()
    async with database(tmp_path) as url, aiohttp.ClientSession() as http:
        server = await Server(url, tmp_path, key=key).start()
        hook = await Webhook().start()
        stage = Stage(server, Bot(server, http), browser, key, tmp_path, url)
        await Script(stage.bot, hook).start()
        yield stage
        for context in stage.contexts:
            await context.close()
        await stage.server.stop()
        await hook.stop()
        assert stage.trouble == []
