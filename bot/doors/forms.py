"""Forms, read with every limit looked at on the way: bytes of all, bytes of a part, number of parts, time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http import HttpProcessingError
from multidict import MultiDict

from bot.doors.requests import says_utf8

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
CHUNK = 2**16  # bytes read at a time
PREAMBLE = 4  # lines before the first part
HEADERS, HEADER = 8, 2_048  # lines of a part's head, bytes of one
PATIENCE = 120.0  # seconds for a whole body


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one form may hold.  Files are thrown away where `file` is 0."""

    total: int  # bytes of the whole body
    field: int = 2**20  # bytes of one part that is no file
    file: int = 0  # bytes of one file
    fields: int = 2_000  # parts of any kind; the longest list of ticked boxes has some hundreds


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted."""

    fields: MultiDict[str] = field(default_factory=MultiDict)
    files: MultiDict[Upload] = field(default_factory=MultiDict)


Admission = Callable[[Form], Awaitable[None]]


async def read(
    request: web.Request, limits: Limits, *, first: Limits | None = None, admit: Admission | None = None
) -> Form:
    """The form of a request; an empty one for a body of any other kind, which stays unread.

    first: what holds until the first file comes, if less.  admit: awaited with the fields before that file is read;
    it refuses by raising.  Raises HTTPBadRequest, HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType,
    HTTPRequestTimeout.
    """
    first = first or limits
    if request.content_type not in (URLENCODED, MULTIPART):
        return Form()
    if (request.content_length or 0) > limits.total:
        raise _too_large(limits.total)
    try:
        async with asyncio.timeout(PATIENCE):
            if request.content_type == URLENCODED:
                return _urlencoded(await whole(request, first.total), first)
            return await _multipart(request, first, limits, admit)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def whole(request: web.Request, most: int) -> bytes:
    """A body of at most so many bytes, refused as soon as it turns out larger.  Raises HTTPRequestEntityTooLarge."""
    if (request.content_length or 0) > most:
        raise _too_large(most)
    data = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        data += chunk
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


def _urlencoded(body: bytes, limits: Limits) -> Form:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=limits.fields)
    except ValueError:
        raise web.HTTPBadRequest(reason="The form cannot be read") from None
    return Form(MultiDict(pairs))


async def _multipart(request: web.Request, first: Limits, limits: Limits, admit: Admission | None) -> Form:
    form, now = Form(), first
    content: Any = _Counted(request.content, first.total)
    try:
        async for part in _parts(_Reader(request.headers, content, max_field_size=HEADER, max_headers=HEADERS)):
            if len(form.fields) + len(form.files) >= now.fields:
                raise _too_large(now.total)
            if _is_file(part) and now is first:
                if admit is not None:
                    await admit(form)
                now, content.most = limits, limits.total
            await _keep(form, part, now)
    except (ValueError, RuntimeError, HttpProcessingError, AssertionError):
        raise web.HTTPBadRequest(reason="The form cannot be read") from None
    return form


async def _parts(reader: MultipartReader) -> AsyncIterator[BodyPartReader]:
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or not part.name:
            raise ValueError("no field")
        yield part


def _is_file(part: BodyPartReader) -> bool:
    return part.filename is not None or part.headers.get(hdrs.CONTENT_TYPE, "").startswith("image/")


async def _keep(form: Form, part: BodyPartReader, limits: Limits) -> None:
    mime = part.headers.get(hdrs.CONTENT_TYPE, "")
    name = str(part.name)
    if _is_file(part):
        data = await _bytes(part, limits.file) if limits.file else b""
        if not part.filename and not data:  # What a browser sends for a field in which nothing was chosen.
            return
        form.files.add(name, Upload(part.filename or "", mime.partition(";")[0].strip(), data))
        return
    if not says_utf8(mime):
        raise web.HTTPUnsupportedMediaType
    form.fields.add(name, (await _bytes(part, limits.field)).decode())


async def _bytes(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


def _too_large(most: int) -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(most, most + 1)


class _Counted:
    """The stream of a body, which ends with an error as soon as more has come than is allowed."""

    def __init__(self, content: Any, most: int) -> None:
        self._content, self.most = content, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def read(self, size: int = -1) -> bytes:
        self._check()
        return bytes(await self._content.read(size))

    async def readline(self, **limits: int) -> bytes:
        self._check()
        return bytes(await self._content.readline(**limits))

    def _check(self) -> None:
        if self._content.total_bytes > self.most:
            raise _too_large(self.most)


class _Reader(MultipartReader):
    """aiohttp's, with next to nothing before the first part."""

    async def _read_until_first_boundary(self) -> None:
        for _ in range(PREAMBLE):
            line = (await self._readline()).rstrip()
            if line in (self._boundary, self._boundary + b"--"):
                self._at_eof = line != self._boundary
                return
        raise ValueError("the first part does not come")
