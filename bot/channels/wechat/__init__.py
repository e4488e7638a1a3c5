"""WeChat's 服务号 (service account): a second face of the web chat.

Who writes there is a person of the web chat, and the page opened inside WeChat is theirs as well.  Like the web chat it
stands beside the rest: what people do goes in by `People`, what the bot said is read from the conversation.
"""

from bot.channels.wechat.bell import Notices
from bot.channels.wechat.face import WeChat, wechat_of
from bot.channels.wechat.settings import WeChatSettings, settings_of

__all__ = ["Notices", "WeChat", "WeChatSettings", "settings_of", "wechat_of"]
