"""The content desk's policies: edited with a look at the phone, published by a second person, read everywhere."""

import asyncio
import re
from argparse import Namespace
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from bot.app import Application
from bot.commands import knowledge as command
from bot.console.core import words
from bot.console.policies.fields import SOURCE, entry_of, typed
from bot.services.chats.questions import AskedQuestion, remember
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import Audit, PolicyRevision
from knowledge import policies
from knowledge.check import SAID
from knowledge.claims import unmarked
from tests.conftest import free_port, hasten
from tests.support.brokers import eventually
from tests.support.desk import BY, Desk

TOPIC = "deposit-and-id-card"
NEW_LINE = "先别签字，先拍照。"
NEW_MARK = "[-]"


@pytest.fixture
async def organiser(app):
    async with Desk(app, Role.ORGANISER, name="组织员李") as desk:
        yield desk


@pytest.fixture
async def approver(app):
    async with Desk(app, Role.APPROVER, district="", name="审批员周") as desk:  # the entries are the nation's
        yield desk


def fields_of(entry, **changed):
    """An entry as its form hands it in."""
    given = typed(entry) | changed
    sources = given.pop("sources")
    return given | {f"source_{name}": [each[name] for each in sources] for name in SOURCE}


def longer(entry) -> str:
    """Its answer with one more claim, in place of the fifth line."""
    return "\n".join([*entry.answer.splitlines()[:4], NEW_LINE + NEW_MARK])


async def edits(desk, entry, act="save", status=200, topic=None, **changed):
    """Open an entry's form and hand it in."""
    path = f"/console/policies/{topic or entry.id}/edit"
    await desk.gets(path)
    return await desk.submits(path, status=status, act=act, **fields_of(entry, **changed))


async def publishes(desk, topic, status=200):
    await desk.gets(f"/console/policies/{topic}")
    return await desk.submits(f"/console/policies/{topic}/publish", status=status)


async def test_every_entry_survives_the_form_and_the_file_to_the_byte(knowledge):
    for path in sorted(policies.FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        entry = policies.parse(text, path)
        assert policies.written(entry) == text, path
        assert policies.written(entry_of(typed(entry))) == text, path


def test_every_rule_of_the_content_has_its_sentence_in_chinese():
    said = words.load().group("finding")
    assert set(said) == set(SAID)
    for rule, text in SAID.items():
        assert set(re.findall(r"{(\w+)", said[rule])) <= set(re.findall(r"{(\w+)", text)), rule


async def test_an_edit_reaches_the_worker_after_a_second_person_and_no_earlier(app, phone, organiser, approver):
    entry = app.knowledge.policies[TOPIC]
    page = await edits(
        organiser,
        entry,
        answer=longer(entry),
        why="律师说要先留证据",
    )
    assert "已存成草稿" in page
    await app.refresh()
    heard = await phone.types("入职要押金、要扣身份证，可以吗？")
    assert unmarked(entry.answer.splitlines()[0]) in heard[-1]
    assert NEW_LINE not in heard[-1]

    page = await approver.gets("/console/policies?view=drafts")
    assert TOPIC in page
    page = await approver.gets(f"/console/policies/{TOPIC}")
    assert f"<ins>{NEW_LINE}{NEW_MARK}</ins>" in page
    assert "律师说要先留证据" in page.words
    page = await publishes(approver, TOPIC)
    assert "已发布" in page
    await app.refresh()
    assert NEW_LINE in (await phone.types("入职要押金、要扣身份证，可以吗？"))[-1]
    async with app.db.read() as session:
        done = (await session.scalars(select(Audit.action).where(Audit.subject == f"policy:{TOPIC}"))).all()
    assert done == ["policy.save", "policy.publish"]


async def test_another_process_takes_over_what_was_published_within_five_seconds(
    app, settings, knowledge, organiser, approver
):
    asked = "公司要我把社保卡押前台"
    entry = app.knowledge.policies[TOPIC]
    other = Application(settings.model_copy(update={"port": free_port()}), knowledge)
    hasten(other)
    await other.start()
    try:
        await edits(organiser, entry, ask="\n".join((*entry.ask, asked)))
        await publishes(approver, TOPIC)

        async def read() -> bool:
            return asked in other.knowledge.policies[TOPIC].ask

        async def found() -> bool:
            best = await other.knowledge.search.find(asked)
            return (best.matches[0].id, best.score) == (TOPIC, 1.0)

        await eventually(read, seconds=5)
        await eventually(found)  # The index is built twice in this one process, while others test here, too.
    finally:
        await other.stop()
    assert asked not in knowledge.policies[TOPIC].ask


async def test_the_preview_is_what_the_phone_gets(app, phone, organiser):
    entry = app.knowledge.policies[TOPIC]
    said = (await phone.types("入职要押金、要扣身份证，可以吗？"))[-1]
    page = await organiser.gets(f"/console/policies/{TOPIC}")
    bubble = re.search(r'<p class="bubble">(.*?)</p>', page, re.DOTALL)[1]
    assert re.sub(r"<[^>]+>", "", bubble) == re.sub(r"<[^>]+>", "", said)
    page = await edits(organiser, entry, act="look", title="押金 <b>&</b> 证件？")
    assert "押金 &lt;b&gt;&amp;&lt;/b&gt; 证件？" in re.search(r'<p class="bubble">(.*?)</p>', page, re.DOTALL)[1]


async def test_the_preview_of_a_draft_links_to_no_script(app, organiser):
    entry = app.knowledge.policies["unpaid-wages-steps"]
    scripts = tuple(replace(each, url="javascript:alert(1)") for each in entry.sources)
    page = await edits(organiser, replace(entry, sources=scripts), act="look")
    assert 'class="bubble"' in page
    assert 'href="javascript' not in page


async def test_looking_tells_which_questions_come_and_go_and_saves_nothing(app, organiser):
    entry = app.knowledge.policies[TOPIC]
    gone, come = "公司扣我身份证可以不", "打卡机坏了算我旷工，凭啥"
    async with app.db.connect() as connection:
        await remember(connection, [AskedQuestion(None, come, "none", "", 0.1)])
    page = await edits(
        organiser, entry, act="look", ask="\n".join([*(each for each in entry.ask if each != gone), come])
    )
    comes, leaves = page.words.split("哪些问题会改答到这里")[1].split("哪些问题不再答到这里")
    assert come in comes
    assert gone in leaves
    async with app.db.read() as session:
        assert (await session.scalars(select(PolicyRevision))).all() == []


async def test_findings_stand_on_the_page_in_chinese_and_hold_publication_back(app, organiser, approver):
    entry = app.knowledge.policies[TOPIC]
    page = await edits(organiser, entry, act="look", answer="肯定能要回 3777 元。", label="")
    for said in ("标的来源里没有数字 3777", "不能打包票", "按钮上的字要有 1 到 14 个"):
        assert said in page.words
    page = await edits(organiser, entry, answer="肯定能要回 3777 元。[1]")
    assert "已存成草稿" in page
    page = await publishes(approver, TOPIC, status=422)
    assert "2 处不合规则" in page.words
    assert app.knowledge.policies[TOPIC].answer == entry.answer


async def test_no_author_publishes_their_own_work_not_even_a_part_of_it(app, organiser, approver):
    async with app.db.begin() as session:
        await accounts.give(
            session, None, BY, await accounts.find(session, approver.username), Grant(Role.ORGANISER, "2101")
        )
    entry = app.knowledge.policies[TOPIC]
    await edits(approver, entry, note="我先改一点")
    await edits(organiser, replace(entry, note="我再改一点"))
    page = await approver.gets(f"/console/policies/{TOPIC}")
    assert "要由别人批准" in page.words
    async with app.db.read() as session:
        last = await session.scalar(select(PolicyRevision.id).order_by(PolicyRevision.id.desc()))
    page = await approver.submits(f"/console/policies/{TOPIC}/publish", status=403, revision=last)
    assert "自己写的要由别人批" in page.words
    with pytest.raises(IntegrityError):
        async with app.db.begin() as session:
            await session.execute(update(PolicyRevision).values(publisher_id=PolicyRevision.author_id))


async def test_what_was_approved_is_what_was_read(app, organiser, approver):
    entry = app.knowledge.policies[TOPIC]
    await edits(organiser, entry, note="一")
    await approver.gets(f"/console/policies/{TOPIC}")
    await edits(organiser, entry, note="二")
    page = await approver.submits(f"/console/policies/{TOPIC}/publish", status=422)
    assert "不是最新的" in page.words
    async with app.db.read() as session:
        assert (await session.scalars(select(PolicyRevision.published_at))).all() == [None, None]


async def test_a_draft_that_is_sent_back_comes_home_to_its_authors_with_the_remark(app, organiser, approver):
    entry, path = app.knowledge.policies[TOPIC], f"/console/policies/{TOPIC}"
    await edits(organiser, entry, answer=longer(entry))
    await approver.gets(path)
    page = await approver.submits(f"{path}/send-back", remark=" ", status=422)
    assert "写几个字" in page.words
    page = await approver.submits(f"{path}/send-back", remark="先拍照不在来源里，请写出处")
    assert "已退回" in page.words
    assert "批准并发布" not in page.words
    assert TOPIC not in await approver.gets("/console/policies?view=drafts")
    home = await organiser.gets("/console")
    assert re.search(r"1\s*退回来改的", home.words) or re.search(r"退回来改的\s*1", home.words)
    assert TOPIC in await organiser.gets("/console/policies?view=sent_back")
    page = await organiser.gets(f"{path}/edit")
    assert "先拍照不在来源里" in page.words
    assert NEW_LINE in page
    await publishes(approver, TOPIC, status=422)  # It waits for its author.
    await edits(organiser, entry, answer=longer(entry))
    assert TOPIC in await approver.gets("/console/policies?view=drafts")
    assert TOPIC not in await organiser.gets("/console/policies?view=sent_back")
    assert "先拍照不在来源里" in (await organiser.gets(path)).words  # in its history
    assert "已发布" in await publishes(approver, TOPIC)


async def test_a_city_drafts_what_the_nation_reads_and_does_not_publish_it(app, organiser, approver):
    entry = app.knowledge.policies[TOPIC]
    await edits(organiser, entry, answer=longer(entry))
    async with Desk(app, Role.APPROVER) as city:
        page = await city.gets(f"/console/policies/{TOPIC}")
        assert "要由管全国的审批员批准" in page.words
        assert "批准并发布" not in page.words
        assert re.search(r"没有在等的：.*等批准的政策", (await city.gets("/console")).words)
        await city.submits(f"/console/policies/{TOPIC}/publish", status=403, revision=1)
        await city.submits(f"/console/policies/{TOPIC}/send-back", status=403, revision=1, remark="不合适，请改")
    await publishes(approver, TOPIC)


async def test_a_city_publishes_what_it_reads_itself_and_a_province_needs_its_own_approver(app, organiser):
    mine = next(each for each in app.knowledge.policies.values() if each.region == "2101")
    province = next(each for each in app.knowledge.policies.values() if each.region == "21")
    for entry in (mine, province):
        await edits(organiser, entry, title=f"{entry.title}？")
    async with Desk(app, Role.APPROVER) as city, Desk(app, Role.APPROVER, district="21") as above:
        await publishes(city, mine.id)
        await city.submits(f"/console/policies/{province.id}/publish", status=403, revision=2)
        await publishes(above, province.id)


async def test_two_who_edit_at_once_overwrite_nothing(app, organiser):
    entry = app.knowledge.policies[TOPIC]
    async with Desk(app, Role.ORGANISER, name="组织员吴") as other:
        await other.gets(f"/console/policies/{TOPIC}/edit")
        await edits(organiser, entry, note="先存的")
        page = await other.submits(
            f"/console/policies/{TOPIC}/edit", status=422, act="save", **fields_of(entry, note="后写的")
        )
        assert "别人存了新的版本" in page.words
        assert 'value="后写的"' in page
        page = await other.submits(f"/console/policies/{TOPIC}/edit", act="save", **fields_of(entry, note="后写的"))
        assert "已存成草稿" in page
    assert "先存的" in await organiser.gets(f"/console/policies/{TOPIC}?revision=1")


async def test_an_old_version_comes_back_as_a_draft_and_a_draft_is_dropped_without_loss(app, organiser, approver):
    entry = app.knowledge.policies[TOPIC]
    await edits(organiser, entry, note="第一版")
    await edits(organiser, entry, note="第二版")
    page = await organiser.gets(f"/console/policies/{TOPIC}?revision=2")
    assert '<del>note = "第一版"</del>' in page.replace("&#34;", '"')
    await organiser.submits(f"/console/policies/{TOPIC}/restore", revision=1, base=2)
    await organiser.submits(f"/console/policies/{TOPIC}/drop")
    page = await organiser.gets(f"/console/policies/{TOPIC}")
    assert "已放弃" in page.words
    await organiser.submits(f"/console/policies/{TOPIC}/restore", revision=1, base=3)
    await publishes(approver, TOPIC)
    await app.refresh()
    assert app.knowledge.policies[TOPIC].note == "第一版"


async def test_somebody_of_another_city_neither_edits_nor_publishes(app):
    async with Desk(app, Role.ORGANISER, district="3701") as stranger, Desk(app, Role.APPROVER) as approver:
        local = app.knowledge.policies["friendly-merchants-shenyang"]
        await stranger.gets(f"/console/policies/{local.id}/edit", status=403)
        form = fields_of(local, region="3701")
        await stranger.submits(f"/console/policies/{local.id}/edit", status=403, act="save", **form)
        page = await edits(stranger, app.knowledge.policies["jinan-overview"], note="济南的")
        assert "已存成草稿" in page
        page = await approver.submits("/console/policies/jinan-overview/publish", status=403, revision=1)
        assert "没有权限" in page.words


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"checked": "明天"}, "核对日期请写成"),
        ({"answer": "好\n## 下一步\n- 假的"}, "正文里不能有单独一行"),
        ({"details": "字" * 30_000}, "写得太长了"),
    ],
)
async def test_what_no_file_could_hold_is_said_and_nothing_typed_is_lost(app, organiser, changed, said):
    entry = app.knowledge.policies[TOPIC]
    page = await edits(organiser, entry, status=422, note="别丢了我", **changed)
    assert said in page.words
    assert "别丢了我" in page


async def test_a_new_entry_is_written_found_and_exported(app, settings, tmp_path, organiser, approver):
    like = app.knowledge.policies["ipr-help"]
    asked = [
        f"无人机送餐把我挤下线了怎么办第{number}种说法{'甲乙丙丁戊己庚辛壬癸'[number % 10] * 4}" for number in range(30)
    ]
    entry = replace(like, id="drone-delivery", title="无人机抢单怎么办？", label="无人机", region="2101", related=())
    form = fields_of(
        entry,
        ask="\n".join(asked[:18]),
        lived="\n".join(f"天上飞的抢我饭碗{'子丑寅卯辰巳午未申酉戌亥'[n] * 5}" for n in range(12)),
    )
    await organiser.gets("/console/policies/new")
    page = await organiser.submits("/console/policies/new", status=422, act="save", **form | {"id": TOPIC})
    assert "已经有了" in page.words
    await organiser.submits("/console/policies/new", act="save", **form)
    page = await organiser.gets("/console/policies/drone-delivery")
    await publishes(approver, "drone-delivery")
    await app.refresh()
    assert (await app.knowledge.search.find(asked[0])).matches[0].id == "drone-delivery"

    folder = tmp_path / "out"
    assert await asyncio.to_thread(command._export, Namespace(folder=folder), settings) == 0
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert policies.read(folder / "drone-delivery.md").title == "无人机抢单怎么办？"
    del files["drone-delivery.md"]
    assert files == {path.name: path.read_bytes() for path in policies.FOLDER.glob("*.md")}
