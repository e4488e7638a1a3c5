"""A backup is made while people write, is whole or absent, and comes back with everybody's cases - but nobody erased."""

import asyncio
import errno
import io
import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from alembic import command as alembic
from PIL import Image
from sqlalchemy import select, update

from bot.__main__ import parse
from bot.app import Application
from bot.backup import archive, backups
from bot.commands import migrate, run
from bot.errors import CannotStart
from bot.services.privacy import deletion_log
from bot.settings import Settings
from bot.store.models import Appeal, Chat, Outbox, now
from bot.store.opening import database_of
from bot.store.vault import new_key
from tests.support.appeals import filed
from tests.support.empty import empty_database


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A file with a private key; `.pub` beside it holds the public one."""
    made = pyrage.x25519.Identity.generate()
    file = tmp_path / "backup.key"
    file.write_text(f"# public key: {made.to_public()}\n{made}\n", encoding="ascii")
    file.with_suffix(".pub").write_text(str(made.to_public()), encoding="ascii")
    return file


@pytest.fixture
async def new_machine(app: Application, tmp_path: Path) -> AsyncIterator[Settings]:
    """A machine set up a moment ago: an empty database, an empty folder, the keys of the old machine."""
    folder = tmp_path / "new"
    folder.mkdir()
    for key in ("vault.key", "secret.key"):
        (folder / key).write_bytes((app.settings.var / key).read_bytes())
    async with empty_database(folder) as url:
        yield app.settings.model_copy(update={"var": folder, "database_url": url})


async def runs(settings: Settings, *arguments: str | Path) -> int:
    """A command, as somebody types it.  Raises CannotStart with what it would print."""
    given = parse([str(each) for each in arguments])
    return await asyncio.to_thread(given.run, given, settings)


async def backed_up(app: Application, identity: Path, target: Path) -> Path:
    public = identity.with_suffix(".pub").read_text(encoding="ascii")
    assert await runs(app.settings, "backup", target, "--to", public) == 0
    return target


async def numbers(settings: Settings) -> list[str]:
    db = database_of(settings)
    try:
        async with db.read() as session:
            return list(await session.scalars(select(Appeal.number).order_by(Appeal.id)))
    finally:
        await db.close()


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "orange").save(made, "JPEG")
    return made.getvalue()


async def with_photo(phone) -> None:
    """An appeal with a picture, filed by hand."""
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_photo(photo())
    await phone.presses("就这些")
    await phone.presses("提交")


async def test_a_backup_made_while_people_write_comes_back_whole(app, phone, identity, new_machine, tmp_path, capsys):
    before = await filed(app)
    await with_photo(phone)
    async with asyncio.TaskGroup() as group:
        making = group.create_task(backed_up(app, identity, tmp_path / "city.backup"))
        group.create_task(filed(app, chat=None, name="李四", phone="13900001111"))
    archived = making.result()
    assert await runs(app.settings, "restore", archived, "--identity", identity, "--verify") == 0
    assert await runs(new_machine, "restore", archived, "--identity", identity) == 0
    assert before in await numbers(new_machine)
    kept = [path.relative_to(app.settings.var) for path in (app.settings.var / "web").rglob("*") if path.is_file()]
    assert kept
    assert all((new_machine.var / path).read_bytes() == (app.settings.var / path).read_bytes() for path in kept)
    assert "whole, and opens with the keys of this installation" in capsys.readouterr().out


async def test_what_the_backup_holds_is_read_by_nobody_without_the_private_key(app, identity, tmp_path):
    await filed(app)
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    assert archived.stat().st_mode & 0o077 == 0
    assert archived.read_bytes().startswith(b"age-encryption.org/")
    other = tmp_path / "other.key"
    other.write_text(str(pyrage.x25519.Identity.generate()), encoding="ascii")
    with pytest.raises(CannotStart, match="does not open with this key"):
        await runs(app.settings, "restore", archived, "--identity", other, "--verify")
    with pytest.raises(CannotStart, match="--identity"):
        await runs(app.settings, "restore", archived, "--verify")


async def test_whoever_was_erased_since_is_erased_again_before_anybody_is_answered(
    app, identity, new_machine, tmp_path
):
    async with app.db.begin() as session:
        chat = Chat(channel="web", key=b"k" * 16, address=1, created_at=now() - timedelta(days=30))
        session.add(chat)
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    deletion_log.write(new_machine.var, {"key": (b"k" * 16).hex(), "at": now().isoformat()})  # brought from there
    await runs(new_machine, "restore", archived, "--identity", identity)
    db = database_of(new_machine)
    async with db.read() as session:
        assert await session.scalar(select(Chat.id).where(Chat.key == b"k" * 16)) is None
    await db.close()


async def test_a_database_put_back_by_hand_is_erased_again_when_the_bot_starts(app, settings, knowledge, tmp_path):
    async with app.db.begin() as session:
        session.add(Chat(channel="web", key=b"k" * 16, address=1, created_at=now() - timedelta(days=30)))
        await session.execute(update(Outbox).values(state="sent"))
    await app.stop()
    deletion_log.write(settings.var, {"key": (b"k" * 16).hex(), "at": now().isoformat()})
    started = Application(settings, knowledge, demo=True)
    await run.erase_again(started)
    try:
        async with started.db.read() as session:
            assert await session.scalar(select(Chat.id).where(Chat.key == b"k" * 16)) is None
    finally:
        await started.stop()


async def test_what_the_log_of_deletions_says_of_long_ago_erases_nobody_again(app, settings, knowledge):
    """The database forgets its tombstones after a while; the file does not, and is not newer because of that."""
    long_ago = now() - knowledge.retention.keep("tombstones") - timedelta(days=1)
    async with app.db.begin() as session:
        session.add(Chat(channel="web", key=b"k" * 16, address=1, created_at=long_ago - timedelta(days=1)))
        await session.execute(update(Outbox).values(state="sent"))
    await app.stop()
    deletion_log.write(settings.var, {"key": (b"k" * 16).hex(), "at": long_ago.isoformat()})
    started = Application(settings, knowledge, demo=True)
    await run.erase_again(started)
    try:
        async with started.db.read() as session:
            assert await session.scalar(select(Chat.id).where(Chat.key == b"k" * 16)) is not None
    finally:
        await started.stop()


async def test_a_program_newer_than_the_tables_does_not_start(app, settings, knowledge):
    await app.stop()
    await asyncio.to_thread(alembic.downgrade, migrate.config(settings), "0020")
    started = Application(settings, knowledge, demo=True)
    with pytest.raises(CannotStart, match="bot migrate"):
        await run.check_tables(started)
    await asyncio.to_thread(migrate.upgrade, settings)
    await run.check_tables(started)
    await started.stop()


async def test_a_backup_from_before_an_upgrade_is_made_and_tried_by_the_new_program(app, identity, tmp_path):
    number = await filed(app)
    await app.stop()
    await asyncio.to_thread(alembic.downgrade, migrate.config(app.settings), "0010")
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    assert await runs(app.settings, "restore", archived, "--identity", identity, "--verify") == 0
    assert len(await asyncio.to_thread(migrate.pending, app.settings)) > 1  # The trial changed nothing here.
    await asyncio.to_thread(migrate.upgrade, app.settings)
    assert await numbers(app.settings) == [number]


async def test_a_backup_that_cannot_be_written_is_a_sentence_and_leaves_nothing(app, tmp_path, monkeypatch):
    with pytest.raises(CannotStart, match="No such file"):
        await runs(app.settings, "backup", tmp_path / "nowhere" / "city.backup", "--plain")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)  # where a full disk shows at last
    with pytest.raises(CannotStart, match="No space left"):
        await runs(app.settings, "backup", tmp_path / "city.backup", "--plain")
    assert not list(tmp_path.glob("*city.backup*"))


@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "text"])
async def test_a_damaged_backup_is_refused_and_changes_nothing(app, identity, new_machine, tmp_path, harm):
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    whole = archived.read_bytes()
    middle = len(whole) // 2
    harmed = {
        "cut": whole[:middle],
        "changed": whole[:middle] + bytes((whole[middle] ^ 1,)) + whole[middle + 1 :],
        "empty": b"",
        "text": b"nothing at all\n" * 100,
    }
    archived.write_bytes(harmed[harm])
    with pytest.raises(CannotStart):
        await runs(new_machine, "restore", archived, "--identity", identity)
    assert not backups.is_unfinished(new_machine.var)
    assert not (new_machine.var / "web").exists()


async def test_a_plain_backup_that_was_cut_or_changed_is_refused(app, new_machine, tmp_path):
    await runs(app.settings, "backup", tmp_path / "plain.backup", "--plain", "--verify")
    whole = (tmp_path / "plain.backup").read_bytes()
    (tmp_path / "cut.backup").write_bytes(whole[: len(whole) // 2])
    middle = whole.index(b"SQLite format") + 2_000 if b"SQLite format" in whole else len(whole) // 3
    (tmp_path / "changed.backup").write_bytes(whole[:middle] + b"?!" + whole[middle + 2 :])
    for name, why in (("cut", "not whole"), ("changed", "not what was put into it")):
        with pytest.raises(CannotStart, match=why):
            await runs(new_machine, "restore", tmp_path / f"{name}.backup")


async def test_with_another_vault_key_nothing_is_put_back(app, identity, new_machine, tmp_path):
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    (new_machine.var / "vault.key").write_text(new_key(), encoding="ascii")
    with pytest.raises(CannotStart, match=r"needs key \d"):
        await runs(new_machine, "restore", archived, "--identity", identity)
    assert not backups.is_unfinished(new_machine.var)


async def test_an_installation_with_something_in_it_is_not_written_over(app, identity, tmp_path):
    number = await filed(app)
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    with pytest.raises(CannotStart, match="not empty"):
        await runs(app.settings, "restore", archived, "--identity", identity)
    assert await numbers(app.settings) == [number]


async def test_a_restore_that_was_killed_answers_nobody_until_it_is_repeated(
    app, identity, new_machine, tmp_path, knowledge
):
    number = await filed(app)
    archived = await backed_up(app, identity, tmp_path / "city.backup")
    await backups.restore(new_machine, archived, archive.identities(identity))  # and killed before it was finished
    half = Application(new_machine, knowledge)
    with pytest.raises(CannotStart, match="once more"):
        await run.erase_again(half)
    await half.stop()
    await runs(new_machine, "restore", archived, "--identity", identity)
    assert not backups.is_unfinished(new_machine.var)
    assert await numbers(new_machine) == [number]


async def test_a_folder_keeps_the_newest_backups_only(app, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [folder / f"nuanxin-2026010{day}T000000Z.backup" for day in (1, 2, 3)]
    for each in old:
        each.touch()
    await runs(app.settings, "backup", folder, "--plain", "--keep", "2")
    names = sorted(each.name for each in folder.iterdir())
    assert len(names) == 2
    assert names[0] == old[-1].name
    assert re.fullmatch(r"nuanxin-\d{8}T\d{6}Z\.backup", names[1])


async def test_without_anybody_who_could_open_it_no_backup_is_made(app, tmp_path):
    with pytest.raises(CannotStart, match="age-keygen"):
        await runs(app.settings, "backup", tmp_path / "city.backup")
    with pytest.raises(CannotStart, match="age1"):
        await runs(app.settings, "backup", tmp_path / "city.backup", "--to", "age1nonsense")
    assert not (tmp_path / "city.backup").exists()
