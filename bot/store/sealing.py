"""Everything that is sealed, column by column and folder by folder: sealed anew with the newest key, or tried out.

Every batch is a transaction of its own that replaces only bytes nobody changed meanwhile, and a file appears whole or
not at all: kill it at any moment, and begin again.  The running bot need not stop.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, bindparam, func, select, tuple_, type_coerce, update

from bot.store.base import Base, Sealed, vault_of
from bot.store.db import Database
from bot.store.vault import CannotOpen, Vault

BATCH = 500  # rows in one transaction
Rows = Sequence[Any]  # of a column: its table's primary key, and `sealed`
HALF = ".part"  # the name of a file that is not whole yet ends so


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of sealed files; `purpose` is what the vault authenticates, by the name of the file."""

    path: Path
    purpose: Callable[[str], str]

    def files(self) -> Iterator[Path]:
        for each in sorted(self.path.iterdir()) if self.path.is_dir() else ():
            if each.is_file() and not each.name.endswith(HALF):
                yield each


@dataclass(slots=True)
class SealedFile:
    """What there is in one place: by which keys it is sealed, how much of it was opened, and what would not open."""

    place: str
    keys: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    sealed: int = 0  # anew


def columns() -> list[Column[Any]]:
    """Every column of ours that is sealed."""
    tables = Base.metadata.sorted_tables
    return [each for table in tables for each in table.columns if isinstance(each.type, Sealed)]


async def rotate(db: Database, folders: list[Folder]) -> AsyncIterator[SealedFile]:
    """Seal with the newest key whatever is sealed with an older one; one Found a place."""
    vault = vault_of(db.engine.dialect)
    for column in columns():
        found = SealedFile(str(column))
        async for rows in _batches(db, column, stale=vault.current):
            await _replace(db, column, _sealed_anew(vault, column, rows, found), found)
        yield found
    for folder in folders:
        found = SealedFile(str(folder.path))
        for path in folder.files():
            _renew(vault, path, folder.purpose(path.name), found)
        yield found


async def check(db: Database, folders: list[Folder], *, most: int | None) -> AsyncIterator[SealedFile]:
    """Open up to `most` values of every place, all of them for None."""
    vault = vault_of(db.engine.dialect)
    for column in columns():
        found = SealedFile(str(column))
        async for rows in _batches(db, column):
            for row in rows:
                _try(vault, row.sealed, _purpose(column), found, most)
        yield found
    for folder in folders:
        found = SealedFile(str(folder.path))
        for path in folder.files():
            _try(vault, path.read_bytes(), folder.purpose(path.name), found, most)
        yield found


def _try(vault: Vault, sealed: bytes, purpose: str, found: SealedFile, most: int | None) -> None:
    number = sealed[0] if sealed else 0
    found.keys[number] += 1
    if number not in vault.numbers:
        found.closed += 1
    elif most is None or found.opened < most:
        try:
            vault.open(sealed, purpose)
            found.opened += 1
        except CannotOpen:
            found.closed += 1


async def _batches(db: Database, column: Column[Any], *, stale: int | None = None) -> AsyncIterator[Rows]:
    """The rows of a column in the order of their keys, with `sealed`; only those not sealed by key `stale`."""
    table, raw = column.table, type_coerce(column, LargeBinary)
    key = list(table.primary_key)
    query = select(*key, raw.label("sealed")).where(column.is_not(None)).order_by(*key).limit(BATCH)
    if stale is not None:
        query = query.where(func.substr(raw, 1, 1) != bindparam("current", bytes((stale,)), LargeBinary))
    last: tuple[Any, ...] | None = None
    while True:
        page = query if last is None else query.where(tuple_(*key) > tuple_(*map(_literal, key, last)))
        async with db.read() as session:
            rows = (await session.execute(page)).all()
        if not rows:
            return
        yield rows
        last = tuple(rows[-1])[:-1]


def _literal(column: Column[Any], value: Any) -> Any:
    return bindparam(None, value, column.type)


def _sealed_anew(vault: Vault, column: Column[Any], rows: Rows, found: SealedFile) -> list[dict[str, Any]]:
    changed = []
    for row in rows:
        try:
            plain = vault.open(row.sealed, _purpose(column))
        except CannotOpen:
            found.closed += 1
            continue
        key = {f"key_{each.name}": value for each, value in zip(column.table.primary_key, row, strict=False)}
        changed.append({**key, "old": row.sealed, "new": vault.seal(plain, _purpose(column))})
    return changed


async def _replace(db: Database, column: Column[Any], changed: Sequence[Mapping[str, Any]], found: SealedFile) -> None:
    """Put the new bytes where the old ones still are; what changed meanwhile was sealed with the newest key anyway."""
    if not changed:
        return
    table = column.table
    same = [each == bindparam(f"key_{each.name}", type_=each.type) for each in table.primary_key]
    statement = (
        update(table)
        .where(*same, type_coerce(column, LargeBinary) == bindparam("old", type_=LargeBinary))
        .values({column: bindparam("new", type_=LargeBinary)})
    )
    async with db.connect() as connection:
        await connection.execute(statement, changed)
    found.sealed += len(changed)


def _renew(vault: Vault, path: Path, purpose: str, found: SealedFile) -> None:
    sealed = path.read_bytes()
    if sealed[:1] == bytes((vault.current,)):
        return
    try:
        plain = vault.open(sealed, purpose)
    except CannotOpen:
        found.closed += 1
        return
    half = path.with_name(path.name + HALF)
    with half.open("wb") as file:
        file.write(vault.seal(plain, purpose))
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    found.sealed += 1


def _purpose(column: Column[Any]) -> str:
    if not isinstance(column.type, Sealed):
        raise TypeError(f"{column} is not sealed")
    return column.type.purpose
