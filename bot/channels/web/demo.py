"""What only the demo has: four workers to play, several phones on one screen, updates of any shape."""

from collections.abc import Mapping

from aiohttp import web

from bot.channels.web import conversations, parameters
from bot.channels.web.assets import Assets
from bot.channels.web.page import shown
from bot.channels.web.parameters import BODY
from bot.channels.web.people import LANGUAGE, People
from bot.channels.web.refusal import ApiRefusal
from bot.channels.web.shared import Shared
from bot.doors import numbers

# Display names that stand for a person's name, as the profile of a Telegram user would.
WORKERS = {101: "王师傅·外卖", 102: "李师傅·快递", 103: "赵师傅·网约车", 104: "周师傅·货车"}
AT_FIRST = 3  # phones on the screen unless the address says otherwise


class Demo:
    """Absent in production."""

    def __init__(self, shared: Shared, people: People, assets: Assets) -> None:
        self.shared, self.people, self.assets = shared, people, assets

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/demo", self.phones), web.post("/sim/update", self.inject)]

    async def start(self) -> None:
        await self.acquaint(self.shared.workers)

    async def acquaint(self, people: Mapping[int, str]) -> None:
        """Give everybody a conversation with our own bot, by their number and name: it may write first."""
        bot = await self.shared.bots.own()
        async with self.shared.db.connect() as connection:
            for number, name in people.items():
                profile = {"first_name": name, "language_code": LANGUAGE}
                await conversations.begin(connection, bot, number, profile)

    async def phones(self, request: web.Request) -> web.Response:
        """Two to four phones side by side."""
        wanted = numbers.whole(request.query.get("phones", ""))
        count = AT_FIRST if wanted is None else min(max(wanted, 2), len(WORKERS))
        shown_workers = list(self.shared.workers.items())[:count]
        return self.assets.page("demo.html", workers=shown_workers)

    async def inject(self, request: web.Request) -> web.Response:
        """POST {"token": ..., "update": {...}}: the bot gets the update, with the next number."""
        try:
            posted = parameters.from_json(await parameters.limited(request, BODY))
        except ApiRefusal as error:
            return shown(error.answer, status=error.code)
        update = posted.get("update")
        bot = await self.shared.bots.of(str(posted.get("token", "")))
        if bot is None or not isinstance(update, dict):
            return shown({"ok": False, "description": "token and update are required"}, status=400)
        return shown({"ok": True, "result": await self.people.inject(bot, update)})
