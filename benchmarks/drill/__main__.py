"""The crash drill: workers file appeals while replicas and the broker are killed and started again.

    python -m benchmarks.drill [--workers 600] [--kills 12] [--replicas 2] [--spread 50] [--staff 0] [--postgres URL]

Replicas of `python -m bot run` share a PostgreSQL database; a Bot API server of ours (the web chat's) plays Telegram
and hands each update to a replica at random; a Redis server of the drill's own is the backend's broker, and a consumer
reads its stream.  Each worker goes the short way: one line, two presses, one text, one press; nobody goes on before
they have read what came before.  Then each sends three lines at once, whose answers have to come in their order.  What
is killed is killed by SIGKILL.  With staff, colleagues go from page to page meanwhile, and each worker reports a hazard
and asks about a policy, too.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks.databases import POSTGRES, fresh
from benchmarks.drill.run import Drill
from benchmarks.machine import machine
from bot import log
from bot.commands import migrate
from bot.settings import Settings


async def _main(given: argparse.Namespace) -> None:
    log.configure("CRITICAL", as_json=False)
    async with fresh(given.postgres) as url:
        with tempfile.TemporaryDirectory() as folder:
            await asyncio.to_thread(
                migrate.upgrade, Settings(database_url=url, var=Path(folder) / "var", _env_file=None)
            )
            how = {"replicas": given.replicas, "kills": given.kills, "staff": given.staff}
            drill = Drill(url, Path(folder), workers=given.workers, spread=given.spread or given.workers / 12, **how)
            print(machine())
            print(await drill.run())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=600)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--staff", type=int, default=0, help="colleagues; then workers report hazards and ask, too")
    parser.add_argument("--spread", type=float, default=0, help="seconds over which workers come and things are killed")
    parser.add_argument("--postgres", default=POSTGRES)
    asyncio.run(_main(parser.parse_args()))
