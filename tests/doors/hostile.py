"""Every route of the running application, and what hostile people send to them."""

import re
from collections.abc import Iterator

from aiohttp import web

from bot.app import Application
from tests.support.project import ROOT

DIGITS = ["²", "٣", "9" * 4_400, "9" * 20, "-1", "1e9", "0x10", "1_0"]
# In a path: bytes that are no text, halves of characters, NUL, climbing, digits that are none.
PIECES = ["%ff", "%ed%a0%80", "%00", "..%2f..%2fetc", "%C2%B2", "9" * 4_400, "99999999999999999999", "a" * 300]
ASKED = re.compile(r"query\.get(?:all)?\(\s*\"(\w+)\"|_number\(request, \"(\w+)\"\)|\.number\(\"(\w+)\"\)")


def routes(app: Application) -> list[tuple[str, str]]:
    """Method and pattern of everything that is served, those of mounted applications, too."""
    return sorted({(route.method, path) for path, route in _walk(app.server.app) if route.method != "HEAD"})


def _walk(app: web.Application) -> Iterator[tuple[str, web.AbstractRoute]]:
    for resource in app.router.resources():
        if isinstance(resource, web.UrlDispatcher | web.StaticResource):
            continue
        mounted = getattr(resource, "_app", None)
        if mounted is not None:
            yield from _walk(mounted)
            continue
        for route in resource:
            yield resource.canonical, route


def queries() -> list[str]:
    """Every name that any page of ours reads from an address."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    return sorted({name for text in sources for found in ASKED.findall(text) for name in found if name})


def filled(pattern: str, piece: str) -> str:
    return re.sub(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", lambda _: piece, pattern)
