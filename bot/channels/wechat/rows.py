"""The tables as Core sees them, and the rows that are held while somebody is told something."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Table, Update, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import conversations
from bot.channels.web.identity import new_person
from bot.channels.web.rows import PEOPLE, new
from bot.channels.web.shared import Shared
from bot.store.base import Base, now, vault_of
from bot.store.models.wechat import WeChatAccount, WeChatCallback, WeChatLetter


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 (for mypy: a model's table could be a join)
    return table


ACCOUNTS, CALLBACKS, LETTERS = _table(WeChatAccount), _table(WeChatCallback), _table(WeChatLetter)
RIDING = timedelta(seconds=20)  # in which WeChat has taken an answer, or asked for it a third time


@dataclass(slots=True)
class Account:
    """A row, held until the transaction ends."""

    id: int
    openid: str
    person_id: int
    told: int
    choices: list[Any] | None
    window_until: datetime | None
    left: int
    busy_until: datetime | None
    rung: int
    rung_at: datetime | None
    outcome: str
    ring_number: int | None
    consented_at: datetime | None


_COLUMNS = [ACCOUNTS.c[name] for name in Account.__dataclass_fields__]
_BY_KEY = select(*_COLUMNS).where(ACCOUNTS.c.key == bindparam("own_key")).with_for_update()
_WRITE = insert(LETTERS).returning(LETTERS.c.id)
_BY_ID = select(*_COLUMNS).where(ACCOUNTS.c.id == bindparam("number")).with_for_update()


def blind(shared: Shared, text: str, purpose: str) -> bytes:
    return vault_of(shared.db.engine.dialect).blind(text, purpose)


def key_of(shared: Shared, openid: str) -> bytes:
    return blind(shared, openid, "wechat_accounts.key")


async def known(connection: AsyncConnection, key: bytes) -> Account | None:
    row = (await connection.execute(_BY_KEY, {"own_key": key})).first()
    return Account(*row) if row else None


async def by_id(connection: AsyncConnection, number: int) -> Account | None:
    row = (await connection.execute(_BY_ID, {"number": number})).first()
    return Account(*row) if row else None


async def linked(connection: AsyncConnection, shared: Shared, openid: str, person: int | None = None) -> Account:
    """The account of an openid; one that is new becomes this person, or a new one.

    A person has one account: who has another one already is not given a second.
    """
    key = key_of(shared, openid)
    if (found := await known(connection, key)) is not None:
        return found
    taken = select(ACCOUNTS.c.id).where(ACCOUNTS.c.person_id == person)
    gone = select(PEOPLE.c.id).where(PEOPLE.c.id == person, PEOPLE.c.deleted_at.is_not(None))
    for query in (taken, gone) if person is not None else ():
        person = None if (await connection.execute(query)).first() is not None else person
    person = person or new_person()
    profile = {"first_name": shared.words["visitor"], "language_code": "zh-hans"}
    await conversations.meet(connection, person, profile, blind(shared, openid, "web_people.network"))
    told = await _newest(connection, shared, person)
    values = {"key": key, "openid": openid, "person_id": person, "told": told, "left": 0, "rung": 0, "outcome": ""}
    await connection.execute(new(connection, ACCOUNTS).values(values))
    found = await known(connection, key)  # Somebody else may have been quicker.
    if found is None:
        raise LookupError("an account that was written is not there")
    return found


async def _newest(connection: AsyncConnection, shared: Shared, person: int) -> int:
    """What was said before WeChat came in is told on the page alone."""
    found = await conversations.find(connection, await shared.bots.own(), person, lock=False)
    return found.last_message if found is not None else 0


async def change(connection: AsyncConnection, account: Account, **values: Any) -> None:
    given = {f"new_{name}": value for name, value in values.items()}
    await connection.execute(_changing(tuple(values)), {"number": account.id, **given})
    for name, value in values.items():
        setattr(account, name, value)


@cache
def _changing(names: tuple[str, ...]) -> Update:
    """Making a statement takes longer than carrying it out."""
    values = {name: bindparam(f"new_{name}", type_=ACCOUNTS.c[name].type) for name in names}
    return update(ACCOUNTS).where(ACCOUNTS.c.id == bindparam("number")).values(values)


async def write(connection: AsyncConnection, account: Account, body: str, until: datetime, attempts: int = 0) -> int:
    """Put a text down that somebody is going to be told; until then whoever wrote it has it.  Its number."""
    values = {"account_id": account.id, "body": body, "attempts": attempts, "due_at": until, "created_at": now()}
    return int((await connection.execute(_WRITE, values)).scalar_one())
