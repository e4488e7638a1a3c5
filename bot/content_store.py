"""Where the knowledge of now stands.  It is swapped as a whole when content changed in the database."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from bot import log
from bot.services.core import revisions
from bot.services.policies import policies
from bot.services.stations import stations
from bot.settings import Settings
from bot.store.db import Database, is_down
from knowledge import Knowledge, search, search_over, with_policies, with_stations
from knowledge.search.cache import Cache
from knowledge.search.meaning import Endpoint, Model

logger = log.get(__name__)

REFRESH = 2.0  # seconds between two looks for changed content


class ContentStore:
    """Content of the files, with what staff published in its place."""

    def __init__(self, db: Database, knowledge: Knowledge, vectors: Path) -> None:
        self.knowledge = knowledge
        self._db = db
        self._cache = Cache(vectors, _progress)
        self._model: Model | None = None  # once it is loaded
        self._known: dict[str, int] = {}  # numbers of the revisions that stand here
        self._one = asyncio.Lock()  # refresh at a time

    async def refresh(self) -> None:
        """Take over content that was changed in the database since the last look."""
        async with self._one:
            await self._take_over()

    async def _take_over(self) -> None:
        async with self._db.read() as session:
            numbers = await revisions.numbers(session)
            changed = {name for name in numbers if numbers[name] != self._known.get(name)}
            listed = await stations.load(session) if stations.NAME in changed else []
            entries = await policies.published(session) if policies.NAME in changed else []
        if listed:
            self.knowledge = await asyncio.to_thread(with_stations, self.knowledge, listed)
        if entries:
            # The new text is read at once; finding it by new words takes the index a moment longer.
            self.knowledge = with_policies(self.knowledge, entries)
            await self._index()
        self._known = numbers

    async def deepen(self, depth: search.Tier, endpoint: Endpoint | None) -> None:
        """Let the search look deeper, as soon as its models are loaded; it answers by words meanwhile."""
        began = time.monotonic()
        model, why = await asyncio.to_thread(search.model, depth, endpoint)
        current = None
        while current is not self.knowledge.search:  # It may have been swapped while it learnt.
            current = self.knowledge.search
            current.why_shallow = list(why)
            if model is not None:
                await asyncio.to_thread(current.deepen, model, self._cache)
            await asyncio.to_thread(current.learn, self._cache)
            self._model = model
        for each in current.why_shallow:
            logger.warning("search is shallow", tier=current.tier.name, why=each)
        logger.info("search is ready", tier=current.tier.name, seconds=round(time.monotonic() - began, 1))

    async def run(self) -> None:
        """Look for changed content again and again."""
        while True:
            try:
                await self.refresh()
            except Exception as error:
                if not is_down(error):
                    logger.exception("content not refreshed")
            await asyncio.sleep(REFRESH)

    async def _index(self) -> None:
        """New words are found at once, by what was learned before; then it learns from them."""
        head = self.knowledge.search.head
        made = await asyncio.to_thread(search_over, self.knowledge)
        if self._model is not None:  # Only what is new is embedded; the rest is in the cache.
            await asyncio.to_thread(made.deepen, self._model, self._cache, head)
        self.knowledge = replace(self.knowledge, search=made)
        if self._model is not None:  # Whoever goes by words learns at the next start: new words are found without it.
            await asyncio.to_thread(made.learn, self._cache)


def _progress(done: int, of: int) -> None:
    logger.info("search reads what is new", texts=done, of=of)


def endpoint_of(settings: Settings) -> Endpoint | None:
    """The server of a model that the settings name, if they do."""
    key, url = settings.embeddings_key.get_secret_value(), settings.embeddings_url
    return Endpoint(url, settings.embeddings_model, key) if url else None
