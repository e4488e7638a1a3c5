"""The console: pages for staff, rendered here, one page a file.

To add a page about, say, appeals:

1. `bot/console/appeals/list.py` with a function for each address:
   `@page("GET", urls.APPEALS, right=Right.APPEALS_READ, nav="appeals") async def queue(context: RequestContext)`.
   `context.session` is its transaction (reading only for GET), `context.page("appeals/list.html", ...)` its answer,
   `context.to(path, said="key")` goes on elsewhere; `context.text`, `context.number` read the form.
2. The right stands in `bot.services.staff.permissions.RIGHTS`.  It lets people to the page; about one thing ask once more:
   `actor = context.staffer.require(Right.APPEALS_ASSIGN, district=..., agency=..., hidden=True)`; lists use
   `staff.within(Appeal.region, context.staffer.districts(Right.APPEALS_READ))`.
3. `appeals/list.html` beside it extends `core/base.html`; every form has `{{ key() }}` and does its work once.
   `fresh=True` asks for a code first; `data-topic="appeals"` on an element with an id keeps it up to date.
4. What changes something says so: `await context.audit("appeal.assign", f"appeal:{number}")`, last of all.
5. `@card` puts a number on the home page, `@topic` makes changes known; words stand in `core/words.toml`.
6. Put the module into `PAGES` (application.py) and its addresses into tests/console/test_access.py.
"""

from bot.console.application import PAGES, build

__all__ = ["PAGES", "build"]
