"""An account that was used before is never opened on one administrator's word alone."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import update

from bot.services.core.lifecycle import Role
from bot.store.models import SignInLink, Staff, now
from tests.support.desk import Desk
from tests.support.volunteers import reward_in

LINK = re.compile(r"/console/enter/([\w-]{43})")


@pytest.fixture
async def admin(app):
    async with Desk(app, Role.ADMIN, name="管理员甲") as desk:
        yield desk


async def links_chat(desk, phone) -> None:
    page = await desk.submits("/console/chat")
    [said] = await phone.types(re.search(r"/staff \d{6}", page)[0])
    assert said.startswith("绑好了")


async def test_a_new_colleague_gets_their_link_at_once(app, admin):
    page = await admin.submits(
        "/console/people", name="新人", username="new.one", role="organiser", district="2101", unit=""
    )
    assert await opens(app, LINK.search(page)[1]) == 200


async def test_the_other_administrators_hear_of_a_first_link_that_opens_more_than_a_counter(app, admin, phone):
    async with Desk(app, Role.ADMIN) as second:
        await links_chat(second, phone)
        new = {"district": "2101", "unit": ""}
        reward = await reward_in(app, "2101")
        await admin.submits(
            "/console/people", name="柜台", username="new.counter", role="counter", reward=reward, **new
        )
        assert await phone.hears() == []
        page = await admin.submits("/console/people", name="新审批", username="new.approver", role="approver", **new)
        assert LINK.search(page)
        [said] = await phone.hears()
        assert "管理员甲给新同事新审批（new.approver）" in said
        assert not LINK.search(said)


async def test_the_other_administrators_hear_when_an_account_for_something_small_may_approve(app, admin, phone):
    """Or one person would make a counter, use it, and be their own second person."""
    async with Desk(app, Role.ADMIN) as second, Desk(app, None) as small:
        await links_chat(second, phone)
        await admin.submits(f"/console/people/{small.id}/give", role="organiser", district="2101", follow=False)
        [said] = await phone.hears()
        assert f"管理员甲给{small.name}（{small.username}）加了角色" in said
        for role in ("approver", "approver"):
            await admin.submits(f"/console/people/{small.id}/give", role=role, district="2101", follow=False)
        assert len(await phone.hears()) == 1


async def test_a_link_for_an_account_with_a_chat_goes_there_and_nowhere_else(app, admin, phones):
    own, other = await phones(), await phones()
    async with Desk(app, Role.APPROVER) as approver, Desk(app, Role.ADMIN) as second:
        await links_chat(approver, own)
        await links_chat(second, other)
        page = await admin.submits(f"/console/people/{approver.id}/link")
        assert not LINK.search(page)
        assert "自己绑定的聊天" in page.words
        [said] = await own.hears()
        assert await opens(app, LINK.search(said)[1]) == 200
        assert f"管理员甲给{approver.name}" in (await other.hears())[-1]


async def test_a_link_for_a_used_account_without_a_chat_is_good_a_day_later(app, admin, phone):
    async with Desk(app, Role.COUNTER) as person, Desk(app, Role.ADMIN) as second:
        await links_chat(second, phone)
        page = await admin.submits(f"/console/people/{person.id}/link")
        token = LINK.search(page)[1]
        assert "24 小时以后才能用" in page.words
        assert "新的管理端登录链接" in (await phone.hears())[-1]
        assert await opens(app, token) == 410
        person.http.cookie_jar.clear()
        page = await person.submits(f"/console/enter/{token}", status=410)
        assert "链接还不能用" in page.words
        await days_on(app, SignInLink.ready_at)
        assert (await person.submits(f"/console/enter/{token}")).path == "/console"


async def test_a_second_factor_is_cleared_a_day_later_and_all_concerned_are_told(app, admin, phones):
    own, other = await phones(), await phones()
    async with Desk(app, Role.APPROVER) as approver, Desk(app, Role.ADMIN) as second:
        await links_chat(approver, own)
        await links_chat(second, other)
        await admin.submits(f"/console/people/{approver.id}/reset")
        assert "清空您管理端的二次验证" in (await own.hears())[-1]
        assert "清空" in (await other.hears())[-1]
        await approver.enters_again()
        assert (await approver.gets("/console")).path == "/console/second"
        await days_on(app, Staff.reset_at)
        await approver.enters_again()
        assert (await approver.gets("/console")).path == "/console/enrol"


@pytest.mark.parametrize("by", ["a code", "a second administrator"])
async def test_a_second_factor_that_was_not_lost_stays(app, admin, by):
    async with Desk(app, Role.APPROVER) as approver, Desk(app, Role.ADMIN) as second:
        await admin.submits(f"/console/people/{approver.id}/reset")
        if by == "a code":
            async with app.db.begin() as session:
                await session.execute(update(Staff).where(Staff.id == approver.id).values(totp_step=0))
            await approver.enters_again()
            await approver.submits("/console/second", code=pyotp.TOTP(approver.secret).now())
        else:
            await second.gets(f"/console/people/{approver.id}")
            await second.submits(f"/console/people/{approver.id}/keep")
        async with app.db.read() as session:
            person = await session.get_one(Staff, approver.id)
        assert (person.totp is not None, person.reset_at) == (True, None)


async def opens(app, token: str) -> int:
    """How a browser that knows nothing is answered."""
    async with Desk(app, None) as somebody:
        somebody.http.cookie_jar.clear()
        return (await somebody.gets(f"/console/enter/{token}", status=None)).status


async def days_on(app, column) -> None:
    async with app.db.begin() as session:
        await session.execute(update(column.class_).where(column.is_not(None)).values({column: now() - timedelta(1)}))
