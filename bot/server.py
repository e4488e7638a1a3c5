"""The one server of a process: what it answers is mounted by whoever builds the process."""

from aiohttp import web

from bot import health, traces
from bot.doors import addresses, connections, listening, origins, requests, waiting
from bot.settings import Settings
from bot.supervisor import End


class Server:
    """Listens on the port of the settings, and on another one for figures where the settings name it."""

    def __init__(self, settings: Settings, *, demo: bool, patience: float) -> None:
        """patience: seconds that a request may still take once the server is told to end."""
        self.settings = settings
        traced = (traces.pages,) * bool(settings.traces_url)
        at_home = (origins.at_home(settings.base_url),) * demo
        self.app = web.Application(client_max_size=2**20, middlewares=[*traced, requests.readable, *at_home])
        self.app.on_response_prepare.append(requests.unnamed)
        self.app[waiting.PLACES] = waiting.Places()
        self.app[addresses.PROXIES] = addresses.networks(settings.proxies)
        self._patience = patience
        self.runners: list[web.AppRunner] = []

    @property
    def own_url(self) -> str:
        """How the web chat and the bot in this process reach each other."""
        return f"http://{listening.own(self.settings.host, self.settings.port)}"

    async def listen(self, process: health.Process) -> None:
        """Raises CannotListen."""
        await self._serve(self.app, self.settings.port)
        if self.settings.metrics_port:
            figures = web.Application()
            figures[addresses.PROXIES] = self.app[addresses.PROXIES]
            health.add_routes(figures, process)
            await self._serve(figures, self.settings.metrics_port)

    def ends(self) -> list[End]:
        """What ends it."""
        return [each.cleanup for each in self.runners]

    async def _serve(self, app: web.Application, port: int) -> None:
        self.runners.append(await connections.serve(app, self.settings.host, port, patience=self._patience))
