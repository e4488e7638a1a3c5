"""A stand-in for an endpoint that hears speech, over real HTTP: it says what a test tells it to."""

import asyncio
from typing import Any, Self

from aiohttp import web


class Ear:
    """`heard` are the kind, the name and the bytes of each sound; `answers` come in their order, the last one again."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[tuple[str, str, bytes]] = []
        self.answers: list[web.Response] = []
        self.delay = 0.0  # seconds
        self._runner: web.AppRunner | None = None

    def says(self, *answers: Any) -> None:
        """A text is what was heard, a number a status, bytes a body of their own."""
        self.answers = [*map(_answer, answers)]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**25)
        app.router.add_post("/v1/audio/transcriptions", self._hear)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1/audio/transcriptions"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        given = await request.post()
        assert (given["model"], given["language"], given["response_format"]) == ("whisper-1", "zh", "json")
        file = given["file"]
        assert isinstance(file, web.FileField)
        with file.file as sound:
            self.heard.append((file.content_type, file.filename, sound.read()))
        await asyncio.sleep(self.delay)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=answer.status, body=answer.body, content_type="application/json")


def _answer(said: Any) -> web.Response:
    if isinstance(said, str):
        return web.json_response({"text": said})
    return web.Response(status=said) if isinstance(said, int) else web.Response(body=said)
