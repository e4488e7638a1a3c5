"""How long a connection may be silent: aiohttp would wait for its first request without end, and an hour for a next one."""

import asyncio

from aiohttp import web

HEAD = 20.0  # seconds until the head of the first request has come whole
IDLE = 75.0  # seconds between two requests; longer than nginx keeps a connection, which so never meets a closed one


class Site(web.TCPSite):
    """aiohttp's, without connections that ask for nothing."""

    async def start(self) -> None:
        await web.BaseSite.start(self)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, self._host, self._port, backlog=self._backlog)

    def _connect(self) -> web.RequestHandler:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner has no server any more")
        connection = server()
        asyncio.get_running_loop().call_later(HEAD, _close_silent, connection)
        return connection


def _close_silent(connection: web.RequestHandler) -> None:
    if not connection._request_count:  # aiohttp tells nobody else whether a head has come.
        connection.force_close()
