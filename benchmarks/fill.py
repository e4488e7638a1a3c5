"""A year of an office's work in bulk: appeals with their steps, hazards, volunteers, chats and what was sent.

For every appeal 7 steps or so, a fifth of a hazard, a tenth of a volunteer, half a chat and three rows of what was
sent.  Three in a hundred appeals are still open.  Nothing of it goes through the services: triggers and foreign keys
are off while it is written.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import make_url

DAYS = 365
PART = 5_000  # appeals whose rows are made at once
KINDS = ("wages", "platform", "access", "station", "injury")
PLACES = ("210106", "210102", "210111", "210103", "110105", "110108", "310115", "440106", "510104", "330106")
STORY = "站长拖着第{}个月的工资不给，一共{}元，催了三次都说下周，电话也不接，群里还把我踢了"
OPEN = ("submitted", "accepted", "assigned", "in_progress", "in_progress", "pending_info", "reopened", "answered")
WAY = ("submit", "accept", "assign", "begin", "propose", "answer")
LED = {"accept": "accepted", "assign": "assigned", "begin": "in_progress", "propose": "in_progress"}
STEPS_OF = {"submitted": 1, "accepted": 2, "assigned": 3, "in_progress": 4, "pending_info": 4, "answered": 6}

CHANGED = "INSERT INTO appeal_changes (appeal_id) SELECT id FROM appeals ORDER BY id"  # as triggers would note it

Rows = list[tuple[Any, ...]]
COLUMNS = {
    "appeals": (
        *("id", "number", "code", "alias", "kind", "state", "version", "naming", "priority", "behalf", "confidential"),
        *("story", "region", "place", "agency_id", "about", "handler_id", "hops", "level", "extended", "reopened"),
        *("question", "proposal", "remark", "answer", "rating", "created_at", "answered_at", "closed_at", "forwarded"),
        *("backend_number", "hold", "limit_unit", "extension", "due_at"),
    ),
    "appeal_steps": (
        *("appeal_id", "name", "source", "target", "role", "agency_id", "text", "note", "key", "rating", "at"),
    ),
    "hazards": (
        *("id", "number", "alias", "origin", "kind", "state", "version", "text", "region", "place", "latitude"),
        *("longitude", "details", "priority", "agency_id", "hops", "level", "reopened", "suspect", "result"),
        *("off_site", "created_at", "updated_at", "resolved_at", "closed_at", "limit_unit", "extension", "due_at"),
    ),
    "hazard_steps": ("hazard_id", "name", "source", "target", "role", "text", "note", "at"),
    "volunteers": (
        *("id", "number", "alias", "owner", "state", "version", "consent", "platform", "job", "district", "grid"),
        *("availability", "skills", "liaison", "certificate", "expires_at", "created_at"),
    ),
    "chats": (
        *("id", "channel", "key", "address", "version", "language", "region", "job", "topic", "flow", "step", "paused"),
        *("service_notices", "activity_notices", "quiet", "started_at", "created_at"),
    ),
    "outbox": ("kind", "subject", "lane", "state", "attempts", "due_at", "why", "created_at", "sent_at"),
}


def rows(count: int, agencies: Sequence[int], at: datetime) -> Iterator[dict[str, Rows]]:
    """The rows of so many appeals and what belongs to them, a part at a time."""
    chance = random.Random(count)
    for first in range(1, count + 1, PART):
        part: dict[str, Rows] = {table: [] for table in COLUMNS}
        for number in range(first, min(first + PART, count + 1)):
            _appeal(part, number, at - timedelta(days=DAYS) * (1 - number / count), at, agencies, chance)
            if number % 5 == 0:
                _hazard(part, number // 5, at - timedelta(days=DAYS) * (1 - number / count), agencies, chance)
            if number % 10 == 0:
                _volunteer(part, number // 10, at)
            if number % 2 == 0:
                _chat(part, number // 2, at, chance)
        yield part


def _appeal(
    part: dict[str, Rows], number: int, born: datetime, at: datetime, agencies: Sequence[int], chance: random.Random
) -> None:
    still = at - born < timedelta(days=9) or chance.random() < 0.005
    state = chance.choice(OPEN) if still else ("closed" if chance.random() < 0.7 else "closed_unrated")
    agency, kind, place = chance.choice(agencies), chance.choice(KINDS), chance.choice(PLACES)
    rating = chance.choice(("good", "good", "fair", "")) if state == "closed" else ""
    answered = born + timedelta(days=3) if state in ("answered", "closed", "closed_unrated") else None
    closed = born + timedelta(days=6) if state.startswith("closed") else None
    ready = state == "in_progress" and number % 3 == 0
    written = "已联系站长，约定二十五日前补齐。"
    part["appeals"].append((
        *(number, f"9{number:011}", number.to_bytes(16, "big"), f"filled{number}", kind, state, 7, "hidden"),
        *(number % 50 == 0, False, False, STORY.format(number % 12 + 1, number), place, "兴工街8号", agency, ""),
        *(None, 0, int(number % 97 == 0), False, int(state == "reopened"), "", written if ready else ""),
        *("再写细一点" if ready and number % 2 else "", written if answered else "", rating, born, answered, closed),
        *(False, "", "", "working_days", 0, born + timedelta(days=chance.randrange(5, 15))),
    ))  # fmt: skip
    names = [*WAY[: STEPS_OF.get(state, 6)]]
    names += [*(["reopen"] if number % 33 == 0 and closed else []), *(_last(state))]
    source = ""
    for hours, name in enumerate(names):
        target = LED.get(name) or {"submit": "submitted", "answer": "answered"}.get(name, state)
        part["appeal_steps"].append((
            *(number, name, source, target, "system", agency, "", "", None),
            *(rating if name == "verify" else "", min(born + timedelta(hours=24 * hours), at)),
        ))  # fmt: skip
        source = target
    for hours in range(3):
        sent = born + timedelta(hours=hours)
        part["outbox"].append(("telegram", f"9{number:011}", 0, "sent", 1, sent, "", sent, sent))


def _last(state: str) -> list[str]:
    return {"closed": ["verify", "close"], "closed_unrated": ["expire"], "reopened": ["reopen"]}.get(state, [])


def _hazard(part: dict[str, Rows], number: int, born: datetime, agencies: Sequence[int], chance: random.Random) -> None:
    state = chance.choice(("reported", "dispatched", "handling", "resolved")) if number % 33 == 0 else "rewarded"
    over = born + timedelta(days=4) if state == "rewarded" else None
    part["hazards"].append((
        *(number, f"8{number:011}", f"hazard{number}", "chat", "road", state, 5, "井盖坏了，车轮会陷进去"),
        *(chance.choice(PLACES), "兴工街8号", 41.7 + chance.random() / 5, 123.3 + chance.random() / 5, "{}", False),
        *(chance.choice(agencies), 0, 0, 0, "", "", "", born, born, over, over, "", 0, born + timedelta(days=5)),
    ))  # fmt: skip
    for hours, name in enumerate(("submit", "validate", "dispatch", "begin", "resolve")):
        line = (number, name, "", state, "system", "", "", born + timedelta(hours=hours))
        part["hazard_steps"].append(line)


def _volunteer(part: dict[str, Rows], number: int, at: datetime) -> None:
    state = ("applied", "training", "active", "active", "active", "lapsed")[number % 6]
    certificate = f"V{number}" if state in ("active", "lapsed") else None
    part["volunteers"].append((
        *(number, f"7{number:011}", f"volunteer{number}", number.to_bytes(16, "big"), state, 3, "2026-01", "meituan"),
        *("rider", PLACES[number % len(PLACES)], "", "weekend", "", False, certificate),
        *(at + timedelta(days=200) if certificate else None, at - timedelta(days=number % DAYS)),
    ))  # fmt: skip


def _chat(part: dict[str, Rows], number: int, at: datetime, chance: random.Random) -> None:
    part["chats"].append((
        *(number, "telegram", number.to_bytes(16, "big"), b"", 1, "zh", chance.choice(PLACES), "rider", "", "", ""),
        *(False, True, number % 3 == 0, "", at, at),
    ))  # fmt: skip


async def postgresql(url: str, count: int, agencies: Sequence[int], at: datetime) -> None:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for part in rows(count, agencies, at):
        for table, columns in COLUMNS.items():
            await connection.copy_records_to_table(table, records=part[table], columns=columns)
    for table in ("appeals", "hazards", "volunteers", "chats"):
        await connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    await connection.execute(CHANGED)
    await connection.execute("SET session_replication_role = origin")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def sqlite(file: str, count: int, agencies: Sequence[int], at: datetime) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    for table in ("appeals", "hazards", "volunteers"):
        connection.execute(f"DROP TRIGGER {table}_begin")
    noted = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'appeal_steps_noted'").fetchone()[0]
    connection.execute("DROP TRIGGER appeal_steps_noted")
    for part in rows(count, agencies, at):
        connection.execute("BEGIN")
        for table, columns in COLUMNS.items():
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            connection.executemany(statement, _plain(part[table]))
        connection.execute("COMMIT")
    connection.execute(CHANGED)
    connection.execute(noted)
    connection.execute("ANALYZE")
    connection.close()


def _plain(lines: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Moments as SQLAlchemy writes them."""
    for line in lines:
        yield [f"{each.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if isinstance(each, datetime) else each for each in line]
