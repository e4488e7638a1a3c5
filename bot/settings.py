"""Every knob, read once from the environment.  `.env.example` and docs/operations.md are tested against this class."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from bot.doors import addresses, listening
from bot.store import address

FREE = 30  # messages a second that Telegram takes for nothing
QUEUES = frozenset({"redis", "rediss", "amqp", "amqps", "nats", "kafka", "https"})
LEAST_SECRET, LEAST_SIGNS = 32, 10  # characters of a secret, and different ones among them
MAKES_ONE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
TELEGRAM = "https://api.telegram.org"


class Settings(BaseSettings):
    """An empty environment is a working one: web chat only, SQLite under `var/`, the console as the desk."""

    model_config = SettingsConfigDict(env_prefix="NUANXIN_", env_file=".env", extra="ignore", frozen=True)

    var: Path = Field(Path("var"), description="Folder for what this installation keeps: database, keys, uploads.")
    database_url: str = Field(
        "", description="Empty: SQLite below NUANXIN_VAR, one process. postgresql+asyncpg://... for many."
    )
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the HTTP server listens on.")
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
        "layer first, blanks between; WGS-84 or CGCS2000. Empty: outlines and stations only.",
    )
    map_attribution: str = Field("", max_length=200, description="Whose tiles they are, said on the map.")
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
    embeddings_url: str = Field(
        "",
        description="OpenAI-compatible embeddings endpoint in place of the model, e.g. http://host/v1/embeddings.",
    )
    embeddings_model: str = Field("", description="The model to name there.")
    embeddings_key: SecretStr = Field(SecretStr(""), description="Its key.")
    writer_url: str = Field(
        "", description="OpenAI-compatible chat endpoint that may rephrase an answer's facts. Empty: cards only."
    )
    writer_model: str = Field("", description="The model to name there.")
    writer_key: SecretStr = Field(SecretStr(""), description="Its key.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_json: bool = Field(False, description="One JSON object a line, for a log collector.")

    @field_validator("secret_key", "queue_secret", "telegram_webhook_secret")
    @classmethod
    def _a_secret_cannot_be_guessed(cls, given: SecretStr) -> SecretStr:
        secret = given.get_secret_value()
        if secret and (len(secret) < LEAST_SECRET or len(set(secret)) < LEAST_SIGNS):
            raise ValueError(f"at least {LEAST_SECRET} random characters; {MAKES_ONE} makes them")
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
