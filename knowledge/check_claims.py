"""Rules about what an entry rests on: every line has a source that says it, and every source a line it says."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from knowledge.claims import Claim
from knowledge.figures import figures
from knowledge.policies import LOCAL, Policy, Source
from knowledge.regions import Region, covers

Flaw = tuple[str, str, dict[str, object]]  # words to find the line by, the rule, and its values

LOCAL_MOST = 30  # entries that may say LOCAL; each once
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE = re.compile(r"约?\d{4}(?:-\d{2}){0,2}(?: (?:公布|印发|通过|批准|施行|修正|修订|执行|材料|报道|发布))?")
_BRACKETS = re.compile(r"[（(]([^）)]*)[）)]")
_IN_BRACKETS = re.compile(r"试行|暂行|[一二三四五六七八九十]+|\d{4}(?:年)?(?:版)?")
_REMARK = re.compile(r"请核|核对|镜像|转载|不一$|见到|没读|未读|备注|口径|注明|摘录|凭记忆|网页$|二手")
_NOT_SEEN = re.compile(r"凭记忆|没读到|未读到|没看到原文|请核对原文|二手|摘录|没核到|没查到原文")


def source_flaws(source: Source) -> Iterator[Flaw]:
    """A source has a plain name, and says what else there is to know in fields of its own."""
    if not source.title:
        yield "[[sources]]", "source_title", {}
    for text in (source.title, source.issuer, source.number, source.article):
        inside = [each for each in _BRACKETS.findall(text) if not _IN_BRACKETS.fullmatch(each)]
        if _REMARK.search(text) or (inside and text is not source.number):
            yield text, "source_remark", {"text": text}
    if source.date and not _DATE.fullmatch(source.date):
        yield source.date, "source_date", {"text": source.date}
    if source.read and not _day(source.read):
        yield source.read, "source_read", {"text": source.read}
    if source.url and not source.link:
        yield source.url, "source_url", {"url": source.url}


def claim_flaws(
    entry: Policy, hotlines: Iterable[str], values: Iterable[str], regions: Mapping[str, Region]
) -> Iterator[Flaw]:
    """What is wrong between the lines of an entry and its sources."""
    called, known, claims = set(hotlines), set(values), entry.claims()
    for claim in claims:
        yield from _marks(entry, claim)
        yield from _place(entry, claim, regions)
        for name in claim.values:
            if name not in known:
                yield claim.text[:20], "value", {"name": name}
        told = _told(entry, claim)
        stated = set().union(*(_stated(source) for source in told))
        for figure in sorted(figures(claim.text) - stated - called):
            yield claim.text[:20], "figure", {"figure": figure, "text": claim.text}
    used = {number for claim in claims for number in claim.sources}
    for number, source in enumerate(entry.sources, 1):
        if number not in used:
            yield source.title, "unused", {"number": number, "title": source.title}
    if _NOT_SEEN.search(entry.note) and not any(claim.doubtful for claim in claims):
        yield "note =", "doubt", {}
    if "\n".join(line for _, line in entry.lines).count(LOCAL) > 1:
        yield LOCAL, "local", {"said": LOCAL}


def _marks(entry: Policy, claim: Claim) -> Iterator[Flaw]:
    if not claim.marked and claim.part != "steps":
        yield claim.text[:20], "unmarked", {"text": claim.text}
    if claim.hint and (claim.sources or claim.doubtful):
        yield claim.text[:20], "hint", {"text": claim.text}
    for number in claim.sources:
        if not 1 <= number <= len(entry.sources):
            yield f"[{number}", "no_source", {"number": number}
        elif entry.sources[number - 1].secondary and not claim.doubtful:
            yield f"[{number}", "lead", {"number": number}


def _place(entry: Policy, claim: Claim, regions: Mapping[str, Region]) -> Iterator[Flaw]:
    """A line for one place stands in an entry about it; what only one place's document says names that place."""
    if claim.place and (claim.place not in regions or not (covers(entry.region, claim.place))):
        yield f"@{claim.place}", "place", {"region": claim.place}
    shown = [source for source in _told(entry, claim) if not source.secondary]
    homes = [homes_of(source, regions) for source in shown]
    names = set[str]().union(*(_names(home, regions) for each in homes for home in each))
    if (
        entry.region == "cn"
        and not claim.place
        and homes
        and all(homes)
        and not any(each in claim.text for each in names)
    ):
        yield claim.text[:20], "one_place", {"text": claim.text, "region": "、".join(sorted(names))}


def homes_of(source: Source, regions: Mapping[str, Region]) -> set[str]:
    """The provinces and cities whose document it is; empty for the nation's."""
    named = f"{source.issuer}{source.title}"
    return {
        code
        for code, region in regions.items()
        if (len(code) == 2 and region.short in named) or (len(code) == 4 and region.name in named)
    }


def _names(code: str, regions: Mapping[str, Region]) -> set[str]:
    return {regions[code[:end]].short for end in (2, 4) if end <= len(code)}


def _told(entry: Policy, claim: Claim) -> list[Source]:
    return [entry.sources[number - 1] for number in claim.sources if 1 <= number <= len(entry.sources)]


def _stated(source: Source) -> set[str]:
    """The figures of a source, those of its name among them."""
    return {*source.figures, *figures(f"{source.title} {source.number} {source.article} {source.date}")}


def _day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False
