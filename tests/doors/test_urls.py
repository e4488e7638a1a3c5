"""Addresses of pages stand in one place, and each of them is served."""

import re

from bot.messaging import urls
from tests.support.project import ROOT


def test_every_address_is_served(app):
    served = {route.resource.canonical for route in app.server.app.router.routes()}
    known = {value for name, value in vars(urls).items() if name.isupper()}
    off = {
        urls.TELEGRAM,
        urls.BACKEND_STATUS,
        urls.WECHAT,
        urls.WECHAT_ENTER,
        urls.WECHAT_BACK,
        urls.WECHAT_BELL,
    }  # only with their secrets
    assert {each for each in known - off if not any(f"{route}/".startswith(f"{each}/") for route in served)} == set()


def test_no_page_is_named_by_hand():
    byhand = re.compile(r"[\"'](?:://[^\"']*)?/(?:console|chat)[/\"']|urls\.CONSOLE ?\}+/\w")
    for suffix in ("py", "html"):
        for path in (ROOT / "bot").rglob(f"*.{suffix}"):
            if path.name != "urls.py":
                assert not byhand.search(re.sub(r'"""/.*', "", path.read_text(encoding="utf-8"))), path
