"""Questions without a good answer become phrasings and entries, and the page shows whether that helped."""

import pytest
from sqlalchemy import select

from bot.services.core.lifecycle import Role
from bot.store.models import Gap
from tests.support.desk import Desk

TOPIC = "deposit-and-id-card"
ASKED = "打卡机坏了算我旷工凭啥呢"  # by several people, nearly in the same words
NEARLY = "打卡机坏了算我旷工，凭啥"
OTHER = "门口花坛谁种的花"


@pytest.fixture
async def organiser(app):
    async with Desk(app, Role.ORGANISER, name="组织员李") as desk:
        yield desk


@pytest.fixture
async def asked(app, phone, phones):
    """What people asked in chat, and got no answer to."""
    other = await phones()
    await phone.types(ASKED, OTHER)
    await other.types(ASKED, NEARLY)
    await app.flush()
    async with app.db.read() as session:
        gaps = {gap.text: gap.id for gap in await session.scalars(select(Gap))}
    assert set(gaps) == {ASKED, NEARLY, OTHER}
    return gaps


async def test_questions_that_mean_the_same_stand_together_most_asked_first(asked, organiser):
    page = await organiser.gets("/console/gaps")
    first, second = page.words.split("加进问法")[:2]
    assert "问了 3 次" in first
    assert NEARLY in first
    assert "问了 1 次" in second
    assert OTHER in second


async def test_one_click_makes_a_phrasing_and_its_effect_shows_after_publication(app, phone, asked, organiser):
    await organiser.gets("/console/gaps")
    page = await organiser.submits("/console/gaps/add", gap=[asked[ASKED], asked[NEARLY]], topic=TOPIC)
    assert page.path.startswith(f"/console/policies/{TOPIC}")
    assert f"<ins>  &#34;{ASKED}&#34;,</ins>" in page
    page = await organiser.gets("/console/gaps")
    assert ASKED not in page.words.split("处理过的")[0]
    assert "等批准" in page.words
    await phone.types(ASKED)
    await app.flush()
    page = await organiser.gets("/console/gaps")
    assert "又有 1 次没答上" in page.words

    async with Desk(app, Role.APPROVER, district="") as approver:
        await approver.gets(f"/console/policies/{TOPIC}")
        await approver.submits(f"/console/policies/{TOPIC}/publish")
    await app.refresh()
    assert app.knowledge.policies[TOPIC].plain[0] in (await phone.types(ASKED))[-1]
    page = await organiser.gets("/console/gaps")
    assert "答得上" in page.words.split("处理过的")[1]


async def test_a_dropped_draft_gives_the_questions_back(asked, organiser):
    await organiser.submits("/console/gaps/add", gap=[asked[ASKED]], topic=TOPIC)
    await organiser.submits(f"/console/policies/{TOPIC}/drop")
    page = await organiser.gets("/console/gaps")
    assert ASKED in page.words.split("处理过的")[0]


async def test_a_new_entry_begins_with_the_questions_and_settles_them_when_it_is_saved(app, asked, organiser):
    page = await organiser.gets(f"/console/policies/new?gap={asked[ASKED]}&gap={asked[NEARLY]}")
    assert ASKED in page
    fields = {
        "id": "clock-broken",
        "title": "打卡机坏了怎么办？",
        "ask": f"{ASKED}\n{NEARLY}",
        "answer": "先拍照留证。",
    }
    fields |= {"checked": "2026-11-01", "review_by": "2027-05-01", "region": "cn", "category": "用工关系"}
    gaps = [asked[ASKED], asked[NEARLY]]
    page = await organiser.submits("/console/policies/new", act="save", label="打卡机", gap=gaps, **fields)
    assert "新条目，等批准" in page.words
    assert "问法有 2 句" in page.words
    async with app.db.read() as session:
        gaps = (await session.scalars(select(Gap).where(Gap.settled_at.is_not(None)))).all()
    assert {(gap.text, gap.answer) for gap in gaps} == {(ASKED, "clock-broken"), (NEARLY, "clock-broken")}
    assert "clock-broken" not in app.knowledge.policies


async def test_what_is_put_aside_comes_back_when_asked_for(asked, organiser):
    await organiser.submits("/console/gaps/dismiss", gap=[asked[OTHER]])
    page = await organiser.gets("/console/gaps")
    assert OTHER not in page.words.split("处理过的")[0]
    await organiser.submits("/console/gaps/reopen", gap=asked[OTHER])
    page = await organiser.gets("/console/gaps")
    assert OTHER in page.words.split("处理过的")[0]


@pytest.mark.parametrize("fields", [{}, {"gap": ["x", "99999"]}, {"gap": "1" * 40}])
async def test_a_forged_choice_changes_nothing_and_says_what_to_do(asked, organiser, fields):
    page = await organiser.submits("/console/gaps/add", status=422, topic=TOPIC, **fields)
    assert "请先勾上" in page.words
    page = await organiser.submits("/console/gaps/add", status=422, topic="nothing", gap=[asked[ASKED]])
    assert "请选一条政策" in page.words
    assert ASKED in (await organiser.gets("/console/gaps")).words.split("处理过的")[0]
