"""The database and the keys that the settings name; keys that nobody gave are made once and kept."""

import secrets
from pathlib import Path

from bot.settings import Settings
from bot.store.db import Database, connect
from bot.store.vault import Vault, kept, new_key, private


def vault_of(settings: Settings) -> Vault:
    key = settings.vault_key.get_secret_value() or kept(settings.var / "vault.key", new_key())
    return Vault.parse(key, secret_of(settings))


def secret_of(settings: Settings) -> str:
    given = settings.secret_key.get_secret_value()
    return given or kept(settings.var / "secret.key", secrets.token_urlsafe(32))


def _make_private(folder: Path) -> None:
    """The folder and the database in it are their owner's alone, whatever the umask says."""
    private(folder)
    file = folder / "nuanxin.db"
    file.touch(0o600)
    file.chmod(0o600)


def database_of(settings: Settings) -> Database:
    """The database of the settings, with the vault that its sealed columns need."""
    if not settings.database_url:
        _make_private(settings.var)
    return connect(settings.database, vault_of(settings))
