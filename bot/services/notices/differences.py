"""What became of a notice since the second person looked at it last."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.notices import notices
from bot.store.models import Notice, NoticeApproval

Part = tuple[str, str]  # "same", "gone" or "new", and the words


@dataclass(frozen=True, slots=True)
class Difference:
    """The text in parts, and what else is not as it was."""

    since: NoticeApproval
    text: list[Part]
    others: list[str]  # names of columns


async def since_last(session: AsyncSession, notice: Notice) -> Difference | None:
    """Compared with what was approved or refused last; None when nobody has looked yet, or nothing changed."""
    last = select(NoticeApproval).where(NoticeApproval.notice_id == notice.id).order_by(NoticeApproval.id.desc())
    seen: NoticeApproval | None = await session.scalar(last.limit(1))
    now = notices.agreed(notice)
    if seen is None or not seen.content or seen.content == now:
        return None
    others = [name for name in {**seen.content, **now} if name != "text" and now.get(name) != seen.content.get(name)]
    return Difference(seen, parts(seen.content, now), others)


def parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Part]:
    old, new = before.get("text", ""), after["text"]
    found: list[Part] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", old[a:b]))
            continue
        found += [part for part in (("gone", old[a:b]), ("new", new[c:d])) if part[1]]
    return found
