"""What goes wrong, as a page with a title and what to do next.  What was typed is kept in it."""

from dataclasses import dataclass, field

from aiohttp import web

from bot import log
from bot.console.core.request import RequestContext
from bot.doors.requests import is_unreadable
from bot.doors.waiting import AGAIN, NoPlace
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.lifecycle import IllegalStep
from bot.services.staff.permissions import Denied
from bot.store.db import is_down

logger = log.get(__name__)

KEPT_STATUS = frozenset({401, 409, 422, 429, 503})  # after these the same form may well go through
SHORT = 20  # characters up to which a field goes along unseen


@dataclass(frozen=True)
class Failure:
    """key: of words.toml, `errors.<key>`: title and text.  text: stands in place of the general one."""

    status: int
    key: str
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def page(context: RequestContext, error: Exception) -> web.Response:
    """The page for an error; what is ours is logged under the number that the page shows."""
    failure = _of(context, error)
    if failure.status == 500:
        logger.error("console page failed", path=context.http_request.path, number=context.request_id, exc_info=error)
    return kept(context, failure)


def kept(context: RequestContext, failure: Failure) -> web.Response:
    """A failure's page, with the form that was sent, so that nothing has to be typed again."""
    response = context.page(
        "core/error.html",
        status=failure.status,
        failure=failure.key,
        text=failure.text,
        form_key=context.form.get("_key", ""),
        back=back(context),
        fields=_again(context, failure),
        short=SHORT,
        action=context.http_request.path_qs,
    )
    response.headers.update(failure.headers)
    return response


def _again(context: RequestContext, failure: Failure) -> list[tuple[str, str]]:
    """What can be handed in once more.  What was refused is refused again, unless there is a text to put right here."""
    fields = typed(context) if failure.status in KEPT_STATUS else []
    return fields if failure.key != "rejected" or any(len(value) > SHORT for _, value in fields) else []


def typed(context: RequestContext) -> list[tuple[str, str]]:
    """What was typed and chosen, in the order of the form; our own fields are not among it."""
    return [(name, value) for name, value in context.form.items() if not name.startswith("_")]


def back(context: RequestContext) -> str:
    """The page they came from, when it is one of ours."""
    came = context.http_request.headers.get("Referer", "")
    host = f"://{context.http_request.host}{urls.CONSOLE}"
    ours = came.partition(host)[2] if host in came else ""
    return urls.CONSOLE + (ours if ours.startswith(("/", "?")) else "")


def _of(context: RequestContext, error: Exception) -> Failure:
    if isinstance(error, Rejected):
        return Failure(422, "rejected", context.console.layout.rejection(context, error))
    if isinstance(error, Denied):
        return Failure(404, "missing") if error.hidden else Failure(403, error.why)
    if isinstance(error, IllegalStep):
        return Failure(409, "illegal", context.console.layout.legal(error))
    if isinstance(error, web.HTTPException):
        return _http(error)
    if isinstance(error, NoPlace):
        return Failure(error.status, "busy", headers={"Retry-After": str(AGAIN)})
    if is_unreadable(error):
        return Failure(400, "odd")
    if is_down(error):
        return Failure(503, "down", headers={"Retry-After": "5"})
    return Failure(500, "bug")


def _http(error: web.HTTPException) -> Failure:
    keys = {404: "missing", 405: "method", 413: "large"}
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Failure(error.status, keys.get(error.status, "odd"), headers=headers)
