"""A place that somebody types, or sends, says which district their appeal belongs to."""

import pytest
from sqlalchemy import select

from bot.services.core.lifecycle import Role
from bot.store.models import Appeal
from tests.appeals.test_filing import STORY
from tests.support.desk import Desk


async def begins(phone, home: str = "") -> None:
    """Write an appeal as far as the question for the place; `home` is said in the settings before."""
    if home:
        await phone.types("/settings")
        await phone.presses("换地方")
        await phone.types(home)
        if "跳过" in await phone.buttons():
            await phone.presses("跳过")
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.presses("地点")


async def filed(phone) -> Appeal:
    await phone.presses("提交")
    async with phone.app.db.read() as session:
        return await session.scalar(select(Appeal))


@pytest.mark.parametrize(
    ("home", "typed", "region"),
    [
        ("", "沈阳铁西区", "210106"),
        ("", "沈阳铁西区建设大路万达", "210106"),
        ("", "太原街", "210102"),  # a street lies in one district
        ("沈阳", "铁西区", "210106"),  # one's own city decides between namesakes
        ("大连", "沈阳铁西区", "210106"),
        ("沈阳铁西区", "沈阳站", "210106"),  # the city around one's district says nothing new
        ("沈阳铁西区", "三好街", "210106"),
        ("", "三好街", ""),
    ],
)
async def test_an_appeal_belongs_to_the_district_of_its_place(phone, home, typed, region):
    await begins(phone, home)
    await phone.types(typed)
    appeal = await filed(phone)
    assert (appeal.region, appeal.place) == (region, typed)


async def test_a_position_says_the_district_too(phone):
    await begins(phone, "大连")
    [preview] = await phone.sends_location(41.80, 123.38)
    assert "发的位置（辽宁省沈阳市铁西区）" in preview
    appeal = await filed(phone)
    assert (appeal.region, appeal.latitude) == ("210106", 41.80)


async def test_a_place_of_several_districts_is_asked_about(phone):
    await begins(phone)
    assert "是哪一个" in (await phone.types("铁西区建设大路"))[0]
    assert "辽宁省鞍山市铁西区" in (await phone.presses("鞍山市铁西区"))[0]
    assert (await filed(phone)).region == "210303"


async def test_who_cannot_say_which_of_several_it_is_leaves_it_open(phone):
    await begins(phone)
    await phone.types("铁西区建设大路")
    [preview] = await phone.presses("跳过")
    assert "辽宁" not in preview
    assert (await filed(phone)).region == ""


async def test_another_place_is_asked_about_anew(phone):
    await begins(phone)
    await phone.types("铁西区")
    await phone.presses("鞍山市铁西区")
    await phone.presses("地点")
    await phone.types("和平区")
    await phone.presses("沈阳市和平区")
    assert (await filed(phone)).region == "210102"


async def test_the_preview_says_what_was_understood_and_shows_what_was_typed_as_text(phone):
    await begins(phone)
    [preview] = await phone.types("<b>沈阳铁西区</b>")
    assert "<b>沈阳铁西区</b>（辽宁省沈阳市铁西区）" in preview.replace("&lt;", "<").replace("&gt;", ">")


async def test_the_districts_own_office_finds_it(app, phone):
    await begins(phone)
    await phone.types("沈阳铁西区")
    number = (await filed(phone)).number
    async with Desk(app, Role.ADMIN, district="210106") as here, Desk(app, Role.ADMIN, district="210102") as other:
        assert "沈阳市铁西区" in (await here.gets(f"/console/appeals/{number}")).words
        await other.gets(f"/console/appeals/{number}", status=404)
