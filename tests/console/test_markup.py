"""Whatever people type is shown as they typed it: no page of the console and no preview makes markup, a script or a link of it."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.store.models import CannedReply, Consultation, now
from tests.notices.test_console import FORM, write
from tests.policies.test_console import fields_of
from tests.support.appeals import does, filed
from tests.support.desk import Desk
from tests.support.things import things_in

HOSTILE = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg/onload=alert(1)>',
        "' onmouseover='alert(1)",
    ),
    *('<a href="javascript:alert(1)">点</a>', '<a href="data:text/html,x">套<a href="//evil.example">套</a></a>'),
    *(
        "**<b onclick=alert(1)>粗**</b>",
        "[点](javascript:alert(1))",
        "{{ 7*7 }}",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ),
    *("**a<b**>c</b>**", "<!--", "--><base href=//evil.example>", "<math><style><img title='</style><img src=x>'>"),
)
ALL = "\n".join(HOSTILE)
FORBIDDEN = {"iframe", "object", "embed", "base", "math", "svg"}
URLS = {"href", "src", "action", "formaction", "srcdoc", "xlink:href"}
OWN = ("/", "#", "https://", "http://127.0.0.1", "tel:", "?")


class Harm(HTMLParser):
    """What a page does that it must not: foreign tags, handlers, scripts in the page, addresses that are none of ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in FORBIDDEN or (tag == "script" and "src" not in given):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in given if name.startswith("on")]
        for name in URLS & given.keys():
            address = (given[name] or "").strip()
            if address and (not address.startswith(OWN) or address.startswith("//") or "evil.example" in address):
                self.found.append(f"{tag} {name}={address}")

    def handle_comment(self, data):
        self.found.append(f"comment {data[:20]}")


def shows(page, text: str = HOSTILE[0]) -> None:
    """The page does no harm, and shows what was typed as it was typed."""
    assert Harm(page).found == []
    assert "".join(text.split()) in "".join(page.words.split()), page.words[:400]


async def test_a_notice(app):
    async with Desk(app, Role.ORGANISER) as organiser:
        for text in (ALL, *HOSTILE):
            typed = FORM | {"title": text[:50], "text": text, "unit": text[:50], "label1": text[:30]}
            look = await organiser.submits("/console/notices/look", **typed, url1="https://x.cn/?<b>")
            shows(look, "" if "**" in text else text)
            again = await organiser.submits("/console/notices/new", status=422, **typed, url1="javascript:alert(1)")
            assert Harm(again).found == []
        path = await write(organiser, title=HOSTILE[0], text=ALL, unit=HOSTILE[1])
        shows(await organiser.gets(path))
        assert Harm(await organiser.gets(f"{path}/edit")).found == []
        assert Harm(await organiser.gets("/console/notices")).found == []


async def test_an_entry_of_the_policies(app):
    """Every look at an entry tries the whole search with it, so not every text is tried in every field."""
    entry = app.knowledge.policies["unpaid-wages-steps"]
    path = f"/console/policies/{entry.id}"
    async with Desk(app, Role.ORGANISER) as organiser:
        for text in (ALL, *HOSTILE[::5]):
            line = text.replace("\n", " ")
            sources = tuple(replace(each, title=line[:60], issuer=line[:60], url=line[:100]) for each in entry.sources)
            changed = {
                "title": line[:60],
                "label": line[:30],
                "answer": text,
                "details": text,
                "steps": text,
                "ask": text,
            }
            await organiser.gets(f"{path}/edit")
            fields = fields_of(replace(entry, sources=sources), **changed)
            for more in ({"act": "look"}, {"act": "save", "why": line[:100]}):
                assert Harm(await organiser.submits(f"{path}/edit", status=None, **more, **fields)).found == []
            assert Harm(await organiser.gets(path, status=None)).found == []


async def test_a_case_its_answer_a_consultation_and_a_text_to_begin_from(app):
    number = await filed(app, AppealState.IN_PROGRESS, story=ALL, name="<b>王")
    async with (
        Desk(app, Role.HANDLER, agency="labour", name="<i>承办") as handler,
        Desk(app, Role.ADMIN) as admin,
        Desk(app, Role.REVIEWER) as reviewer,
    ):
        shows(await handler.gets(f"/console/appeals/{number}"))
        await does(handler, number, "log", note=ALL)
        await does(handler, number, "propose", text=ALL)
        shows(await reviewer.gets(f"/console/appeals/{number}"))
        async with app.db.begin() as session:
            item = Consultation(
                title=HOSTILE[0][:40],
                district="2101",
                opened_by=admin.id,
                text=ALL,
                drafted_by=admin.id,
                drafted_at=now(),
            )
            reply = CannedReply(district="2101", kind="", use="answer", label="<b>", text=ALL, changed_by=admin.id)
            session.add_all([item, reply])
            await session.flush()
        for path in (f"/console/alike/{item.id}", "/console/settings/replies", f"/console/appeals/{number}"):
            shows(await admin.gets(path), HOSTILE[1])
        assert Harm(await admin.gets("/console/appeals?q=%3Cscript%3Ealert(1)%3C/script%3E")).found == []


@pytest.mark.parametrize("text", HOSTILE)
async def test_names_of_everything_and_words_that_are_looked_for(app, text):
    things = await things_in(app, "2101")
    async with Desk(app, Role.ADMIN) as admin, Desk(app, Role.ORGANISER) as organiser:
        await admin.submits(
            "/console/units/new", status=None, name=text[:40], kind="street", district="2101", phone=text[:40]
        )
        await admin.submits("/console/people", status=None, name=text[:40], username=text[:20], role="organiser")
        await organiser.submits("/console/notices/groups/new", status=None, name=text[:20], district="2101")
        outlet = f"/console/outlets/{things['/console/outlets/{id}']['id']}"
        fields = {"platform": "meituan", "district": "210106", "address": text}
        await organiser.submits(outlet, status=None, name=text[:40], **fields)
        for desk, path in (
            (admin, "/console/units"),
            (admin, "/console/people"),
            (organiser, "/console/notices/groups"),
            (organiser, outlet),
            (organiser, "/console/outlets"),
            (admin, f"/console/search?q={text.replace('&', '%26').replace('#', '%23')[:50]}"),
        ):
            assert Harm(await desk.gets(path, status=None)).found == [], path
