"""The attacks of a security review and the odd inputs of thirty reports, against the running program.

    python -m benchmarks.attacks [ID ...]

Starts `python -m bot run` as a stranger would: a fresh folder, SQLite, web chat and console on loopback, Telegram played by a
server of ours.  What attacks need is made through commands, pages and the chat.  Each attack goes over real HTTP; somebody
innocent in a process of their own opens a page again and again beside it.  A line for each: whether it held, its id, what was
sent, what came back, the innocent's median and slowest page as a ratio to their median without an attack, and the memory the
program took at most meanwhile.  Ends with 1 when one of them did not hold.

What no request can try, and the test that holds it:

* M2, M6 to their last step, M1 a day later: a clock has to pass (`tests/staff/test_recovery.py`, `tests/staff/test_sign_in.py`)
* the writer's check, which needs somebody's model (`tests/policies/test_writer.py`)
* plates and faces covered by solid blocks (`tests/hazards/test_reporting.py`), formulas and separators of exported sheets
  (`tests/reports`)
* who may change entries of the nation: docs/decisions/0006-who-publishes-a-policy.md (`tests/policies/test_console.py`)
* presses of Telegram's clients that were made up (`tests/chats/test_callbacks.py`)
* proxies in front: `deploy/nginx.conf` (`tests/doors/test_nginx.py`)
* every form field that names a thing, by reflection (`tests/console/test_objects.py`), and every text function against
  hostile text (`tests/doors/test_texts.py`): here only those that the review named
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.attacks import cases, desks, doors, starts
from benchmarks.attacks.attempts import Attempt, NotHeld
from benchmarks.attacks.town import Town
from benchmarks.machine import machine

SLOWEST = 150  # times the median without an attack: more than that is a standstill
GROWN = 160  # MB for a moment; two of the largest pictures that are taken cost as much
CALM = 60.0  # seconds at most between two attacks
QUIET = 5.0  # seconds of pages without an attack


async def measured(town: Town, attempt: Attempt, usual: float) -> bool:
    """Make one attack and print its line.  Returns whether it held."""
    await calm(town, usual)
    before = town.running.memory()
    town.running.forget_peak()
    begun = time.monotonic()
    try:
        came, held = await attempt.run(town), True
    except NotHeld as why:
        came, held = str(why), False
    except Exception as error:  # What was to be tried cannot be: no attack that held.
        came, held = f"{type(error).__name__}: {str(error)[:300]}", False
    pages = [took / usual for took in await town.beside.during(begun, time.monotonic())]
    grown = (town.running.memory("VmHWM") or before) - before
    stopped = town.running.process.returncode is not None  # That was the attack: pages wait for a program that is gone.
    held = held and (stopped or max(pages) < SLOWEST) and grown < GROWN
    beside = f"page {statistics.median(pages):.1f} x, slowest {max(pages):.1f} x, {grown:+.0f} MB"
    print(f"{'held' if held else 'FAILED':6}  {attempt.name:11}  {attempt.sent} -> {came}; {beside}", flush=True)
    return held


async def calm(town: Town, usual: float) -> None:
    """Wait until nobody feels the attack before any more, for a while."""
    until = time.monotonic() + CALM
    while time.monotonic() < until:
        begun = time.monotonic()
        await asyncio.sleep(1)
        if max(await town.beside.during(begun, begun + 1)) < SLOWEST / 3 * usual:
            return


async def main(wanted: Sequence[str]) -> int:
    print(machine())
    chosen = [each for each in (*doors.ALL, *desks.ALL, *cases.ALL, *starts.ALL) if not wanted or each.name in wanted]
    with tempfile.TemporaryDirectory() as folder:
        async with Town(Path(folder)) as town:
            begun = time.monotonic()
            await asyncio.sleep(QUIET)
            usual = statistics.median(await town.beside.during(begun, time.monotonic()))
            print(f"a page without an attack: {usual * 1000:.1f} ms", flush=True)
            held = [await measured(town, each, usual) for each in chosen]
    print(f"{sum(held)} of {len(held)} held")
    return int(not all(held))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", metavar="ID", help="only these, such as H1 or case-04")
    sys.exit(asyncio.run(main(parser.parse_args().attacks)))
