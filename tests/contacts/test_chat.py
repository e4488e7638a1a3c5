"""👤 我的联系人: who is there for a rider, by outlet or district; what happens when nobody picks up."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.services.contacts import contacts, samples
from bot.services.core.working_days import china_date
from bot.services.privacy import data_export, erasure
from bot.store.models import Appeal, Chat, Contact, ContactReport, now
from tests.support.contacts import TIEXI, contact_entered, outlet_entered
from tests.support.units import unit_entered

DUTIES = ("community", "police", "union", "party", "guide", "street", "company")


@pytest.fixture
async def outlet(app):
    """An outlet with a community and a police post, whose own contacts are named; the district has a union's."""
    async with app.db.begin() as session:
        community = await unit_entered(session, "兴工社区", region=TIEXI, kind="community")
        police = await unit_entered(session, "兴工派出所", region=TIEXI, kind="police")
        union = await unit_entered(session, "铁西区总工会", region=TIEXI, kind="union")
        number = await outlet_entered(session, community_id=community, police_id=police)
        await contact_entered(session, community, outlet_id=number, hours="周一至周日 00:00-24:00")
        await contact_entered(session, police, "王警官", duty="police", region=TIEXI)
        await contact_entered(session, union, "赵主席", duty="union", region=TIEXI, platform="meituan")
        await contact_entered(session, union, "钱干事", duty="union", region="2101")
        await contact_entered(session, union, "孙干事", duty="union", region=TIEXI, platform="jd")
    return number


async def chat_of(app) -> Chat:
    async with app.db.read() as session:
        return await session.scalar(select(Chat).order_by(Chat.id.desc()).limit(1))


async def names(app, *place, **more) -> list[str]:
    async with app.db.read() as session:
        card = await contacts.of_place(session, *place, DUTIES, **more)
    return [each.name for each in card.contacts]


async def test_a_rider_of_an_outlet_sees_its_community_s_police_post_s_and_union_s_contact(app, phone, outlet):
    assert "您在哪个站点" in (await phone.types("/contact"))[-1]
    assert "众包、没有站点" in await phone.buttons()
    await phone.types("兴工街")
    said = (await phone.presses("兴工街站"))[-1]
    assert [name in said for name in ("李干事", "王警官", "赵主席", "钱干事", "孙干事")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert "现在有人" in said
    assert "02425850000" in said
    assert max(len(part.splitlines()) for part in said.split("\n\n")[1:]) <= 5
    chat = await chat_of(app)
    assert (chat.outlet_id, chat.region) == (outlet, TIEXI)
    assert "李干事" in (await phone.types("/contact"))[-1]


async def test_the_district_s_contact_is_there_when_the_outlet_has_none_and_for_whoever_has_no_outlet(
    app, phone, outlet
):
    await phone.types("/contact")
    await phone.presses("众包、没有站点")
    said = (await phone.types("沈阳铁西区"))[-1]
    assert "王警官" in said
    assert "钱干事" in said
    assert "李干事" not in said
    chat = await chat_of(app)
    assert (chat.outlet_id, chat.no_outlet, chat.region) == (None, True, TIEXI)
    async with app.db.begin() as session:
        await session.execute(update(Contact).where(Contact.outlet_id == outlet).values(outlet_id=None, region="2102"))
        bare = await outlet_entered(session, "保工街站")
    assert await names(app, bare, "", "") == ["王警官", "赵主席"]


async def test_a_position_offers_the_nearest_outlets_and_a_name_nobody_knows_is_said_so(app, phone):
    async with app.db.begin() as session:
        await outlet_entered(session, latitude=41.8000, longitude=123.3600)
        await outlet_entered(session, "保工街站", latitude=41.8010, longitude=123.3610)
        await outlet_entered(session, "大连站", latitude=38.9, longitude=121.6)
    await phone.types("/contact")
    assert "没找到这个站点" in (await phone.types("qqqq"))[-1]
    await phone.sends_location(41.8009, 123.3609)
    assert (await phone.buttons())[:2] == ["美团 保工街站", "美团 兴工街站"]
    await phone.sends_location(38.0, 121.0)


async def test_what_ran_out_or_is_doubted_comes_last_and_says_so(app, outlet):
    today = china_date(now())
    async with app.db.begin() as session:
        await session.execute(
            update(Contact).where(Contact.shown_name == "李干事").values(valid_until=today - timedelta(days=1))
        )
        late = await unit_entered(session, "行业党委", region=TIEXI)
        await contact_entered(session, late, "周书记", duty="party", region=TIEXI)
        await contact_entered(session, late, "吴书记", duty="guide", region=TIEXI, valid_from=today + timedelta(days=1))
    assert await names(app, outlet, "", "") == ["王警官", "赵主席", "周书记", "李干事"]
    async with app.db.read() as session:
        card = await contacts.of_place(session, outlet, "", "", DUTIES)
    assert [each.expired for each in card.contacts] == [False, False, False, True]
    async with app.db.begin() as session:
        unit = await unit_entered(session, "铁西社区", region=TIEXI)
        await contact_entered(session, unit, "郑干事", region=TIEXI)
    assert (await names(app, outlet, "", ""))[0] == "郑干事"  # One that holds is there, so the other is not shown.


async def test_two_riders_who_could_not_get_through_make_a_contact_doubtful_and_the_card_says_so(app, phones, outlet):
    for number in range(2):
        phone = await phones()
        phone.http.headers["X-Forwarded-For"] = f"203.0.113.{number}"  # All of one address are one voice.
        await phone.types("/contact", "兴工街")
        async with app.db.begin() as session:  # A web chat counts from its second day on.
            await session.execute(update(Chat).values(created_at=now() - timedelta(days=2)))
        await phone.presses("兴工街站")
        await phone.presses("李干事打不通")
        assert "记下了" in (await phone.presses("打了没人接"))[-1]
        await phone.presses("李干事打不通")
        await phone.presses("打了没人接")  # Once more from the same person changes nothing.
    phone = await phones()
    await phone.types("/contact", "兴工街")
    assert "有人说打不通" in (await phone.presses("兴工街站"))[-1]
    async with app.db.read() as session:
        assert len(list(await session.scalars(select(ContactReport)))) == 2


async def union(session) -> int:
    return await session.scalar(select(Contact.agency_id).where(Contact.shown_name == "赵主席"))


async def test_somebody_else_s_contact_is_not_reported(app, phone, outlet):
    async with app.db.begin() as session:
        unit = await unit_entered(session, "济南社区", region="370102")
        foreign = await contact_entered(session, unit, region="370102")
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")
    async with app.db.read() as session:
        assert await contacts.find(session, await chat_of(app), foreign, DUTIES) is None


async def test_the_buttons_of_a_contact_who_is_somebody_else_s_by_now_do_nothing(app, phone, outlet):
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")
    async with app.db.begin() as session:
        moved = update(Contact).where(Contact.shown_name == "李干事")
        await session.execute(moved.values(region="370102", outlet_id=None, agency_id=await union(session)))
    for label in ("给李干事留言", "李干事打不通"):
        assert await phone.presses(label) in ([], ["怎么不对？"])
    await phone.presses("打了没人接")
    assert "过时" in (await phone.toasts())[-1]
    assert "编号" not in "".join(await phone.types("插头烧了，站里没人管"))
    async with app.db.read() as session:
        assert (await session.scalars(select(ContactReport))).all() == []
        assert (await session.scalars(select(Appeal))).all() == []


async def test_erasing_a_chat_takes_its_outlet_and_its_name_off_reports(app, phone, outlet):
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")
    await phone.presses("李干事打不通")
    await phone.presses("人或号码不对")
    chat = await chat_of(app)
    assert "兴工街站" in (await phone.types("/mydata"))[0]
    async with app.db.begin() as session:
        mine = await session.get(Chat, chat.id)
        held = await data_export.of(session, mine)
        assert held["chat"]["outlet"]["name"] == "兴工街站"
        assert len(held["contact_reports"]) == 1
        await erasure.erase(session, app.services, mine)
    async with app.db.read() as session:
        assert await session.get(Chat, chat.id) is None
        report = await session.scalar(select(ContactReport))
    assert report.reporter != chat.key


async def test_the_demo_shows_contacts_and_the_colleague_who_answers_for_one(app, phone):
    async with app.db.begin() as session:
        for _ in range(2):
            await samples.seed_demo(session)
        [colleague] = await samples.colleagues(session)
        assert colleague.username == "demo.contact"
    await phone.types("/contact", "兴工街")
    said = (await phone.presses("兴工街站（示例）"))[-1]
    assert [name in said for name in ("李干事", "王警官", "赵干事")] == [True, True, True]


async def test_a_unit_left_out_is_nobody_s_contact(app, outlet):
    async with app.db.read() as session:
        card = await contacts.of_place(session, outlet, "", "", DUTIES)
    for each in card.contacts:
        assert each.name not in await names(app, outlet, "", "", but=[each.agency_id])
