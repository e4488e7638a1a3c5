"""Who works on appeals: somebody who dispatches, a handler of the unit that wages go to, a reviewer."""

from collections.abc import AsyncIterator

import pytest

from bot.app import Application
from bot.services.core.lifecycle import Role
from tests.support.desk import Desk


@pytest.fixture
async def admin(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.ADMIN, name="管理员赵") as desk:
        yield desk


@pytest.fixture
async def handler(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.HANDLER, agency="labour", name="承办员钱") as desk:
        yield desk


@pytest.fixture
async def reviewer(app: Application) -> AsyncIterator[Desk]:
    async with Desk(app, Role.REVIEWER, name="审核员孙") as desk:
        yield desk
