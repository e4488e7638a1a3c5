"""Which platforms somebody runs for, as they said it for notices, and for nothing else.

Said in the settings of notices, platform by platform, and taken back there with one tap.  What a volunteer wrote into
their application was given for another purpose, and is not used.
"""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import ChatTag

PREFIX = "platform:"
ANY = ChatTag.tag.startswith(PREFIX)  # the condition that a tag is about a platform


def tag(code: str) -> str:
    return f"{PREFIX}{code}"


def is_one(word: str) -> bool:
    return word.startswith(PREFIX)


async def said(session: AsyncSession, chat_id: int) -> set[str]:
    """The codes of the platforms somebody said."""
    tags = await session.scalars(select(ChatTag.tag).where(ChatTag.chat_id == chat_id, ANY))
    return {each.removeprefix(PREFIX) for each in tags}


async def flip(session: AsyncSession, chat_id: int, code: str) -> None:
    """Say a platform, or take it back."""
    it = ChatTag.chat_id == chat_id, ChatTag.tag == tag(code)
    if await session.scalar(delete(ChatTag).where(*it).returning(ChatTag.tag)) is None:
        await session.execute(insert(ChatTag).values(chat_id=chat_id, tag=tag(code)))


async def forget(session: AsyncSession, chat_id: int) -> None:
    """Take all of them back."""
    await session.execute(delete(ChatTag).where(ChatTag.chat_id == chat_id, ANY))
