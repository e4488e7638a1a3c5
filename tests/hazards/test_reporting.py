"""A worker reports a hazard in under half a minute, and it counts as fixed only when somebody else has seen it."""

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from bot.errors import Rejected
from bot.services.attachments import attachments, fingerprints
from bot.services.core.lifecycle import SYSTEM, WORKER, Actor, IllegalStep, Role
from bot.services.core.working_days import ZONE
from bot.services.hazards import dispatch_rules, effects, hazards, photos, privacy
from bot.services.hazards import points as hazard_points
from bot.services.hazards import timers as hazard_timers
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.hazards import HazardDraft
from bot.services.hazards.states import HAZARD, OPEN, HazardMove, HazardState
from bot.services.points import ledger as points_ledger
from bot.store.models import (
    Agency,
    AllowedStep,
    Chat,
    Hazard,
    HazardFollower,
    HazardPhoto,
    HazardStep,
    Identity,
    Outbox,
    Staff,
    now,
)
from tests.support.desk import Desk
from tests.support.second_thoughts import minute_over
from tests.support.units import unit_entered
from tests.support.volunteers import chat_of

HERE = (41.79512, 123.43287)  # Shenyang
CLOSE = (41.79640, 123.43360)  # 155 m on
FAR = (41.79912, 123.43287)  # 440 m on
REVIEWER = Actor(Role.REVIEWER, 3)
DONE = "井盖换了新的，周围抹平"


def picture(seed: int = 0, size: tuple[int, int] = (320, 240)) -> bytes:
    """A picture with something in it: each seed another one."""
    made = Image.new("RGB", size, (200, 200, 200))
    draw = ImageDraw.Draw(made)
    for at in range(6):
        x, y = (seed * 67 + at * 53) % size[0], (seed * 31 + at * 71) % size[1]
        draw.ellipse((x - 40, y - 30, x + 40, y + 30), fill=((seed * 40 + at * 35) % 256, at * 40, 90))
    out = io.BytesIO()
    made.save(out, "JPEG")
    return out.getvalue()


async def reports(
    phone, text: str = "路口井盖翘起来了", kind: str = "路面坑洼", at=HERE, photo: bytes | None = None
) -> str:
    """Report something, without the taps; returns its number."""
    app, chat = phone.app, await chat_of(phone)
    code = next(code for code, each in app.knowledge.hazards.kinds.items() if kind in each.label)
    where = {"place": at} if isinstance(at, str) else {"point": at}
    async with app.db.begin() as session:
        chat = await session.get_one(Chat, chat)
        number = (await hazards.submit(session, app.services, chat, HazardDraft(code, text, **where))).number
    if photo is not None:
        await add_photo(app, number, "report", photo)
    return number


async def filed(app, phone, times: int) -> list[str]:
    """Report several things, without the taps."""
    numbers, mine = [], await chat_of(phone)
    for at in range(times):
        async with app.db.begin() as session:
            chat = await session.get_one(Chat, mine)
            draft = HazardDraft("road", "路口井盖翘起来了", point=(41.50 + at / 100, 123.4), region="2101")
            numbers.append((await hazards.submit(session, app.services, chat, draft)).number)
    return numbers


async def case(app, number: str) -> Hazard:
    async with app.db.read() as session:
        return await session.scalar(select(Hazard).where(Hazard.number == number))


@pytest.fixture
async def acts(app):
    """Moves a hazard as somebody: `await acts(number, State.VALIDATED, REVIEWER)`."""

    async def act(number: str, target: HazardState, actor: Actor, **details) -> Hazard:
        async with app.db.begin() as session:
            hazard = await hazard_transitions.get(session, number)
            known = Actor(actor.role, actor.id, hazard.agency_id) if actor.role is Role.HANDLER else actor
            return await hazard_transitions.move(session, app.services, number, HazardMove(target, known, **details))

    return act


@pytest.fixture
async def handler(app) -> Actor:
    """A handler who is somebody on the staff."""
    async with app.db.begin() as session:
        person = Staff(name="李工", username="li", district="2101")
        session.add(person)
        await session.flush()
        return Actor(Role.HANDLER, person.id)


async def add_photo(app, number: str, part: str = "result", photo: bytes | None = None) -> None:
    made = attachments.make(photo or picture(90), "photo")
    async with app.db.begin() as session:
        name = attachments.keep(app.settings.var / "uploads", attachments.vault_for(session), made)
        await photos.add(session, await hazard_transitions.get(session, number), part, made, name)


@pytest.fixture
async def resolved(phone, app, acts, handler):
    """The number of a report that its handler says is done."""
    number = await reports(phone)
    await acts(number, HazardState.VALIDATED, REVIEWER)
    await acts(number, HazardState.DISPATCHED, REVIEWER)
    await acts(number, HazardState.HANDLING, handler)
    await add_photo(app, number)
    await acts(number, HazardState.RESOLVED, handler, text=DONE, point=CLOSE)
    await phone.hears()
    return number


async def test_photo_place_text_type_submit_and_the_receipt_says_who_and_by_when(phone, app):
    await phone.types("随手拍")
    await phone.sends_photo(picture())
    await phone.sends_location(*HERE)
    await phone.types("路口井盖翘起来了，晚上看不见")
    assert (await phone.buttons())[0] == "路面坑洼、井盖"
    await phone.presses("路面坑洼")
    [receipt] = await phone.presses("提交")
    assert re.search(r"编号：H\d{12}", receipt)
    assert "城市管理部门" in receipt
    assert re.search(r"(20\d\d-\d\d-\d\d 前弄好|放假安排)", receipt)
    async with app.db.read() as session:
        hazard, photo = await session.scalar(select(Hazard)), await session.scalar(select(HazardPhoto))
    assert (hazard.state, hazard.kind, hazard.region[:4], hazard.origin) == ("reported", "road", "2101", "chat")
    assert (photo.state, photo.part, photo.origin, len(photo.print)) == ("ready", "report", None, 32)


async def test_without_a_photo_words_are_as_good_a_beginning(phone, app):
    await phone.types("随手拍")
    assert "在哪" in (await phone.types("路口井盖翘起来了"))[-1]
    await phone.sends_location(*HERE)
    await phone.presses("路面坑洼")
    await phone.presses("提交")
    async with app.db.read() as session:
        hazard = await session.scalar(select(Hazard))
        assert (hazard.text, await session.scalar(select(HazardPhoto.id))) == ("路口井盖翘起来了", None)


async def test_a_type_that_was_not_proposed_is_behind_one_more_button(phone, app):
    await phone.types("/report")
    await phone.presses("跳过")
    await phone.types("沈阳市铁西区建设大路")
    await phone.types("这边有点问题要看看")
    await phone.presses("看全部")
    await phone.presses("飞线充电")
    await phone.presses("提交")
    async with app.db.read() as session:
        hazard = await session.scalar(select(Hazard))
    assert (hazard.kind, hazard.region, hazard.place, hazard.latitude) == (
        "charging",
        "210106",
        "沈阳市铁西区建设大路",
        None,
    )


async def test_a_half_written_report_is_finished_later(phone):
    await phone.types("/report")
    await phone.sends_photo(picture())
    said = await phone.types("/hotlines")
    assert "随手拍还没写完" in said[-1]
    await phone.presses("接着写")
    await phone.sends_location(*HERE)
    await phone.types("路面有个大坑")
    await phone.presses("路面坑洼")
    assert "编号" in (await phone.presses("提交"))[-1]


async def test_what_cannot_wait_names_the_numbers_to_call_and_goes_to_the_agency_at_once(phone, app):
    await phone.types("/report")
    await phone.presses("跳过")
    await phone.sends_location(*HERE)
    await phone.types("楼下燃气漏气，味道很大")
    warning, _ = await phone.presses("燃气泄漏")
    assert "先打电话" in warning
    assert "119" in warning
    assert "离开屋子" in warning
    assert "12345" not in warning
    assert "不是急救" in warning
    [receipt] = await phone.presses("提交")
    assert "燃气经营单位" in receipt
    assert "核对后" not in receipt
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.state)) == "dispatched"


async def test_a_report_about_somebody_is_refused_with_where_to_go(phone, app):
    await phone.types("/report")
    await phone.presses("跳过")
    await phone.sends_location(*HERE)
    for text, says in (("路口有小偷偷车", "110"), ("骑手闯红灯逆行", "那家平台"), ("保安不让进还骂人", "我要反映")):
        assert says in (await phone.types(text))[-1]
    await phone.types("保安亭旁边井盖松了，有人摔倒")
    await phone.presses("路面坑洼")
    await phone.presses("提交")
    async with app.db.read() as session:
        assert (await session.scalar(select(Hazard.text))).startswith("保安亭")


async def test_numbers_of_people_do_not_stand_in_what_is_public(phone, app):
    number = await reports(phone, "井盖坏了，打13912345678找我，3号楼前，辽A12345压坏的")
    text = (await case(app, number)).text
    assert "13912345678" not in text
    assert "辽A12345" not in text
    assert "3号楼" in text


async def test_who_reported_it_is_sealed_apart_from_the_case(phone, app):
    number = await reports(phone)
    async with app.db.read() as session:
        hazard = await session.scalar(select(Hazard).where(Hazard.number == number))
        identity = await session.get(Identity, hazard.alias)
    assert set(identity.body) == {"chat_id", "name", "phone"}
    assert identity.naming == "hidden"


async def test_the_same_thing_nearby_is_offered_to_follow_and_the_follower_is_told(phones, app, acts):
    first, second, third = await phones(), await phones(), await phones()
    number = await reports(first)
    for phone, at, offered in ((second, CLOSE, True), (third, FAR, False)):
        await phone.types("/report")
        await phone.presses("跳过")
        await phone.sends_location(*at)
        await phone.types("井盖松了一踩就响")
        said = await phone.presses("路面坑洼")
        assert ("附近 7 天内" in said[-1]) is offered
    assert f"{number} 有进展也告诉您" in (await second.presses(number))[-1]
    await acts(number, HazardState.VALIDATED, REVIEWER)
    await acts(number, HazardState.DISPATCHED, REVIEWER)
    assert any("交给" in line for line in await second.hears())
    assert await third.hears() == []
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(HazardFollower)) == 1


async def test_a_typed_place_worded_alike_in_the_same_district_is_offered_too(phones, app):
    first, second = await phones(), await phones()
    number = await reports(first, at="沈阳市铁西区建设大路兴华街口")
    await second.types("/report")
    await second.presses("跳过")
    await second.types("铁西区建设大路与兴华街交叉口")
    await second.presses("沈阳市铁西区")
    await second.types("井盖松了一踩就响")
    assert f"{number}　沈阳市铁西区建设大路兴华街口" in (await second.presses("路面坑洼"))[-1]
    assert f"{number} 有进展也告诉您" in (await second.presses(number))[-1]


async def test_another_road_another_city_another_type_and_an_old_report_are_not_alike(phone, app):
    number = await reports(phone, at="沈阳市铁西区建设大路兴华街口")
    asked = [("road", "铁西区重工街北二路口"), ("road", "鞍山市铁西区建设大路兴华街口"), ("light", "建设大路兴华街口")]
    same = ("road", "建设大路兴华街口北侧")
    async with app.db.begin() as session:
        for kind, place in asked:
            assert await hazards.alike(session, app.services, kind, place, "210106") == []
        assert [each.number for each in await hazards.alike(session, app.services, *same, "210106")] == [number]
        await session.execute(update(Hazard).values(created_at=now() - hazards.RECENT))
        assert await hazards.alike(session, app.services, *same, "210106") == []


async def test_the_first_five_of_a_new_member_are_looked_at_by_a_person(phone, app, acts):
    for number in await filed(app, phone, hazards.BY_HAND):
        assert (await case(app, number)).state == "reported"
        await acts(number, HazardState.VALIDATED, REVIEWER)
    number = await reports(phone, at=(41.60, 123.4))
    assert (await case(app, number)).state == "dispatched"


async def test_rejected_ones_do_not_count_as_good(phone, app, acts):
    for number in await filed(app, phone, hazards.BY_HAND):
        await acts(number, HazardState.REJECTED, REVIEWER, text="照片看不清")
    number = await reports(phone, at=(41.60, 123.4))
    assert (await case(app, number)).state == "reported"


async def test_too_many_in_a_day_is_said(phone, app):
    await filed(app, phone, hazards.A_DAY)
    await phone.types("/report")
    await phone.presses("跳过")
    await phone.sends_location(*HERE)
    await phone.types("井盖翘起来了")
    await phone.presses("路面坑洼")
    assert "今天报满 10 个" in (await phone.presses("提交"))[-1]


async def test_the_closest_rule_for_type_and_area_names_the_agency(phone, app):
    async with app.db.begin() as session:
        await unit_entered(session, "八卦街街道", code="street-1", region="210102")
        await unit_entered(session, "沈阳市道桥处", code="street-2", region="2101")
        await dispatch_rules.put(session, "road", "2101", "street-2")
        await dispatch_rules.put(session, "", dispatch_rules.cell(*HERE), "street-1")
    number = await reports(phone)
    elsewhere = await reports(phone, at=(41.70, 123.40))
    async with app.db.read() as session:
        found = [
            await session.scalar(
                select(Agency.name).join(Hazard, Hazard.agency_id == Agency.id).where(Hazard.number == each)
            )
            for each in (number, elsewhere)
        ]
    assert found == ["八卦街街道", "沈阳市道桥处"]


async def test_a_fix_needs_a_photo_and_the_spot_or_a_reason(phone, app, acts, handler):
    number = await reports(phone)
    await acts(number, HazardState.VALIDATED, REVIEWER)
    await acts(number, HazardState.DISPATCHED, REVIEWER)
    await acts(number, HazardState.HANDLING, handler)
    with pytest.raises(Rejected, match="result_photo"):
        await acts(number, HazardState.RESOLVED, handler, text=DONE, point=CLOSE)
    await add_photo(app, number)
    for point in (FAR, None):
        with pytest.raises(Rejected, match="off_site"):
            await acts(number, HazardState.RESOLVED, handler, text=DONE, point=point)
    hazard = await acts(
        number, HazardState.RESOLVED, handler, text=DONE, point=FAR, off_site="施工队在现场，照片由他们传回"
    )
    assert hazard.metres > 400


async def test_the_reporter_sees_whether_it_is_fixed(phone, app, resolved):
    [said] = await phone.presses("👍 好了")
    assert "记为已修好" in said
    assert (await case(app, resolved)).state == "rewarded"
    async with app.db.read() as session:
        assert (await session.scalar(select(Identity.delete_after))) is not None


async def test_who_has_not_said_whether_it_is_fixed_is_asked_once_more(phone, app, resolved):
    async with app.db.read() as session:
        reminder = await session.scalar(select(Outbox).where(Outbox.subject == f"remind:{resolved}"))
    assert timedelta(days=2) < reminder.due_at - now() <= effects.REMIND
    for _ in range(2):  # The process died before it wrote down that the timer had rung.
        async with app.db.begin() as session:
            await hazard_timers.ring(session, app.services, reminder.payload)
    [asked] = await phone.hears()
    assert "还没人去看过" in asked
    await phone.presses("👍 好了")
    await phone.hears()
    async with app.db.begin() as session:
        await hazard_timers.ring(session, app.services, reminder.payload | {"version": 99})
    assert await phone.hears() == []


async def test_at_night_nobody_is_reminded(phone, app, resolved):
    async with app.db.begin() as session:
        reminder = await session.scalar(select(Outbox).where(Outbox.subject == f"remind:{resolved}"))
        here = now().astimezone(ZONE)
        quiet = (here - timedelta(hours=1)).time(), (here + timedelta(hours=1)).time()
        await hazard_timers.ring(session, replace(app.services, quiet=quiet), reminder.payload)
    assert await phone.hears() == []


async def test_not_fixed_goes_back_to_be_done_again(phone, app, acts, resolved):
    said = await phone.presses("👎 还没好")
    assert any("退回去重弄" in line for line in said)
    hazard = await case(app, resolved)
    assert (hazard.state, hazard.reopened, hazard.resolved_at) == ("reopened", 1, None)
    assert (await acts(resolved, HazardState.DISPATCHED, REVIEWER)).state == "dispatched"


async def test_somebody_on_the_spot_may_check_and_nobody_from_afar(phones, app, resolved):
    passer = await phones()
    await passer.types("随手拍")
    await passer.presses("帮忙看看")
    assert "得人在现场" in (await passer.types("铁西区"))[-1]
    assert "附近 250 米没有" in (await passer.sends_location(*FAR))[-1]
    await passer.types("随手拍")
    await passer.presses("帮忙看看")
    assert resolved in (await passer.sends_location(*CLOSE))[-1]
    await passer.presses(f"👍 {resolved}")
    assert (await case(app, resolved)).state == "rewarded"


async def test_the_handler_never_verifies_through_any_door(phone, app, acts, handler, resolved):
    with pytest.raises(Rejected, match="own_work"):
        await acts(resolved, HazardState.VERIFIED, Actor(Role.REVIEWER, handler.id))
    with pytest.raises(IllegalStep):
        await acts(resolved, HazardState.VERIFIED, handler)
    async with app.db.begin() as session:
        chat_id = (await session.scalar(select(Identity.body)))["chat_id"]
        await session.execute(update(Staff).where(Staff.id == handler.id).values(chat_id=chat_id))
    assert "不能自己核实" in (await phone.presses("👍 好了"))[-1]
    assert (await case(app, resolved)).state == "resolved"


async def test_a_stranger_cannot_judge_by_number(phones, app, resolved):
    stranger = await phones()
    await stranger.types("/start")
    await stranger.types("随手拍")
    async with app.db.read() as session:
        assert await hazards.own_one(session, 999_999, resolved) is None
    assert (await case(app, resolved)).state == "resolved"


async def test_another_agency_cannot_touch_it(phone, app, acts):
    number = await reports(phone, "楼下燃气漏气，味道很大", "燃气泄漏")
    async with app.db.begin() as session:
        other = await session.scalar(select(Agency.id).where(Agency.code == "urban"))
        with pytest.raises(IllegalStep):
            await hazard_transitions.move(
                session, app.services, number, HazardMove(HazardState.HANDLING, Actor(Role.HANDLER, 5, other))
            )


async def test_a_wrong_agency_gives_it_back_with_a_reason(phone, app, acts, handler):
    number = await reports(phone, "楼下燃气漏气，味道很大", "燃气泄漏")
    with pytest.raises(Rejected):
        await acts(number, HazardState.VALIDATED, handler)
    hazard = await acts(number, HazardState.VALIDATED, handler, text="不是我们的管道")
    assert (hazard.hops, hazard.agency_id) == (1, None)
    assert (await acts(number, HazardState.DISPATCHED, REVIEWER, agency="urban")).state == "dispatched"


async def test_linked_to_another_its_reporter_follows_that_one(phones, app, acts):
    first, second = await phones(), await phones()
    number = await reports(first)
    other = await reports(second, at=FAR)
    async with Desk(app, Role.REVIEWER) as desk:
        await acts(other, HazardState.DUPLICATE, Actor(Role.REVIEWER, desk.id), parent=number)
    assert any(number in line for line in await second.hears())
    await acts(number, HazardState.VALIDATED, REVIEWER)
    await acts(number, HazardState.DISPATCHED, REVIEWER)
    assert any(f"{number} 交给" in line for line in await second.hears())


async def test_the_same_photo_again_makes_a_person_look(phone, app):
    first = await reports(phone, photo=picture(1, (640, 480)))
    again = await reports(phone, at=(41.70, 123.4), photo=picture(1, (640, 480)))
    other = await reports(phone, at=(41.60, 123.4), photo=picture(2, (640, 480)))
    assert (await case(app, again)).suspect == first
    assert (await case(app, first)).suspect == ""
    assert (await case(app, other)).suspect == ""


def test_a_print_survives_being_made_smaller_and_saved_again():
    whole = attachments.make(picture(3, (640, 480)), "photo").print
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(3, (640, 480)))).resize((200, 150)).save(out, "JPEG", quality=40)
    assert fingerprints.alike(whole, attachments.make(out.getvalue(), "photo").print)
    assert not fingerprints.alike(whole, attachments.make(picture(4, (640, 480)), "photo").print)


def test_what_is_pixelated_cannot_be_read_and_the_rest_stays():
    out = io.BytesIO()
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    noise.save(out, "PNG")
    made = Image.open(io.BytesIO(photos.pixelate(out.getvalue(), [(50, 50, 120, 110), (190, 190, 900, 900)]).data))
    assert made.size == (200, 200)
    inside, outside = (made.crop(box).convert("L").getcolors(10_000) for box in ((50, 50, 120, 110), (120, 0, 190, 60)))
    assert len(inside) < len(outside) / 2


async def test_a_deadline_that_passes_is_apologised_for_once(phone, app):
    number = await reports(phone, "楼下燃气漏气，味道很大", "燃气泄漏")
    async with app.db.begin() as session:
        rows = await session.scalars(select(Outbox).where(Outbox.kind == "timer", Outbox.state == "waiting"))
        [overdue] = [each.payload for each in rows if each.payload.get("do") == "overdue"]
    for _ in range(2):
        async with app.db.begin() as session:
            await hazard_timers.ring(session, app.services, overdue)
    assert sum("没弄好，对不起" in line for line in await phone.hears()) == 1
    assert (await case(app, number)).level == 1


async def test_the_list_shows_states_and_one_shows_its_timeline(phone, app, resolved):
    await phone.types("随手拍")
    assert resolved in "".join(await phone.presses("我上报的"))
    shown = (await phone.presses(resolved))[-1]
    assert "您上报了" in shown
    assert DONE in shown


async def test_one_can_take_it_back_before_anybody_has_it(phone, app):
    number = await reports(phone)
    await phone.types("随手拍")
    await phone.presses("我上报的")
    await phone.presses(number)
    page = (await phone.messages())[-1]["id"]
    assert "真的撤回" in (await phone.presses("撤回"))[-1]
    await phone.presses("真的撤回")
    assert "照常办" in (await phone.presses("撤销"))[-1]
    await minute_over(app)
    assert (await case(app, number)).state == "reported"
    await phone.types("随手拍")
    await phone.presses("我上报的")
    await phone.presses(number)
    await phone.presses("撤回")
    await phone.presses("真的撤回")
    await minute_over(app)
    assert "撤回了" in (await phone.hears())[-1]
    assert (await case(app, number)).state == "withdrawn"
    await phone.presses_data(page, f"hx:{number}")
    assert "真的撤回" not in (await phone.hears())[-1]


@pytest.mark.parametrize("source", list(HazardState))
def test_every_pair_of_states_is_allowed_or_refused_with_the_legal_ones_named(source):
    for target in HazardState:
        known = HAZARD.steps.get((source, target))
        for role in Role:
            if known and role in known.who:
                assert HAZARD.step(source, target, role).name
            else:
                with pytest.raises(IllegalStep) as refused:
                    HAZARD.step(source, target, role)
                assert set(refused.value.legal) == set(HAZARD.legal(source, role))
    assert Role.HANDLER not in {
        role for (a, b), step in HAZARD.steps.items() if b == HazardState.VERIFIED for role in step.who
    }


async def test_the_database_knows_the_same_steps_and_refuses_the_others(phone, app):
    async with app.db.read() as session:
        rows = await session.scalars(select(AllowedStep).where(AllowedStep.kind == "hazard"))
        assert {(row.source, row.target) for row in rows} == {(str(a), str(b)) for a, b in HAZARD.steps}
    number = await reports(phone)
    with pytest.raises(DBAPIError):
        async with app.db.begin() as session:
            await session.execute(update(Hazard).where(Hazard.number == number).values(state="verified"))


async def test_the_same_news_twice_is_told_once(phone, app, acts):
    number = await reports(phone)
    for _ in range(2):
        await acts(number, HazardState.VALIDATED, REVIEWER, key="form:1")
    async with app.db.read() as session:
        steps = select(func.count()).select_from(HazardStep).where(HazardStep.name == "validate")
        assert await session.scalar(steps) == 1


async def test_reports_do_not_use_up_the_appeals_of_a_day(phone, app):
    await filed(app, phone, hazards.A_DAY)
    await phone.types("/appeal")
    await phone.presses("进门难")
    await phone.types("小区门口保安不让骑手进，只能停在外面")
    assert "编号" in (await phone.presses("提交"))[-1]


def test_nothing_moves_out_of_an_open_state_by_itself():
    assert all(HAZARD.legal(state) for state in OPEN)
    assert WORKER.role is not SYSTEM.role


async def test_erased_the_hazard_stays_and_nobody_can_tell_whose_it_was(phone, app):
    number = await reports(phone, photo=picture(7))
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        assert [each["number"] for each in await privacy.held(session, chat)] == [number]
        assert len(await privacy.erase(session, app.services, chat)) == 1
    async with app.db.read() as session:
        hazard, identity = await session.scalar(select(Hazard)), await session.scalar(select(Identity))
        assert await session.scalar(select(HazardPhoto)) is None
    assert (hazard.state, hazard.latitude, identity.body) == ("withdrawn", 41.8, None)


async def points_of(app) -> int:
    """The points of the only worker there is."""
    async with app.db.read() as session:
        account = await points_ledger.account_of(session, await session.scalar(select(Chat.id)))
    return account.available if account else 0


async def test_points_come_when_it_is_found_good_and_when_the_fix_is_seen_and_go_when_it_was_none(
    phone, app, acts, handler, resolved
):
    assert await points_of(app) == hazard_points.AMOUNTS["validated"]
    await phone.presses("👍 好了")
    assert await points_of(app) == sum(hazard_points.AMOUNTS.values())
    await acts(resolved, HazardState.REOPENED, REVIEWER, text="抽查：井盖又翘了")
    assert await points_of(app) == hazard_points.AMOUNTS["validated"]
    await acts(resolved, HazardState.DISPATCHED, REVIEWER)
    await acts(resolved, HazardState.HANDLING, handler)
    await add_photo(app, resolved, photo=picture(91))
    await acts(resolved, HazardState.RESOLVED, handler, text=DONE, point=CLOSE)
    await acts(resolved, HazardState.VERIFIED, REVIEWER, text="抽查：好了")
    assert await points_of(app) == sum(hazard_points.AMOUNTS.values())


async def test_reporting_alone_and_an_old_photo_earn_nothing(phone, app, acts):
    await reports(phone, photo=picture(5, (640, 480)))
    assert await points_of(app) == 0
    again = await reports(phone, at=(41.70, 123.4), photo=picture(5, (640, 480)))
    await acts(again, HazardState.VALIDATED, REVIEWER)
    assert await points_of(app) == 0


@pytest.mark.parametrize(("target", "actor"), [(HazardState.REJECTED, REVIEWER), (HazardState.WITHDRAWN, WORKER)])
async def test_points_for_a_report_that_was_none_are_taken_back(phone, app, acts, target, actor):
    number = await reports(phone)
    await acts(number, HazardState.VALIDATED, REVIEWER)
    assert await points_of(app) == hazard_points.AMOUNTS["validated"]
    await acts(number, target, actor, text="到现场看过，井盖是好的")
    assert await points_of(app) == 0
    if target is HazardState.REJECTED:
        assert "不同意可以点“我要反映”" in (await phone.hears())[-1]


@pytest.mark.parametrize(
    ("typed", "taps", "region"),
    [
        ("沈阳铁西区建设大路", (), "210106"),
        ("铁西区建设大路", ("鞍山市铁西区",), "210303"),
        ("铁西区建设大路", ("跳过",), ""),
        ("三好街", (), ""),
    ],
)
async def test_a_typed_place_says_which_district_a_hazard_belongs_to_and_several_are_asked_about(
    phone, app, typed, taps, region
):
    await phone.types("/report")
    await phone.presses("跳过")
    await phone.types(typed)
    for label in taps:
        await phone.presses(label)
    await phone.types("路口井盖翘起来了")
    await phone.presses("路面坑洼")
    await phone.presses("提交")
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.region)) == region
