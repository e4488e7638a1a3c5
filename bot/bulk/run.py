"""A notice being sent on one channel, as this process sees it: the call to make, and how it goes."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from bot import log
from bot.channels.telegram import renderer
from bot.errors import Blocked, Refused, Unclear
from bot.services import copies
from bot.services.bubbles import bubble
from bot.services.copies import Item
from bot.store.models import Channel, CopyState, Notice, NoticeKind
from knowledge.texts import Texts

logger = log.get(__name__)

LAST = 200  # settled copies that are judged
LOOKED_AT = 40  # of them at least
FAULTY = 0.05  # share of failures at which a notice stops by itself
EACH = {"chat_id", "message_id"}  # parameters that differ from person to person
DONE = ("message is not modified", "message to edit not found", "message to delete not found")


@dataclass
class Run:
    method: str
    bodies: tuple[bytes, bytes]  # the call without whom it is for; the second says that it may have come before
    kind: NoticeKind
    repeatable: bool
    verdicts: deque[bool] = field(default_factory=lambda: deque(maxlen=LAST))  # true for a failure
    why: str = ""  # its last failure

    @classmethod
    def of(cls, texts: Texts, notice: Notice, channel: Channel) -> Self:
        calls = [renderer.render(bubble(texts, notice, again=again), 0) for again in (False, True)]
        first, second = (_tail(call) for _, call in calls)
        return cls(calls[0][0], (first, second), notice.kind, copies.repeatable(notice, channel))

    def body(self, item: Item) -> bytes:
        """The call for one person, as JSON."""
        which = b'"message_id":%d,' % item.message_id if item.message_id else b""
        return b'{%b"chat_id":%d%b' % (which, item.address, self.bodies[item.again])

    def verdict(self) -> str:
        """Why the notice has to stop by itself; "" when it need not."""
        judged = len(self.verdicts)
        return self.why if judged >= LOOKED_AT and sum(self.verdicts) > FAULTY * judged else ""

    def stumble(self, why: str) -> None:
        self.verdicts.append(True)
        self.why = why

    def sent(self, item: Item, result: Any) -> dict[str, Any]:
        self.verdicts.append(False)
        message_id = result.get("message_id") if isinstance(result, dict) else None
        return copies.outcome(item, CopyState.SENT, message_id=message_id)

    def failed(self, item: Item, error: Exception) -> dict[str, Any]:
        """What an error means for the copy.  A correction that has nothing to change has done its work."""
        why = str(error) or type(error).__name__
        if isinstance(error, Blocked):
            return copies.outcome(item, CopyState.BLOCKED, why)
        if isinstance(error, Refused) and any(each in why for each in DONE):
            return copies.outcome(item, CopyState.SENT)
        self.stumble(why)
        if isinstance(error, Refused):
            return copies.outcome(item, CopyState.FAILED, why)
        if not isinstance(error, Unclear):
            logger.error("copy failed", notice=item.notice_id, exc_info=error)
        elif self.repeatable or (self.kind == NoticeKind.EMERGENCY and not item.again):
            return copies.outcome(item, CopyState.WAITING, "again")
        return copies.outcome(item, CopyState.UNKNOWN, why)


def _tail(call: dict[str, Any]) -> bytes:
    same = orjson.dumps({name: value for name, value in call.items() if name not in EACH})[1:]
    return same if same == b"}" else b"," + same
