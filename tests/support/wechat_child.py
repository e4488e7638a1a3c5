"""The whole house behind a stand-in for WeChat, standing still between the commit of an answer and the answer: to be killed there.

`python -m tests.support.wechat_child FOLDER URL PORT API` says "ready", and "answering" when an answer is written down.
"""

import asyncio
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.app import Application
from bot.settings import Settings
from knowledge import shipped
from tests.support import weixin


async def main(folder: str, url: str, port: str, api: str) -> None:
    account: Any = weixin.settings(SimpleNamespace(origin=api))  # type: ignore[arg-type]
    chosen: Any = {"var": Path(folder), "database_url": url, "port": int(port), "search": "lexical"}
    app = Application(Settings(**chosen, **account, _env_file=None), shipped(), demo=True)
    assert app.wechat is not None
    app.wechat.door._sealed = still  # type: ignore[method-assign]
    await app.start()
    await app.settled()
    say("ready")
    await asyncio.Event().wait()


def still(*_: object) -> Any:
    say("answering")
    time.sleep(60)


def say(word: str) -> None:
    sys.stdout.write(f"\n{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
