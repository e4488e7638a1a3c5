"""What waits for a person's word, as their chat's row remembers it: cases that asked, and what is planned."""

from datetime import datetime
from typing import Any

# {"cases": {number: from when they are asked}, "album": its id, "of": the case it went to, "planned": see second_thoughts}
Pending = dict[str, Any]


def waiting(pending: Pending | None, at: datetime) -> list[str]:
    """Numbers of the cases whose question has been put: one asked at night waits for their morning."""
    return [number for number, since in _cases(pending).items() if datetime.fromisoformat(since) <= at]


def asked(pending: Pending | None, number: str, since: str) -> Pending:
    return {**(pending or {}), "cases": {**_cases(pending), number: since}}


def over(pending: Pending | None, number: str) -> Pending | None:
    """Without a case that waits no more."""
    left = {each: since for each, since in _cases(pending).items() if each != number}
    album: Pending = {name: pending[name] for name in ("album", "of") if pending and name in pending}
    return _with(left, album, planned(pending))


def with_album(pending: Pending | None, album: str, number: str) -> Pending | None:
    """Remember where the first of some pictures sent together went: the others follow it."""
    kept: Pending = {"album": album, "of": number} if album else {}
    return _with(_cases(pending), kept, planned(pending))


def case_of(pending: Pending | None, album: str) -> str:
    """Where the other pictures of an album went; "" for nowhere."""
    return str(pending["of"]) if pending and album and pending.get("album") == album else ""


def planned(pending: Pending | None) -> dict[str, Any]:
    """What is done in a moment, by what it is."""
    return dict((pending or {}).get("planned", {}))


def with_planned(pending: Pending | None, plans: dict[str, Any]) -> Pending | None:
    album: Pending = {name: pending[name] for name in ("album", "of") if pending and name in pending}
    return _with(_cases(pending), album, plans)


def _with(cases: dict[str, str], album: Pending, plans: dict[str, Any]) -> Pending | None:
    rest = {**album, **({"planned": plans} if plans else {})}
    return {"cases": cases, **rest} if cases or rest else None


def _cases(pending: Pending | None) -> dict[str, str]:
    if not pending:
        return {}
    if "number" in pending:  # as it was written when only one could wait
        return {pending["number"]: pending["from"]}
    return dict(pending.get("cases", {}))
