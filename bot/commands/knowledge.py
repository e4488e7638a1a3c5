"""python -m bot knowledge: checks of the content, the decision's fit, confusions, and what nobody could answer."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import knowledge
from bot.commands.running import command, opened
from bot.services.chats import questions
from bot.services.policies import policies as editing
from bot.settings import Settings
from knowledge import check, policies, regions, search, words
from knowledge.search import decide, grouping, pieces
from knowledge.search.cache import SHIPPED, Cache
from knowledge.search.confusions import Content, confusions, thieves
from knowledge.search.fit import asked, fit, written
from knowledge.search.ranking import Ranking

SHOWN = 30  # confusions, or groups of gaps, that are printed


def add(commands: Any) -> None:
    parser = commands.add_parser("knowledge", help="the content: check, fit, confusions, gaps")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, about in (
        ("check", _check, "every content file, every rule; exit 1 on a fault"),
        ("fit", _fit, "fit the search's decision to questions as people ask them, in seconds"),
        ("learn", _learn, "learn from the content, and write what is shipped with it"),
        ("confusions", _confusions, "which entries steal questions from which"),
        ("gaps", _gaps, "questions without a good answer, grouped by meaning"),
    ):
        actions.add_parser(name, help=about).set_defaults(run=run)
    export = actions.add_parser("export", help="write every entry into a folder, as published in the console")
    export.add_argument("folder", type=Path, metavar="FOLDER")
    export.set_defaults(run=_export)


def _check(_given: argparse.Namespace, _settings: Settings) -> int:
    findings = check.check(today=datetime.now(UTC).date())
    for finding in findings:
        print(finding)
    faults = sum(finding.fault for finding in findings)
    print(f"{faults} faults, {len(findings) - faults} warnings")
    return 1 if faults else 0


def _content(settings: Settings) -> Content:
    model, why_not = search.model()
    for why in why_not:
        print(f"shallower than full: {why}")
    cache = Cache(settings.var / "vectors")
    return Content(policies.load(), words.load(), regions.load(), search.strangers(), model, cache)


def _fit(_given: argparse.Namespace, settings: Settings) -> int:
    content = _content(settings)
    if content.model is None:
        print("nothing written: a fit needs the model")
        return 1
    ranking = Ranking(content.entries, content.words, content.regions, content.strangers)
    ranking.deepen(content.model, content.cache)
    ranking.learn(content.cache)
    decide.FILE.write_text(written(fit(ranking, asked(), content.cache)), encoding="utf-8")
    print(f"written: {decide.FILE}")
    return 0


def _learn(_given: argparse.Namespace, settings: Settings) -> int:
    model, why = search.model()
    if model is None:
        print(f"nothing written: {'; '.join(why)}")
        return 1
    print(f"written: {pieces.write()}")
    ranking = Ranking(policies.load(), words.load(), regions.load(), search.strangers())
    said, strangers = ranking.texts()
    kept, shipped = Cache(settings.var / "vectors"), Cache(SHIPPED)
    space = ranking.deepen(model, kept)
    print(f"written: {kept.ship(model, [*(text for each in said for text in each), *strangers])}")
    for learner in (ranking.wording, space):
        learner.take(learner.learn())
        shipped.keep(learner)
        print(f"learned: {learner.name}")
    return 0


def _confusions(_given: argparse.Namespace, settings: Settings) -> int:
    found, share = confusions(_content(settings))
    print(f"{share:.1%} of the phrasings find their entry without themselves")
    for each in found[:SHOWN]:
        print(f"{len(each.phrasings):3}  {each.topic} -> {each.stolen_by}: {' / '.join(each.phrasings[:3])}")
    print("takes most from others: " + ", ".join(f"{topic} {count}" for topic, count in thieves(found)[:10]))
    return 0


@command
async def _export(given: argparse.Namespace, settings: Settings) -> None:
    """Entries that nobody edited are copied as they are."""
    async with opened(settings) as db, db.read() as session:
        edited = await editing.published(session)
    given.folder.mkdir(parents=True, exist_ok=True)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in policies.FOLDER.glob("*.md")}
    texts |= {entry.id: policies.written(entry) for entry in edited}
    for name, text in sorted(texts.items()):
        (given.folder / f"{name}.md").write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(texts)} entries, {len(edited)} of them edited in the console: {given.folder}")


@command
async def _gaps(_given: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings) as db, db.read() as session:
        gaps = await questions.open_gaps(session)
    known = knowledge.shipped().search
    search.deepen(known, settings.var / "vectors", search.Tier[settings.search.upper()])
    groups = grouping.group([gap.text for gap in gaps], known.ranking.space)
    counted = sorted(groups, key=lambda group: -sum(gaps[at].times for at in group))
    for group in counted[:SHOWN]:
        lines = " / ".join(gaps[at].text for at in group[:4])
        print(f"{sum(gaps[at].times for at in group):5}  {gaps[group[0]].why:8}  {lines}")
    print(f"{len(gaps)} questions in {len(groups)} groups")
