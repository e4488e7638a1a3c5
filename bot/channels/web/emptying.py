"""A conversation loses all that was said in it."""

from sqlalchemy import delete, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import conversations
from bot.channels.web.conversations import Conversation
from bot.channels.web.rows import FILES, MESSAGES, PRESSES


async def emptied(connection: AsyncConnection, conversation: Conversation) -> list[str]:
    """Empty a conversation; the names of the files that nobody shows any more."""
    number, person = conversation.id, conversation.person_id
    await connection.execute(delete(MESSAGES).where(MESSAGES.c.conversation_id == number))
    await connection.execute(delete(PRESSES).where(PRESSES.c.conversation_id == number))
    theirs = or_(FILES.c.person_id == person, FILES.c.conversation_id == number)
    gone = await connection.execute(delete(FILES).where(theirs).returning(FILES.c.name))
    names = list(gone.scalars())
    conversation.next_event()
    await conversations.keep(connection, conversation, keyboard=None, action_until=None, paced_until=None)
    return names
