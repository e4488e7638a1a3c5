"""One Chromium for all page tests of a process: starting one takes longer than most of what it is shown."""

import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

CHROMIUM = Path(os.environ.get("NUANXIN_CHROMIUM", "/usr/bin/chromium"))
PATIENCE = 60  # seconds until it has started, on a machine with much else to do
ARGUMENTS = (
    "--headless=new --remote-debugging-port=0 --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-extensions "
    "--disable-default-apps --disable-dev-shm-usage --disable-background-timer-throttling "
    "--disable-backgrounding-occluded-windows --disable-renderer-backgrounding --disable-ipc-flooding-protection "
    "--hide-scrollbars --mute-audio --force-color-profile=srgb --password-store=basic --use-mock-keychain"
).split()

needed = pytest.mark.skipif(
    not CHROMIUM.exists() and os.environ.get("CI") != "true", reason="no Chromium: apt-get install chromium"
)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A browser with a profile of its own in a folder; what it gives is the address of its tools."""
    command = [CHROMIUM, *ARGUMENTS, f"--user-data-dir={folder}", "about:blank"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield _address(folder, process)
        finally:
            process.terminate()


def _address(folder: Path, process: "subprocess.Popen[bytes]") -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if (told := folder / "DevToolsActivePort").exists() and len(lines := told.read_text().splitlines()) == 2:
            return f"http://127.0.0.1:{lines[0]}"
        time.sleep(0.02)
    raise AssertionError((folder / "log").read_text(errors="replace"))


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Browser]:
    """The browser, as a loop of its own speaks with it; contexts that are left open go."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(address)
        yield browser
        for context in browser.contexts[1:]:
            await context.close()
        await browser.close()
