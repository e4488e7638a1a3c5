"""The content keeps its rules: `knowledge check` finds no fault in what is here, and finds each fault that is made."""

import json
from datetime import date
from functools import partial
from pathlib import Path

import pytest

import knowledge as content
from bot.__main__ import main
from knowledge import check, policies
from knowledge.claims import unmarked
from knowledge.figures import figures
from knowledge.policies import load
from knowledge.search.fit import ASKED

CHECKED = date(2026, 11, 22)


def test_the_content_has_no_fault():
    assert [str(finding) for finding in check.check(today=CHECKED) if finding.fault] == []


def test_all_topics_have_many_phrasings_of_many_voices(knowledge):
    assert len(knowledge.policies) >= 236
    assert min(len(entry.phrasings) for entry in knowledge.policies.values()) >= 25


def test_answers_are_short_and_every_line_of_them_says_what_it_rests_on(knowledge):
    for entry in knowledge.policies.values():
        assert len(entry.answer.splitlines()) <= 5, entry.id
        assert all(claim.marked for claim in entry.claims() if claim.part != "steps"), entry.id
        assert entry.checked, entry.id


def test_a_review_that_is_due_is_a_warning_and_no_fault():
    later = [finding for finding in check.check(today=date(2030, 1, 1)) if "review" in str(finding)]
    assert later
    assert not any(finding.fault for finding in later)


def test_figures_are_seen_in_any_writing():
    assert figures("满35周岁，罚500～1000元") >= {"35", "500", "1000"}
    assert figures("10,000 元") == {"10000"}
    assert figures("先打 110，96110 是反诈热线") == {"110", "96110"}


@pytest.mark.parametrize("field", ["title", "checked", "region"])
def test_a_missing_head_field_is_named_with_its_file(tmp_path, field):
    source = next(iter(sorted(check.policies.FOLDER.glob("*.md"))))
    lines = [line for line in source.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{field} =")]
    (tmp_path / source.name).write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Exception, match=f"{source.name}.*{field}|{field}.*{source.name}"):
        load(tmp_path)


def test_an_entry_that_cannot_be_read_is_named_in_a_sentence_whatever_was_asked(tmp_path, monkeypatch, capsys):
    (tmp_path / "broken.md").write_text("+++\nid = ", encoding="utf-8")
    monkeypatch.setattr(policies, "load", partial(load, tmp_path))
    monkeypatch.setattr(content, "shipped", content.load)
    assert main(["ask", "欠薪"]) == 1
    said = capsys.readouterr().err
    assert "broken.md" in said
    assert len(said.splitlines()) == 1


def rows(name):
    return lines(Path(__file__).parents[1] / "data" / name)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def with_must():
    return [row for row in (*rows("questions.jsonl"), *lines(ASKED)) if "must" in row]


def test_each_answer_says_what_it_would_cost_a_worker_not_to_know(knowledge):
    """must_say.jsonl: points that a short answer has to make, with words and figures that show it makes them."""
    missing = []
    for row in rows("must_say.jsonl"):
        answer = "\n".join(map(unmarked, knowledge.policies[row["topic"]].answer.splitlines()))
        if not all(each in answer for each in row["all"]) or not set(row["figures"]) <= figures(answer):
            missing.append((row["topic"], row["point"]))
    assert missing == []


def told(entry):
    """What a card says of an entry before any tap."""
    return "\n".join(map(unmarked, (*entry.answer.splitlines(), *entry.steps)))


def test_a_right_answer_holds_what_was_asked_for(knowledge):
    """`must`: one of these a right answer says: the amount, the deadline, the office."""
    asked = with_must()
    assert len(asked) >= 200
    silent = [
        row["q"]
        for row in asked
        if not any(each in told(knowledge.policies[topic]) for topic in row["topics"] for each in row["must"])
    ]
    assert silent == []


async def test_what_people_ask_is_answered_with_it(knowledge):
    asked = with_must()
    found = [await knowledge.search.find(row["q"]) for row in asked]
    firsts = [told(knowledge.policies[each.matches[0].id]) if each.matches else "" for each in found]
    said = [any(each in first for each in row["must"]) for row, first in zip(asked, firsts, strict=True)]
    assert sum(said) / len(said) >= 0.9
