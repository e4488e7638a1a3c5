"""Which cases wait for a person's word, as their chat's row remembers it; several may wait at once."""

from datetime import datetime
from typing import Any

Pending = dict[str, Any]  # {"cases": {number: from when they are asked}, "album": its id, "of": the case it went to}


def waiting(pending: Pending | None, at: datetime) -> list[str]:
    """Numbers of the cases whose question has been put: one asked at night waits for their morning."""
    return [number for number, since in _cases(pending).items() if datetime.fromisoformat(since) <= at]


def asked(pending: Pending | None, number: str, since: str) -> Pending:
    return {**(pending or {}), "cases": {**_cases(pending), number: since}}


def over(pending: Pending | None, number: str) -> Pending | None:
    """Without a case that waits no more."""
    left = {each: since for each, since in _cases(pending).items() if each != number}
    album: Pending = {name: pending[name] for name in ("album", "of") if pending and name in pending}
    return {"cases": left, **album} if left or album else None


def with_album(pending: Pending | None, album: str, number: str) -> Pending | None:
    """Remember where the first of some pictures sent together went: the others follow it."""
    left = _cases(pending)
    if album:
        return {"cases": left, "album": album, "of": number}
    return {"cases": left} if left else None


def case_of(pending: Pending | None, album: str) -> str:
    """Where the other pictures of an album went; "" for nowhere."""
    return str(pending["of"]) if pending and album and pending.get("album") == album else ""


def _cases(pending: Pending | None) -> dict[str, str]:
    if not pending:
        return {}
    if "number" in pending:  # as it was written when only one could wait
        return {pending["number"]: pending["from"]}
    return dict(pending.get("cases", {}))
