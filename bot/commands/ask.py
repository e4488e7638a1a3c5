"""python -m bot ask: what the search makes of a question, without any chat."""

import argparse
import json
import sys
from typing import Any

import knowledge
from bot.commands.running import command
from bot.settings import Settings
from knowledge import search


def add(commands: Any) -> None:
    parser = commands.add_parser("ask", help="ask the search; without TEXT, one question a line on stdin")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--region", default="", metavar="CODE", help="the worker's city, GB/T 2260, e.g. 2101")
    parser.add_argument("text", nargs="*", metavar="TEXT")
    parser.set_defaults(run=_run)


@command
async def _run(given: argparse.Namespace, settings: Settings) -> None:
    known = knowledge.shipped()
    search.deepen(known.search, settings.var / "vectors", search.Tier[settings.search.upper()])
    questions = [" ".join(given.text)] if given.text else (line.rstrip("\n") for line in sys.stdin)
    for question in questions:
        found = await known.search.find(question, search.Asker(given.region))
        if given.json:
            topics = [match.id for match in found.matches]
            answer = {"q": question, "decision": found.decision, "topics": topics, "score": found.score}
            print(json.dumps(answer, ensure_ascii=False), flush=True)
            continue
        print(f"{question}\n  {found.decision} ({found.score:.2f}) {found.talk} {' '.join(found.emergency)}")
        for match in found.matches[:3]:
            print(f"    {match.score:6.3f}  {match.id}  {known.policies[match.id].title}")
