"""A stand-in for an office's gateway for text messages, over real HTTP."""

from typing import Any, Self

from aiohttp import web

from bot.doors import signature

SECRET = "what-the-gateway-and-we-know-0123456789"


class Gateway:
    """`taken` are the bodies that it accepted; `statuses` are answered in their order, the last one again."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: list[dict[str, Any]] = []
        self.statuses = [200]
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/sms", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/sms"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        assert signature.check(SECRET, request.headers, await request.read())
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == 200:
            self.taken.append(await request.json())
        return web.Response(status=status)
