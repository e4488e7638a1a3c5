"""Every knob, read once from the environment.  `.env.example` and docs/operations.md are tested against this class.

Any of them may be in a file instead, as containers and systemd hand out secrets: `NUANXIN_VAULT_KEY_FILE` names it.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import URL

from bot.doors import addresses, listening
from bot.errors import CannotStart
from bot.settings.models import RemoteModels
from bot.settings.text_messages import TextMessages
from bot.settings.wechat import WECHAT as WECHAT
from bot.settings.wechat import WeChat
from bot.store import address
from bot.store.vault import Vault

FREE = 30  # messages a second that Telegram takes for nothing
QUEUES = frozenset({"redis", "rediss", "amqp", "amqps", "nats", "kafka", "https"})
LEAST_SECRET, LEAST_SIGNS = 32, 10  # characters of a secret, and different ones among them
MAKES_ONE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
TELEGRAM = "https://api.telegram.org"
WECHAT_FORMS = {"token": r"[A-Za-z0-9]{16,32}", "aes_key": r"[A-Za-z0-9]{43}", "app_secret": r"[A-Za-z0-9]{32,64}"}
# Of Chrome and what is made of it, Firefox, Edge, Safari: each browser chooses its own.
PUSH_SERVICES = "fcm.googleapis.com *.push.services.mozilla.com *.notify.windows.com *.push.apple.com"
HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z]{2,}")


class FilesSource(PydanticBaseSettingsSource):
    """Settings whose value stands in a file that NUANXIN_..._FILE names, in the environment or in .env."""

    def __init__(self, settings_cls: type[BaseSettings], dotenv: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._dotenv = getattr(dotenv, "env_vars", {})

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Raises CannotStart, with the name of the setting, for a file that cannot be read."""
        name = f"NUANXIN_{field_name.upper()}_FILE"
        path = os.environ.get(name) or self._dotenv.get(name.lower())
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise CannotStart(f"{name}: {error}") from None

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(RemoteModels, TextMessages, WeChat):
    """An empty environment is a working one: web chat only, SQLite under `var/`, the console as the desk."""

    model_config = SettingsConfigDict(env_prefix="NUANXIN_", env_file=".env", extra="ignore", frozen=True)

    var: Path = Field(Path("var"), description="Folder for what this installation keeps: database, keys, uploads.")
    database_url: str = Field(
        "", description="Empty: SQLite below NUANXIN_VAR, one process. postgresql+asyncpg://... for many."
    )
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the HTTP server listens on.")
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="A port of its own for /metrics, /readyz and /healthz. 0: beside everything else.",
    )
    public_url: str = Field(
        "",
        description="How the outside reaches this server, e.g. https://nuanxin.example.gov.cn. Empty: host and port.",
    )
    operator_name: str = Field("", max_length=60, description="Who runs this for workers, said in /start and /help.")
    operator_phone: str = Field("", max_length=40, description="The operator's phone, said beside the name.")
    proxies: str = Field(
        addresses.LOCAL,
        description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks, "
        "separated by commas. Empty: nobody's.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs cookies and links, at least 32 characters. Empty: made once, kept below NUANXIN_VAR.",
    )
    vault_key: SecretStr = Field(
        SecretStr(""),
        description="Seals identities: id:base64 of 32 bytes, newest first, separated by commas. "
        "Empty: made once, kept below NUANXIN_VAR.",
    )
    queue_url: str = Field(
        "",
        description="Backend queue: redis://, amqp://, nats://, kafka:// or https://. Empty: the console is the desk.",
    )
    queue_secret: SecretStr = Field(
        SecretStr(""),
        description="Shared with the backend: signs https:// deliveries and POST /backend/status.",
    )
    telegram_token: SecretStr = Field(SecretStr(""), description="From @BotFather. Empty: no Telegram channel.")
    telegram_api_url: str = Field(f"{TELEGRAM}/bot", description="Bot API server; ends in /bot.")
    telegram_file_url: str = Field(
        f"{TELEGRAM}/file/bot", description="Where Bot API files are fetched; ends in /file/bot."
    )
    telegram_webhook_url: str = Field(
        "", description="Public https address of this server's /telegram. Empty: long polling."
    )
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="Comes back with every webhook call: 1-256 of A-Z a-z 0-9 _ -. Required with a webhook.",
    )
    web_chat: bool = Field(True, description="Serve the web chat page and its channel.")
    map_tiles: str = Field(
        "",
        description="Streets under the map: https addresses of tiles with {x}, {y}, {z} and perhaps {s}, the lowest "
        "layer first, blanks between. Empty: outlines and stations only.",
    )
    map_datum: Literal["wgs84", "gcj02"] = Field(
        "wgs84", description="In which datum the tiles are drawn: wgs84, also for CGCS2000, or gcj02."
    )
    map_attribution: str = Field("", max_length=200, description="Whose tiles they are, said on the map.")
    push_contact: str = Field(
        "",
        max_length=200,
        description="Whom push services may write to, mailto:... or https://...: browsers of the web chat can then be "
        "rung while the page is closed. Empty: never.",
    )
    push_services: str = Field(
        PUSH_SERVICES,
        description="Hosts of push services that are called, with *. before those of any name below, blanks between.",
    )
    bulk_per_second: float = Field(
        25.0, gt=0, le=1000, description="Notices sent per second; Telegram allows about 30 for nothing."
    )
    bulk_paid: bool = Field(
        False, description="Pay Telegram 0.1 Star for each notice beyond 30 a second; needed above that."
    )
    quiet_hours: str = Field(
        "22-8", pattern=r"^\d{1,2}-\d{1,2}$", description="When workers are not woken by what can wait; 0-0 for never."
    )
    search: Literal["full", "lexical"] = Field(
        "full",
        description="How deep the search may look: with a model of language, or by words only (saves 50 MB).",
    )
    backup_recipients: str = Field(
        "",
        description="Public keys of age (age1...) that backups are encrypted for, blanks between. The private ones stay "
        "elsewhere.",
    )
    traces_url: str = Field(
        "",
        pattern=r"^(https?://[^\s]+)?$",
        description="OpenTelemetry collector that is sent traces, e.g. http://127.0.0.1:4318/v1/traces. Empty: none.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_json: bool = Field(False, description="One JSON object a line, for a log collector.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a value says itself comes before a file of it; both before .env."""
        return init_settings, env_settings, FilesSource(settings_cls, dotenv_settings), dotenv_settings

    @field_validator("secret_key", "queue_secret", "telegram_webhook_secret")
    @classmethod
    def _a_secret_cannot_be_guessed(cls, given: SecretStr) -> SecretStr:
        secret = given.get_secret_value()
        if secret and (len(secret) < LEAST_SECRET or len(set(secret)) < LEAST_SIGNS):
            raise ValueError(f"at least {LEAST_SECRET} random characters; {MAKES_ONE} makes them")
        return given

    @field_validator("vault_key")
    @classmethod
    def _a_ring_holds_keys(cls, given: SecretStr) -> SecretStr:
        if ring := given.get_secret_value():
            Vault.parse(ring, "")
        return given

    @field_validator("host")
    @classmethod
    def _an_address_stands_without_brackets(cls, given: str) -> str:
        return given.strip().removeprefix("[").removesuffix("]")

    @field_validator("database_url")
    @classmethod
    def _opens(cls, value: str) -> str:
        return address.checked(value) if value else value

    @model_validator(mode="after")
    def _tiles_can_be_drawn(self) -> Self:
        if self.map_tiles and not self.map_attribution:
            raise ValueError("NUANXIN_MAP_ATTRIBUTION is required with NUANXIN_MAP_TILES: it says whose they are")
        for each in self.map_tiles.split():
            if not each.startswith("https://") or not all(part in each for part in ("{x}", "{y}", "{z}")):
                raise ValueError("NUANXIN_MAP_TILES are https addresses with {x}, {y} and {z}")
        return self

    @field_validator("push_contact")
    @classmethod
    def _push_services_can_write_back(cls, given: str) -> str:
        if given and not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+|https://[^\s/]+\S*", given):
            raise ValueError("NUANXIN_PUSH_CONTACT is mailto:name@example.gov.cn, or an https address")
        return given

    @field_validator("push_services")
    @classmethod
    def _push_services_are_hosts(cls, given: str) -> str:
        for each in given.split():
            url = urlsplit(each)
            here = url.scheme == "http" and listening.is_here(url.hostname or "")
            if not here and not HOST.fullmatch(each):
                raise ValueError("NUANXIN_PUSH_SERVICES are names of hosts, such as *.push.example.com")
        return given

    @field_validator("proxies")
    @classmethod
    def _proxies_have_addresses(cls, given: str) -> str:
        addresses.networks(given)
        return given

    @model_validator(mode="after")
    def _a_public_webhook_needs_its_secret(self) -> Self:
        if self.telegram_webhook_url and not self.telegram_webhook_secret.get_secret_value():
            raise ValueError("NUANXIN_TELEGRAM_WEBHOOK_SECRET is required with NUANXIN_TELEGRAM_WEBHOOK_URL")
        return self

    @model_validator(mode="after")
    def _wechat_has_all_its_secrets(self) -> Self:
        for name, form in WECHAT_FORMS.items() if self.wechat_app_id else ():
            secret: str = getattr(self, f"wechat_{name}").get_secret_value()
            if not re.fullmatch(form, secret) or len(set(secret)) < LEAST_SIGNS:
                raise ValueError(f"NUANXIN_WECHAT_{name.upper()} is required with NUANXIN_WECHAT_APP_ID, as {form}")
        if self.wechat_app_id and not self.web_chat:
            raise ValueError("NUANXIN_WECHAT_APP_ID needs NUANXIN_WEB_CHAT: WeChat is a second face of the web chat")
        return self

    @model_validator(mode="after")
    def _text_messages_are_signed(self) -> Self:
        if self.sms_url and not self.sms_secret.get_secret_value():
            raise ValueError("NUANXIN_SMS_SECRET is required with NUANXIN_SMS_URL")
        return self

    @model_validator(mode="after")
    def _what_is_paid_for_is_wanted(self) -> Self:
        if self.bulk_per_second > FREE and not self.bulk_paid:
            raise ValueError(f"NUANXIN_BULK_PAID=true is required with NUANXIN_BULK_PER_SECOND above {FREE}: it costs")
        return self

    @model_validator(mode="after")
    def _a_queue_is_one_we_know(self) -> Self:
        url = urlsplit(self.queue_url)
        here = url.scheme == "http" and url.hostname in {"127.0.0.1", "localhost", "::1"}
        if self.queue_url and not here and url.scheme not in QUEUES:
            raise ValueError(f"NUANXIN_QUEUE_URL begins with one of {', '.join(sorted(QUEUES))}")
        if url.scheme in {"http", "https"} and not self.queue_secret.get_secret_value():
            raise ValueError("NUANXIN_QUEUE_SECRET is required when NUANXIN_QUEUE_URL is https")
        return self

    @property
    def database(self) -> str:
        """The database's URL, with the default filled in."""
        own = URL.create(
            "sqlite", database=str(self.var / "nuanxin.db")
        )  # A path may hold % and ?, which a URL quotes.
        return self.database_url or own.render_as_string()

    @property
    def base_url(self) -> str:
        """How people reach this server, without a slash at the end."""
        return (self.public_url or f"http://{listening.netloc(self.host, self.port)}").rstrip("/")
