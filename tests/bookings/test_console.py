"""Organisers write what people can come to, somebody else approves it, and the dates are looked after in the console."""

from datetime import timedelta

from bot.services.bookings.states import SittingState
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import now
from tests.support.bookings import TITLE, books, seats_at, sitting_made, sitting_of
from tests.support.desk import BY, Desk

DAY = f"{(now() + timedelta(days=3)).astimezone(ZONE):%Y-%m-%d}"
FORM = {
    "title": "急救入门",
    "kind": "course",
    "district": "沈阳市铁西区",
    "unit": "",
    "place": "区总工会三楼",
    "book_hours": "2",
    "cancel_hours": "12",
    "points": "0",
    "text": "学心肺复苏和止血，一个半小时，不收钱。",
}
SITTING = {"day": DAY, "from": "19:00", "to": "20:30", "capacity": "1", "least": "0", "place": ""}


async def test_an_organiser_of_a_district_makes_an_offering_and_a_session_through_pages_and_a_rider_books_it(
    app, phone
):
    async with Desk(app, Role.ORGANISER, district="210106") as organiser, Desk(app, Role.APPROVER) as approver:
        await organiser.gets("/console/offerings/new")
        page = await organiser.submits("/console/offerings/new", status=422, **{**FORM, "title": "急"})
        assert "名称写 4 到 40 个字" in page.words
        assert FORM["text"] in page
        page = await organiser.submits("/console/offerings/new", **FORM)
        path = page.path.partition("?")[0]
        page = await organiser.submits(f"{path}/sittings", status=422, **{**SITTING, "to": "18:00"})
        assert "结束要比开始晚" in page.words
        page = await organiser.submits(f"{path}/sittings", **SITTING)
        assert "等活动批准" in page.words
        assert "眼下没有能报名的" in (await phone.types("培训与活动"))[-1]
        assert "等批准的活动" in (await approver.gets("/console")).words
        page = await approver.gets(path)
        await organiser.gets(path)
        await organiser.submits(path, **{**FORM, "title": "急救入门课"})
        await approver.submits(f"{path}/approve", status=422, version=1)
        await approver.gets(path)
        page = await approver.submits(f"{path}/approve")
        assert "报名中" in page.words
        assert "报上了" in await books(phone, "急救入门课")
        await organiser.gets(path)
        assert "不能再改" in (await organiser.submits(path, status=422, **FORM)).words


async def test_who_wrote_an_offering_does_not_approve_it(app):
    async with Desk(app, Role.ORGANISER) as both:
        await both.gets("/console/offerings/new")
        path = (await both.submits("/console/offerings/new", **FORM)).path.partition("?")[0]
        async with app.db.begin() as session:
            person = await accounts.find(session, both.username)
            await accounts.give(session, None, BY, person, Grant(Role.APPROVER, "2101"))
        page = await both.gets(path, status=None)
        assert "批准以后" not in page
        await both.submits(f"{path}/approve", status=None, version=1)
    async with Desk(app, Role.APPROVER) as other:
        assert "等批准" in (await other.gets(path)).words


async def test_the_organiser_moves_a_sitting_writes_to_those_who_booked_and_cancels_it(app, phone, organiser):
    sitting = await sitting_made(app, capacity=3)
    await books(phone)
    [seat] = await seats_at(app, sitting)
    path = f"/console/sittings/{sitting}"
    assert seat.number in (await organiser.gets(path)).words
    await organiser.submits(path, **{**SITTING, "capacity": "5", "place": "四楼"})
    assert "四楼" in (await phone.hears())[-1]
    await organiser.gets(path)
    await organiser.submits(f"{path}/message", text="请带身份证")
    assert "请带身份证" in (await phone.hears())[-1]
    await organiser.gets(path)
    await organiser.submits(f"{path}/cancel", reason="老师病了")
    assert "老师病了" in (await phone.hears())[-1]
    row = await sitting_of(app, sitting)
    assert (row.state, row.taken, row.capacity) == (SittingState.CANCELLED, 0, 5)
    assert TITLE in (await organiser.gets("/console/sittings?view=over")).words
