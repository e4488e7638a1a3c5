"""The whole house with an account of WeChat in front of it, and somebody who follows it."""

import pytest

from tests.support import weixin as stand_in
from tests.support.weixin import Follower, Weixin


@pytest.fixture
async def weixin():
    async with Weixin() as weixin:
        yield weixin


@pytest.fixture
def settings(settings, weixin):
    return type(settings)(**settings.model_dump() | stand_in.settings(weixin), _env_file=None)


@pytest.fixture
def rider(app, weixin):
    return Follower(weixin, f"http://127.0.0.1:{app.port}", "oRider-0000000000000000000001")
