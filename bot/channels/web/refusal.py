"""How the Bot API says no: an error code, Telegram's words, sometimes parameters."""

from typing import Any

PREFIXES = {400: "Bad Request: ", 403: "Forbidden: ", 404: "Not Found: ", 409: "Conflict: "}


class ApiRefusal(Exception):
    """A call that is answered with `ok: false`."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    @property
    def answer(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return body | {"parameters": self.parameters} if self.parameters else body


def refused(why: str, code: int = 400) -> ApiRefusal:
    """Telegram's wording: the kind of error, a colon, the reason with a small first letter, unless IT_SHOUTS."""
    return ApiRefusal(code, PREFIXES[code] + (why if why[1:2].isupper() else why[:1].lower() + why[1:]))


def too_many(seconds: int) -> ApiRefusal:
    return ApiRefusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
