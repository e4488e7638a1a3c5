"""Putting the console together: pages, their rights, what they share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from aiohttp import web

from bot.console import home, search
from bot.console.appeals import bulk, case, clusters
from bot.console.appeals import help as appeal_help
from bot.console.appeals import identity as appeal_identity
from bot.console.appeals import queue as appeal_queue
from bot.console.appeals import steps as appeal_steps
from bot.console.backend import deliveries as backend_deliveries
from bot.console.bookings import offerings as offering_pages
from bot.console.bookings import sittings as sitting_pages
from bot.console.contacts import contacts as contact_pages
from bot.console.contacts import outlets as outlet_pages
from bot.console.contacts import upload as contact_upload
from bot.console.core import divisions, layout, live_updates
from bot.console.core.authentication import authenticated
from bot.console.core.live_updates import WATCHER
from bot.console.core.request import Console, ContentSource
from bot.console.core.routes import CARDS, NAVIGATION, TOPICS, cards, routes, topics
from bot.console.core.security import security_headers, shield
from bot.console.core.watcher import Watcher
from bot.console.hazards import hazard
from bot.console.hazards import list as hazard_list
from bot.console.hazards import photos as hazard_photos
from bot.console.hazards import rules as hazard_rules
from bot.console.notices import form as notice_form
from bot.console.notices import list as notice_list
from bot.console.notices import results_file, trial_groups
from bot.console.notices import steps as notice_steps
from bot.console.passes import compounds as compound_pages
from bot.console.passes import gates as gate_pages
from bot.console.passes import passes as pass_pages
from bot.console.passes import rosters
from bot.console.passes import upload as compound_upload
from bot.console.points import redemption
from bot.console.points import rewards as points_rewards
from bot.console.policies import edit as policy_edit
from bot.console.policies import gaps
from bot.console.policies import list as policy_list
from bot.console.reports import districts, ledgers, overview, overview_file, questions
from bot.console.settings import calendar, limits, replies, setup
from bot.console.staff import accounts as staff_accounts
from bot.console.staff import audit, chat_link, mfa, mini_app, screen, sessions, sign_in
from bot.console.stations import list as station_list
from bot.console.stations import single as station_single
from bot.console.stations import upload
from bot.console.units import units as unit_pages
from bot.console.volunteers import certificate, volunteer
from bot.console.volunteers import list as volunteer_list
from bot.maps.tiles import Tiles
from bot.messaging import urls
from bot.queue.relay import Relay
from bot.store.db import Database
from bot.store.models import Channel

NO_TILES = Tiles()
# The console's table of contents, in the order of the navigation.
PAGES: Sequence[ModuleType] = (
    *(home, search, appeal_queue, bulk, case, appeal_steps, appeal_identity, appeal_help, clusters),
    *(hazard_list, hazard_rules, hazard, hazard_photos),
    *(trial_groups, notice_list, notice_form, notice_steps, results_file),
    *(volunteer_list, volunteer, redemption, points_rewards, certificate),
    *(offering_pages, sitting_pages),
    *(districts, questions, overview, overview_file, ledgers),
    *(policy_edit, policy_list, gaps, station_list, station_single, upload),
    *(contact_upload, outlet_pages, contact_pages),
    *(pass_pages, rosters, compound_upload, compound_pages, gate_pages),
    *(setup, calendar, limits, replies),
    *(unit_pages, staff_accounts, audit, backend_deliveries, chat_link, sessions),
    *(mfa, sign_in, screen, mini_app, live_updates, divisions, layout),
)


def build(
    db: Database,
    relay: Relay,
    library: ContentSource,
    *,
    uploads: Path,
    base_url: str,
    tokens: Mapping[Channel, str],
    tiles: Tiles = NO_TILES,
    demo: bool = False,
) -> web.Application:
    """The application to mount at /console.

    uploads: the folder of sealed attachments.
    base_url: how people reach the server; links begin with it, and cookies are Secure when it is https.
    tokens: of the bots whose Mini Apps may sign staff in.  tiles: the streets under maps.  demo: its links work, and its codes are shown.
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
        tiles=tiles,
        demo=demo,
    )
    app = web.Application(middlewares=[shield(console)])
    for route, handler in listed:
        app.router.add_route(
            route.method, route.path.removeprefix(urls.CONSOLE), authenticated(console, route, handler)
        )
    app[setup.LACKING] = {}
    app[CARDS], app[TOPICS] = cards(PAGES), topics(PAGES)
    app[NAVIGATION] = [route for route, _ in listed if route.nav]
    app.on_response_prepare.append(security_headers(console))
    app[WATCHER] = Watcher(db)
    app.on_shutdown.append(_stop_watching)
    return app


async def _stop_watching(app: web.Application) -> None:
    app[WATCHER].stop()
