"""The documents of GeoReport v2.  What does not fit its own model never leaves: it is logged, and answered with 500."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"

Code = Annotated[str, Field(pattern=r"^[\w-]+$")]
Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Moment = Annotated[
    datetime, PlainSerializer(lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), return_type=str)
]  # no fractions of a second, always UTC
Status = Literal[
    "unchanged", "open", "closed", "fixed", "in_progress", "planned", "action_scheduled", "investigating", "duplicate",
    "not_councils_responsibility", "no_further_action", "internal_referral", "cancelled", "reopen", "for_triage",
]  # fmt: skip


class Document(BaseModel):
    """What is common to all: nothing beyond the fields, in their order."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Endpoint(Document):
    specification: str = SPECIFICATION
    url: str
    changeset: Moment
    type: Literal["production", "test"]
    formats: list[Literal["text/xml", "application/json"]]


class Discovery(Document):
    changeset: Moment
    contact: Text
    key_service: Text
    endpoints: list[Endpoint]


class Service(Document):
    service_code: Code
    service_name: Text
    description: str | None
    metadata: bool
    type: Literal["realtime", "batch", "blackbox"]
    keywords: str | None
    group: str | None


class Value(Document):
    key: Code
    name: Text


class Attribute(Document):
    variable: bool
    code: Code
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    required: bool
    datatype_description: str | None
    order: Annotated[int, Field(ge=1)]
    description: str | None
    values: list[Value]


class Definition(Document):
    service_code: Code
    attributes: list[Attribute]


class Request(Document):
    service_request_id: Code
    status: Literal["open", "closed"]
    status_notes: str | None
    service_name: str | None
    service_code: Code
    description: Annotated[str | None, Field(max_length=4_000)]
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: Moment
    updated_datetime: Moment | None
    expected_datetime: Moment | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: Annotated[float | None, Field(ge=-90, le=90)]
    long: Annotated[float | None, Field(ge=-180, le=180)]
    media_url: str | None


class Posted(Document):
    """The answer to a report: its number at once."""

    service_request_id: Code
    service_notice: str | None
    account_id: str | None = None


class Tokened(Document):
    """The answer to a report that somebody looks at first: a token that leads to the number."""

    token: Code
    service_notice: str | None
    account_id: str | None = None


class Token(Document):
    service_request_id: Code | None
    token: Code


class Update(Document):
    update_id: Code
    service_request_id: Code
    status: Status
    updated_datetime: Moment
    description: str | None
    media_url: str | None
    external_status_code: str | None


class UpdatePosted(Document):
    update_id: Code


class Error(Document):
    code: int
    description: Text
