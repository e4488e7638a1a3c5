"""The tables as Core sees them: an insert without ORM costs a third."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import upsert
from bot.store.base import Base
from bot.store.models.web import (
    WebBot,
    WebConversation,
    WebFile,
    WebMessage,
    WebPerson,
    WebPress,
    WebResult,
    WebSubscription,
    WebUpdate,
)
from bot.store.models.wechat import WeChatAccount


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 (for mypy: a model's table could be a join)
    return table


BOTS = _table(WebBot)
PEOPLE = _table(WebPerson)
CONVERSATIONS = _table(WebConversation)
MESSAGES = _table(WebMessage)
PRESSES = _table(WebPress)
UPDATES = _table(WebUpdate)
RESULTS = _table(WebResult)
FILES = _table(WebFile)
SUBSCRIPTIONS = _table(WebSubscription)
WECHAT_ACCOUNTS = _table(WeChatAccount)


def new(connection: AsyncConnection, table: Table) -> Any:
    """An insert that does nothing where the row exists already."""
    return upsert.insert(connection, table).on_conflict_do_nothing()
