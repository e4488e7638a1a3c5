"""People are told who runs this and how to reach them, or plainly that nobody has filled it in yet."""

import pytest

from bot.app import Application
from tests.conftest import hasten
from tests.support.phone import Phone

NAME, NUMBER = "沈阳市铁西区委社会工作部", "024-2580xxxx"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"operator_name": NAME, "operator_phone": NUMBER}, f"这是{NAME}办的，有疑问打 {NUMBER}"),
        ({"operator_name": NAME}, f"这是{NAME}办的，电话还没填上"),
        ({}, "谁在办、电话多少，这里还没填上"),
    ],
)
async def test_start_and_help_name_the_operator_or_say_that_none_is_named(settings, knowledge, given, said):
    app = Application(settings.model_copy(update=given), knowledge, demo=True)
    hasten(app)
    await app.start()
    try:
        async with Phone(app) as phone:
            await phone.opens()
            assert said in "\n".join(await phone.types("/start"))
            assert said in (await phone.types("/help"))[-1]
    finally:
        await app.stop()
