"""Hazards and their types in the words of GeoReport v2."""

from datetime import UTC, datetime

from bot.open311 import documents as doc
from bot.services.hazards.public import SAID, PublicHazard
from bot.services.hazards.states import CLOSED, HazardState
from bot.store.models import Hazard, HazardStep
from knowledge import Knowledge, addresses
from knowledge.hazards import HazardKind

CHANGESET = datetime(2026, 11, 22, tzinfo=UTC)  # of what the two endpoints can do
FORMATS = ["text/xml", "application/json"]
DECIMALS = 3  # of public coordinates: about 100 m
STATUS = {  # the extension's word for each state
    HazardState.REPORTED: "open",
    HazardState.VALIDATED: "investigating",
    HazardState.DISPATCHED: "action_scheduled",
    HazardState.HANDLING: "in_progress",
    HazardState.RESOLVED: "fixed",
    HazardState.VERIFIED: "closed",
    HazardState.REWARDED: "closed",
    HazardState.REOPENED: "open",
    HazardState.DUPLICATE: "duplicate",
    HazardState.REJECTED: "no_further_action",
    HazardState.WITHDRAWN: "cancelled",
}


def discovery(known: Knowledge, base: str) -> doc.Discovery:
    """base: how people reach the server, without a slash at the end."""
    endpoints = [
        doc.Endpoint.model_validate(
            {"url": f"{base}/open311{part}/v2", "changeset": CHANGESET, "type": kind, "formats": FORMATS}
        )
        for part, kind in (("", "production"), ("/test", "test"))
    ]
    contact, key_service = (known.texts.say("zh", f"open311.{name}") for name in ("contact", "key_service"))
    return doc.Discovery(changeset=CHANGESET, contact=contact, key_service=key_service, endpoints=endpoints)


def service(kind: HazardKind) -> doc.Service:
    return doc.Service(
        service_code=kind.code,
        service_name=kind.label,
        description=kind.label,
        metadata=bool(kind.attributes),
        type="batch" if kind.batch else "realtime",
        keywords=",".join(kind.words) or None,
        group=kind.group,
    )


def definition(kind: HazardKind) -> doc.Definition:
    return doc.Definition(
        service_code=kind.code,
        attributes=[
            doc.Attribute(
                variable=True,
                code=each.code,
                datatype="singlevaluelist" if each.values else "string",
                required=each.required,
                datatype_description=each.hint or None,
                order=order,
                description=each.label,
                values=[doc.Value(key=key, name=name) for key, name in each.values.items()],
            )
            for order, each in enumerate(kind.attributes, 1)
        ],
    )


def request(known: Knowledge, base: str, shown: PublicHazard, *, exact: bool) -> doc.Request:
    """A hazard.  Only a key that may know exact places is told them; of a refused one nothing is repeated."""
    hazard, kind = shown.hazard, known.hazards.kinds.get(shown.hazard.kind)
    repeat = hazard.state != HazardState.REJECTED
    closed = hazard.state in CLOSED
    return doc.Request(
        service_request_id=hazard.number,
        status="closed" if closed else "open",
        status_notes=known.texts.say("zh", f"hazard.state_{hazard.state}"),
        service_name=kind.label if kind else None,
        service_code=hazard.kind,
        description=hazard.text[:4_000] if repeat else None,
        agency_responsible=shown.agency or None,
        service_notice=notice(known, kind),
        requested_datetime=hazard.created_at,
        updated_datetime=(hazard.closed_at or hazard.updated_at) if closed else hazard.updated_at,
        expected_datetime=hazard.due_at,
        address=((hazard.place if exact else addresses.street(hazard.place)) or None) if repeat else None,
        address_id=hazard.details.get("address_id"),
        zipcode=None,
        lat=_coordinate(hazard.latitude, exact=exact) if repeat else None,
        long=_coordinate(hazard.longitude, exact=exact) if repeat else None,
        media_url=media(base, shown.photo) if repeat else None,
    )


def notice(known: Knowledge, kind: HazardKind | None) -> str | None:
    """What to do first, for types that cannot wait."""
    if kind is None or not kind.urgent:
        return None
    return known.texts.say("zh", "open311.emergency", numbers="、".join(kind.urgent))


def update(known: Knowledge, step: HazardStep, number: str) -> doc.Update:
    said = step.text if step.name in SAID else ""
    return doc.Update.model_validate(
        {
            "update_id": str(step.id),
            "service_request_id": number,
            "status": STATUS[HazardState(step.target)],
            "updated_datetime": step.at,
            "description": said or known.texts.say("zh", f"hazard.state_{step.target}"),
            "media_url": None,
            "external_status_code": step.target,
        }
    )


def media(base: str, name: str) -> str | None:
    return f"{base}/open311/media/{name}.jpg" if name else None


def number_for(hazard: Hazard, kind: HazardKind | None) -> str | None:
    """The number, once an outside client may know it."""
    waits = kind is not None and kind.batch and hazard.origin != "test" and hazard.state == HazardState.REPORTED
    return None if waits else hazard.number


def _coordinate(value: float | None, *, exact: bool) -> float | None:
    return value if value is None or exact else round(value, DECIMALS)
