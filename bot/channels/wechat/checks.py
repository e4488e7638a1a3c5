"""What `doctor` says of the account: each line is well, or says what to do and where."""

from collections.abc import AsyncIterator
from pathlib import Path

from bot.channels.wechat.client import Client
from bot.channels.wechat.door import WINDOW
from bot.channels.wechat.settings import WeChatSettings
from bot.errors import Refused, TryLater
from bot.messaging.urls import WECHAT

Finding = tuple[bool | None, str]  # whether it is well, None for not much longer, and the line that says so
PLACE = "mp.weixin.qq.com"
ADVICE = {
    "40013": "no account has this NUANXIN_WECHAT_APP_ID",
    "40125": "NUANXIN_WECHAT_APP_SECRET is wrong: reset it there and put the new one here",
    "40001": "NUANXIN_WECHAT_APP_SECRET is wrong: reset it there and put the new one here",
    "40164": "put the address that the error names into its IP白名单",
    "40243": "its AppSecret is frozen: unfreeze it there",
}


async def findings(settings: WeChatSettings, base_url: str, proofs: Path) -> AsyncIterator[Finding]:
    """Ask WeChat for a token, and look at what WeChat will look at."""
    client = Client(settings)
    try:
        yield await _key(client)
        if client.ahead is not None:
            yield _clock(client.ahead)
    finally:
        await client.close()
    public = base_url.startswith("https://")
    where = f"{base_url}{WECHAT}"
    yield (
        public,
        f"WeChat: its 服务器配置 leads to {where}" + ("" if public else ": NUANXIN_PUBLIC_URL is no https address"),
    )
    yield _proofs(proofs)


async def _key(client: Client) -> Finding:
    try:
        await client.token()
    except TryLater as error:
        return False, f"{error}: {_advice(str(error)) or 'is it reachable from here, at NUANXIN_WECHAT_API_URL?'}"
    except Refused as error:
        return False, f"{error}: {_advice(str(error)) or 'see docs/wechat.md'}"
    return True, "WeChat takes our AppID and AppSecret"


def _proofs(folder: Path) -> Finding:
    found = sorted(each.name for each in folder.glob("MP_*.txt"))
    named = ", ".join(found) or f"no MP_verify_*.txt in {folder}: the page cannot tell who opens it, see docs/wechat.md"
    return True if found else None, f"WeChat: {named}"


def _advice(why: str) -> str:
    code = why.removeprefix("WeChat ").partition(":")[0]
    return f"{ADVICE[code]} ({PLACE})" if code in ADVICE else ""


def _clock(ahead: float) -> Finding:
    """Signatures carry WeChat's time."""
    seconds = round(abs(ahead))
    well = seconds < WINDOW // 5
    told = "as WeChat's" if well else f"{seconds} s {'ahead of' if ahead > 0 else 'behind'} WeChat's: set it by NTP"
    return well, f"WeChat: the clock here is {told}; messages more than {WINDOW} s off are refused"
