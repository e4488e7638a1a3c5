"""A notice being sent on one channel, as this process sees it: the call to make, and how it goes."""

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import Any, Self

import orjson

from bot import log
from bot.channels.telegram import renderer
from bot.channels.telegram.transport import BotApi, message_id
from bot.errors import Blocked, Refused, Unclear
from bot.messaging.reply import Reply
from bot.services.chats import message_preview
from bot.services.notices import deliveries as notice_deliveries
from bot.services.notices.deliveries import DeliveryItem
from bot.services.notices.photos import Photo
from bot.store.models import Channel, CopyState, Notice, NoticeKind
from knowledge.texts import Texts

logger = log.get(__name__)

LAST = 200  # settled copies that are judged
LOOKED_AT = 40  # of them at least
FAULTY = 0.05  # share of failures at which a notice stops by itself
ALL = 1_000_000  # copies; more than are ever taken at once
STALE = "file identifier"  # in the refusal of a photo that the channel does not know any more
EACH = {"chat_id", "message_id"}  # parameters that differ from person to person
DONE = ("message is not modified", "message to edit not found", "message to delete not found")


class Forgotten(Exception):
    """The channel has thrown the photo away, and took nothing: it has to be uploaded once more."""


@dataclass
class Run:
    replies: tuple[Reply, Reply]  # the second says that it may have come before
    kind: NoticeKind
    repeatable: bool
    photo: Photo | None = None
    paid: bool = False  # Telegram may charge for what comes faster than it allows
    web: bool = False  # The channel is the web chat.
    learned: str = ""  # the channel's own id of the photo, to be written down
    method: str = ""
    bodies: tuple[bytes, bytes] = (b"", b"")  # the calls without whom they are for
    failures: deque[str] = field(default_factory=lambda: deque(maxlen=LAST))  # why each failed; "" for a success

    @classmethod
    def of(
        cls, texts: Texts, notice: Notice, channel: Channel, photo: Photo | None = None, *, paid: bool = False
    ) -> Self:
        first, second = (message_preview.reply(texts, notice, again=again) for again in (False, True))
        run = cls(
            (first, second),
            notice.kind,
            notice_deliveries.repeatable(notice, channel),
            photo,
            paid,
            channel == Channel.WEB,
        )
        run._write(photo.file if photo else "")
        return run

    def key(self, item: DeliveryItem) -> str:
        """By which the channel knows a repeated call, where it does."""
        return f"notice-{item.notice_id}-{item.chat_id}" if self.web else ""

    def rung(self, item: DeliveryItem) -> list[int]:
        """Whose browsers are rung for it: nobody's for a change of an earlier message."""
        return [item.address] if self.web and self.method.startswith("send") else []

    @property
    def room(self) -> int:
        """How many copies may be taken at once: one alone while the channel does not know the photo."""
        return 1 if self.photo is not None and not self.photo.file else ALL

    async def call(self, api: BotApi, item: DeliveryItem, *, key: str, seconds: float) -> Any:
        """Send one person's copy; returns the result.  Raises Forgotten, and what BotApi raises."""
        photo = self.photo
        if photo is not None and not photo.file:
            return await self._upload(api, item, photo, key=key, seconds=seconds)
        try:
            return await api.post(self.method, self.body(item), key=key, seconds=seconds)
        except Refused as error:
            if photo is None or STALE not in str(error):
                raise
            if self.photo == photo:  # Nobody has uploaded it again meanwhile.
                self.photo = replace(photo, file="")
            raise Forgotten from None

    async def _upload(self, api: BotApi, item: DeliveryItem, photo: Photo, *, key: str, seconds: float) -> Any:
        reply = self.replies[item.again]
        if reply["do"] == "photo":
            reply = {**reply, "jpeg": photo.jpeg}
        _, call = self._render(reply, item.address)
        result = await api.call(self.method, call, key=key, seconds=seconds)
        self.learned = result["photo"][-1]["file_id"]
        self.photo = replace(photo, file=self.learned)
        self._write(self.learned)
        return result

    def body(self, item: DeliveryItem) -> bytes:
        """The call for one person, as JSON."""
        which = b'"message_id":%d,' % item.message_id if item.message_id else b""
        return b'{%b"chat_id":%d%b' % (which, item.address, self.bodies[item.again])

    def verdict(self) -> str:
        """Why the notice has to stop by itself, which is what most failures say; "" when it need not."""
        judged, why = len(self.failures), Counter(filter(None, self.failures))
        faulty = judged >= LOOKED_AT and why.total() > FAULTY * judged
        return why.most_common(1)[0][0] if faulty else ""

    def stumble(self, error: Exception) -> None:
        self.failures.append(_why(error))

    def sent(self, item: DeliveryItem, result: Any) -> dict[str, Any]:
        self.failures.append("")
        return notice_deliveries.outcome(item, CopyState.SENT, message_id=message_id(result))

    def failed(self, item: DeliveryItem, error: Exception) -> dict[str, Any]:
        """What an error means for the copy.  A correction that has nothing to change has done its work."""
        why = _why(error)
        if isinstance(error, Blocked):
            return notice_deliveries.outcome(item, CopyState.BLOCKED, why)
        if isinstance(error, Refused) and any(each in why for each in DONE):
            return notice_deliveries.outcome(item, CopyState.SENT)
        if isinstance(error, Forgotten):
            return notice_deliveries.outcome(item, CopyState.WAITING, item.kept)
        self.stumble(error)
        if isinstance(error, Refused):
            return notice_deliveries.outcome(item, CopyState.FAILED, why)
        if not isinstance(error, Unclear):
            logger.error("copy failed", notice=item.notice_id, exc_info=error)
        elif self.repeatable or (self.kind == NoticeKind.EMERGENCY and not item.again):
            return notice_deliveries.outcome(item, CopyState.WAITING, "again")
        return notice_deliveries.outcome(item, CopyState.UNKNOWN, why)

    def _write(self, file: str) -> None:
        """The calls, which are the same for everybody but for whom they are."""
        for each in self.replies:
            if each["do"] == "photo":
                each["file"] = file
        calls = [self._render(reply, 0) for reply in self.replies]
        self.method = calls[0][0]
        first, second = (_tail(call) for _, call in calls)
        self.bodies = first, second

    def _render(self, reply: Reply, address: int) -> renderer.Call:
        """Edits and deletions cost nothing, and do not know the parameter."""
        method, call = renderer.render(reply, address)
        return method, call | ({"allow_paid_broadcast": True} if self.paid and method.startswith("send") else {})


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _tail(call: dict[str, Any]) -> bytes:
    same = orjson.dumps({name: value for name, value in call.items() if name not in EACH})[1:]
    return same if same == b"}" else b"," + same
