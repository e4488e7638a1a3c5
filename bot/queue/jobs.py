"""Every kind of outbox row: its name, what its payload holds, and the lane it leaves by.

Rows are written by `Job.row` and `message` only.  Who carries a kind out stands in `bot.queue.handlers`, above the
services that write the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar, cast

from bot.messaging.reply import Reply
from bot.store.models import Channel, Chat, Lane, Outbox, OutboxState, now

GRACE = timedelta(seconds=10)  # Head start of the process that wrote a row, before any relay takes it.

Payload = TypeVar("Payload", bound=Mapping[str, Any])


class CaseTimer(TypedDict):
    """Something to look at again about a case, a volunteer, a voucher, a booking or a pass; moments are in ISO 8601, UTC."""

    of: Literal["appeal", "hazard", "help", "volunteer", "voucher", "sitting", "seat", "pass"]
    do: str
    number: str
    due: NotRequired[str]  # the deadline it was set for
    since: NotRequired[str]  # when the case was paused
    share: NotRequired[float]  # of the time that is used up
    days: NotRequired[int]  # working days after the deadline
    version: NotRequired[int]  # of the case it was set for


class CallTimer(TypedDict):
    """Something staff may hear of; or, with "tell", that it is time to tell the one with this number."""

    of: Literal["call"]
    do: str
    number: str
    noun: NotRequired[str]
    mark: NotRequired[str]  # the same for the same event


class NoticeTimer(TypedDict):
    of: Literal["notice"]
    notice: int
    version: int
    at: str


class ErasureTimer(TypedDict):
    of: Literal["erasure"]
    chat: int
    due: str


class SecondThoughtTimer(TypedDict):
    """What somebody planned may be done; what it is, their chat's row knows."""

    of: Literal["second_thoughts"]
    chat: int
    due: str


class NightTimer(TypedDict):
    of: Literal["ledger", "retention"]
    more: NotRequired[bool]  # the last batch was full: go on by day


Timer = CaseTimer | CallTimer | NoticeTimer | ErasureTimer | SecondThoughtTimer | NightTimer


class Files(TypedDict):
    """The case whose files are fetched."""

    number: str
    of: NotRequired[Literal["hazard"]]  # else an appeal


class Shred(TypedDict):
    names: list[str]  # of files
    strays: bool  # also those that nothing names


class Erased(TypedDict):
    key: str  # the chat's blind index in hex
    at: str  # ISO 8601


class SignInRequest(TypedDict):
    username: str
    browser: str  # its hash in hex
    target: str  # the page to go on to, of who asked before the browser kept that


class Ring(TypedDict):
    """The browser that is rung."""

    subscription: int


class Hear(TypedDict):
    """A voice note that is to be heard."""

    chat: int  # the row in `chats`
    file: str  # its channel's own name of it
    number: str  # the case it went to; "" for none


class SmsReceipt(TypedDict):
    """An appeal whose number is sent to the phone that its author gave."""

    number: str


class Nothing(TypedDict):
    """The row itself says it all."""


@dataclass(frozen=True, slots=True)
class Job(Generic[Payload]):
    """A kind of outbox row.

    batched: it leaves many at once, by `outbox.take`; `outbox.claim` passes it over.
    """

    kind: str
    lane: Lane = Lane.REPLY
    batched: bool = False

    def row(
        self,
        payload: Payload,
        *,
        chat_id: int | None = None,
        subject: str = "",
        lane: Lane | None = None,
        due_at: datetime | None = None,
    ) -> Outbox:
        """Something to do.  Without `due_at` it goes at once, from this process; with it, not before then."""
        at = now()
        return Outbox(
            kind=self.kind,
            payload=payload,
            chat_id=chat_id,
            subject=subject,
            lane=self.lane if lane is None else lane,
            state=OutboxState.WAITING,
            attempts=0,
            due_at=due_at or at + GRACE,
            created_at=at,
        )

    def payload(self, row: Outbox) -> Payload:
        """What the row holds, as it was written."""
        return cast(Payload, row.payload or {})


TIMER: Job[Timer] = Job("timer", Lane.BULK)
FILES: Job[Files] = Job("attachment")
SHRED: Job[Shred] = Job("shred", Lane.BULK)
EXPORT: Job[Nothing] = Job("export", Lane.NEWS)
ERASED: Job[Erased] = Job("tombstone", Lane.BULK)
REPLAN: Job[Nothing] = Job("replan", Lane.BULK)
SIGN_IN: Job[SignInRequest] = Job("sign_in")
RING: Job[Ring] = Job("ring", Lane.BULK)
HEAR: Job[Hear] = Job("hear")
SMS: Job[SmsReceipt] = Job("sms")
EVENT: Job[dict[str, Any]] = Job("backend", batched=True)  # a CloudEvent: see bot.backend.messages
MESSAGES: Mapping[str, Job[dict[str, Any]]] = {each: Job(each) for each in Channel}  # see `message`

JOBS: tuple[Job[Any], ...] = (
    TIMER,
    FILES,
    SHRED,
    EXPORT,
    ERASED,
    REPLAN,
    SIGN_IN,
    RING,
    HEAR,
    SMS,
    EVENT,
    *MESSAGES.values(),
)


def message(
    chat: Chat,
    reply: Reply,
    *,
    to: int | None = None,
    step: int | None = None,
    subject: str = "",
    lane: Lane = Lane.REPLY,
    due_at: datetime | None = None,
) -> Outbox:
    """A reply to somebody's chat.

    to: the chat's address, where it is known without opening it.
    step: of an appeal's timeline, which is ticked when the channel took the message.
    """
    payload: dict[str, Any] = {
        "to": chat.address if to is None else to,
        **reply,
        **({} if step is None else {"step": step}),
    }
    return MESSAGES[chat.channel].row(payload, chat_id=chat.id, subject=subject, lane=lane, due_at=due_at)


def read(row: Outbox) -> tuple[int, Reply, int | None]:
    """Where a message goes, what it says, and the step of a timeline it is about."""
    payload = dict(row.payload or {})
    address, step = payload.pop("to"), payload.pop("step", None)
    return address, cast(Reply, payload), step
