"""Notes: what is nice to keep, written after the answer, in batches, and may be lost."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.services.chats import questions
from bot.services.chats.questions import AnswerVerdict, AskedQuestion, OpenedEntry
from bot.services.notices import responses
from bot.services.notices.responses import Response

Note = AskedQuestion | OpenedEntry | AnswerVerdict | Response


async def remember(connection: AsyncConnection, notes: Sequence[Note]) -> None:
    """Write a batch down, each note where it belongs."""
    await questions.remember(connection, [note for note in notes if not isinstance(note, Response)])
    await responses.remember(connection, [note for note in notes if isinstance(note, Response)])
