"""What goes over the wire, as models: events to the backend and news from it, both CloudEvents 1.0 in JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from bot.services.appeals.states import AppealState
from bot.services.appeals.status_updates import StatusUpdate
from bot.store.models import Naming, now


class Case(BaseModel):
    """A case as the backend sees it: nothing in it says who filed it."""

    number: str = Field(description="Twelve digits; what the worker was given.")
    kind: str = Field(description="The type of the appeal, such as wages.")
    state: AppealState
    naming: Naming = Field(description="Who may learn who filed it.  The event itself never says.")
    confidential: bool = Field(description="For the desk in charge only.")
    story: str
    region: str = Field(description="GB/T 2260, or empty.")
    place: str
    latitude: float | None = Field(description="Degrees, WGS-84.")
    longitude: float | None
    about: str = Field(description="Whom it complains about, in the author's words.")
    created_at: datetime
    due_at: datetime | None = Field(description="The deadline; null while the year's calendar is not known.")
    agency: str | None = Field(description="The code of the agency in charge.")
    text: str = Field("", description="With appeal.updated: what the worker was told.")


class Event(BaseModel):
    """Something happened to a case.  `id` is `number:version` and the same whenever the event is sent again."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: Literal["appeal.submitted", "appeal.updated", "appeal.erased"] = Field(
        description="appeal.erased: its author had it erased.  Words and place come empty; blank your copy, too."
    )
    subject: str = Field(description="The number of the case.")
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: Case


class StatusChange(BaseModel):
    """What the backend did with a case."""

    model_config = ConfigDict(extra="ignore", str_max_length=4000)

    state: AppealState = Field(description="Where the case is now.")
    text: str = Field(
        "", description="What the worker reads; with pending_info the question, with answered the answer."
    )
    note: str = Field("", description="What only staff reads.")
    agency: str = Field("", max_length=32, description="With assigned: the code of the agency.")
    reason: str = Field("", max_length=32, description="With rejected: the code of the reason.")
    backend_number: str = Field("", max_length=64, description="The number the case has at the backend.")


class Status(BaseModel):
    """News of a case.  Sent again under the same id they are harmless; `time` tells late ones."""

    model_config = ConfigDict(extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=200)
    type: Literal["appeal.status"] = "appeal.status"
    subject: str = Field(min_length=1, max_length=16, description="The number of the case.")
    time: AwareDatetime = Field(description="When the backend did it, by its own clock.")
    data: StatusChange

    def news(self) -> StatusUpdate:
        """What it says, for bot.services.appeals.status_updates; a clock that runs ahead must not make all that follows late."""
        said: dict[str, Any] = self.data.model_dump()
        return StatusUpdate(id=f"{self.source} {self.id}", number=self.subject, at=min(self.time, now()), **said)


class UnreadableMessage(ValueError):
    """News that are not what the AsyncAPI document says.  `faults`: where, and what is wrong."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read(body: bytes) -> StatusUpdate:
    """Raises Unreadable."""
    try:
        return Status.model_validate_json(body).news()
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise UnreadableMessage(
            [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults]
        ) from None
