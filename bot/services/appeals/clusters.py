"""Clusters: cases of the last month that tell of the same problem, so that it is settled once for all of them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals.queue import visible
from bot.services.appeals.states import AppealState
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Appeal, ConsultationCase, now
from knowledge import Knowledge
from knowledge.search import grouping, names
from knowledge.search.text import clean

WITHIN = timedelta(days=30)
FEWEST = 5  # cases that make a problem common
NEWEST = 400  # cases of a kind that are compared with each other
OUT = frozenset({AppealState.REJECTED, AppealState.WITHDRAWN, AppealState.MERGED})


@dataclass(frozen=True, slots=True)
class Telling:
    """A case as it is compared with others."""

    id: int
    number: str
    kind: str
    region: str
    about: str
    place: str
    story: str


@dataclass(frozen=True, slots=True)
class AppealCluster:
    """why: "about", "place", "named" or "alike": what its cases share besides their kind."""

    kind: str
    why: str
    what: str  # the unit, the place, or the name in their stories; for "alike" nothing
    cases: Sequence[Telling]


async def recent(session: AsyncSession, staffer: Staffer) -> list[Telling]:
    """Cases of the last month that somebody may dispatch and that no consultation has yet, newest first."""
    taken = select(ConsultationCase.appeal_id)
    query = (
        select(Appeal.id, Appeal.number, Appeal.kind, Appeal.region, Appeal.about, Appeal.place, Appeal.story)
        .where(visible(staffer, Right.APPEALS_ASSIGN), Appeal.created_at > now() - WITHIN)
        .where(Appeal.state.not_in(OUT), Appeal.id.not_in(taken))
        .order_by(Appeal.id.desc())
        .limit(20 * NEWEST)
    )
    return [Telling(*row) for row in await session.execute(query)]


def find(cases: Sequence[Telling], knowledge: Knowledge) -> list[AppealCluster]:
    """Clusters, the largest first.  A case is in one only.  Pure arithmetic: it may run in a thread."""
    named = partial(_same_name, usual=knowledge.ordinary)
    found: list[AppealCluster] = []
    kinds: dict[str, list[Telling]] = {}
    for each in cases:
        kinds.setdefault(each.kind, []).append(each)
    for kind, told in kinds.items():
        left = told[:NEWEST]
        for why, groups in (("about", _same_about), ("place", _same_place), ("named", named), ("alike", _alike)):
            common = [(what, group) for what, group in groups(left) if len(group) >= FEWEST]
            found += [AppealCluster(kind, why, what, group) for what, group in common]
            gone = {each.id for _, group in common for each in group}
            left = [each for each in left if each.id not in gone]
    return sorted(found, key=lambda each: -len(each.cases))


Groups = list[tuple[str, list[Telling]]]


def _same_about(cases: Sequence[Telling]) -> Groups:
    return _same(cases, lambda each: clean(each.about), lambda each: each.about)


def _same_place(cases: Sequence[Telling]) -> Groups:
    return _same(cases, lambda each: clean(each.place) and (clean(each.place), each.region), lambda each: each.place)


def _same(cases: Sequence[Telling], key: Callable[[Telling], Hashable], name: Callable[[Telling], str]) -> Groups:
    groups: dict[Hashable, list[Telling]] = {}
    for each in cases:
        if shared := key(each):
            groups.setdefault(shared, []).append(each)
    return [(name(group[0]), group) for group in groups.values()]


def _same_name(cases: Sequence[Telling], usual: frozenset[str]) -> Groups:
    """The same name in stories of one district, and hardly in those of others."""
    regions: dict[str, list[Telling]] = {}
    for each in cases:
        regions.setdefault(each.region, []).append(each)
    found: Groups = []
    for region, told in regions.items():
        others = [each.story for each in cases if each.region != region]
        shared = names.shared([each.story for each in told], FEWEST, usual, others)
        found += [(name, [told[at] for at in which]) for name, which in shared]
    return found


def _alike(cases: Sequence[Telling]) -> Groups:
    return [("", [cases[at] for at in group]) for group in grouping.group([each.story for each in cases], None)]
