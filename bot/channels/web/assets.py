"""The page's own files: templates filled once, static files under an address that changes with their content."""

import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.channels.web.telephones import URGENT, Hotline
from bot.channels.web.words import Words
from bot.maps.tiles import Tiles
from bot.messaging.urls import CHAT

TYPES = {
    "css": "text/css",
    "js": "application/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
}
TEXTS = TYPES.keys() - {"png"}  # what is worth packing
SHORT = 3  # digits of the numbers everybody may call in danger, all over the nation
FOREVER = "public, max-age=31536000, immutable"
# Nothing from elsewhere but the tiles of a map, nothing inline; frames of ourselves only in the demo.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:{tiles}; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; frame-src {frames}; frame-ancestors {frames}; base-uri 'none'; "
    "form-action 'none'"
)
PERMISSIONS = "geolocation=(self), microphone=(self), camera=(self), payment=(), usb=(), interest-cohort=()"


@dataclass(frozen=True, slots=True)
class Static:
    """The static files by name, as they are and packed."""

    plain: dict[str, bytes]
    packed: dict[str, bytes]
    version: str


@cache
def static_files() -> Static:
    """Read and packed once in a process: that takes longer than all else a web chat needs to start."""
    folders = (files("bot.channels.web").joinpath("page"), files("bot.maps").joinpath("static"))
    plain = {
        each.name: each.read_bytes() for folder in folders for each in _walk(folder) if _suffix(each.name) in TYPES
    }
    packed = {name: gzip.compress(body) for name, body in plain.items() if _suffix(name) in TEXTS}
    whole = b"".join(name.encode() + body for name, body in sorted(plain.items()))
    return Static(plain, packed, hashlib.blake2b(whole, digest_size=6).hexdigest())


class Assets:
    """The pages of one web chat, filled with its words."""

    def __init__(self, words: Words, tiles: Tiles, hotlines: Iterable[Hotline], *, demo: bool) -> None:
        self._static = static_files()
        self._folder = f"{CHAT}/static/{self._static.version}"
        self._urgent = [each for each in hotlines if each.kind == URGENT and len(each.number) <= SHORT]
        self._words = words
        self._policy = POLICY.format(frames="'self'" if demo else "'none'", tiles=tiles.sources)
        self._map = orjson.dumps(tiles.shown).decode()
        self._templates = Environment(
            loader=PackageLoader("bot.channels.web", "page"),
            auto_reload=False,
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
        )

    def page(self, template: str, **values: Any) -> web.Response:
        """A page, filled with words and values."""
        said = {key.removeprefix("page_"): text for key, text in self._words.items() if key.startswith("page_")}
        html = self._templates.get_template(template).render(
            words=said,
            said=orjson.dumps(said).decode(),
            static=self._folder,
            map=self._map,
            urgent=self._urgent,
            **values,
        )
        headers = {
            "Content-Security-Policy": self._policy,
            "Permissions-Policy": PERMISSIONS,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        response = web.Response(text=html, content_type="text/html", headers=headers)
        response.enable_compression()
        return response

    def worker(self, page: str, html: str) -> web.Response:
        """What opens the page without a network, and rings while it is closed.

        It stands beside the page, because it may speak for what is below it.  `page` is the address of what it keeps,
        `html` what stands there; it keeps the files this names, too.
        """
        headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": CHAT, "X-Content-Type-Options": "nosniff"}
        names = sorted(set(re.findall(rf'"({self._folder}/[\w-]+\.(?:js|css|svg))"', html)))
        version = hashlib.blake2b(html.encode(), digest_size=6).hexdigest()
        shell = orjson.dumps({"version": version, "page": page, "files": names})
        body = b"self.SHELL = %b;\n%b" % (shell, self._static.plain["worker.js"])
        return web.Response(body=body, content_type=TYPES["js"], charset="utf-8", headers=headers)

    async def serve(self, request: web.Request) -> web.Response:
        """A static file, for as long as the browser likes."""
        name = request.match_info["name"]
        body = self._static.plain.get(name)
        if body is None:
            return web.Response(status=404, text="Not Found")
        current = request.match_info["version"] == self._static.version
        headers = {"Cache-Control": FOREVER if current else "no-cache", "X-Content-Type-Options": "nosniff"}
        kind = TYPES[_suffix(name)]
        if name in self._static.packed:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("Accept-Encoding", ""):
                body, headers["Content-Encoding"] = self._static.packed[name], "gzip"
        charset = None if kind.startswith("image/") else "utf-8"
        return web.Response(body=body, content_type=kind, charset=charset, headers=headers)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


def _walk(folder: Traversable) -> list[Traversable]:
    """Files of a folder and of the folders in it; names are unique."""
    found: list[Traversable] = []
    for each in folder.iterdir():
        found += _walk(each) if each.is_dir() else [each]
    return found
