"""answerCallbackQuery: the toast or the alert after a button was pressed."""

from sqlalchemy import bindparam, select, update

from bot.channels.web import conversations
from bot.channels.web.refusal import refused
from bot.channels.web.rows import PRESSES
from bot.channels.web.rules import ANSWER, PRESS_LIFE
from bot.channels.web.shared import Call
from bot.channels.web.wakeups import HEARD
from bot.store.base import now

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
_FIND = select(PRESSES.c.conversation_id).where(
    PRESSES.c.id == bindparam("press"), PRESSES.c.bot_id == bindparam("bot"), PRESSES.c.pressed_at > bindparam("since")
)
_ANSWER = (
    update(PRESSES)
    .where(PRESSES.c.id == bindparam("press"), PRESSES.c.event == 0)
    .values(event=bindparam("number"), answer=bindparam("words"))
)


async def answer_callback_query(call: Call) -> bool:
    """A query is answered once, within 150 seconds."""
    parameters = call.parameters
    text = parameters.text("text")
    if len(text) > ANSWER:
        raise refused("MESSAGE_TOO_LONG")
    press = parameters.text("callback_query_id")
    values = {"press": press, "bot": call.bot.id, "since": now() - PRESS_LIFE}
    row = (await call.connection.execute(_FIND, values)).first()
    conversation = await conversations.by_id(call.connection, row.conversation_id) if row else None
    if conversation is None:
        raise refused(TOO_OLD)
    words = {"text": text, "alert": parameters.boolean("show_alert")}
    answered = {"press": press, "number": conversation.next_event(), "words": words}
    if (await call.connection.execute(_ANSWER, answered)).rowcount != 1:
        raise refused(TOO_OLD)
    await conversations.keep(call.connection, conversation)
    call.rings += (conversation.key, (HEARD, conversation.person_id))
    return True


METHODS = {"answerCallbackQuery": answer_callback_query}
