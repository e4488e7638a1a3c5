"""Cases for the office's 12345 platform: one line each, in the columns and codes that a mapping file names.

There is no national form: what the local platform calls things stands in the file.  Who filed a case is sealed and stays so;
personal numbers in the words are masked; confidential cases do not leave.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.appeals import appeals
from bot.services.appeals.states import OPEN
from bot.services.attachments import attachments
from bot.services.identity import redaction
from bot.store.models import Appeal
from knowledge import Knowledge
from knowledge.texts import DEFAULT

FIELDS = ("number", "at", "type", "code", "class", "region", "place", "title", "text", "evidence", "due")
CHINA = timezone(timedelta(hours=8))
EVIDENCE = {"photo": "handoff.photo", "file": "handoff.file", "voice": "handoff.voice"}  # texts, by kind of attachment


@dataclass(frozen=True, slots=True)
class Mapping12345:
    """columns: ours to the platform's, in its order.  kinds: of ours to its type, code and name of the class."""

    columns: Mapping[str, str]
    kinds: Mapping[str, Mapping[str, str]]


def read(data: bytes) -> Mapping12345:
    """A mapping file.  Raises Rejected for one that cannot be read, or names what we do not have."""
    try:
        given = tomllib.loads(data.decode("utf-8-sig"))
        columns = {str(ours): str(theirs) for ours, theirs in given["columns"].items()}
        kinds = {
            str(kind): {name: str(values[name]) for name in ("type", "code", "class")}
            for kind, values in given["kinds"].items()
        }
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError) as error:
        raise Rejected("handoff.mapping", why=str(error)[:120]) from None
    if unknown := [each for each in columns if each not in FIELDS] or ([] if columns else ["columns"]):
        raise Rejected("handoff.column", name=unknown[0], known=" ".join(FIELDS))
    return Mapping12345(columns, kinds)


async def lines(
    session: AsyncSession, knowledge: Knowledge, mapping: Mapping12345, numbers: Sequence[str]
) -> list[dict[str, str]]:
    """The cases, each under the platform's names of columns.  Raises Rejected for the first that must not leave."""
    found = [await _allowed(session, knowledge, mapping, each) for each in dict.fromkeys(numbers)]
    return [await _line(session, knowledge, mapping, each) for each in found]


async def _allowed(session: AsyncSession, knowledge: Knowledge, mapping: Mapping12345, number: str) -> Appeal:
    try:
        appeal = await appeals.get(session, number)
    except appeals.UnknownAppeal:
        raise Rejected("handoff.unknown", number=number) from None
    if appeal.confidential or knowledge.appeals.kinds[appeal.kind].confidential:
        raise Rejected("handoff.confidential", number=number)
    if appeal.state not in OPEN:
        raise Rejected("handoff.over", number=number)
    if appeal.kind not in mapping.kinds:
        raise Rejected("handoff.kind", number=number, kind=appeal.kind)
    return appeal


async def _line(session: AsyncSession, knowledge: Knowledge, mapping: Mapping12345, appeal: Appeal) -> dict[str, str]:
    texts = knowledge.texts
    counts = Counter(each.kind for each in await attachments.of_case(session, appeal.id))
    values = {
        "number": appeal.number,
        "at": f"{appeal.created_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
        **mapping.kinds[appeal.kind],
        "region": appeal.region,
        "place": redaction.mask(appeal.place),
        "title": knowledge.appeals.kinds[appeal.kind].label,
        "text": redaction.mask(appeal.story),
        "evidence": "、".join(
            f"{texts.say(DEFAULT, EVIDENCE[kind])} {count}" for kind, count in sorted(counts.items())
        ),
        "due": f"{appeal.due_at.astimezone(CHINA):%Y-%m-%d %H:%M}" if appeal.due_at else "",
    }
    return {theirs: values[ours] for ours, theirs in mapping.columns.items()}
