"""The fields of a policy entry on a form, and the entry they make."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from multidict import MultiDict

from bot.errors import Rejected
from knowledge import policies
from knowledge.policies import Policy, Source

Typed = dict[str, Any]  # texts by field; "audience" a list of codes; "sources" a list of dictionaries of texts

LINES = ("title", "label", "category", "tier", "region", "action", "note", "checked", "review_by")
LISTS = ("ask", "lived", "steps", "details")  # one a line
WORDS = ("hotlines", "related")  # separated by spaces
SOURCE = [field.name for field in fields(Source)]
SPARE = 2  # empty sources at the end of the form
LONGEST = 20_000  # characters of the whole entry
TIERS = ("core", "extra")


def typed(entry: Policy) -> Typed:
    """What the form of an entry shows."""
    sources = [{**{name: _shown(getattr(each, name)) for name in SOURCE}} for each in entry.sources]
    return {
        "id": entry.id,
        **{name: str(getattr(entry, name)) for name in LINES},
        **{name: "\n".join(getattr(entry, name)) for name in LISTS},
        **{name: " ".join(getattr(entry, name)) for name in WORDS},
        "answer": entry.answer,
        "audience": list(entry.audience),
        "sources": sources + _spare(),
    }


def handed_in(form: MultiDict[str]) -> Typed:
    """What came back, whatever it is."""
    names = ("id", *LINES, *LISTS, *WORDS, "answer")
    columns = {name: form.getall(f"source_{name}", []) for name in SOURCE}
    count = min(len(columns["title"]), 40)
    sources = [
        {name: column[at].strip() if at < len(column) else "" for name, column in columns.items()}
        for at in range(count)
    ]
    return {
        **{name: form.get(name, "").strip() for name in names},
        "audience": form.getall("audience", []),
        "sources": [each for each in sources if any(each.values())] + _spare(),
    }


def entry_of(given: Typed) -> Policy:
    """The entry.  Raises Rejected for what no file could hold; everything else is found by its check."""
    if (length := sum(len(str(value)) for value in given.values())) > LONGEST:
        raise Rejected("form.long", most=LONGEST, given=length)
    values: dict[str, Any] = {name: " ".join(given[name].split()) for name in ("title", "label", "category", "note")}
    values |= {name: _lines(given[name]) for name in LISTS}
    values |= {name: tuple(_words(given[name])) for name in WORDS}
    entry = Policy(
        id=given["id"],
        region=given["region"],
        tier=given["tier"] if given["tier"] in TIERS else TIERS[-1],
        action=given["action"] if given["action"] in policies.ACTIONS else "",
        audience=tuple(each for each in given["audience"] if each in policies.AUDIENCES) or ("all",),
        sources=tuple(_source(each) for each in given["sources"] if any(each.values())),
        checked=_day(given["checked"], "policy.checked"),
        review_by=_day(given["review_by"], "policy.review_by"),
        answer="\n".join(_lines(given["answer"])),
        path=Path(f"{given['id']}.md"),
        **values,
    )
    try:
        same = policies.parse(policies.written(entry), entry.path) == entry
    except policies.Fault:
        same = False
    if not same:  # Somebody typed the marks that divide a file.
        raise Rejected("policy.marks")
    return entry


def _spare() -> list[dict[str, str]]:
    return [dict.fromkeys(SOURCE, "") for _ in range(SPARE)]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _source(given: Mapping[str, str]) -> Source:
    texts = {name: value for name, value in given.items() if name not in {"secondary", "figures"}}
    return Source(**texts, figures=tuple(given["figures"].split()), secondary=bool(given["secondary"]))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in (each.strip() for each in text.splitlines()) if line)


def _words(text: str) -> Iterable[str]:
    return dict.fromkeys(text.replace("、", " ").replace("，", " ").replace(",", " ").split())


def _day(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected(key) from None
