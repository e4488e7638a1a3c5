"""The database and the keys that the settings name; keys that nobody gave are made once and kept."""

import secrets

from bot.settings import Settings
from bot.store.db import Database, connect
from bot.store.vault import Vault, kept, new_key


def vault_of(settings: Settings) -> Vault:
    key = settings.vault_key.get_secret_value() or kept(settings.var / "vault.key", new_key())
    return Vault.parse(key, secret_of(settings))


def secret_of(settings: Settings) -> str:
    given = settings.secret_key.get_secret_value()
    return given or kept(settings.var / "secret.key", secrets.token_urlsafe(32))


def database_of(settings: Settings) -> Database:
    """The database of the settings, with the vault that its sealed columns need."""
    if not settings.database_url:
        settings.var.mkdir(parents=True, exist_ok=True)
    return connect(settings.database, vault_of(settings))
