"""Settings of the service account in WeChat (docs/wechat.md).  Without an AppID there is none."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

WECHAT = "https://api.weixin.qq.com"


class WeChat(BaseSettings):
    """Part of `bot.settings.Settings`."""

    wechat_app_id: str = Field(
        "", pattern=r"^[\w-]*$", description="AppID of the service account (docs/wechat.md). Empty: no WeChat."
    )
    wechat_app_secret: SecretStr = Field(SecretStr(""), description="Its AppSecret.")
    wechat_token: SecretStr = Field(
        SecretStr(""), description="Signs WeChat's callbacks: 16-32 random letters and digits, typed there as Token."
    )
    wechat_aes_key: SecretStr = Field(
        SecretStr(""), description="Seals them: the 43 letters and digits of its EncodingAESKey."
    )
    wechat_api_url: str = Field(
        WECHAT,
        pattern=r"^https?://[^\s/]+$",
        description="WeChat's API; everything that is asked of WeChat goes there.",
    )
    wechat_bell_template: str = Field(
        "",
        pattern=r"^[\w-]*$",
        description="Template that rings whom WeChat lets us tell nothing. Empty: nobody is rung.",
    )
    wechat_bell_fields: str = Field(
        "thing1 time2",
        pattern=r"^[a-z_]+\d+( [a-z_]+\d+)*$",
        description="Names of its fields, blanks between: time and date hold the moment, all others our sentence.",
    )
    wechat_notice_template: str = Field(
        "",
        pattern=r"^[\w-]*$",
        description="Template of a subscription notice that rings whoever allowed it for a notice. Empty: no notice rings.",
    )
    wechat_notice_fields: str = Field(
        "thing1 time2", pattern=r"^[a-z_]+\d+( [a-z_]+\d+)*$", description="Names of its fields, as above."
    )
