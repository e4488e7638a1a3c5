"""Putting the console together: pages, their rights, what they share."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

from aiohttp import web

from bot.console import (
    alike,
    audit,
    backend,
    bulk,
    case,
    case_files,
    case_steps,
    certificate,
    chat,
    events,
    gaps,
    hazard,
    hazards,
    home,
    layout,
    ledgers,
    notice_file,
    notice_form,
    notice_steps,
    notices,
    overview,
    overview_file,
    people,
    policies,
    policy_edit,
    queue,
    redemption,
    rewards,
    second,
    sessions,
    sign_in,
    station_import,
    stations,
    trial_groups,
    volunteer,
    volunteers,
    webapp,
)
from bot.console.events import STOPPING
from bot.console.gate import gated
from bot.console.routes import ROOT, cards, routes, topics
from bot.console.shield import dress, shield
from bot.console.visit import Console, Library
from bot.relay import Relay
from bot.services.sign_in import KIND
from bot.store.db import Database
from bot.store.models import Channel

# The console's table of contents, in the order of the navigation.
PAGES: Sequence[ModuleType] = (
    *(home, queue, bulk, case, case_steps, case_files, alike),
    *(hazards, hazard),
    *(trial_groups, notices, notice_form, notice_steps, notice_file),
    *(volunteers, volunteer, redemption, rewards, certificate),
    *(overview, overview_file, ledgers),
    *(policy_edit, policies, gaps, stations, station_import),
    *(people, audit, backend, chat, sessions),
    *(second, sign_in, webapp, events, layout),
)


def build(
    db: Database,
    relay: Relay,
    library: Library,
    *,
    uploads: Path,
    base_url: str,
    tokens: Mapping[Channel, str],
    demo: bool = False,
) -> web.Application:
    """The application to mount at /console.

    uploads: the folder of sealed attachments.
    base_url: how people reach the server; links begin with it, and cookies are Secure when it is https.
    tokens: of the bots whose Mini Apps may sign staff in.  demo: its links work, and its codes are shown.
    """
    listed = routes(PAGES)
    console = Console(
        db=db,
        relay=relay,
        library=library,
        layout=layout.load(),
        uploads=uploads,
        base_url=base_url,
        tokens=tokens,
        demo=demo,
        cards=cards(PAGES),
        topics=topics(PAGES),
        nav=[route for route, _ in listed if route.nav],
    )
    app = web.Application(middlewares=[shield(console)])
    for route, handler in listed:
        app.router.add_route(route.method, route.path.removeprefix(ROOT), gated(console, route, handler))
    app.on_response_prepare.append(dress)
    app[STOPPING] = asyncio.Event()
    app.on_shutdown.append(_stop_events)
    relay.senders[KIND] = partial(sign_in.send, console)
    return app


async def _stop_events(app: web.Application) -> None:
    """Let go of the connections that stay open, or the process would wait for them."""
    app[STOPPING].set()
