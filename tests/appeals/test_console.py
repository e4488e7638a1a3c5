"""The appeals desk: finding a case, handling it to its end, what stays hidden, and two people on one case."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.services.appeals.states import AppealState
from bot.services.attachments.attachments import Made, keep, vault_for
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import Appeal, AppealStep, Attachment, Audit, Chat, Naming, View, now
from tests.support.appeals import RESULT, STORY, case_of, does, filed, on
from tests.support.desk import BY, Desk


async def test_a_case_goes_from_the_queue_to_its_rating_and_each_message_is_ticked_off(
    app, phone, admin, handler, reviewer
):
    await phone.types("/start")
    async with app.db.read() as session:
        author = await session.scalar(select(Chat.id))
    number = await filed(app, chat=author)
    await phone.hears()

    await does(admin, number, "assign", agency="labour")
    assert "交给" in (await phone.hears())[-1]
    await does(handler, number, "begin")
    await does(handler, number, "ask", text="请问是哪个站点？")
    assert "请问是哪个站点" in "".join(await phone.hears())
    page = await handler.gets(f"/console/appeals/{number}")
    assert "暂停计时" in page.words
    await phone.types("铁西三站")
    assert "铁西三站" in await handler.gets(f"/console/appeals/{number}")
    await does(handler, number, "propose", text=RESULT)
    assert RESULT not in "".join(await phone.hears())
    page = await reviewer.gets("/console/appeals?view=review")
    assert number in page
    await does(reviewer, number, "answer", text=RESULT)
    assert RESULT in (await phone.hears())[-1]
    page = await reviewer.gets(f"/console/appeals/{number}")
    lines = re.findall(r"<strong>(.*?)</strong>(.*?)</li>", page, re.DOTALL)
    told = [what for what, rest in lines if "✓ 已送达" in rest]
    assert told == ["派单", "接手办理", "问当事人", "答复"]
    await phone.presses("👍 满意")
    assert (await case_of(app, number)).rating == "good"


async def test_the_queue_begins_with_what_is_due_first(app, admin):
    numbers = [await filed(app) for _ in range(3)]
    async with app.db.begin() as session:
        for days, number in zip((9, -1, 4), numbers, strict=True):
            at = now().replace(microsecond=0)
            due = at.fromtimestamp(at.timestamp() + days * 86400, at.tzinfo)
            await session.execute(update(Appeal).where(Appeal.number == number).values(due_at=due))
    page = await admin.gets("/console/appeals")
    assert re.findall(r"/console/appeals/(\d{12})\?", page) == [numbers[1], numbers[2], numbers[0]]
    assert "超期" in page.words
    assert re.findall(r"/console/appeals/(\d{12})\?", await admin.gets("/console/appeals?view=overdue")) == [numbers[1]]


async def test_tabs_and_saved_filters_count_what_is_behind_them(app, admin):
    await filed(app)
    await filed(app, AppealState.IN_PROGRESS, kind="access", agency="community", story="小区不让骑手进门，要走一公里")
    page = await admin.gets("/console/appeals")
    assert "在办 2" in page.words
    assert "待派单 1" in page.words
    await admin.submits("/console/appeals/filters", name="进门", query="view=all&kind=access")
    page = await admin.gets("/console/appeals")
    assert "★ 进门 1" in page.words
    number = re.search(r'name="filter" value="(\d+)"', page)[1]
    async with Desk(app, Role.ADMIN) as other:
        await other.submits("/console/appeals/filters/drop", filter=number)  # somebody else's
    assert "★ 进门" in (await admin.gets("/console/appeals")).words
    await admin.submits("/console/appeals/filters/drop", filter=number)
    assert "★ 进门" not in (await admin.gets("/console/appeals")).words


async def test_six_filters_are_enough_and_one_without_a_name_is_none(admin):
    for number in range(6):
        await admin.submits("/console/appeals/filters", name=f"第{number}个", query="view=all")
    assert "最多存 6 个" in (await admin.submits("/console/appeals/filters", name="再一个", query="", status=422)).words
    assert "名字" in (await admin.submits("/console/appeals/filters", name=" ", query="", status=422)).words


@pytest.mark.parametrize("text", ["拖欠三月", "labour-number", "人力资源", "100%"])
async def test_a_case_is_found_by_its_number_its_words_and_its_agency(app, admin, text):
    number = await filed(app, story="单位拖欠三月工资，说好 100% 发")
    other = await filed(app, agency="community", story="小区不让骑手进门，要走一公里")
    text = number if text == "labour-number" else text
    page = await admin.gets(f"/console/appeals?q={text.replace('%', '%25')}")
    assert number in page
    assert other not in page


async def test_what_cannot_be_found_says_what_to_do(admin):
    assert "换个词" in (await admin.gets("/console/appeals?q=没有这样的词")).words
    assert "这一组现在没有" in (await admin.gets("/console/appeals?view=nonsense&agency=x&district=y&page=-1")).words


async def test_the_list_shows_nobodys_numbers(app, admin):
    await filed(app, story="站长电话 13900001111 不接，身份证 210106199001011234 也拍给他了")
    page = await admin.gets("/console/appeals")
    assert "站长电话" in page
    assert "13900001111" not in page
    assert "210106199001011234" not in page


async def test_the_unit_complained_about_gets_the_answer_of_a_case_that_is_not_there(app, handler):
    number = await filed(app, AppealState.ASSIGNED, about="labour")
    found = await handler.gets(f"/console/appeals/{number}", status=404)
    missing = await handler.gets("/console/appeals/261122000000", status=404)
    plain = [re.sub(r"编号 \w+|_key\" value=\"[^\"]+", "", each.replace(number, "")) for each in (found, missing)]
    assert plain[0] == plain[1]
    for query in ("view=all", f"view=all&q={number}"):
        assert f'/console/appeals/{number}"' not in await handler.gets(f"/console/appeals?{query}")
    assert "全部 0" in (await handler.gets("/console/appeals")).words


async def test_another_agencys_case_and_one_not_handed_out_are_not_there(app, handler):
    for number in (await filed(app, AppealState.ASSIGNED, agency="community"), await filed(app, AppealState.ACCEPTED)):
        await handler.gets(f"/console/appeals/{number}", status=404)
        assert number not in await handler.gets("/console/appeals?view=all")


async def test_a_confidential_case_is_the_desks_in_charge_only(app, admin, reviewer):
    number = await filed(app, AppealState.ASSIGNED, kind="legal", agency="justice")
    for desk in (admin, reviewer):
        await desk.gets(f"/console/appeals/{number}", status=404)
    async with Desk(app, Role.HANDLER, agency="justice") as lawyer:
        assert "保密" in (await lawyer.gets(f"/console/appeals/{number}")).words
    async with Desk(app, Role.ADMIN, category="legal") as named:
        await named.gets(f"/console/appeals/{number}")


async def test_a_case_without_a_place_is_everybodys_until_somebody_says_where_it_belongs(app, admin):
    number = await filed(app, district="")
    async with Desk(app, Role.ADMIN, district="3701") as jinan:
        await does(jinan, number, "locate", district="370102")
        await jinan.gets(f"/console/appeals/{number}")
    await admin.gets(f"/console/appeals/{number}", status=404)
    assert (await case_of(app, number)).region == "370102"


async def test_a_name_is_seen_for_a_purpose_only_once_and_written_down(app, admin):
    number = await filed(app)
    page = await admin.gets(f"/console/appeals/{number}")
    assert "王小明" not in page
    assert "13812345678" not in page
    page = await does(admin, number, "identity", purpose="看", status=422)
    assert "用途" in page.words
    assert "王小明" not in page
    page = await does(admin, number, "identity", purpose="打电话核实金额")
    assert "王小明" in page
    assert "13812345678" in page
    assert "王小明" not in await admin.gets(f"/console/appeals/{number}")
    async with app.db.read() as session:
        [look] = await session.scalars(select(View))
    assert (look.staff_id, look.field, look.purpose, look.denied) == (admin.id, "identity", "打电话核实金额", False)


@pytest.mark.parametrize("naming", [Naming.HIDDEN, Naming.ANONYMOUS])
async def test_a_hidden_name_is_not_shown_to_the_agency_and_the_attempt_is_written_down(app, handler, naming):
    number = await filed(app, AppealState.ASSIGNED, naming=naming)
    assert "看不到姓名电话" in (await handler.gets(f"/console/appeals/{number}")).words
    page = await handler.submits(f"/console/appeals/{number}/identity", purpose="打电话核实金额", status=403)
    assert "王小明" not in page
    async with app.db.read() as session:
        [look] = await session.scalars(select(View))
    assert look.denied


async def test_opening_a_photo_is_a_look_and_a_photo_of_another_case_is_not_there(app, handler):
    mine, other = await filed(app, AppealState.ASSIGNED), await filed(app, AppealState.ASSIGNED, agency="community")
    photos = [await photo(app, each) for each in (mine, other)]
    async with handler.http.get(f"{handler.url}/console/appeals/{mine}/files/{photos[0]}") as answer:
        assert await answer.read() == b"jpeg"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert answer.headers["Cache-Control"] == "no-store"
    for path in (f"{mine}/files/{photos[1]}", f"{other}/files/{photos[1]}", f"{mine}/files/x", f"{mine}/files/999999"):
        await handler.gets(f"/console/appeals/{path}", status=404)
    async with app.db.read() as session:
        assert (await session.scalars(select(View.field))).all() == [f"attachment:{photos[0]}"]


async def photo(app, number) -> int:
    async with app.db.begin() as session:
        case = await session.scalar(select(Appeal.id).where(Appeal.number == number))
        name = keep(app.settings.var / "uploads", vault_for(session), Made(b"jpeg", "image/jpeg"))
        row = Attachment(appeal_id=case, kind="photo", state="ready", name=name, mime="image/jpeg")
        session.add(row)
        await session.flush()
        return row.id


async def test_a_step_on_an_old_page_is_not_taken_and_says_who_did_what_meanwhile(app, admin, reviewer):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with on(reviewer, number) as path:
        await does(admin, number, "log", note="已电话联系站长")
        text = RESULT + "请您查收，有出入随时告诉我们。"
        page = await reviewer.submits(f"{path}/answer", text=text, status=409)
        assert "管理员赵记事" in page.words
        assert text in page
        assert (await case_of(app, number)).state == AppealState.IN_PROGRESS
        await reviewer.submits(f"{path}/answer", text=text)  # read, and sent all the same
        assert (await case_of(app, number)).state == AppealState.ANSWERED


async def test_what_was_written_stays_when_the_step_is_no_longer_possible(app, admin, reviewer):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with Desk(app, Role.REVIEWER) as quicker, on(reviewer, number) as path:
        await does(quicker, number, "answer", text=RESULT)
        text = "我这边也写了一份答复，写了很久，请不要弄丢，可以粘到别处"
        page = await reviewer.submits(f"{path}/answer", text=text, status=409)
        assert text in page
        assert (await case_of(app, number)).answer == RESULT


async def test_two_people_on_one_case_see_each_other(app, admin, reviewer):
    number = await filed(app, AppealState.IN_PROGRESS)
    path = f"/console/appeals/{number}"
    await admin.submits(f"{path}/here", status=204, typing="0")
    assert "管理员赵也在看这一件" in (await reviewer.gets(path)).words
    await admin.submits(f"{path}/here", status=204, typing="1")
    assert "管理员赵正在这一件里写东西" in (await reviewer.gets(path)).words
    assert "管理员赵" not in re.search(r'id="head".*?</div>', await admin.gets(path), re.DOTALL)[0]
    await admin.submits(f"{path}/here", status=204, gone="1")
    assert "管理员赵也在看" not in (await reviewer.gets(path)).words


async def test_an_open_page_is_told_within_a_moment_that_the_case_changed(app, admin, reviewer):
    number = await filed(app, AppealState.IN_PROGRESS)
    topics = {"topics": f"case:{number}"}
    async with reviewer.http.get(f"{reviewer.url}/console/events", params=topics) as stream:
        assert (await stream.content.readuntil(b"\n\n")).startswith(b"retry")
        await does(admin, number, "log", note="已电话联系站长")
        assert f"data: case:{number}".encode() in await stream.content.readuntil(b"\n\n")


async def test_nobody_reviews_what_they_handled_themselves(app):
    async with Desk(app, Role.HANDLER, agency="labour") as both:
        async with app.db.begin() as session:
            person = await accounts.find(session, both.username)
            await accounts.give(session, None, BY, person, Grant(Role.REVIEWER, "2101"))
        number = await filed(app, AppealState.ASSIGNED)
        await does(both, number, "begin")
        await does(both, number, "propose", text=RESULT)
        page = await both.gets(f"/console/appeals/{number}")
        assert "要由别人审" in page.words
        page = await does(both, number, "answer", text=RESULT, status=422)
        assert "不能自己审核" in page.words
        assert (await case_of(app, number)).state == AppealState.IN_PROGRESS


@pytest.mark.parametrize(
    ("state", "verb", "fields", "says"),
    [
        (AppealState.IN_PROGRESS, "answer", {"text": "太短"}, "至少 20 个字"),
        (AppealState.IN_PROGRESS, "answer", {"text": RESULT + "【日期】"}, "方括号"),
        (AppealState.IN_PROGRESS, "answer", {"text": "长" * 2001}, "写得太长"),
        (AppealState.IN_PROGRESS, "log", {"note": ""}, "写几个字"),
        (AppealState.SUBMITTED, "reject", {"reason": ""}, "不受理的原因"),
        (AppealState.SUBMITTED, "merge", {"parent": "261122000000"}, "没有这个编号"),
        (AppealState.ASSIGNED, "extend", {"days": "11", "why": "要等第三方鉴定"}, "1 到 10"),
        (AppealState.ASSIGNED, "extend", {"days": "3", "why": ""}, "写明原因"),
        (AppealState.IN_PROGRESS, "escalate", {"note": " "}, "写几个字"),
        (AppealState.SUBMITTED, "locate", {"district": "999999"}, "没有这个区域"),
        (AppealState.ANSWERED, "verify", {"note": ""}, "写几个字"),
        (AppealState.ASSIGNED, "close", {}, "已派单"),
    ],
)
async def test_what_is_missing_is_said_where_it_is_missing_and_nothing_changes(app, admin, state, verb, fields, says):
    number = await filed(app, state)
    before = await case_of(app, number)
    page = await does(admin, number, verb, **fields, status=422)
    assert says in page.words
    for value in fields.values():
        assert len(value) < 9 or len(value) > 2000 or value in page
    after = await case_of(app, number)
    assert (after.state, after.version, after.agency_id) == (before.state, before.version, before.agency_id)


async def test_a_case_is_put_off_once_and_the_worker_reads_why(app, phone, admin):
    await phone.types("/start")
    async with app.db.read() as session:
        number = await filed(app, AppealState.ASSIGNED, chat=await session.scalar(select(Chat.id)))
    await does(admin, number, "extend", days="5", why="要等第三方鉴定")
    assert "要等第三方鉴定" in (await phone.hears())[-1]
    page = await admin.gets(f"/console/appeals/{number}")
    assert "延过一次" in page.words
    assert "/extend" not in page
    assert "已经延过一次" in (await does(admin, number, "extend", days="5", why="再等等看看", status=422)).words


async def test_whoever_handles_a_case_gets_no_more_time_from_themselves(app, handler, admin):
    number = await filed(app, AppealState.ASSIGNED)
    await does(handler, number, "begin")
    assert "/extend" not in await handler.gets(f"/console/appeals/{number}")
    wanted = {"days": "5", "why": "要等第三方鉴定"}
    assert "请同事或者管理员" in (await does(handler, number, "extend", **wanted, status=422)).words
    await does(admin, number, "extend", **wanted)
    assert "延过一次" in (await handler.gets(f"/console/appeals/{number}")).words


async def test_an_agency_returns_a_case_with_a_reason_and_no_longer_sees_it(app, handler, admin):
    number = await filed(app, AppealState.ASSIGNED)
    page = await does(handler, number, "return", text="由街道主管，请改派")
    assert "已退回，等区里重新派" in page.words
    assert number not in page
    await handler.gets(f"/console/appeals/{number}", status=404)
    assert "由街道主管，请改派" in await admin.gets(f"/console/appeals/{number}")
    assert (await case_of(app, number)).hops == 1


async def test_merged_cases_name_each_other_and_come_apart_again(app, admin):
    parent, child = await filed(app, AppealState.ACCEPTED), await filed(app, AppealState.ACCEPTED)
    await does(admin, child, "merge", parent=parent)
    assert child in await admin.gets(f"/console/appeals/{parent}")
    page = await admin.gets(f"/console/appeals/{child}")
    assert parent in page
    assert "/assign" not in page  # It has to come apart first.
    await does(admin, child, "unmerge")
    assert (await case_of(app, child)).parent_id is None


async def test_a_case_goes_up_to_the_top_and_no_further(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    for level in (1, 2, 3):
        page = await does(admin, number, "escalate", note="涉及人数多，请区里盯")
        assert f"督办 {level} 级" in page.words
    assert "/escalate" not in page


async def test_every_step_stands_in_the_audit_without_anybodys_words(app, admin):
    number = await filed(app)
    page = await does(admin, number, "assign", agency="community")
    assert "街道和社区 （内部）" in page.words.split("办理经过")[1]  # The timeline says to whom.
    async with app.db.read() as session:
        rows = list(await session.scalars(select(Audit).where(Audit.subject == f"appeal:{number}").order_by(Audit.id)))
    assert [(each.action, each.staff_id, each.role) for each in rows] == [("appeal.assign", admin.id, Role.ADMIN.value)]
    assert STORY not in str(rows[0].detail)


async def test_a_template_stands_in_the_form_and_waits_to_be_filled_in(app, handler):
    number = await filed(app, AppealState.IN_PROGRESS)
    page = await handler.gets(f"/console/appeals/{number}?t=wages_paid")
    assert "拖欠您【月份】工资" in re.search(r'id="propose-text".*?</textarea>', page, re.DOTALL)[0]


async def test_what_an_answer_may_begin_from_fits_the_kind_of_the_case(app, handler):
    number = await filed(app, AppealState.IN_PROGRESS, kind="injury")
    offered = (await handler.gets(f"/console/appeals/{number}")).words
    assert "查清了" in offered
    assert "问：金额和凭据" in offered
    assert "工资已追回" not in offered
    assert "进门：已协调" not in offered


async def test_the_message_about_a_case_that_was_assigned_at_once_comes_alone(app, phone, admin):
    await phone.types("/start")
    async with app.db.read() as session:
        number = await filed(app, chat=await session.scalar(select(Chat.id)))
    await phone.hears()
    await does(admin, number, "assign", agency="community")
    assert len(await phone.hears()) == 1
    async with app.db.read() as session:
        steps = (await session.scalars(select(AppealStep.name).order_by(AppealStep.id))).all()
    assert steps == ["submit", "accept", "assign"]


async def test_what_is_over_is_listed_with_what_ended_last_on_top(app, admin):
    numbers = [await filed(app, AppealState.VERIFIED) for _ in range(3)]
    open_one = await filed(app, AppealState.ASSIGNED)
    async with app.db.begin() as session:
        for days, number in zip((3, 1, 2), numbers, strict=True):
            await session.execute(
                update(Appeal).where(Appeal.number == number).values(closed_at=now() - timedelta(days=days))
            )
    listed = re.findall(r"/console/appeals/(\d{12})\?", await admin.gets("/console/appeals?view=done"))
    assert listed == [numbers[1], numbers[2], numbers[0]]
    listed = re.findall(r"/console/appeals/(\d{12})\?", await admin.gets("/console/appeals?view=all"))
    assert listed == [open_one, numbers[1], numbers[2], numbers[0]]
