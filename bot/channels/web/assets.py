"""The page's own files: templates filled once, static files under an address that changes with their content."""

import gzip
import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web
from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from bot.channels.web.tiles import Tiles
from bot.channels.web.words import Words
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
FOREVER = "public, max-age=31536000, immutable"
# Nothing from elsewhere but the tiles of a map, nothing inline; frames of ourselves only in the demo.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:{tiles}; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; frame-src {frames}; frame-ancestors {frames}; base-uri 'none'; "
    "form-action 'none'"
)
PERMISSIONS = "geolocation=(self), microphone=(self), camera=(self), payment=(), usb=(), interest-cohort=()"


class Assets:
    """Read once, at the start."""

    def __init__(self, words: Words, tiles: Tiles, *, demo: bool) -> None:
        folder = files("bot.channels.web").joinpath("page")
        self._static = {each.name: each.read_bytes() for each in _walk(folder) if _suffix(each.name) in TYPES}
        self._packed = {name: gzip.compress(body) for name, body in self._static.items() if _suffix(name) in TEXTS}
        whole = b"".join(name.encode() + body for name, body in sorted(self._static.items()))
        self.version = hashlib.blake2b(whole, digest_size=6).hexdigest()
        self._words = words
        self._policy = POLICY.format(frames="'self'" if demo else "'none'", tiles=tiles.sources)
        self._map = orjson.dumps(tiles.shown).decode()
        self._templates = Environment(
            loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
        )

    def page(self, template: str, **values: Any) -> web.Response:
        """A page, filled with words and values."""
        said = {key.removeprefix("page_"): text for key, text in self._words.items() if key.startswith("page_")}
        html = self._templates.get_template(template).render(
            words=said,
            said=orjson.dumps(said).decode(),
            static=f"{CHAT}/static/{self.version}",
            map=self._map,
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

    async def serve(self, request: web.Request) -> web.Response:
        """A static file, for as long as the browser likes."""
        name = request.match_info["name"]
        body = self._static.get(name)
        if body is None:
            return web.Response(status=404, text="Not Found")
        current = request.match_info["version"] == self.version
        headers = {"Cache-Control": FOREVER if current else "no-cache", "X-Content-Type-Options": "nosniff"}
        kind = TYPES[_suffix(name)]
        if name in self._packed:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("Accept-Encoding", ""):
                body, headers["Content-Encoding"] = self._packed[name], "gzip"
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
