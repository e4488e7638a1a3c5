"""Traces for an OpenTelemetry collector: a span for each update, page, row of the outbox and query.

Without NUANXIN_TRACES_URL nothing is recorded and a span costs next to nothing.  No span holds what a person wrote: a
page is named by its pattern, a query by its text without values, an error by its class, since its text may quote.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy import Engine, event

from bot.errors import CannotStart

TRACER = trace.get_tracer("nuanxin")
MISSING = "NUANXIN_TRACES_URL needs OpenTelemetry's SDK: pip install 'nuanxin[traces]'"
PATIENCE = 2  # seconds that the collector may take for what is sent, also in the end


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int) -> Iterator[Span]:
    """One piece of work; the spans that begin meanwhile are its children."""
    with TRACER.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as begun:
        try:
            yield begun
        except Exception as error:
            _failed(begun, error)
            raise


@web.middleware
async def pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A span for each request, named by the pattern of its address: the address itself may hold a code."""
    resource = request.match_info.route.resource
    pattern = resource.canonical if resource is not None else "unknown address"
    with span(f"{request.method} {pattern}", SpanKind.SERVER) as begun:
        response = await handler(request)
        begun.set_attribute("http.response.status_code", response.status)
    return response


def begin(url: str, parts: str) -> None:
    """Send the spans of this process to a collector.

    url: takes OTLP over HTTP, e.g. http://127.0.0.1:4318/v1/traces.  Raises CannotStart without the SDK.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise CannotStart(MISSING) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "nuanxin", "nuanxin.parts": parts}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=PATIENCE)))
    trace.set_tracer_provider(provider)
    event.listen(Engine, "before_cursor_execute", _asked)
    event.listen(Engine, "after_cursor_execute", _answered)
    event.listen(Engine, "handle_error", _refused)


def end() -> None:
    """Send what is left, if the collector takes it in time."""
    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(PATIENCE * 1000)


def _asked(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, many: bool) -> None:
    attributes = {"db.query.text": statement, "db.system.name": context.dialect.name}
    verb = statement.split(maxsplit=1)[0]
    context.traced = TRACER.start_span(f"{verb} *" if many else verb, kind=SpanKind.CLIENT, attributes=attributes)


def _answered(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
    context.traced.end()


def _refused(context: Any) -> None:
    begun = getattr(context.execution_context, "traced", None)
    if begun is not None:
        _failed(begun, context.original_exception)
        begun.end()


def _failed(begun: Span, error: BaseException) -> None:
    begun.set_status(StatusCode.ERROR)
    begun.set_attribute("error.type", type(error).__qualname__)
