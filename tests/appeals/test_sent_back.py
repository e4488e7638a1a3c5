"""An answer that its reviewer does not take comes back to its handler: at home, with its text, and the remark on top."""

import re

import pytest
from sqlalchemy import select

from bot.services.appeals.states import AppealState
from bot.store.models import Appeal
from tests.support.appeals import RESULT, case_of, does, filed

REMARK = "请写清楚哪天到账、打到哪张卡"


@pytest.fixture
async def sent_back(app, handler, reviewer) -> str:
    """The number of a case whose proposed answer has been sent back."""
    number = await filed(app, AppealState.ASSIGNED)
    await does(handler, number, "begin")
    await does(handler, number, "propose", text=RESULT)
    await does(reviewer, number, "send-back", note=REMARK)
    return number


async def test_home_says_so_and_leads_to_it(handler, sent_back):
    page = await handler.gets("/console")
    card = re.search(r'href="(/console/appeals\?view=sent_back)".*?</a>', page, re.DOTALL)
    assert ">1<" in re.sub(r"\s", "", card[0])
    assert sent_back in await handler.gets(card[1])


async def test_the_case_has_the_remark_on_top_and_the_text_in_its_field(handler, sent_back):
    page = await handler.gets(f"/console/appeals/{sent_back}")
    top = page.words.partition("诉求内容")[0]
    assert REMARK in top
    assert "审核员孙" in top
    assert RESULT in re.search(r'<textarea id="propose-text".*?</textarea>', page, re.DOTALL)[0]


async def test_it_does_not_wait_for_review_until_it_is_handed_in_again(app, handler, reviewer, sent_back):
    assert sent_back not in await reviewer.gets("/console/appeals?view=review")
    page = await does(reviewer, sent_back, "send-back", note="再改改", status=422)
    assert "没有等审核的答复" in page.words
    better = RESULT + "打到您尾号 1234 的卡。"
    await does(handler, sent_back, "propose", text=better)
    assert sent_back in await reviewer.gets("/console/appeals?view=review")
    assert sent_back not in await handler.gets("/console/appeals?view=sent_back")
    page = await reviewer.gets(f"/console/appeals/{sent_back}")
    assert REMARK not in page.words.partition("诉求内容")[0]
    await does(reviewer, sent_back, "answer", text=better)
    case = await case_of(app, sent_back)
    assert (case.answer, case.proposal, case.remark) == (better, "", "")


async def test_a_reviewer_may_send_the_answer_after_all(app, reviewer, sent_back):
    await does(reviewer, sent_back, "answer", text=RESULT)
    case = await case_of(app, sent_back)
    assert (case.state, case.remark) == (AppealState.ANSWERED, "")


async def test_nobodys_name_stays_in_a_remark(app, handler, reviewer):
    number = await filed(app, AppealState.ASSIGNED)
    await does(handler, number, "begin")
    await does(handler, number, "propose", text=RESULT)
    await does(reviewer, number, "send-back", note="打 13812345678 问问王小明收到没有")
    async with app.db.read() as session:
        remark = await session.scalar(select(Appeal.remark).where(Appeal.number == number))
    assert "问问" in remark
    assert "13812345678" not in remark
    assert "王小明" not in remark
