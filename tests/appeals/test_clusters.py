"""Problems that many share, settled once for all of them; and one step for many cases."""

import re

from sqlalchemy import func, insert, select, update

from bot.services.appeals import consultations
from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.store.models import Agency, Appeal, AppealStep, Audit, Chat, Consultation, Staff, now
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk

UNITS_CAME = "consultation.bring_in", "consultation.leave_out"
OUTCOME = "街道、工会和站点商定：十一月起工资由银行专户代发，十月欠的二十五日前补齐。"
STORIES = [
    "站长拖着十月的工资不给，一共四千三，催了三次都说下周",
    "站长拖着十月的工资不给，一共三千九，催了两次都说下周",
    "站长拖着我十月的工资不给，一共五千一，催了三次总说下周",
    "站长拖着十月工资不给，一共四千六，催了好几次都说下周",
    "站长一直拖着十月的工资不给，一共四千三，催三次都说下周",
]
GATE = [
    "万科城东门保安不让我们骑手的电动车进，只能走进去，送一单多十分钟",
    "在万科那个小区门口又被拦下来了，说外卖一律不许骑车",
    "铁西万科城的门卫天天拦人，不登记不让进，登记要排队",
    "我给万科12栋送餐，门岗非要扣身份证才放行",
    "万科物业规定送外卖的走地下车库，绕一大圈，超时扣我钱",
]
ELSEWHERE = [
    "写字楼不让骑手坐客梯，货梯等二十分钟，超时扣我钱",
    "小区门口保安不让进，说要登记，登记要排队",
    "医院门口没地方停车，停一会儿就被贴条",
    "单元门禁没有呼叫按钮，客户不接电话就进不去",
    "商场外面停的电动车被拖走了，要交两百",
]
OTHERS = "平台扣我八十六元说虚假点送达，我拍了照片也没用"


async def numbers_in(page) -> list[str]:
    return re.findall(r'name="number" value="(\d{12})"', page)


async def test_five_alike_within_a_month_are_found_and_four_are_not(app, admin):
    numbers = [await filed(app, story=story) for story in STORIES[:4]]
    await filed(app, story=OTHERS)
    assert not await numbers_in(await admin.gets("/console/alike"))
    numbers.append(await filed(app, story=STORIES[4]))
    page = await admin.gets("/console/alike")
    assert "5 件 · 说法很像" in page.words
    assert set(await numbers_in(page)) == set(numbers)
    async with app.db.begin() as session:
        old = now().timestamp() - 31 * 86400
        one = Appeal.number == numbers[0]
        await session.execute(update(Appeal).where(one).values(created_at=now().fromtimestamp(old, now().tzinfo)))
    assert not await numbers_in(await admin.gets("/console/alike"))


async def test_five_about_the_same_unit_are_found_however_they_are_worded(app, admin):
    for at in range(5):
        number = await filed(app, story=f"{'甲乙丙丁戊'[at] * 9}，第{at}种说法完全不同的事情")
        async with app.db.begin() as session:
            await session.execute(update(Appeal).where(Appeal.number == number).values(about="快跑站点"))
    assert "都反映同一家：快跑站点" in (await admin.gets("/console/alike")).words


async def test_five_differently_worded_stories_about_one_gate_are_one_cluster(app, admin):
    for story in ELSEWHERE:
        await filed(app, kind="access", story=story)
    numbers = [await filed(app, kind="access", story=story) for story in GATE[:4]]
    assert not await numbers_in(await admin.gets("/console/alike"))
    numbers.append(await filed(app, kind="access", story=GATE[4]))
    page = await admin.gets("/console/alike")
    assert "5 件 · 都提到：万科" in page.words
    assert set(await numbers_in(page)) == set(numbers)


async def test_a_name_that_other_districts_write_as_often_makes_no_cluster(app, admin):
    for story in GATE:
        await filed(app, kind="access", story=story, district="210106")
        await filed(app, kind="access", story=story[::-1].replace("科万", "万科"), district="210102")
    assert "都提到" not in (await admin.gets("/console/alike")).words


async def test_cases_of_another_district_are_in_no_cluster(app, admin):
    for story in STORIES:
        await filed(app, story=story, district="370102")
    assert not await numbers_in(await admin.gets("/console/alike"))


async def test_what_was_decided_is_told_to_everybody_once_and_stands_in_their_timelines(app, admin, phone):
    await phone.types("/start")
    async with app.db.read() as session:
        author = await session.scalar(select(Chat.id))
    numbers = [await filed(app, story=story, chat=author) for story in STORIES]
    await phone.hears()
    page = await admin.gets("/console/alike")
    page = await admin.submits("/console/alike", number=await numbers_in(page), title="十月工资", lead="labour")
    assert "里面的诉求（5 件）" in page.words
    path = page.path.partition("?")[0]
    await admin.submits(f"{path}/take-out", number=numbers[0])
    assert "至少 20 个字" in (await admin.submits(f"{path}/draft", text="定了", status=422)).words
    await admin.submits(f"{path}/draft", text=OUTCOME)
    await published(app, path)
    heard = await phone.hears()
    assert [re.match(r"\d{12}", each)[0] for each in heard if OUTCOME in each] == numbers[1:]
    assert "不能再改" in (await admin.submits(f"{path}/draft", text=OUTCOME, status=422)).words
    await admin.submits(f"{path}/take-out", number=numbers[1], status=422)
    assert not await phone.hears()
    assert OUTCOME in await admin.gets(f"/console/appeals/{numbers[1]}")
    async with app.db.read() as session:
        told = await session.scalar(select(func.count(AppealStep.told_at)).where(AppealStep.name == "published"))
    assert told == 4
    assert (await case_of(app, numbers[1])).state == AppealState.SUBMITTED  # each goes on by itself


async def test_a_case_belongs_to_one_consultation_and_a_foreign_one_to_none(app, admin):
    numbers = [await filed(app, story=story) for story in STORIES]
    foreign = await filed(app, district="370102")
    await admin.submits("/console/alike", number=[*numbers, foreign], title="十月工资", lead="")
    page = await admin.submits("/console/alike", number=numbers, title="又一个会商", lead="", status=422)
    assert "没有连到别的会商" in page.words
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Consultation)) == 1
    assert foreign not in await admin.gets("/console/alike/1")


async def test_cases_that_no_machine_finds_alike_are_ticked_and_taken_up_together(app, admin):
    told = [await filed(app, story=story) for story in (STORIES[0], OTHERS, "东门不让电动车进，只能停马路上")]
    taken = await filed(app, story=STORIES[1])
    await admin.submits("/console/alike", title="十月工资", lead="", number=[taken, told[0]])
    query = "&".join(f"number={each}" for each in [*told[1:], taken])
    page = await admin.gets(f"/console/appeals/bulk?act=consult&{query}")
    assert "建会商（2 件）" in page.words
    assert "现在不能建会商" in page.words  # one has it already
    page = await admin.submits("/console/alike", title="小区东门难进", lead="labour", number=told[1:])
    assert page.path.startswith("/console/alike/")
    assert all(each in page for each in told[1:])


async def test_many_are_dispatched_at_once_after_a_look_at_what_would_happen(app, admin):
    fresh = [await filed(app) for _ in range(3)]
    begun = await filed(app, AppealState.IN_PROGRESS)
    query = "&".join(f"number={each}" for each in [*fresh, begun])
    page = await admin.gets(f"/console/appeals/bulk?act=assign&{query}")
    assert "派单 3 件" in page.words
    assert "现在不能派单" in page.words
    assert (await case_of(app, fresh[0])).state == AppealState.SUBMITTED  # nothing is done yet
    cases = re.findall(r'name="case" value="([\d:]+)"', page)
    page = await admin.submits("/console/appeals/bulk", act="assign", agency="labour", case=cases)
    assert "办好了 3 件" in page.words
    assert {(await case_of(app, each)).state for each in fresh} == {AppealState.ASSIGNED}


async def test_what_changed_since_the_look_is_left_alone_and_holds_nothing_up(app, admin):
    first, second = await filed(app), await filed(app)
    page = await admin.gets(f"/console/appeals/bulk?act=assign&number={first}&number={second}")
    cases = re.findall(r'name="case" value="([\d:]+)"', page)
    page = await admin.gets(f"/console/appeals/{first}")
    await admin.submits(f"/console/appeals/{first}/log", note="已电话联系站长")
    page = await admin.submits("/console/appeals/bulk", act="assign", agency="labour", case=cases)
    assert "办好了 1 件，1 件没办" in page.words
    assert (await case_of(app, first)).state == AppealState.SUBMITTED
    assert (await case_of(app, second)).state == AppealState.ASSIGNED


async def test_a_refusal_of_one_undoes_only_that_one(app, admin):
    parent, child = await filed(app, AppealState.ACCEPTED), await filed(app, AppealState.ACCEPTED)
    cases = [f"{each}:{(await case_of(app, each)).version}" for each in (parent, child)]
    page = await admin.submits("/console/appeals/bulk", act="merge", parent=parent, case=cases)
    assert "办好了 1 件，1 件没办" in page.words
    assert (await case_of(app, parent)).state == AppealState.ACCEPTED
    assert (await case_of(app, child)).state == AppealState.MERGED


async def test_forged_bulk_forms_do_nothing(app, admin):
    foreign = await filed(app, district="370102")
    version = (await case_of(app, foreign)).version
    for case in ([], f"{foreign}:{version}", "nonsense", "1:1"):
        await admin.submits("/console/appeals/bulk", act="assign", agency="labour", case=case, status=None)
    await admin.submits("/console/appeals/bulk", act="withdraw", case=f"{foreign}:{version}", status=422)
    assert (await case_of(app, foreign)).state == AppealState.SUBMITTED
    assert "没有勾选" in (await admin.gets("/console/appeals/bulk")).words


async def test_who_wrote_the_outcome_does_not_publish_it_and_nobody_publishes_another_one_than_they_read(app, admin):
    path = await begun(app, admin)
    await admin.submits(f"{path}/draft", text=OUTCOME)
    page = await admin.gets(path)
    assert f"{path}/publish" not in page
    assert "请另一位同事来发布" in page.words
    async with Desk(app, Role.ADMIN) as other:
        page = await other.gets(path)
        mark = re.search(r'name="version" value="([^"]+)"', page)[1]
        forged = await admin.submits(f"{path}/publish", version=mark, status=422)
        assert "要由另一位同事发布" in forged.words
        await admin.submits(f"{path}/draft", text=OUTCOME + "改过了。")
        page = await other.submits(f"{path}/publish", version=mark, status=422)
        assert "刚被改过" in page.words
        assert OUTCOME + "改过了。" in page.words
        assert "发给" in page.words
        assert "已发布" in (await other.submits(f"{path}/publish")).words


async def test_a_district_with_one_administrator_has_its_reviewer_publish_and_is_told_who_may(app, admin):
    async with app.db.begin() as session:
        await session.execute(update(Staff).where(Staff.id != admin.id).values(active=False))
    path = await begun(app, admin)
    await admin.submits(f"{path}/draft", text=OUTCOME)
    assert "还没有第二个人能发布" in (await admin.gets(path)).words
    async with Desk(app, Role.REVIEWER, name="审核员吴") as reviewer:
        assert "能发布的有：审核员吴" in (await admin.gets(path)).words
        assert "等您发布的会商" in (await reviewer.gets("/console")).words
        page = await reviewer.gets(path)
        assert f"{path}/draft" not in page
        await reviewer.submits(f"{path}/draft", text=OUTCOME, status=403)
        await reviewer.gets(path)
        assert "已发布" in (await reviewer.submits(f"{path}/publish")).words


async def test_the_units_that_take_part_are_written_down_and_one_complained_about_is_not(app, admin):
    path = await begun(app, admin)
    assert "这家参加" in (await admin.submits(f"{path}/units", unit="community")).words
    await admin.submits(f"{path}/units", unit="community")
    page = await admin.gets(path)
    assert "参加单位 街道和社区" in page.words
    assert "参加单位（1 家）" in page.words
    async with app.db.begin() as session:
        union = await session.scalar(select(Agency.id).where(Agency.code == "union"))
        await session.execute(update(Appeal).values(about_id=union))
    assert "不能请它参加" in (await admin.submits(f"{path}/units", unit="union", status=422)).words
    await admin.submits(f"{path}/units/leave", unit="community")
    assert "还没请" in (await admin.gets(path)).words
    async with app.db.read() as session:
        done = await session.scalars(select(Audit.action).where(Audit.action.in_(UNITS_CAME)))
    assert sorted(done) == ["consultation.bring_in", "consultation.bring_in", "consultation.leave_out"]


async def test_a_consultation_that_comes_to_nothing_frees_its_cases_and_says_why(app, admin):
    path = await begun(app, admin)
    assert "写几个字" in (await admin.submits(f"{path}/dismiss", why="没", status=422)).words
    page = await admin.submits(f"{path}/dismiss", why="查下来是两回事")
    assert "散了" in page.words
    assert "已经散了" in (await admin.submits(f"{path}/draft", text=OUTCOME, status=422)).words
    numbers = await numbers_in(await admin.gets("/console/alike"))
    assert len(numbers) == 5
    assert "查下来是两回事" in (await admin.gets(f"/console/appeals/{numbers[0]}")).words
    await admin.submits("/console/alike", number=numbers, title="再商量一次", lead="")


async def begun(app, admin) -> str:
    """Where a consultation about five cases is."""
    for story in STORIES:
        await filed(app, story=story)
    page = await admin.gets("/console/alike")
    page = await admin.submits("/console/alike", number=await numbers_in(page), title="十月工资", lead="labour")
    return page.path.partition("?")[0]


async def published(app, path: str) -> None:
    """A second administrator publishes what the first one wrote."""
    async with Desk(app, Role.ADMIN) as other:
        await other.gets(path)
        await other.submits(f"{path}/publish")


async def test_what_is_over_never_hides_a_consultation_that_goes_on(app, admin):
    async with app.db.begin() as session:
        session.add(Consultation(title="十月工资还在拖", district="2101", opened_by=admin.id))
        await session.flush()
        row = {"title": "别的事", "district": "2101", "opened_by": admin.id, "dismissed_at": now()}
        await session.execute(insert(Consultation), [row] * consultations.LISTED)
    async with app.db.read() as session:
        staffer = await accounts.staffer_of(session, admin.id)
        [first, *others] = await consultations.every(session, staffer)
    assert first[0].title == "十月工资还在拖"
    assert len(others) == consultations.LISTED - 1
