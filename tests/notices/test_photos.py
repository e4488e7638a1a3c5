"""A notice with a photo: chosen once, seen before it leaves, uploaded once, and nobody's copy is lost over it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.channels.telegram.transport import BotApi
from bot.errors import Rejected
from bot.services.notices import notices
from bot.services.notices import photos as notice_photos
from bot.services.notices.states import NoticeState
from bot.services.privacy import retention
from bot.store.models import Chat, CopyState, NoticePhoto, Staff, now
from bot.store.vault import new_key
from tests.attachments.test_attachments import SECRET
from tests.attachments.test_attachments import picture as telling
from tests.hazards.test_reporting import picture
from tests.notices.test_console import FORM, ring
from tests.notices.test_notices import begin, tally, until
from tests.support.fake_bot_api import KNOWN, SILENCE, TOKEN, Crowd, Town, lane, refusal
from tests.support.web_driver import opened

NEW = "/console/notices/new"


@pytest.fixture
async def crowd():
    crowd = await Crowd().start()
    yield crowd
    await crowd.stop()


@pytest.fixture
async def town(database_url, knowledge):
    db = opened(database_url, new_key())
    yield await Town(db, knowledge).settle()
    await db.close()


@pytest.fixture
async def bulk(town, crowd):
    """Starts a lane; a second call starts one that knows nothing of the first."""
    api = BotApi(crowd.api, "", TOKEN)
    await api.open()
    lanes = []

    def start():
        lanes.append(lane(town.db, api, town.services, 1000.0))
        lanes[-1].start()

    yield start
    for each in lanes:
        await each.stop()
    await api.close()


@pytest.fixture
async def worker(app, phone):
    """Somebody in Shenyang who pressed Start."""
    await phone.types("/start")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    return phone


async def shown(town, seed: int = 1) -> str:
    async with town.db.begin() as session:
        return await notice_photos.keep(session, notice_photos.make(picture(seed)))


async def sent(town, **more) -> int:
    """A notice with a photo that has begun."""
    notice = await town.agreed(photo=await shown(town), **more)
    await begin(town, notice.id)
    return notice.id


def forms(crowd) -> list[bool]:
    """Of each photo that was sent, whether it was uploaded."""
    return [isinstance(call["photo"], bytes) for _, method, _, call in crowd.calls if method == "sendPhoto"]


async def test_a_photo_goes_from_the_form_to_the_phone_is_corrected_and_taken_back(app, worker, organiser, approver):
    page = await organiser.uploads(NEW, "picture", picture(), "plan.jpg", **FORM)
    path = page.path.partition("?")[0]
    page = await organiser.gets(path)
    assert page.count('alt="通知的照片"') == 2  # on each channel
    assert "最多 1024" in page.words
    await organiser.submits(f"{path}/submit")
    await approver.submits(f"{path}/approve", count=1)
    await ring(app)
    message = (await worker.messages())[-1]
    assert message["photo"]["width"] == 320
    assert "周六上午" in message["caption"]
    await organiser.gets(path)
    page = await organiser.submits(f"{path}/correct", title="免费体检", text="改到周日上午")
    await approver.submits(f"{page.path.partition('?')[0]}/approve", count=1)
    await ring(app)
    message = (await worker.messages())[-1]
    assert message["photo"]["width"] == 320
    assert "改到周日上午" in message["caption"]
    await organiser.submits(f"{path}/recall")
    await ring(app)
    assert not any("photo" in each for each in await worker.messages())


async def test_what_was_chosen_and_typed_stays_when_something_is_missing(app, organiser):
    page = await organiser.uploads(NEW, "picture", picture(), "plan.jpg", **(FORM | {"unit": ""}))
    assert page.status == 422
    assert "周六上午" in page
    assert 'alt="现在的照片"' in page
    page = await organiser.submits(NEW, **FORM)
    assert 'alt="通知的照片"' in page


async def test_what_is_no_picture_is_refused_with_what_to_do_and_the_words_stay(organiser):
    page = await organiser.uploads(NEW, "picture", b"MZ" * 400, "plan.jpg", **FORM)
    assert page.status == 422
    assert "请选 JPG、PNG 或 WebP" in page.words
    assert "周六上午" in page


async def test_a_strip_that_telegram_would_refuse_is_refused_before(organiser):
    page = await organiser.uploads(NEW, "picture", picture(size=(1300, 50)), "strip.jpg", **FORM)
    assert page.status == 422
    assert "太长太窄" in page.words


async def test_a_photo_is_taken_away_again(organiser):
    page = await organiser.uploads(NEW, "picture", picture(), "plan.jpg", **FORM)
    path = page.path.partition("?")[0]
    assert "通知的照片" in await organiser.gets(path)
    await organiser.gets(f"{path}/edit")
    page = await organiser.submits(f"{path}/edit", photo_off=1, **FORM)
    assert "通知的照片" not in page


async def test_under_a_photo_there_is_less_room(organiser):
    page = await organiser.uploads(NEW, "picture", picture(), "plan.jpg", **(FORM | {"text": "好" * 1024}))
    assert page.status == 422
    assert "照片下面最多 1024 个字符" in page.words
    page = await organiser.submits(NEW, **(FORM | {"text": "好" * 1024, "photo_off": "1"}))
    assert page.status == 200


async def test_a_trial_shows_the_photo(app, worker, organiser):
    page = await organiser.uploads(NEW, "picture", picture(), "plan.jpg", **FORM)
    path = page.path.partition("?")[0]
    async with app.db.begin() as session:
        chat = (await session.scalars(select(Chat))).one()
        await session.execute(update(Staff).where(Staff.id == organiser.id).values(chat_id=chat.id))
    await organiser.submits(f"{path}/try", whom="me")
    await app.settled()
    assert "周六上午" in next(each["caption"] for each in await worker.messages() if "photo" in each)


async def test_nothing_of_the_original_but_its_pixels_leaves():
    data = telling()
    assert SECRET in data
    assert SECRET not in notice_photos.make(data)


async def test_another_photo_is_another_notice_to_whoever_agreed(town):
    await town.people(1)
    notice = await town.submitted(photo=await shown(town))
    before = notices.digest(notice)
    notice.photo = await shown(town, 2)
    assert notices.digest(notice) != before


async def test_it_is_uploaded_once_and_later_notices_do_not_upload_it_again(town, crowd, bulk):
    await town.people(30)
    bulk()
    number = await sent(town)
    await until(town, number, NoticeState.COMPLETED)
    assert forms(crowd) == [True] + 29 * [False]
    assert {call["photo"] for _, _, _, call in crowd.calls[1:]} == {KNOWN}
    assert crowd.got("sendPhoto") == dict.fromkeys(range(1, 31), 1)
    number = await sent(town, title="又一条")
    await until(town, number, NoticeState.COMPLETED)
    assert forms(crowd)[30:] == 30 * [False]


async def test_whoever_is_first_and_shut_us_out_holds_nobody_up(town, crowd, bulk):
    await town.people(10)
    crowd.refuse = lambda chat, method: refusal(403, "Forbidden: bot was blocked by the user") if chat < 3 else None
    bulk()
    number = await sent(town)
    await until(town, number, NoticeState.COMPLETED)
    assert await tally(town, number) == {CopyState.BLOCKED: 2, CopyState.SENT: 8}


async def test_a_photo_the_channel_has_thrown_away_is_uploaded_again_and_nobody_loses_it(town, crowd, bulk):
    await town.people(20)
    digest = await shown(town)
    async with town.db.begin() as session:
        (await session.get_one(NoticePhoto, digest)).files = {TOKEN.partition(":")[0]: "long-gone"}
    crowd.forgotten = "long-gone"
    bulk()
    number = await sent(town)
    await until(town, number, NoticeState.COMPLETED)
    assert True in forms(crowd)
    assert crowd.got("sendPhoto") == dict.fromkeys(range(1, 21), 1)


async def test_an_upload_without_an_answer_is_one_persons_unknown_and_the_others_get_it(town, crowd, bulk):
    await town.people(6)
    crowd.refuse = lambda chat, method: SILENCE if chat == 1 else None
    bulk()
    number = await sent(town)
    await until(town, number, NoticeState.SOME_FAILED)
    assert await tally(town, number) == {CopyState.UNKNOWN: 1, CopyState.SENT: 5}
    assert max(crowd.got("sendPhoto").values()) == 1


async def test_a_photo_nobody_shows_goes_after_a_day_and_a_form_left_open_says_so(town, knowledge):
    await town.people(1)
    kept, left = await shown(town), await shown(town, 2)
    await town.submitted(photo=kept)
    async with town.db.begin() as session:
        await session.execute(update(NoticePhoto).values(at=now() - timedelta(days=2)))
    async with town.db.begin() as session:
        assert (await retention.run(session, town.services))["notice_photos"] == 1
    async with town.db.read() as session:
        assert list(await session.scalars(select(NoticePhoto.digest))) == [kept]
    with pytest.raises(Rejected) as refused:
        await town.submitted(photo=left)
    assert refused.value.key == "notice.photo_gone"


async def test_a_notice_whose_photo_is_missing_stops_and_holds_no_other_up(town, crowd, bulk):
    await town.people(1)
    number = await sent(town)
    async with town.db.begin() as session:
        for photo in await session.scalars(select(NoticePhoto)):
            await session.delete(photo)
    bulk()
    other = await town.agreed(title="没有照片的")
    await begin(town, other.id)
    await until(town, other.id, NoticeState.COMPLETED)
    assert (await town.now(number)).state == NoticeState.FAULTY
    assert not crowd.got("sendPhoto")
