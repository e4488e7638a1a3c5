"""What the backend is told: CloudEvents 1.0, keyed by number and version, built from the case and never from the vault."""

from collections.abc import Mapping
from typing import Any

from bot.queue import jobs
from bot.store.models import Agency, Appeal, Outbox, now

SOURCE = "/nuanxin/appeals"


def submitted(values: Mapping[str, Any], agency: str | None) -> Outbox:
    """A new case, from the values it was written with; `agency` is a code."""
    return _row("appeal.submitted", values["number"], 1, _data(values, agency))


def updated(appeal: Appeal, agency: Agency | None, text: str = "") -> Outbox:
    """A case took a step."""
    values = {name: getattr(appeal, name) for name in _SHOWN}
    data = _data(values, agency.code if agency else None) | {"state": appeal.state, "text": text}
    return _row("appeal.updated", appeal.number, appeal.version, data)


def erased(appeal: Appeal, agency: Agency | None) -> Outbox:
    """The author of a case had it erased: the backend is to blank its copy, too.  Words and place come empty."""
    values = {name: getattr(appeal, name) for name in _SHOWN}
    return _row("appeal.erased", appeal.number, appeal.version, _data(values, agency.code if agency else None))


_SHOWN = (
    "number", "kind", "state", "naming", "confidential", "story", "region", "place", "latitude", "longitude",
    "about", "created_at", "due_at",
)  # fmt: skip


def _data(values: Mapping[str, Any], agency: str | None) -> dict[str, Any]:
    data = {name: values[name] for name in _SHOWN}
    for name in ("created_at", "due_at"):
        data[name] = data[name].isoformat() if data[name] else None
    return data | {"agency": agency}


def _row(kind: str, number: str, version: int, data: dict[str, Any]) -> Outbox:
    event = {
        "specversion": "1.0",
        "id": f"{number}:{version}",  # the same event again has the same id: the backend can tell
        "source": SOURCE,
        "type": kind,
        "subject": number,
        "time": now().isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return jobs.EVENT.row(event, subject=number, due_at=now())
