"""What people did with a notice: who pressed a button under it or replied, and who ended its kind after it."""

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update

from bot.services.notices import deliveries as notice_deliveries
from bot.services.notices import responses
from bot.services.notices import totals as notice_totals
from bot.services.notices.responses import Response
from bot.services.notices.states import NoticeState
from bot.services.privacy import erasure, retention
from bot.store.models import Chat, Notice, NoticeCopy, NoticeKind, Outbox, now
from tests.support.fake_bot_api import Town
from tests.support.phone import Phone


@pytest.fixture
async def town(app, knowledge):
    """Where the web chat's people are told something."""
    town = Town(app.db, knowledge)
    town.services = app.services
    return await town.settle()


@pytest.fixture
async def tell(app, town, phone):
    """Tell everybody something; returns the number of the notice, which has been sent."""
    await phone.types("/start")

    async def told(**more) -> int:
        notice = await town.agreed(**more)
        async with app.db.begin() as session:
            await session.execute(update(Outbox).where(Outbox.kind == "timer").values(due_at=now()))
        await app.settled()
        assert (await town.now(notice.id)).state == NoticeState.COMPLETED
        return notice.id

    return told


async def counted(app, number: int) -> tuple[int, int]:
    """How many responded, and how many ended its kind."""
    await app.flush()
    async with app.db.read() as session:
        outcome = await notice_totals.outcome(session, number)
    return outcome.responded, outcome.opted_out


async def copy_of(app, number: int) -> NoticeCopy:
    async with app.db.read() as session:
        return (await session.scalars(select(NoticeCopy).where(NoticeCopy.notice_id == number))).one()


def places(app) -> list[tuple[str, str]]:
    """A button to a policy and one to a station."""
    station = next(iter(app.knowledge.stations))
    policy = next(iter(app.knowledge.policies.values()))
    return [("看政策", f"policy:{policy.id}"), ("去歇脚", f"station:{station.id}")]


async def replies(phone: Phone, message: int, text: str) -> None:
    """Write in reply to a message, as the page does when one is quoted."""
    await phone._post("/chat/messages", {"key": secrets.token_hex(8), "text": text, "reply_to": message})


async def test_whoever_presses_twice_under_a_notice_is_one_person_and_the_first_moment_stays(app, phone, tell):
    number = await tell(buttons=places(app))
    assert await counted(app, number) == (0, 0)
    await phone.presses("看政策")
    assert await counted(app, number) == (1, 0)
    first = (await copy_of(app, number)).responded_at
    async with app.db.begin() as session:
        await session.execute(update(NoticeCopy).values(responded_at=first - 60))
    await phone.presses("去歇脚")
    assert await counted(app, number) == (1, 0)
    assert (await copy_of(app, number)).responded_at == first - 60


async def test_the_answer_comes_before_anything_is_written(app, phone, tell):
    number = await tell(buttons=places(app))
    async with app.notes._flushing:  # Nobody can write notes meanwhile.
        assert await phone.presses("看政策")
        assert (await copy_of(app, number)).responded_at is None
    assert await counted(app, number) == (1, 0)


async def test_words_in_reply_to_a_notice_count_and_words_to_anything_else_do_not(app, phone, tell):
    number = await tell()
    notice = (await copy_of(app, number)).message_id
    await phone.types("站点拖着工资不给怎么要")
    answer = (await phone.messages())[-1]
    await replies(phone, answer["id"], "那个电话打不通")
    own = next(each["id"] for each in await phone.messages() if each["mine"])
    await replies(phone, own, "我再问一遍")
    await phone.presses("看详细")
    assert await counted(app, number) == (0, 0)
    await replies(phone, notice, "几点开始")
    assert await counted(app, number) == (1, 0)


async def test_a_policy_opened_under_another_message_is_no_response(app, phone, tell):
    number = await tell(buttons=places(app))
    await phone.types("培训与活动")
    await phone.presses("能领什么")
    assert await phone.presses((await phone.buttons())[0])  # opens a policy, as the button of the notice does
    assert await counted(app, number) == (0, 0)


async def test_a_message_of_the_same_number_in_another_chat_is_another_message(app, phone, tell):
    async with Phone(app) as other:
        await other.opens()
        await other.types("/start")
        number = await tell()
        async with app.db.begin() as session:
            one, two = (await session.scalars(select(NoticeCopy).order_by(NoticeCopy.chat_id))).all()
            one.message_id, two.message_id = 11, 12
            first, second = one.chat_id, two.chat_id
        async with app.db.connect() as connection:
            await responses.remember(connection, [Response(first, 12), Response(second, 12)])
        assert await counted(app, number) == (1, 0)
        async with app.db.read() as session:
            done = select(NoticeCopy.chat_id).where(NoticeCopy.responded_at.is_not(None))
            assert list(await session.scalars(done)) == [second]


async def test_who_ends_the_kind_under_a_notice_counts_for_that_one_at_any_time(app, phone, tell):
    old, new = await tell(), await tell()
    async with app.db.begin() as session:
        await session.execute(update(NoticeCopy).values(at=NoticeCopy.at - 30 * 86400))
    message = (await copy_of(app, old)).message_id
    await phone.presses_data(message, "notices:service:off")
    await phone.presses_data((await copy_of(app, new)).message_id, "notices:service:off")  # it is off already
    assert await counted(app, old) == (0, 1)
    assert await counted(app, new) == (0, 0)


async def test_who_ends_it_in_the_settings_counts_for_the_newest_of_the_kind_within_two_days(app, phone, tell):
    old, new = await tell(), await tell()
    other = await tell(kind=NoticeKind.EMERGENCY)
    await phone.types("/notices")
    await phone.presses("政策服务")
    assert [await counted(app, each) for each in (old, new, other)] == [(0, 0), (0, 1), (0, 0)]
    await phone.presses("政策服务")  # Wanted again: nothing drove them away.
    assert await counted(app, new) == (0, 0)
    async with app.db.begin() as session:
        late = int(responses.WITHIN.total_seconds()) + 60
        await session.execute(update(NoticeCopy).values(at=NoticeCopy.at - late))
    await phone.presses("政策服务")
    assert [await counted(app, each) for each in (old, new, other)] == [(0, 0), (0, 0), (0, 0)]


async def test_a_correction_takes_no_response_away_from_the_notice_it_corrects(app, phone, town, tell):
    number = await tell(buttons=places(app))
    async with app.db.begin() as session:
        original = await session.get_one(Notice, number)
        twin = Notice(
            **{name: getattr(original, name) for name in ("kind", "title", "text", "unit", "valid_until", "author_id")},
            does="edit",
            about_id=number,
            state=NoticeState.DRAFT,
        )
        session.add(twin)
        await session.flush()
        mine = (await session.scalars(select(NoticeCopy))).one()
        same = {name: getattr(mine, name) for name in ("chat_id", "channel", "state", "due", "message_id", "at")}
        session.add(NoticeCopy(notice_id=twin.id, **same))
        corrected = twin.id
    await phone.presses("看政策")
    await phone.presses("不再收这类通知")
    assert await counted(app, number) == (1, 1)
    assert await counted(app, corrected) == (0, 0)


async def test_the_counts_stay_when_the_copies_go_and_what_is_kept_of_somebody_is_told_them(app, phone, town, tell):
    async with Phone(app) as other:
        await other.opens()
        await other.types("/start")
        number = await tell(buttons=places(app))
        for each in (phone, other):
            await each.presses("看政策")
        await other.presses("不再收这类通知")
        assert await counted(app, number) == (2, 1)
        async with app.db.begin() as session:
            chat = (await session.scalars(select(Chat).where(~Chat.service_notices))).one()
            [got] = (await notice_deliveries.held(session, chat.id))["got"]
            assert got["responded_at"] > 0
            assert got["opted_out_at"] > 0
            await erasure.erase(session, app.services, chat)
        assert await counted(app, number) == (2, 1)
        async with app.db.begin() as session:
            long_ago = int((now() - timedelta(days=366)).timestamp())
            await session.execute(update(NoticeCopy).values(at=long_ago))
            assert (await retention.run(session, app.services))["notice_copies"] == 1
            assert await session.scalar(select(func.count()).select_from(NoticeCopy)) == 0
        assert await counted(app, number) == (2, 1)


async def test_for_somebody_who_never_got_a_notice_nothing_is_written_and_one_batch_is_one_look(app, phone):
    await phone.types("/start", "培训与活动")
    await phone.presses("能领什么")
    assert await phone.presses((await phone.buttons())[0])
    await app.flush()
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
    said: list[str] = []

    def heard(connection, cursor, statement, *rest) -> None:
        said.append(statement.split()[0])

    async with app.db.connect() as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", heard)
        await responses.remember(connection, [Response(chat, each) for each in range(1, 50)])
    assert said == ["SELECT"]
