"""Reads every content file and says what is wrong with it, with file and line: `python -m bot knowledge check`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from rapidfuzz import fuzz, process

from knowledge import hotlines, local, policies, regions
from knowledge.check_claims import LOCAL_MOST, claim_flaws, source_flaws
from knowledge.claims import unmarked
from knowledge.policies import ACTIONS, AUDIENCES, LOCAL, Policy

ANSWER_LINES = 5
LINE = 48  # characters of one line of an answer, references left out
LABEL = 14  # characters: a button on a phone of 360 px
PHRASINGS = (25, 45)  # per entry
LIVED = 1 / 3  # the least share of phrasings that tell the situation without the title's words
ALIKE = 88.0  # rapidfuzz ratio from which two phrasings of different entries count as the same
PROMISES = re.compile(r"(?<!不)(?<!没)(?:保证能|包您|包你|肯定能|一定能|必定|百分百|绝对能)")
ASKS_SECRETS = re.compile(r"(?:告诉|发给|提供给?|输入|回复)(?:我|我们|本机器人|机器人)?.{0,6}(?:密码|验证码|银行卡号)")


SAID = {  # what a rule says, by its name; the console has the same in Chinese
    "unreadable": "{why}",
    "id": "id {id!r} is not the file's name",
    "title": "the title is empty",
    "label": "a label has 1 to {most} characters",
    "region": "unknown region {region!r}",
    "action": "unknown action {action!r}",
    "unknown": "unknown in {name}: {values}",
    "source_title": "a source without a title",
    "source_remark": "a remark in the name of a source: {text}",
    "source_date": "a date is 2021-07-16, 约2025 or 2018-12-29 修正: {text}",
    "source_read": "the day of comparing is written 2026-11-28: {text}",
    "source_url": "a source's address begins with https:// or http://: {url}",
    "answer": "an answer has 1 to {most} lines, none of them empty",
    "line": "longer than {most} characters: {text}",
    "steps": "says nothing to do next",
    "promise": "promises an outcome: {text}",
    "secret": "asks for a secret: {text}",
    "unmarked": "a claim without a mark: {text}",
    "hint": "both a hint and a claim: {text}",
    "no_source": "there is no source [{number}]",
    "lead": "source [{number}] is a lead: mark it [{number}?]",
    "unused": "no line points to source [{number}]: {title}",
    "figure": "{figure} does not stand in the source marked: {text}",
    "one_place": "only a document of {region} says it, and the line does not: {text}",
    "place": "a line for {region} has no place in this entry",
    "value": "no sheet knows the value {{{name}}}",
    "doubt": "the note says that an original was not seen, and no line is marked [?]",
    "local": "says {said} more than once",
    "local_often": "{said} stands in {count} entries; fewer than {most} may",
    "phrasings": "{count} phrasings; {least} to {most} are wanted",
    "lived": "{count} of {of} phrasings are lived; a third is wanted",
    "label_word": "tells the label's word {word}: {phrase}",
    "twice": "also asked in {other}: {phrase}",
    "alike": "nearly the same ({ratio}) as in {other}: {phrase} ~ {like}",
    "due": "review was due on {day}",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend: a fault stops a release, a warning asks for a look."""

    path: Path
    line: int
    rule: str  # one of SAID
    values: Mapping[str, object]
    fault: bool = True

    @property
    def why(self) -> str:
        return SAID[self.rule].format(**self.values)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'' if self.fault else 'warning: '}{self.why}"


@dataclass(frozen=True, slots=True)
class Tables:
    """What entries name that stands in tables beside them: numbers to call, regions, values of a place."""

    numbers: Mapping[str, hotlines.Hotline]
    places: Mapping[str, regions.Region]
    values: Mapping[str, local.Field]

    @classmethod
    def read(cls) -> Self:
        """Read the tables.  Raises policies.Fault."""
        return cls(hotlines.load(), regions.load(), local.known_fields())


def check(folder: Path = policies.FOLDER, *, today: date | None = None) -> list[Finding]:
    """All findings of the policy entries in a folder; an empty list is a clean bill."""
    found: list[Finding] = []
    entries: list[Policy] = []
    for path in sorted(folder.glob("*.md")):
        try:
            entries.append(policies.read(path))
        except policies.Fault as fault:
            found.append(Finding(fault.path, fault.line, "unreadable", {"why": fault.why}))
    ids, tables = {entry.id for entry in entries}, Tables.read()
    for entry in entries:
        found += _own(entry, ids, tables, today)
    return [*found, *_repeated(entries), *_locals(entries), *_sheets()]


def check_one(entry: Policy, entries: Iterable[Policy], *, today: date | None = None) -> list[Finding]:
    """The findings of one entry, as it would stand among the others; its own older self may be among them."""
    others = [each for each in entries if each.id != entry.id]
    found = _own(entry, {each.id for each in others} | {entry.id}, Tables.read(), today)
    return found + list(_repeating(entry, others))


def _own(entry: Policy, ids: Iterable[str], tables: Tables, today: date | None) -> list[Finding]:
    found = [*_head(entry, ids, tables.numbers, tables.places), *_text(entry), *_phrasings(entry)]
    flaws = [flaw for source in entry.sources for flaw in source_flaws(source)]
    for needle, rule, told in (*flaws, *claim_flaws(entry, tables.numbers, tables.values, tables.places)):
        found.append(_found(entry, needle, rule, told))
    if today and entry.review_by < today:
        found.append(_at(entry, "review_by", "due", fault=False, day=entry.review_by))
    return found


def _at(entry: Policy, needle: str, rule: str, *, fault: bool = True, **values: object) -> Finding:
    return _found(entry, needle, rule, values, fault=fault)


def _found(entry: Policy, needle: str, rule: str, values: Mapping[str, object], *, fault: bool = True) -> Finding:
    text = entry.path.read_text(encoding="utf-8") if entry.path.is_file() else policies.written(entry)
    line = next((number for number, text in enumerate(text.splitlines(), 1) if needle in text), 1)
    return Finding(entry.path, line, rule, values, fault)


def _head(entry: Policy, ids: Iterable[str], known: Iterable[str], codes: Iterable[str]) -> Iterator[Finding]:
    if entry.id != entry.path.stem:
        yield _at(entry, "id =", "id", id=entry.id)
    if not entry.title:
        yield _at(entry, "title =", "title")
    if not entry.label or len(entry.label) > LABEL:
        yield _at(entry, "label =", "label", most=LABEL)
    if entry.region != "cn" and entry.region not in codes:
        yield _at(entry, "region =", "region", region=entry.region)
    if entry.action not in ACTIONS:
        yield _at(entry, "action =", "action", action=entry.action)
    for name, given, allowed in (
        ("audience", entry.audience, AUDIENCES),
        ("hotlines", entry.hotlines, known),
        ("related", entry.related, set(ids) - {entry.id}),
    ):
        if unknown := [value for value in given if value not in allowed]:
            yield _at(entry, f"{name} =", "unknown", name=name, values=", ".join(unknown))


def _text(entry: Policy) -> Iterator[Finding]:
    lines = entry.answer.splitlines()
    if not 1 <= len(lines) <= ANSWER_LINES or not all(lines):
        yield _at(entry, lines[0] if lines else "+++", "answer", most=ANSWER_LINES)
    for line in lines:
        if len(unmarked(line)) > LINE:
            yield _at(entry, line, "line", most=LINE, text=line)
    if not entry.steps:
        yield _at(entry, policies.STEPS, "steps")
    whole = "\n".join((entry.answer, *entry.steps, *entry.details))
    for rule, name in ((PROMISES, "promise"), (ASKS_SECRETS, "secret")):
        if match := rule.search(whole):
            yield _at(entry, match[0], name, text=match[0])


def _locals(entries: Iterable[Policy]) -> Iterator[Finding]:
    """The sentence that says next to nothing stands in few entries."""
    saying = [entry for entry in entries if any(LOCAL in line for _, line in entry.lines)]
    if len(saying) >= LOCAL_MOST:
        yield _at(saying[0], LOCAL, "local_often", said=LOCAL, count=len(saying), most=LOCAL_MOST)


def _sheets() -> Iterator[Finding]:
    """The sheets can be read, name places that there are, and their sources keep the rules of all sources."""
    try:
        sheets = local.load()
    except policies.Fault as fault:
        yield Finding(fault.path, fault.line, "unreadable", {"why": fault.why})
        return
    known = regions.load()
    for region, values in sheets.values.items():
        path = local.FOLDER / f"{region}.toml"
        if region not in known:
            yield Finding(path, 1, "region", {"region": region})
        for value in values.values():
            for _, rule, told in source_flaws(value.source):
                yield Finding(path, 1, rule, told)


def _phrasings(entry: Policy) -> Iterator[Finding]:
    least, most = PHRASINGS
    count, lived = len(entry.phrasings), len(entry.lived)
    if not least <= count <= most:
        yield _at(entry, "ask =", "phrasings", count=count, least=least, most=most)
    if lived < LIVED * count:
        yield _at(entry, "lived =", "lived", count=lived, of=count)
    words = [word for word in re.split(r"[\s、，。？/“”《》]+", entry.label) if len(word) > 1]
    for phrase in entry.lived:
        if used := [word for word in words if word in phrase]:
            yield _at(entry, phrase, "label_word", word=used[0], phrase=phrase)


def normal(phrase: str) -> str:
    """A phrasing as compared with others: letters, digits and Chinese characters only."""
    return re.sub(r"[^\w]|_", "", phrase).lower()


def _repeated(entries: Iterable[Policy]) -> Iterator[Finding]:
    """Phrasings that stand in two entries, or nearly so: each such pair is told once."""
    seen: dict[str, Policy] = {}
    for entry in entries:
        for phrase in entry.phrasings:
            plain = normal(phrase)
            if plain in seen:
                yield _at(entry, phrase, "twice", other=seen[plain].id, phrase=phrase)
            else:
                seen[plain] = entry
    every = list(seen)
    for plain, entry in seen.items():
        yield from _alike(entry, plain, {each: seen[each] for each in _near(plain, every) if seen[each].id < entry.id})


def _repeating(entry: Policy, others: Iterable[Policy]) -> Iterator[Finding]:
    """Phrasings of one entry that stand in another one, nearly so, or twice in itself."""
    seen = {normal(phrase): other for other in others for phrase in other.phrasings}
    every, own = list(seen), set[str]()
    for phrase in entry.phrasings:
        plain = normal(phrase)
        if plain in seen or plain in own:
            yield _at(entry, phrase, "twice", other=seen[plain].id if plain in seen else entry.id, phrase=phrase)
        else:
            yield from _alike(entry, plain, {each: seen[each] for each in _near(plain, every)})
        own.add(plain)


def _near(plain: str, every: Sequence[str]) -> list[str]:
    return [other for other, _, _ in process.extract(plain, every, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=5)]


def _alike(entry: Policy, plain: str, near: Mapping[str, Policy]) -> Iterator[Finding]:
    for like, other in near.items():
        ratio = round(fuzz.ratio(plain, like))
        yield _at(entry, entry.id, "alike", ratio=ratio, other=other.id, phrase=plain, like=like)
