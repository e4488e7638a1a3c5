"""How pages look: templates filled with words, static files under names that change with their content."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from zlib import crc32

import orjson
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.console.core import words
from bot.console.core.request import Access, RequestContext, new_key
from bot.console.core.routes import NAVIGATION, page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.lifecycle import IllegalStep
from bot.services.core.working_days import ZONE
from bot.services.staff.permissions import Right
from bot.store.models import now
from knowledge.regions import Region, full_name

TYPES = {"css": "text/css", "js": "application/javascript", "json": "application/json", "svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"
TAG = re.compile(r"<[^>]+>")


@cache
def load() -> "Layout":
    """The layout of this process: compiling its templates is the slowest thing a page does."""
    return Layout()


class Layout:
    """Templates, words and static files, read once at the start."""

    def __init__(self) -> None:
        self.words = words.load()
        ground = _static("bot.maps")
        static = [*_static("bot.console"), *ground]
        self._names = {each.name: _hashed(each.name, each.read_bytes()) for each in static}
        self.static = {self._names[each.name]: each.read_bytes() for each in static}
        self._templates = Environment(
            loader=PackageLoader("bot.console", ""),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._script = orjson.dumps(self.words.group("script")).decode()
        self._templates.filters |= {"moment": moment, "ago": self._ago, "mark": mark}
        self._templates.globals |= {
            "words": self.words,
            "static": self._address,
            "files": {each.name: self._address(each.name) for each in ground},
            "key": key_field,
            "urls": urls,
            "Right": Right,
        }

    def page(self, context: RequestContext, template: str, status: int, values: Mapping[str, Any]) -> web.Response:
        """A template filled in.  All of them know `context`, `staffer`, `nav`, `said` and `district`."""
        login = context.login if context.login is not None and context.login.full else None
        staffer = login.staffer if login is not None else None
        regions = context.knowledge.regions
        html = self._templates.get_template(template).render(
            context=context,
            staffer=staffer,
            nav=[
                each
                for each in context.http_request.app[NAVIGATION]
                if staffer is not None and isinstance(each.right, Right) and staffer.may(each.right)
            ],
            here=context.http_request.path,
            said=self.words.get(f"said.{context.http_request.query.get('said', '')}"),
            district=lambda code: self.district(regions, code),
            demo=context.console.demo,
            printed=moment(now()),
            script=self._script,
            **values,
        )
        return web.Response(text=html, status=status, content_type="text/html")

    def rejection(self, context: RequestContext, error: Rejected) -> str:
        """The sentence of a Rejected: ours, or one that chat and console share, without its HTML."""
        key = f"rejected.{error.key}"
        if self.words.get(key):
            return self.words(key, **error.values)
        return TAG.sub("", context.knowledge.texts.say("zh", error.key, **error.values))

    def district(self, regions: Mapping[str, Region], code: str) -> str:
        """A district by its full name, with its city; the whole country for no code."""
        return full_name(regions, code) or self.words("district.all")

    def legal(self, error: IllegalStep) -> str:
        """Which steps would be possible."""
        if not error.legal:
            return self.words("errors.illegal.none", source=self._state(error.kind, error.source))
        steps = "、".join(self._state(error.kind, each) for each in error.legal)
        return self.words("errors.illegal.some", source=self._state(error.kind, error.source), steps=steps)

    def _state(self, kind: str, name: str) -> str:
        """A state in words: notices and hazards have words of their own."""
        return self.words.get(f"{kind}_state.{name}", self.words.get(f"state.{name}", name))

    def _address(self, name: str) -> str:
        return f"{urls.STATIC}/{self._names[name]}"

    def _ago(self, at: datetime) -> str:
        """How long ago, in the largest fitting unit."""
        minutes = int((now() - at).total_seconds() // 60)
        if minutes < 1:
            return self.words("ago.now")
        if minutes < 60:
            return self.words("ago.minutes", count=minutes)
        return self.words("ago.hours", count=minutes // 60) if minutes < 48 * 60 else moment(at)


@page("GET", f"{urls.STATIC}/{{name}}", right=Access.PUBLIC, live=True)
async def static(context: RequestContext) -> web.StreamResponse:
    """A static file, for as long as the browser likes: another content has another name."""
    name = context.http_request.match_info["name"]
    body = load().static.get(name)
    if body is None:
        raise web.HTTPNotFound
    kind = TYPES[name.rpartition(".")[2]]
    return web.Response(
        body=body, content_type=kind, charset="utf-8" if "svg" not in kind else None, headers={"Cache-Control": FOREVER}
    )


def key_field(key: str = "") -> Markup:
    """The hidden field that every form of somebody signed in carries."""
    return Markup('<input type="hidden" name="_key" value="{}">').format(key or new_key())


def moment(at: datetime, style: str = "%Y-%m-%d %H:%M") -> str:
    """A moment by China's clock."""
    return at.astimezone(ZONE).strftime(style)


def _static(package: str) -> list[Traversable]:
    return [each for each in files(package).joinpath("static").iterdir() if each.name.rpartition(".")[2] in TYPES]


def _hashed(name: str, body: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.blake2b(body, digest_size=6).hexdigest()}.{suffix}"


def mark(row: str) -> str:
    """Another one whenever a row of a list, as its template drew it, looks otherwise."""
    return f"{crc32(row.encode()):08x}"
