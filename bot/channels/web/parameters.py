"""The parameters of a Bot API call, read as leniently as Telegram reads them.

Source: Bot API documentation, "Making requests"; tdlib/telegram-bot-api, Client.cpp, get_integer_arg and to_bool.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, MultipartReader, web

from bot.channels.web.refusal import ApiRefusal, refused

BODY = 4 * 2**20  # bytes of a body without files
UPLOAD = 50 * 2**20  # bytes of one file
UPLOADS = 110 * 2**20  # bytes of a whole multipart body
CHUNK = 2**16  # bytes read at a time
TRUE = {"true", "yes", "1"}
ERASED = dict.fromkeys((*range(0x2028, 0x202F), 0x0D))  # line separators, direction overrides, carriage return
SPACED = dict.fromkeys((*range(9), *range(11, 13), *range(14, 32), 127), " ")
UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028-\u202e]")
CLEANED = cast("dict[int, str | None]", ERASED | SPACED)


def clean(text: str) -> str:
    """Text without what no phone shows: control characters, direction overrides, lone surrogates."""
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode()
    return text.translate(CLEANED) if UNWANTED.search(text) else text


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came with the call."""

    name: str
    mime: str
    data: bytes


class Parameters:
    """Values by name.  Forms carry nested values as JSON text, JSON bodies carry them as they are."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, UploadedFile] | None = None) -> None:
        self.values = dict(values)
        self.files = dict(files or {})

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        """A value as text; empty when it is not there."""
        value = self.values.get(name)
        if isinstance(value, str):
            return clean(value)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()

    def integer(self, name: str, default: int = 0, *, least: int = -(2**63), most: int = 2**63 - 1) -> int:
        """A whole number, moved into its bounds; what is no number is the default."""
        try:
            value = int(self.text(name))
        except ValueError:
            value = default
        return min(max(value, least), most)

    def decimal(self, name: str) -> float:
        """Raises Refused when it is missing or no number."""
        value = self.text(name)
        if not value:
            raise refused(f"{name} is empty")
        try:
            return float(value)
        except ValueError:
            raise refused(f"bad {name}") from None

    def boolean(self, name: str) -> bool:
        return self.text(name).strip().lower() in TRUE

    def nested(self, name: str) -> Any:
        """An object or a list, None when it is not given.  Raises Refused when its JSON is broken."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return orjson.loads(value)
        except ValueError:
            raise refused(f"can't parse {name} JSON object") from None


async def read(request: web.Request) -> Parameters:
    """The parameters of a request: query, then body.  Raises Refused."""
    values: dict[str, Any] = dict(request.query)
    if not request.can_read_body:
        return Parameters(values)
    kind = request.content_type.lower()
    if kind == "multipart/form-data":
        return await _multipart(request, values)
    body = await limited(request, BODY)
    if kind == "application/json":
        return Parameters(values | from_json(body))
    if kind == "application/x-www-form-urlencoded":
        return Parameters(values | from_form(body))
    return Parameters(values)


def from_json(body: bytes) -> dict[str, Any]:
    """Raises Refused."""
    try:
        values = orjson.loads(body or b"{}")
    except ValueError:
        raise refused("can't parse JSON object") from None
    if not isinstance(values, dict):
        raise refused("object expected")
    return values


def from_form(body: bytes) -> dict[str, Any]:
    """Raises Refused."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise refused("strings must be encoded in UTF-8") from None


async def limited(request: web.Request, most: int) -> bytes:
    """A whole body, refused as soon as it turns out too large."""
    chunks = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        chunks += chunk
        if len(chunks) > most:
            raise too_large()
    return bytes(chunks)


def too_large() -> ApiRefusal:
    return ApiRefusal(413, "Request Entity Too Large")


async def _multipart(request: web.Request, values: dict[str, Any]) -> Parameters:
    files: dict[str, UploadedFile] = {}
    left = UPLOADS
    try:
        reader = MultipartReader(request.headers, request.content)
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise refused("nested multipart is unsupported")
            data = await _part(part, min(left, UPLOAD))
            left -= len(data)
            name = part.name or ""
            if part.filename is None:
                values[name] = data.decode()
            else:
                mime = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
                files[name] = UploadedFile(clean(part.filename), mime, data)
    except UnicodeDecodeError:
        raise refused("strings must be encoded in UTF-8") from None
    except ValueError:
        raise refused("can't parse multipart body") from None
    return Parameters(values, files)


async def _part(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > most:
            raise too_large()
    return bytes(data)
