"""A colleague of the unit goes on with a case; whoever worked on it does not review it; earlier cases of a person are named."""

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import Naming
from tests.support.appeals import RESULT, case_of, does, filed
from tests.support.colleague import Colleague
from tests.support.desk import BY, Desk
from tests.support.volunteers import chat_of

WHY = "我明天起休假，材料在记事里"


async def test_a_colleague_of_the_unit_goes_on_and_is_called(app, handler):
    number = await filed(app, AppealState.IN_PROGRESS, handler=handler.id)
    async with Colleague(app, Role.HANDLER, agency="labour", name="承办员孙") as other:
        page = await does(handler, number, "hand-over", colleague=other.id, note=WHY)
        assert "转过去了" in page.words
        assert (await case_of(app, number)).handler_id == other.id
        [said] = await other.phone.hears()
        assert "转给您接着办" in said
        assert WHY in (await other.gets(f"/console/appeals/{number}")).words


async def test_nobody_of_another_unit_gets_it_and_a_word_is_needed(app, handler):
    number = await filed(app, AppealState.IN_PROGRESS, handler=handler.id)
    async with Desk(app, Role.HANDLER, agency="urban") as far, Desk(app, Role.HANDLER, agency="labour") as near:
        for who, note, said in (
            (far.id, WHY, "请选本单位"),
            (handler.id, WHY, "请选本单位"),
            (near.id, "", "写几个字"),
        ):
            page = await does(handler, number, "hand-over", colleague=who, note=note, status=422)
            assert said in page.words
    assert (await case_of(app, number)).handler_id == handler.id


async def test_a_colleague_of_the_unit_who_works_in_another_district_is_not_offered_and_not_taken(app, handler):
    number = await filed(app, AppealState.IN_PROGRESS, handler=handler.id)
    far = Desk(app, Role.HANDLER, agency="labour", district="2102", name="承办员周")
    async with far as far, Desk(app, Role.HANDLER, agency="labour", name="承办员吴"):
        page = await handler.gets(f"/console/appeals/{number}")
        assert "承办员吴" in page
        assert "承办员周" not in page
        page = await does(handler, number, "hand-over", colleague=far.id, note=WHY, status=422)
        assert "请选本单位" in page.words


async def test_whoever_worked_on_it_before_does_not_review_it(app):
    async with Desk(app, Role.HANDLER, agency="labour") as first, Desk(app, Role.HANDLER, agency="labour") as second:
        number = await filed(app, AppealState.ASSIGNED)
        await does(first, number, "begin")
        await does(first, number, "hand-over", colleague=second.id, note=WHY)
        await does(second, number, "propose", text=RESULT)
        async with app.db.begin() as session:
            person = await accounts.find(session, first.username)
            await accounts.give(session, None, BY, person, Grant(Role.REVIEWER, "2101"))
        page = await does(first, number, "answer", text=RESULT, status=422)
        assert "不能自己审核" in page.words


async def test_earlier_cases_of_a_person_are_named_where_both_were_filed_by_name(app, phone, handler):
    await phone.types("/start")
    chat = await chat_of(phone)
    earlier = await filed(app, AppealState.IN_PROGRESS, chat=chat)
    hidden = await filed(app, AppealState.IN_PROGRESS, chat=chat, naming=Naming.HIDDEN)
    elsewhere = await filed(app, AppealState.IN_PROGRESS, chat=chat, agency="urban")
    number = await filed(app, AppealState.IN_PROGRESS, chat=chat)
    page = await handler.gets(f"/console/appeals/{number}")
    assert "同一个人提过" in page.words
    assert earlier in page
    assert hidden not in page
    assert elsewhere not in page
    assert "同一个人提过" not in (await handler.gets(f"/console/appeals/{hidden}")).words
