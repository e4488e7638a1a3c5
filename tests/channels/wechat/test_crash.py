"""SIGKILL between the commit of an answer and the answer: WeChat asks again, and somebody else gives the same one."""

import asyncio
import sys

import pytest
from sqlalchemy import func, select

from bot.app import Application
from bot.store.models import WebMessage, WeChatLetter
from tests.conftest import hasten
from tests.support.project import ROOT
from tests.support.web_driver import eventually
from tests.support.weixin import Follower


async def says(child: asyncio.subprocess.Process, word: str) -> None:
    assert child.stdout is not None
    async with asyncio.timeout(120):
        while (line := (await child.stdout.readline()).decode()) and line.strip() != word:
            pass
    assert line.strip() == word


@pytest.mark.long
async def test_the_next_attempt_gets_the_answer_that_was_written_down(settings, knowledge, weixin):
    given = [str(settings.var), settings.database_url, str(settings.port), weixin.origin]
    command = [sys.executable, "-m", "tests.support.wechat_child", *given]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    rider = Follower(weixin, f"http://127.0.0.1:{settings.port}", "oRider-0000000000000000000001")
    fields = {"MsgType": "text", "Content": "/start", "MsgId": "4711"}
    await says(child, "ready")
    first = asyncio.create_task(rider.posts(fields, tries=1))
    await says(child, "answering")
    child.kill()
    await child.wait()
    assert "故障" in await first
    app = Application(settings, knowledge, demo=True)
    hasten(app)
    await app.start()
    await app.settled()
    assert "您好" in await rider.posts(fields)
    await eventually(lambda: was_given(app))
    async with app.db.read() as session:
        said = await session.scalar(select(func.count()).select_from(WebMessage).where(WebMessage.mine))
        letters = await session.scalar(select(func.count()).select_from(WeChatLetter))
    await app.stop()
    assert (said, letters) == (1, 1)


async def was_given(app) -> bool:
    async with app.db.read() as session:
        return await session.scalar(select(WeChatLetter.sent_at)) is not None
