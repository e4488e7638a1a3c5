"""GeoReport v2 over HTTP: discovery, services, requests, tokens and updates, in XML and JSON, for real and for tests."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from bot import log
from bot.doors import addresses, forms, pictures, requests
from bot.doors.forms import Form, Limits
from bot.errors import Refused
from bot.open311 import documents as doc
from bot.open311 import posting, reading, shape, writing
from bot.open311.reading import Faulty, Fields
from bot.services.attachments import attachments
from bot.services.core import rate_limits
from bot.services.core.context import ServiceContext
from bot.services.hazards import public
from bot.services.hazards.public import PublicFilter
from bot.services.open311 import api_keys
from bot.store.base import vault_of
from bot.store.db import Database, is_down
from bot.store.models import ApiKey
from bot.store.vault import CannotOpen
from knowledge import Knowledge

logger = log.get(__name__)

LARGEST = 10 * 2**20  # bytes of one picture
PICTURES = 5  # of one report
READS = {"read": 120, "media": 600}  # in a minute, of one key or one address
MINUTE = timedelta(minutes=1)
FORM = Limits(total=2**17, field=16_384, fields=100)  # until a key is known to be one, and where no picture is
WITH_PICTURES = Limits(total=PICTURES * LARGEST + 2**20, field=16_384, file=LARGEST, fields=100)
KEY_HEADER = "X-Api-Key"
STATUSES: Sequence[str] = doc.Update.model_fields["status"].annotation.__args__  # type: ignore[union-attr]
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*"}  # what is public may be read by any page


class Open311:
    """The two endpoints of one installation."""

    def __init__(self, db: Database, context: Callable[[], ServiceContext], *, base: str, uploads: Path) -> None:
        """base: how people reach the server, without a slash at the end.  uploads: where pictures lie."""
        self.db, self.service_context, self.base, self.uploads = db, context, base, uploads

    def app(self) -> web.Application:
        """The application to mount at /open311."""
        app = web.Application(middlewares=[self._answer])
        kind = "{kind:xml|json}"
        app.router.add_get(f"/discovery.{kind}", self.discovery)
        app.router.add_get("/media/{name:[0-9a-f]{32}}.jpg", self.media)
        for part in ("", "/test"):
            at = f"{part}/v2"
            app.router.add_get(f"{at}/services.{kind}", self.services)
            app.router.add_get(f"{at}/services/{{code}}.{kind}", self.definition)
            app.router.add_get(f"{at}/requests.{kind}", self.requests)
            app.router.add_post(f"{at}/requests.{kind}", self.report)
            app.router.add_get(f"{at}/requests/{{number}}.{kind}", self.request)
            app.router.add_get(f"{at}/tokens/{{token}}.{kind}", self.token)
            app.router.add_get(f"{at}/servicerequestupdates.{kind}", self.updates)
            app.router.add_post(f"{at}/servicerequestupdates.{kind}", self.hear)
        return app

    @property
    def knowledge(self) -> Knowledge:
        return self.service_context().knowledge

    async def discovery(self, request: web.Request) -> web.Response:
        return _written(request, "discovery", shape.discovery(self.knowledge, self.base))

    async def services(self, request: web.Request) -> web.Response:
        return _written(request, "services", [shape.service(each) for each in self.knowledge.hazards.kinds.values()])

    async def definition(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        kind = self.knowledge.hazards.kinds.get(code)
        if kind is None:
            raise Faulty(404, f"service_code {code} was not found")
        if not kind.attributes:
            raise Faulty(400, f"service_code {code} has no definition: its metadata is false")
        return _written(request, "service_definition", shape.definition(kind))

    async def requests(self, request: web.Request) -> web.Response:
        return await self._list(request, reading.wanted(_query(request), test=_is_test(request)))

    async def request(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        return await self._list(request, PublicFilter(test=_is_test(request), numbers=[number]), must=True)

    async def _list(self, request: web.Request, wanted: PublicFilter, *, must: bool = False) -> web.Response:
        key = await self._admit(request, times=max(len(wanted.numbers), 1))  # each number may be a guess
        async with self.db.read() as session:
            found = await public.find(session, wanted, key_id=key.id if key is not None else None)
        if must and not found:
            raise Faulty(404, "service_request_id was not found")
        exact = key is not None and key.exact
        rows = [shape.request(self.knowledge, self.base, each, exact=exact) for each in found]
        return _written(request, "service_requests", rows)

    async def _admit(self, request: web.Request, what: str = "read", *, times: int = 1) -> ApiKey | None:
        """Count a reading call, or the numbers it names, by its key, else by its address, and return the key.  Raises Faulty for too many.

        A call too many is refused by a look, so that a flood of them writes nothing.
        """
        given = _key(request)
        async with self.db.read() as session:
            key = await api_keys.known(session, given) if given else None
            who = f"key:{key.id}" if key is not None else addresses.group(request)
            wait = await rate_limits.spent(session, f"open311.{what}", who, most=READS[what])
        if not wait:
            async with self.db.begin() as session:
                limits: Any = {"most": READS[what], "window": MINUTE, "times": times}
                wait = await rate_limits.spend(session, f"open311.{what}", who, **limits)
        if wait:
            raise Faulty(429, f"too many calls; come back in {wait} seconds", after=wait)
        return key

    async def report(self, request: web.Request) -> web.Response:
        """One transaction: the key is counted, and the report is written, or found to be one we have."""
        fields, sent = await self._posted(request)
        once, test = request.headers.get("Idempotency-Key", "").strip(), _is_test(request)
        if len(once) > posting.ONCE:
            raise Faulty(400, f"Idempotency-Key has at most {posting.ONCE} characters")
        context, content = self.service_context(), posting.content_of(fields, sent)
        await self._count(fields)
        draft = reading.report(fields, context.knowledge.hazards, origin="test" if test else "open311")
        made = await self._shelve(sent)
        async with self.db.begin() as session:
            key = await self._key(session, fields)
            token, hazard, fresh = await posting.take(session, context, key, draft, once=once, content=content)
            if fresh:
                await posting.keep(session, hazard, made)
        if not fresh:
            await asyncio.to_thread(posting.discard, self.uploads, made)
        kind = context.knowledge.hazards.kinds.get(hazard.kind)
        number, notice = shape.number_for(hazard, kind), shape.notice(context.knowledge, kind)
        answer: BaseModel = doc.Tokened(token=token, service_notice=notice)
        if number is not None:
            answer = doc.Posted(service_request_id=number, service_notice=notice)
        return _written(request, "service_requests", [answer])

    async def _count(self, fields: Fields) -> None:
        """Count the call first and on its own: a faulty report uses up the quota, too."""
        async with self.db.begin() as session:
            await posting.key_of(session, reading.first(fields, "api_key"))

    async def _posted(self, request: web.Request) -> tuple[Fields, list[bytes]]:
        """The arguments of a form, of the query too, and the pictures of a multipart one.

        A picture is read for who has a key only, which stands in a header, the query or before the pictures.
        Raises Faulty, HTTPException.
        """
        fields: dict[str, list[str]] = {name: list(values) for name, values in _query(request).items()}
        if given := request.headers.get(KEY_HEADER, "").strip():
            fields["api_key"] = [given]

        async def admit(form: Form) -> None:
            async with self.db.read() as session:
                await self._key(session, _merged(fields, form))

        form = await forms.read(request, WITH_PICTURES, first=FORM, admit=admit)
        sent = [each.data for each in form.files.getall("media", [])]
        if len(sent) > PICTURES:
            raise Faulty(400, f"media: at most {PICTURES} pictures")
        return _merged(fields, form), sent

    async def _key(self, session: Any, fields: Fields) -> Any:
        key = await api_keys.known(session, reading.first(fields, "api_key"))
        if key is None:
            raise Faulty(403, "api_key is not valid")
        return key

    async def _shelve(self, sent: Sequence[bytes]) -> dict[str, Any]:
        vault = vault_of(self.db.engine.dialect)
        try:
            return await pictures.aside(posting.shelve, self.uploads, vault, sent)
        except Refused as why:
            raise Faulty(400, f"media: {why}") from None

    async def token(self, request: web.Request) -> web.Response:
        """Where a token has led so far: without a number, somebody has still to look."""
        token = request.match_info["token"]
        await self._admit(request)
        async with self.db.read() as session:
            hazard = await posting.by_token(session, token, test=_is_test(request))
        if hazard is None:
            raise Faulty(404, "token was not found")
        number = shape.number_for(hazard, self.knowledge.hazards.kinds.get(hazard.kind))
        return _written(request, "service_requests", [doc.Token(service_request_id=number, token=token)])

    async def updates(self, request: web.Request) -> web.Response:
        since, until = reading.updates(_query(request))
        await self._admit(request)
        async with self.db.read() as session:
            steps = await public.steps(session, since, until, test=_is_test(request))
        found = [shape.update(self.knowledge, step, number) for step, number in steps]
        return _written(request, "service_request_updates", found)

    async def hear(self, request: web.Request) -> web.Response:
        fields, _ = await self._posted(request)
        await self._count(fields)
        news = reading.news(fields, STATUSES)
        async with self.db.begin() as session:
            key = await self._key(session, fields)
            await posting.hear(session, self.service_context(), key, news, test=_is_test(request))
        return _written(request, "service_request_updates", [doc.UpdatePosted(update_id=news.id)])

    async def media(self, request: web.Request) -> web.Response:
        """A picture in which somebody has looked for faces and plates; no other ever."""
        name = request.match_info["name"]
        await self._admit(request, "media")
        async with self.db.read() as session:
            if not await public.is_shown(session, name):
                raise Faulty(404, "media was not found")
        try:
            body = await asyncio.to_thread(attachments.read, self.uploads, vault_of(self.db.engine.dialect), name)
        except (FileNotFoundError, CannotOpen):
            raise Faulty(404, "media was not found") from None
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=86400"}
        return web.Response(body=body, content_type="image/jpeg", headers=headers)

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every fault is told in the format that was asked for; ours are logged, and nothing of them is shown."""
        try:
            return await handler(request)
        except Faulty as fault:
            headers = {"Retry-After": str(fault.after)} if fault.after is not None else {}
            return _errors(request, fault.status, fault.why, headers)
        except web.HTTPException as error:
            return _errors(request, error.status, [error.reason])
        except Exception as error:
            if requests.is_unreadable(error):
                requests.note(error, request.path)
                return _errors(request, 400, ["the request holds something that cannot be read"])
            if is_down(error):
                return _errors(
                    request, 503, ["no database just now; nothing was done, try again"], {"Retry-After": "5"}
                )
            logger.exception("open311 failed", path=request.path)
            return _errors(request, 500, ["an error of ours; it was written down"])


def _written(request: web.Request, root: str, content: BaseModel | Sequence[BaseModel]) -> web.Response:
    kind = request.match_info["kind"]
    return _response(kind, writing.write(kind, root, content), 200, OPEN_TO_ALL)


def _errors(
    request: web.Request, status: int, why: Sequence[str], headers: dict[str, str] | None = None
) -> web.Response:
    kind = request.match_info.get("kind") or ("json" if request.path.endswith(".json") else "xml")
    body = writing.write(kind, "errors", [doc.Error(code=status, description=each) for each in why])
    return _response(kind, body, status, OPEN_TO_ALL | (headers or {}))


def _response(kind: str, body: bytes, status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(body=body, status=status, content_type=writing.TYPES[kind], charset="utf-8", headers=headers)


def _is_test(request: web.Request) -> bool:
    return "/test/v2/" in request.path


def _query(request: web.Request) -> Fields:
    return {name: request.query.getall(name) for name in request.query}


def _merged(fields: Fields, form: Form) -> Fields:
    names = {**fields, **form.fields}
    return {name: [*fields.get(name, ()), *form.fields.getall(name, [])] for name in names}


def _key(request: web.Request) -> str:
    return request.headers.get(KEY_HEADER, "").strip() or reading.first(_query(request), "api_key")
