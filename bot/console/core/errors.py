"""What goes wrong, as a page with a title and what to do next.  What was typed is kept in it."""

from dataclasses import dataclass, field

from aiohttp import web

from bot import log
from bot.console.core.request import Visit
from bot.errors import Rejected
from bot.services.core.lifecycle import IllegalStep
from bot.services.staff.permissions import Denied
from bot.store.db import is_down

logger = log.get(__name__)

KEPT_STATUS = frozenset({401, 409, 422, 429, 503})  # after these the same form may well go through


@dataclass(frozen=True)
class Failure:
    """key: of words.toml, `errors.<key>`: title and text.  text: stands in place of the general one."""

    status: int
    key: str
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def page(visit: Visit, error: Exception) -> web.Response:
    """The page for an error; what is ours is logged under the number that the page shows."""
    failure = _of(visit, error)
    if failure.status == 500:
        logger.error("console page failed", path=visit.request.path, number=visit.request_id, exc_info=error)
    return kept(visit, failure)


def kept(visit: Visit, failure: Failure) -> web.Response:
    """A failure's page, with the form that was sent, so that nothing has to be typed again."""
    response = visit.page(
        "core/error.html",
        status=failure.status,
        failure=failure.key,
        text=failure.text,
        form_key=visit.form.get("_key", ""),
        back=back(visit),
        fields=typed(visit) if failure.status in KEPT_STATUS else [],
        action=visit.request.path_qs,
    )
    response.headers.update(failure.headers)
    return response


def typed(visit: Visit) -> list[tuple[str, str]]:
    """What was typed and chosen, in the order of the form; our own fields are not among it."""
    return [(name, value) for name, value in visit.form.items() if not name.startswith("_")]


def back(visit: Visit) -> str:
    """The page they came from, when it is one of ours."""
    came = visit.request.headers.get("Referer", "")
    host = f"://{visit.request.host}/console"
    ours = came.partition(host)[2] if host in came else ""
    return f"/console{ours}" if ours.startswith(("/", "?")) else "/console"


def _of(visit: Visit, error: Exception) -> Failure:
    if isinstance(error, Rejected):
        return Failure(422, "rejected", visit.console.layout.rejection(visit, error))
    if isinstance(error, Denied):
        return Failure(404, "missing") if error.hidden else Failure(403, error.why)
    if isinstance(error, IllegalStep):
        return Failure(409, "illegal", visit.console.layout.legal(error))
    if isinstance(error, web.HTTPException):
        return _http(error)
    if is_down(error):
        return Failure(503, "down", headers={"Retry-After": "5"})
    return Failure(500, "bug")


def _http(error: web.HTTPException) -> Failure:
    keys = {404: "missing", 405: "method", 413: "large"}
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Failure(error.status, keys.get(error.status, "odd"), headers=headers)
