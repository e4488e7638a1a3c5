"""From an empty database to the first answered cases, through the console's forms alone.

    python -m benchmarks.from_empty [--postgres URL]

One command, `staff add`, makes the first system administrator; everything else is a form handed in over HTTP or a line
in the chat page: a district administrator, units, colleagues, one appeal, one hazard, one legal aid case, one
district notice and one reward, each to its end.  Fails with more than 43 forms.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.databases import POSTGRES, fresh
from bot.app import Application
from bot.commands import migrate
from bot.services.core.lifecycle import Role
from bot.settings import Settings
from knowledge import load
from tests.conftest import free_port
from tests.support import founding
from tests.support.founding import UNITS, Clerk, Tally
from tests.support.phone import Phone

MOST = 43  # forms


def bootstrap(settings: Settings) -> str:
    """The command of the README; returns the link it prints."""
    command = [sys.executable, "-m", "bot", "staff", "add", "wang.fang", "--name", "王芳", "--role", "system_admin"]
    given = {"NUANXIN_VAR": str(settings.var), "NUANXIN_DATABASE_URL": settings.database_url}
    done = subprocess.run(command, env={**os.environ, **given}, check=True, capture_output=True, text=True)
    return re.search(r"/console/enter/[\w-]+", done.stdout)[0]  # type: ignore[index]


async def walk(app: Application, link: str) -> Tally:
    """Every step, in the order somebody would take them."""
    tally = Tally()
    async with AsyncExitStack() as open_until_the_end:

        async def enters(link: str) -> Clerk:
            return await open_until_the_end.enter_async_context(Clerk(app, tally, link))

        system = await enters(link)
        link = await system.adds("赵区长", Role.ADMIN)
        await named_for_legal_aid(system)
        admin = await enters(link)
        tally.say("a district administrator of 铁西区, named for legal aid, has signed in")
        codes = {desk: await founding.unit_by_form(admin, desk, name) for desk, name in UNITS}
        links = {desk: await admin.adds(f"{name}承办", Role.HANDLER, unit=codes[desk]) for desk, name in UNITS}
        handlers = {desk: await enters(each) for desk, each in links.items()}
        tally.say("three units and a handler for each")
        organiser = await enters(await admin.adds("组织员", Role.ORGANISER))
        approver = await enters(await admin.adds("审批员", Role.APPROVER))
        tally.say("an organiser and an approver")
        worker = await open_until_the_end.enter_async_context(Phone(app))
        await worker.opens()
        await founding.lives_in(worker)
        story = "站长拖着十月的工资不给，一共四千三"
        number = await founding.appeal_to_the_end(admin, handlers["labour"], worker, "欠薪", story)
        tally.say(f"appeal {number} answered, and its author content")
        number = await founding.hazard_to_the_end(admin, handlers["urban"], worker)
        tally.say(f"hazard {number} mended, and seen by who reported it")
        story = "公司要我赔三万，想找个律师问问怎么办"
        number = await founding.appeal_to_the_end(admin, handlers["justice"], worker, "法律援助", story)
        tally.say(f"legal aid case {number} answered, and its author content")
        await founding.notice_arrives(organiser, approver, worker)
        await founding.heard(worker, "今晚有雨")
        tally.say("the notice to 铁西区 arrived")
        await founding.reward_handed_over(organiser, approver, worker)
        tally.say("a reward written, approved, asked for and handed over")
    return tally


async def named_for_legal_aid(system: Clerk) -> None:
    """The system administrator names the district's administrator for the confidential kind, too."""
    page = await system.gets("/console/people")
    number = max(int(each) for each in re.findall(r"/console/people/(\d+)", page))
    wanted = {"role": Role.ADMIN, "district": founding.DISTRICT, "kind": "legal"}
    await system.submits(f"/console/people/{number}/give", **wanted)


async def run(settings: Settings) -> int:
    """Print what was done after how many forms.  Returns 1 when it took too many."""
    await asyncio.to_thread(migrate.upgrade, settings)
    link = await asyncio.to_thread(bootstrap, settings)
    print(f"{make_url(settings.database_url).get_backend_name()}: empty; python -m bot staff add wang.fang: a link")
    app = Application(settings, load())
    await app.start()
    try:
        tally = await walk(app, link)
    finally:
        await app.stop()
    print(*tally.lines, sep="\n")
    print(f"{len(tally.posts)} forms in all, of {MOST} at most")
    return int(len(tally.posts) > MOST)


async def main() -> int:
    parser = argparse.ArgumentParser(description="from an empty database to answered cases, by forms only")
    parser.add_argument("--postgres", nargs="?", const=POSTGRES, help="on a fresh database of this server")
    given = parser.parse_args()
    chosen = {"search": "lexical", "quiet_hours": "0-0"}  # A notice must not wait for the morning.
    with tempfile.TemporaryDirectory() as folder:
        async with fresh(given.postgres) as url:
            url = url or f"sqlite:///{folder}/nuanxin.db"
            return await run(Settings(var=Path(folder), database_url=url, port=free_port(), _env_file=None, **chosen))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
