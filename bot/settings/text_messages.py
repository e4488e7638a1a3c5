"""Settings of the operator's own gateway for text messages.  Without one nobody is offered any."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class TextMessages(BaseSettings):
    """Part of `bot.settings.Settings`."""

    sms_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Address of the office's own gateway for text messages; who gave a phone with an appeal may have its "
        "number sent there. Empty: nobody is offered that.",
    )
    sms_secret: SecretStr = Field(SecretStr(""), description="Shared with the gateway: signs what is sent to it.")
