"""Embeds questions in a thread of its own: those that came while it was busy, together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from knowledge.search.meaning import Vectors, yielding

MOST = 8  # questions embedded together: the first of them waits for the last

Embed = Callable[[Sequence[str]], Vectors]


class Batches:
    """Gives the vectors of questions without holding up the event loop."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._waiting: dict[str, asyncio.Future[Vectors]] = {}
        self._work: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search", initializer=yielding)

    async def vector(self, question: str) -> Vectors:
        """Raises what embedding raises."""
        if question not in self._waiting:
            self._waiting[question] = asyncio.get_running_loop().create_future()
        mine = self._waiting[question]
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._embed_waiting())
        return await asyncio.shield(mine)  # Somebody else may wait for the same one.

    async def _embed_waiting(self) -> None:
        while self._waiting:
            taken = [(text, self._waiting.pop(text)) for text in list(self._waiting)[:MOST]]
            texts = [text for text, _ in taken]
            try:
                rows = await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, texts)
            except Exception as error:  # Whoever waits hears of it.
                for _, future in taken:
                    future.set_exception(error)
            else:
                for (_, future), row in zip(taken, rows, strict=True):
                    future.set_result(row)
                    await asyncio.sleep(0)  # Whoever waited goes on; the loop looks at others in between.
