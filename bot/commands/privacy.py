"""python -m bot privacy: what an operator does for the privacy of workers."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import knowledge
from bot.commands.running import command, opened
from bot.services.appeals import case_work
from bot.services.appeals.appeals import UnknownAppeal
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM
from bot.services.privacy import deletion_log, erasure, retention
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.settings import Settings
from knowledge import Knowledge


def add(commands: Any) -> None:
    parser = commands.add_parser("privacy", help="retention, legal holds, deletions after a restored backup")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    keep = actions.add_parser("retention", help="delete what has been kept long enough; the bot does so every night")
    keep.add_argument("--dry-run", action="store_true", help="only count")
    keep.set_defaults(run=_retention)
    hold = actions.add_parser("hold", help="keep a case as it is, whoever asks for its deletion")
    hold.add_argument("number")
    hold.add_argument("why", help="for the record, such as the court's file number")
    hold.set_defaults(run=_hold)
    release = actions.add_parser("release", help="end a legal hold")
    release.add_argument("number")
    release.set_defaults(run=_hold, why="")
    again = actions.add_parser("reapply", help="after restoring a backup: erase again who was erased since")
    again.add_argument("files", nargs="*", type=Path, help="tombstones of other machines; ours is read anyway")
    again.set_defaults(run=_reapply)


@command
async def _retention(given: argparse.Namespace, settings: Settings) -> None:
    content = knowledge.shipped()
    counts = await (foresee if given.dry_run else delete)(settings, content)
    verb = "would be dealt with" if given.dry_run else "dealt with"
    for rule in content.retention.rules.values():
        kept = "kept" if rule.days is None else f"{rule.days:>4} days"
        print(f"{rule.name:<22} {kept:<10} {counts.get(rule.name, 0):>7} {verb}: {rule.what}")


@command
async def _hold(given: argparse.Namespace, settings: Settings) -> int:
    try:
        await hold(settings, given.number, given.why)
    except UnknownAppeal:
        print(f"no case {given.number}")
        return 1
    print(f"{given.number} is {'on hold' if given.why else 'free again'}")
    return 0


@command
async def _reapply(given: argparse.Namespace, settings: Settings) -> None:
    print(f"erased again: {await reapply(settings, knowledge.shipped(), given.files)}")


async def foresee(settings: Settings, content: Knowledge) -> dict[str, int]:
    """What a run would deal with, by rule."""
    async with opened(settings) as db, db.read() as session:
        return await retention.foresee(session, content.retention)


async def delete(settings: Settings, content: Knowledge) -> dict[str, int]:
    """Run until nothing is due, a transaction a batch; how many rows by rule, which the audit keeps."""
    context, total = _service_context(settings, content), Counter[str]()
    async with opened(settings) as db:
        while True:
            async with db.begin() as session:
                done = await retention.run(session, context)
            if not done:
                break
            total.update(done)
        async with db.begin() as session:
            await audit.note(session, By(), "retention.run", rows=dict(total))
    return dict(total)


async def hold(settings: Settings, number: str, why: str) -> None:
    """Set or, with "", end a legal hold; the audit keeps it.  Raises UnknownAppeal."""
    async with opened(settings) as db, db.begin() as session:
        await case_work.hold(session, number, why, SYSTEM)
        await audit.note(session, By(), "appeals.hold" if why else "appeals.release", f"appeal:{number}")


async def reapply(settings: Settings, content: Knowledge, files: Sequence[Path]) -> int:
    """Erase again whoever a restored backup brought back; how many there were.  Safe to repeat."""
    context, erased = _service_context(settings, content), 0
    async with opened(settings) as db:
        async with db.read() as session:
            known = [*(await deletion_log.every(session)).items()]
        for path in (settings.var / deletion_log.NAME, *files):
            known += deletion_log.read(path).items()
        for each in known:
            async with db.begin() as session:
                for chat in await deletion_log.returned(session, [each]):
                    await erasure.erase(session, context, chat)
                    erased += 1
    return erased


def _service_context(settings: Settings, content: Knowledge) -> ServiceContext:
    return ServiceContext(content, queue=bool(settings.queue_url), silent=True)
