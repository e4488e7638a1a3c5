"""Staff handles hazards at the console: list, map, one page for each, photos that leave only after somebody looked."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select, update

from bot.services.core.lifecycle import Actor, Role
from bot.services.hazards import hazards, photos
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.hazards import HazardDraft
from bot.services.hazards.states import HazardMove, HazardState
from bot.services.identity import identities
from bot.store.models import Agency, Audit, Hazard, HazardPhoto, now
from tests.hazards.test_reporting import CLOSE, FAR, HERE, case, picture, reports
from tests.support.desk import Desk

GAS = ("楼下燃气漏气，味道很大", "燃气泄漏")  # goes to the agency at once


@pytest.fixture
async def handler(app):
    async with Desk(app, Role.HANDLER, agency="gas") as desk:
        yield desk


def taken_at(latitude: float, longitude: float) -> bytes:
    """A photo that says where it was taken."""
    exif = Image.Exif()
    place = exif.get_ifd(0x8825)
    for tag, letter, value in ((1, "N", latitude), (3, "E", longitude)):
        degrees = int(value)
        minutes = int((value - degrees) * 60)
        place[tag], place[tag + 1] = letter, (degrees, minutes, (value - degrees - minutes / 60) * 3600)
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(9))).save(out, "JPEG", exif=exif)
    return out.getvalue()


async def test_from_the_report_to_the_seen_fix(phone, app, reviewer):
    number = await reports(phone, photo=picture())
    assert number in await reviewer.gets("/console/hazards?view=look")
    page = await reviewer.gets(f"/console/hazards/{number}")
    assert "路口井盖翘起来了" in page.words
    await reviewer.submits(f"/console/hazards/{number}/validate")
    assert any("交给" in line for line in await phone.hears())
    async with Desk(app, Role.HANDLER, agency="urban") as handler:
        assert number in await handler.gets("/console/hazards?view=handle")
        await handler.gets(f"/console/hazards/{number}")
        await handler.submits(f"/console/hazards/{number}/begin")
        path, done = f"/console/hazards/{number}/resolve", "井盖换了新的，周围抹平"
        page = await handler.submits(path, status=422, text=done)
        assert "请先传一张处理后的照片" in page.words
        assert done in page
        page = await handler.uploads(path, "photo", taken_at(*FAR), "a.jpg", text=done)
        assert page.status == 422
        assert "请写明原因" in page.words
        page = await handler.uploads(path, "photo", taken_at(*CLOSE), "a.jpg", text=done)
        assert page.status == 200
        assert "离上报位置" in page.words
        assert "抽查" not in page.words
    assert any("说弄好了" in line for line in await phone.hears())
    hazard = await case(app, number)
    assert (hazard.state, hazard.metres < 200) == ("resolved", True)
    await reviewer.gets(f"/console/hazards/{number}")
    await reviewer.submits(f"/console/hazards/{number}/verify", text="下午去看过，井盖是新的")
    assert (await case(app, number)).state == "rewarded"
    async with app.db.read() as session:
        done = await session.scalars(select(Audit.action).where(Audit.subject == f"hazard:{number}"))
        assert {"hazard.validate", "hazard.begin", "hazard.resolve", "hazard.verify"} <= set(done)
        result = await session.scalar(select(HazardPhoto).where(HazardPhoto.part == "result"))
        assert result.mime == "image/jpeg"


async def test_a_photo_larger_than_a_form_of_words_arrives(phone, app, handler):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    out = io.BytesIO()
    Image.effect_noise((1800, 1400), 90).convert("RGB").save(out, "PNG")
    assert len(out.getvalue()) > 2**21
    path = f"/console/hazards/{number}/resolve"
    page = await handler.uploads(
        path, "photo", out.getvalue(), "a.png", text="换了阀门，测过不漏", lat=str(CLOSE[0]), lon=str(CLOSE[1])
    )
    assert page.status == 200
    assert (await case(app, number)).metres < 200


async def test_a_photo_that_is_there_already_is_no_proof_of_a_fix(phone, app, handler):
    mine, other = await reports(phone, *GAS, photo=picture(1)), await reports(phone, *GAS, photo=picture(2))
    path = f"/console/hazards/{mine}/resolve"
    await handler.submits(f"/console/hazards/{mine}/begin")
    given = {"text": "换了阀门，测过不漏", "off_site": "照片由抢修队传回"}
    page = await handler.uploads(path, "photo", picture(1), "a.jpg", **given)
    assert "和这一件已有的照片一样" in page.words
    page = await handler.uploads(path, "photo", picture(2), "a.jpg", **given)
    assert f"这张照片在 {other} 用过" in page.words
    assert (await case(app, mine)).state == "handling"
    page = await handler.uploads(path, "photo", picture(3), "a.jpg", **given)
    assert (page.status, (await case(app, mine)).suspect) == (200, "")
    await phone.presses("👎 还没好")
    async with app.db.begin() as session:
        await hazard_transitions.move(
            session, app.services, mine, HazardMove(HazardState.DISPATCHED, Actor(Role.REVIEWER, 3))
        )
    await handler.submits(f"/console/hazards/{mine}/begin")
    assert "请先传一张处理后的照片" in (await handler.submits(path, status=422, **given)).words


async def test_what_is_no_picture_is_said_and_nothing_of_the_step_is_kept(phone, app, handler):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    page = await handler.uploads(
        f"/console/hazards/{number}/resolve",
        "photo",
        b"%PDF-1.7",
        "a.pdf",
        text="换了阀门，测过不漏",
        off_site="在仓库",
    )
    assert "不是照片" in page.words
    assert (await case(app, number)).state == "handling"


async def test_what_nobody_has_looked_at_does_not_leave_and_what_was_marked_is_unreadable(phone, app, reviewer):
    number = await reports(phone, photo=picture(size=(400, 300)))
    async with app.db.read() as session:
        photo = await session.scalar(select(HazardPhoto))
    path = f"/console/hazards/{number}/photos/{photo.id}"
    page = await reviewer.submits(f"{path}/mark", status=422)
    assert "先在照片上框出" in page.words
    assert "框没看懂" in (await reviewer.submits(f"{path}/mark", status=422, boxes="1,2,3")).words
    page = await reviewer.submits(f"{path}/mark", boxes="10,10,120,90 200,150,390,290")
    assert "可以对外" in page.words
    async with app.db.read() as session:
        photo = await session.scalar(select(HazardPhoto))
    assert photo.shown != photo.name
    assert photo.shown_by == reviewer.id


async def test_a_photo_stands_small_in_lists_covered_once_it_is_covered_and_is_no_look(phone, app, reviewer):
    number = await reports(phone, photo=picture(size=(400, 300)))
    async with app.db.begin() as session:
        photo = await session.scalar(select(HazardPhoto))
    path = f"/console/hazards/{number}/photos/{photo.id}"

    async def small() -> Image.Image:
        async with reviewer.http.get(f"{reviewer.url}{path}/small") as response:
            assert (response.status, response.content_type) == (200, "image/jpeg")
            found = Image.open(io.BytesIO(await response.read()))
            assert not found.getexif()
            return found

    assert f"{path}/small" in await reviewer.gets("/console/hazards")
    before = await small()
    assert max(before.size) <= 120
    async with app.db.begin() as session:  # one from before there were small copies
        await session.execute(update(HazardPhoto).values(thumb=None))
    assert (await small()).size == before.size
    await reviewer.gets(f"/console/hazards/{number}")
    await reviewer.submits(f"{path}/mark", boxes="0,0,400,300")
    assert (await small()).getpixel((50, 50)) == pytest.approx(photos.COVER, abs=3)
    async with app.db.read() as session:
        assert await session.scalar(select(HazardPhoto.thumb)) is not None
        assert list(await identities.seen_by(session, f"hazard:{number}")) == []
    async with Desk(app, Role.ORGANISER) as organiser:
        assert f"{path}/small" not in await organiser.gets("/console/hazards")


async def test_what_is_near_is_offered_and_marked_as_the_same_with_one_click(phone, app, reviewer):
    first = await reports(phone)
    async with app.db.begin() as session:
        points = {"same": (HERE[0] + 0.0005, HERE[1]), "gas": HERE, "far": FAR}
        drafts = {
            name: HazardDraft("gas" if name == "gas" else "road", "井盖翘着，车轮卡过", point=at, origin="open311")
            for name, at in points.items()
        }
        numbers = {
            name: (await hazards.submit(session, app.services, None, draft)).number for name, draft in drafts.items()
        }
    page = await reviewer.gets(f"/console/hazards/{first}")
    assert page.index(f'id="near-{numbers["same"]}"') < page.index(
        f'id="near-{numbers["gas"]}"'
    )  # of the same type first
    assert numbers["far"] not in page
    assert "56 米" in page.words
    await reviewer.submits(f"/console/hazards/{first}/link", parent=numbers["same"])
    assert (await case(app, first)).state == "duplicate"
    assert 'id="near' not in await reviewer.gets(f"/console/hazards/{first}")


async def test_every_look_at_a_photo_is_written_down(phone, app, reviewer):
    number = await reports(phone, photo=picture())
    async with app.db.read() as session:
        photo = await session.scalar(select(HazardPhoto))
    async with reviewer.http.get(f"{reviewer.url}/console/hazards/{number}/photos/{photo.id}") as response:
        assert (response.status, response.content_type) == (200, "image/jpeg")
    async with app.db.read() as session:
        [look] = await identities.seen_by(session, f"hazard:{number}")
    assert (look.role, look.field, look.staff_id) == ("reviewer", f"photo:{photo.id}", reviewer.id)


async def test_who_handled_it_cannot_check_it_with_another_role(phone, app, reviewer, handler):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    path = f"/console/hazards/{number}/resolve"
    page = await handler.uploads(
        path, "photo", picture(8), "a.jpg", text="换了阀门，测过不漏", off_site="照片由抢修队传回"
    )
    assert page.status == 200
    async with app.db.begin() as session:
        await session.execute(update(Hazard).values(handler_id=reviewer.id))
    page = await reviewer.gets(f"/console/hazards/{number}")
    assert "抽查：确实好了" not in page.words
    page = await reviewer.submits(f"/console/hazards/{number}/verify", status=422, text="去看过了，好了")
    assert "自己处理的不能自己核实" in page.words


async def test_linking_returning_and_rejecting_tell_the_reporter(phone, app, reviewer, handler):
    first = await reports(phone)
    second = await reports(phone, at=FAR)
    third = await reports(phone, at=(41.70, 123.40))
    gas = await reports(phone, *GAS)
    await phone.hears()
    await reviewer.submits(f"/console/hazards/{second}/link", parent=first.lower())
    await reviewer.submits(f"/console/hazards/{third}/reject", text="照片看不清，请重新拍一张")
    await handler.submits(f"/console/hazards/{gas}/return", text="不是我们的管道，是供热的")
    said = " ".join(await phone.hears())
    assert f"{second} 和 {first} 是同一处" in said
    assert "照片看不清" in said
    assert f"{gas} 不归那家管" in said
    await reviewer.submits(f"/console/hazards/{gas}/dispatch", agency="urban")
    assert (await case(app, gas)).state == "dispatched"


async def test_the_list_holds_filters_and_a_search(phone, app, reviewer):
    road, gas = await reports(phone), await reports(phone, *GAS)
    page = await reviewer.gets("/console/hazards?kind=gas")
    assert gas in page
    assert road not in page
    page = await reviewer.gets("/console/hazards?view=all&q=井盖")
    assert road in page
    assert gas not in page
    assert "没有符合条件的" in (await reviewer.gets("/console/hazards?q=没有这样的")).words


async def test_a_liaisons_report_stands_before_the_others_and_after_what_cannot_wait(app, reviewer):
    async with app.db.begin() as session:
        wanted = [("road", False), ("waste", True), ("gas", False)]
        drafts = [
            HazardDraft(kind, "这里有隐患", region="2101", priority=first, origin="open311") for kind, first in wanted
        ]
        road, waste, gas = [(await hazards.submit(session, app.services, None, each)).number for each in drafts]
        await session.execute(update(Hazard).where(Hazard.number == road).values(due_at=now()))
    page = await reviewer.gets("/console/hazards")
    assert page.index(gas) < page.index(waste) < page.index(road)
    assert page.words.count("联络员") == 1
    assert "民情联络员，优先办理" in (await reviewer.gets(f"/console/hazards/{waste}")).words


async def test_what_nobody_has_checked_for_a_week_is_for_staff_to_sample(app, reviewer):
    async with app.db.begin() as session:
        draft = HazardDraft("road", "路口井盖翘起来了", region="2101", origin="open311")
        fresh, old = [(await hazards.submit(session, app.services, None, draft)).number for _ in range(2)]
        for number, days in ((fresh, 1), (old, 8)):
            mine = update(Hazard).where(Hazard.number == number)
            for state in (HazardState.HANDLING, HazardState.RESOLVED):
                await session.execute(mine.values(state=state, resolved_at=now() - timedelta(days=days)))
    page = await reviewer.gets("/console/hazards?view=check")
    assert page.index(old) < page.index(fresh)
    assert page.words.count("没人核实，请抽查") == 1
    assert "到现在没人核实" in (await reviewer.gets(f"/console/hazards/{old}")).words
    assert "到现在没人核实" not in (await reviewer.gets(f"/console/hazards/{fresh}")).words


async def test_the_map_shows_clusters_that_open_when_one_looks_closer(app, reviewer):
    async with app.db.begin() as session:
        for at in range(30):
            draft = HazardDraft("gas", "楼下漏气", point=(HERE[0] + at / 1e5, HERE[1]), origin="open311")
            await hazards.submit(session, app.services, None, draft)
        far = HazardDraft("gas", "楼下漏气", point=(41.95, 123.40), origin="open311")
        lonely = (await hazards.submit(session, app.services, None, far)).number
        await hazards.submit(
            session, app.services, None, HazardDraft("gas", "漏气", place="沈阳市铁西区", origin="open311")
        )
        await session.execute(update(Hazard).where(Hazard.number == lonely).values(due_at=now()))
    page = await reviewer.gets("/console/hazards/map")
    assert page.count("<circle") == 2
    assert ">30</text>" in page
    assert f'href="/console/hazards/{lonely}"' in page
    assert 'class="dot late"' in page
    assert "另有 1 处没有位置" in page.words
    page = await reviewer.gets(f"/console/hazards/map?lat={HERE[0]}&lon={HERE[1]}&span=0.004")
    assert page.count("<circle") == 2
    assert lonely not in page
    for odd in ("lat=x&lon=1&span=1", "lat=nan&lon=123&span=nan", "lat=41&lon=123&span=1e9"):
        assert "<svg" in await reviewer.gets(f"/console/hazards/map?{odd}")


async def test_rules_are_set_for_ones_own_district_only(phone, app):
    async with Desk(app, Role.ADMIN) as admin:
        await admin.gets("/console/hazards/rules")
        page = await admin.submits("/console/hazards/rules", kind="road", area="2101", agency="traffic")
        assert "公安交通管理部门" in page.words
        await admin.submits("/console/hazards/rules", kind="", area="41.7951,123.4329", agency="fire")
        await admin.submits("/console/hazards/rules", status=403, kind="road", area="3701", agency="traffic")
        await admin.submits("/console/hazards/rules", status=422, kind="road", area="", agency="traffic")
        await admin.submits("/console/hazards/rules", status=422, kind="road", area="火星", agency="traffic")
        road = await reports(phone, at=(41.70, 123.40))
        here = await reports(phone)
        async with app.db.read() as session:
            found = [
                await session.scalar(
                    select(Agency.code).join(Hazard, Hazard.agency_id == Agency.id).where(Hazard.number == each)
                )
                for each in (road, here)
            ]
        assert found == ["traffic", "fire"]
        page = await admin.gets("/console/hazards/rules")
        assert page.count(">删掉</button>") == 2
        await admin.submits("/console/hazards/rules/drop", rule=1)
        assert (await admin.gets("/console/hazards/rules")).count(">删掉</button>") == 1


def around(point: tuple[float, float], half: float) -> str:
    """The corners of a square, as the map's script writes them."""
    signs = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    return " ".join(f"{point[0] + half * north:.5f},{point[1] + half * east:.5f}" for north, east in signs)


async def test_rules_are_set_for_several_districts_and_for_what_somebody_drew(phone, app):
    path = "/console/hazards/rules"
    async with Desk(app, Role.ADMIN) as admin, Desk(app, Role.ADMIN, district="3701") as other:
        await admin.gets(path)
        await admin.submits(path, kind="", area=["210102", "210106"], agency="fire")
        await admin.submits(path, kind="", outline=around(HERE, 0.02), name="太原街一带", agency="market")
        await admin.submits(path, kind="", outline=around(HERE, 0.005), name="街口", agency="traffic")
        for outline in ("1,2 3,4", around(HERE, 0.02)[:20], around(HERE, 3), "41.79,123.43 " * 61):
            page = await admin.submits(path, status=422, kind="", outline=outline, agency="traffic")
            assert "没看懂" in page.words
        await other.gets(path)
        await other.submits(path, status=403, kind="", outline=around(HERE, 0.02), agency="traffic")
        assert "太原街一带" in (await admin.gets(path)).words
        numbers = [await reports(phone, at=at) for at in (HERE, (HERE[0] + 0.01, HERE[1]), (41.70, 123.40))]
        async with app.db.read() as session:
            found = [
                await session.scalar(
                    select(Agency.code).join(Hazard, Hazard.agency_id == Agency.id).where(Hazard.number == each)
                )
                for each in numbers
            ]
        assert found[:2] == ["traffic", "market"]
        assert found[2] != "market"
        near = (await admin.gets(f"{path}/districts?lat={HERE[0]}&lon={HERE[1]}")).json()
        assert {each["code"][:4] for each in near} == {"2101"}
        assert all(len(ring) > 3 for each in near for ring in each["rings"])
        assert (await other.gets(f"{path}/districts?lat={HERE[0]}&lon={HERE[1]}")).json() == []


def test_a_place_in_a_photo_is_read_and_nonsense_is_none():
    found = photos.place_of(taken_at(*HERE))
    assert found == pytest.approx(HERE, abs=1e-5)
    assert photos.place_of(picture()) is None
    assert photos.place_of(b"nonsense") is None
    assert photos.place_of(taken_at(1.0, 2.0)) is None


async def test_what_is_over_is_listed_with_what_ended_last_on_top(app, reviewer):
    async with app.db.begin() as session:
        draft = HazardDraft("road", "路口井盖翘起来了", region="2101", origin="open311")
        old, new, open_one = [(await hazards.submit(session, app.services, None, draft)).number for _ in range(3)]
        for number, days in ((old, 9), (new, 2)):
            mine = update(Hazard).where(Hazard.number == number)
            for state in (HazardState.HANDLING, HazardState.RESOLVED, HazardState.VERIFIED):
                await session.execute(mine.values(state=state, closed_at=now() - timedelta(days=days)))
    page = await reviewer.gets("/console/hazards?view=all")
    assert page.index(open_one) < page.index(new) < page.index(old)
