"""What an office's account is called by, and the secrets it shares with WeChat."""

from dataclasses import dataclass

from bot.settings import WECHAT, Settings

AUTHORIZE = "https://open.weixin.qq.com"  # where people are asked who they are, of the live WeChat


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """As the account's own settings page shows them."""

    app_id: str
    app_secret: str
    token: str
    aes_key: str
    api_url: str = WECHAT
    bell_template: str = ""  # of a template message; "" rings nobody
    bell_fields: str = ""  # the names of its fields, blanks between
    notice_template: str = ""  # of a 订阅通知, for who allowed it; "" rings nobody for a notice
    notice_fields: str = ""

    @property
    def authorize_url(self) -> str:
        """Whoever takes the API's place takes this one's, too."""
        return f"{AUTHORIZE if self.api_url == WECHAT else self.api_url}/connect/oauth2/authorize"


def settings_of(settings: Settings) -> WeChatSettings | None:
    """None where there is no account."""
    if not settings.wechat_app_id:
        return None
    return WeChatSettings(
        settings.wechat_app_id,
        settings.wechat_app_secret.get_secret_value(),
        settings.wechat_token.get_secret_value(),
        settings.wechat_aes_key.get_secret_value(),
        settings.wechat_api_url,
        settings.wechat_bell_template,
        settings.wechat_bell_fields,
        settings.wechat_notice_template,
        settings.wechat_notice_fields,
    )
