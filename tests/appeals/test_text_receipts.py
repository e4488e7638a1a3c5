"""The number of an appeal as a text message: by a tap of whoever gave the phone, and with nothing of what it is about."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.queue import jobs
from bot.services.privacy import erasure
from bot.settings import Settings
from bot.store.models import Appeal, Chat, Outbox, OutboxState, WebMessage, now
from tests.support.texting import SECRET, Gateway

PHONE, STORY = "13812345678", "站长拖着十月的工资不给"


@pytest.fixture
async def gateway():
    async with Gateway() as gateway:
        yield gateway


@pytest.fixture
def settings(settings, gateway):
    wanted = {"sms_url": gateway.url, "sms_secret": SECRET}
    return type(settings)(**settings.model_dump() | wanted, _env_file=None)


async def files(app, phone, number: str = PHONE) -> str:
    """File an appeal by name; its number."""
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.presses("谁能知道是我")
    await phone.presses("办事的能看到我")
    await phone.types("王小明", number)
    await phone.presses("提交")
    async with app.db.read() as session:
        return str(await session.scalar(select(Appeal.number).order_by(Appeal.id.desc()).limit(1)))


async def goes_on(app) -> None:
    """The pause before another try is over."""
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.kind == jobs.SMS.kind).values(due_at=now()))
    await app.settled()


async def test_nothing_is_sent_before_the_tap_and_then_the_number_alone_and_once(app, phone, gateway):
    number = await files(app, phone)
    assert gateway.taken == []
    assert "短信里只有编号" in "".join(await phone.presses("尾号 5678"))
    await phone.presses("尾号 5678")
    await app.settled()
    [sent] = gateway.taken
    assert sent == {"id": sent["id"], "phone": PHONE, "template": "receipt", "values": {"number": number}}


async def test_a_gateway_that_is_away_or_set_up_wrongly_gets_it_later(app, phone, gateway):
    gateway.statuses = [503, 401, 200]
    await files(app, phone)
    await phone.presses("尾号 5678")
    for _ in range(2):
        assert gateway.taken == []
        await goes_on(app)
    assert [each["phone"] for each in gateway.taken] == [PHONE]


async def test_a_number_that_the_gateway_will_never_take_is_not_tried_again(app, phone, gateway):
    gateway.statuses = [400]
    await files(app, phone)
    await phone.presses("尾号 5678")
    await app.settled()
    async with app.db.read() as session:
        assert await session.scalar(select(Outbox.state).where(Outbox.kind == jobs.SMS.kind)) == OutboxState.REFUSED


async def test_nobody_is_flooded_by_who_writes_somebody_elses_number(app, phones, gateway):
    said = []
    for _ in range(4):
        phone = await phones()
        await files(app, phone)
        said.append("".join(await phone.presses("尾号 5678")))
    assert len(gateway.taken) == 3
    assert "今天发过 3 条" in said[-1]


async def test_what_could_not_be_sent_within_a_day_is_sent_no_more(app, phone, gateway):
    gateway.statuses = [503, 200]
    await files(app, phone)
    await phone.presses("尾号 5678")
    async with app.db.begin() as session:
        mine = update(Outbox).where(Outbox.kind == jobs.SMS.kind)
        await session.execute(mine.values(created_at=now() - timedelta(days=1, minutes=1)))
    await goes_on(app)
    assert gateway.taken == []


@pytest.mark.parametrize("number", ["024-22334455"])
async def test_no_text_message_is_offered_to_a_landline(app, phone, number):
    await files(app, phone, number)
    assert not any("尾号" in each for each in await phone.buttons())


async def test_nobody_has_the_number_of_somebody_elses_appeal_sent(app, phone, phones, gateway):
    number = await files(app, phone)
    stranger = await phones()
    await stranger.types("/start")
    shown = (await stranger.messages())[-1]["id"]
    forged = {"inline_keyboard": [[{"text": "发", "callback_data": f"tx:{number}"}]]}
    async with app.db.begin() as session:
        for row in await session.scalars(select(WebMessage).where(WebMessage.message_id == shown)):
            row.body = {**row.body, "reply_markup": forged}
    assert await stranger.presses_data(shown, f"tx:{number}")
    assert "没留手机号" in "".join(await stranger.hears())
    await app.settled()
    assert gateway.taken == []


async def test_who_was_erased_meanwhile_gets_none(app, phone, gateway):
    gateway.statuses = [503, 200]
    await files(app, phone)
    await phone.presses("尾号 5678")
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        await erasure.erase(session, app.services, chat)
    await goes_on(app)
    assert gateway.taken == []


def test_a_gateway_needs_its_secret():
    with pytest.raises(ValueError, match="NUANXIN_SMS_SECRET"):
        Settings(sms_url="http://127.0.0.1:1/sms", _env_file=None)
