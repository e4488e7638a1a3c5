"""The vault's key is changed under a running bot: everything is sealed anew, whatever is killed on the way."""

import pytest
from pydantic import SecretStr
from sqlalchemy import LargeBinary, select, type_coerce

from bot.commands import vault as command
from bot.settings import Settings
from bot.store import sealing
from bot.store.opening import vault_of as ring_of
from bot.store.vault import Vault, new_key
from tests.appeals.test_filing import STORY, case
from tests.attachments.test_attachments import picture
from tests.privacy.test_erasure import names_themselves


@pytest.fixture
def keys(tmp_path_factory):
    """Keys of this test's own: it changes them under a running house."""
    folder = tmp_path_factory.mktemp("keys")
    ring_of(Settings(var=folder, _env_file=None))
    return folder


def with_key(settings: Settings, key: str) -> Settings:
    return settings.model_copy(update={"vault_key": SecretStr(key)})


def hand(app, settings: Settings) -> Vault:
    """Give a running house the ring of these settings, as if it had been started with it."""
    ring = ring_of(settings)
    for engine in (app.db.engine, app.db.reader):
        engine.dialect.vault = ring
    app.web_chat.shared.files.vault = ring
    return ring


async def key_ids(app) -> set[int]:
    """By which keys anything in the database is sealed."""
    found: set[int] = set()
    async with app.db.read() as session:
        for column in sealing.columns():
            values = await session.scalars(select(type_coerce(column, LargeBinary)).where(column.is_not(None)))
            found |= {value[0] for value in values}
    return found


async def filed(phone) -> str:
    number = await names_themselves(phone)
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    await phone.presses("照片或语音")
    await phone.sends_photo(picture())
    await phone.presses("就这些")
    await phone.presses("提交")
    return number


async def test_after_a_rotation_the_old_key_is_not_needed_any_more(phone, app, capsys):
    number = await filed(phone)
    old = (app.settings.var / "vault.key").read_text().strip()
    new = new_key(2)
    assert await key_ids(app) == {1}
    both = with_key(app.settings, f"{new},{old}")
    assert await command.turn(both) == 0
    assert await command.turn(both) == 0  # again: nothing to do
    assert await key_ids(app) == {2}
    capsys.readouterr()
    assert await command.examine(with_key(app.settings, new), most=None) == 0
    assert "identities.body: 2 by key 2: 2 opened, 0 would not open" in capsys.readouterr().out
    assert await command.examine(app.settings, most=None) == 1  # the old key alone
    hand(app, both)
    assert number in (await phone.types("/appeals"))[-1]
    assert (await case(app, number)).story == STORY


async def test_a_rotation_killed_half_way_is_begun_again(phone, app):
    await filed(phone)
    old = (app.settings.var / "vault.key").read_text().strip()
    both = with_key(app.settings, f"{new_key(2)},{old}")
    hand(app, both)
    folders = [each for each in command.folders_of(both) if each.path.name == "uploads"]
    places = sealing.rotate(app.db, folders)
    async for found in places:
        if found.sealed:
            break
    await places.aclose()
    assert await key_ids(app) == {1, 2}
    [upload] = folders[0].files()
    upload.with_name(upload.name + sealing.HALF).write_bytes(b"half")
    assert await command.turn(both) == 0
    assert await key_ids(app) == {2}
    assert upload.read_bytes()[0] == 2


async def test_what_changed_meanwhile_is_not_overwritten(phone, app):
    await filed(phone)
    old = (app.settings.var / "vault.key").read_text().strip()
    both = with_key(app.settings, f"{new_key(2)},{old}")
    vault = hand(app, both)
    [column] = [each for each in sealing.columns() if str(each) == "identities.body"]
    found = sealing.SealedFile("")
    async for rows in sealing._batches(app.db, column, stale=vault.current):
        changed = sealing._sealed_anew(vault, column, rows, found)
        await sealing._replace(app.db, column, changed, found)
        await sealing._replace(app.db, column, [{**each, "new": b"late"} for each in changed], found)
    assert await key_ids(app) >= {1, 2}
    assert await command.examine(both, most=None) == 0
