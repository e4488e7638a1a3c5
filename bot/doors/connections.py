"""How many connections there may be, and how long each may be silent.

aiohttp would wait for a first request without end, and an hour for a next one.
"""

import asyncio
import resource
from typing import cast

from aiohttp import web

from bot.doors import listening, requests
from bot.doors.listening import CannotListen

MOST = 20_000  # connections at once, where the machine lends as many descriptors
SPARE = 500  # descriptors for everything else: database, files, what is asked of others
BACKLOG = 4_096  # connections the kernel keeps until they are taken; it resets others once a burst is longer
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD = 20.0  # seconds until the head of the first request has come whole
AGAIN = 0.1  # seconds until it is looked for once more
IDLE = 75.0  # seconds between two requests; longer than nginx keeps a connection, which so never meets a closed one


class Site(web.TCPSite):
    """aiohttp's, without connections that ask for nothing, and with an end to their number."""

    async def start(self) -> None:
        await web.BaseSite.start(self)
        loop = asyncio.get_running_loop()
        self.most = room()
        self._server = await loop.create_server(self._connect, self._host, self._port, backlog=BACKLOG)

    def _connect(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner has no server any more")
        if len(server._connections) >= self.most:  # `connections` would copy all of them for each one that comes.
            return _Full()
        connection = server()
        loop = asyncio.get_running_loop()
        # Timers go before sockets: what came while the loop itself was late is read by the second look only.
        loop.call_later(HEAD, loop.call_later, AGAIN, _close_silent, connection)
        return connection


async def serve(app: web.Application, host: str, port: int, *, patience: float) -> web.AppRunner:
    """Listen; the runner's `cleanup` ends it, after at most `patience` seconds.  Raises CannotListen."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=patience,
        keepalive_timeout=IDLE,
        logger=requests.without_traces(),
    )
    await runner.setup()
    try:
        await Site(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotListen(f"cannot listen on {listening.netloc(host, port)}: {error.strerror}") from error
    return runner


class _Full(asyncio.Protocol):
    """A connection that is answered unread: the process that takes one too many can open no file any more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        answering = cast("asyncio.Transport", transport)  # uvloop's is none by its class.
        answering.write(FULL)
        answering.close()


def room() -> int:
    """Let this process have as many descriptors as it may; how many connections leave enough of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST if soft == resource.RLIM_INFINITY else max(min(MOST, soft - SPARE), soft // 2)


def _close_silent(connection: web.RequestHandler) -> None:
    if not connection._request_count:  # aiohttp tells nobody else whether a head has come.
        connection.force_close()
