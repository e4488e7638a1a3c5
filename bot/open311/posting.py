"""Reports and news that come in: each once, whatever the client repeats."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import orjson
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.open311.reading import Faulty, Fields, HazardUpdate, refused
from bot.services.attachments import attachments
from bot.services.attachments.attachments import Made
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import BACKEND, IllegalStep
from bot.services.hazards import hazards, photos, public
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.hazards import HazardDraft
from bot.services.hazards.states import HazardMove, HazardState
from bot.services.identity import redaction
from bot.services.open311 import api_keys
from bot.services.open311.api_keys import OverQuota
from bot.store import upsert
from bot.store.base import locked
from bot.store.models import ApiKey, Hazard, Open311Post
from bot.store.vault import Vault

ONCE = 80  # characters of an Idempotency-Key
ON_THE_WAY = {  # what an agency's own system says -> the steps that lead there
    "in_progress": (HazardState.HANDLING,),
    "fixed": (HazardState.HANDLING, HazardState.RESOLVED),
    "closed": (HazardState.HANDLING, HazardState.RESOLVED),
}


async def key_of(session: AsyncSession, given: str) -> ApiKey:
    """The key of a writing client, counted.  Raises Faulty."""
    if not given:
        raise Faulty(403, "api_key was not provided")
    try:
        key = await api_keys.use(session, given)
    except OverQuota as over:
        raise Faulty(429, f"quota of this api_key is used up for {over.after} seconds", after=over.after) from None
    if key is None:
        raise Faulty(403, "api_key is not valid")
    return key


def content_of(fields: Fields, pictures: Sequence[bytes]) -> bytes:
    """The hash of a post, without the key that signs it."""
    plain = {name: list(values) for name, values in sorted(fields.items()) if name != "api_key"}
    digest = hashlib.sha256(orjson.dumps(plain))
    for picture in pictures:
        digest.update(hashlib.sha256(picture).digest())
    return digest.digest()


async def take(
    session: AsyncSession, context: ServiceContext, key: ApiKey, draft: HazardDraft, *, once: str, content: bytes
) -> tuple[str, Hazard, bool]:
    """Report a hazard, once for each Idempotency-Key.  Returns its token, the hazard, and whether it is new.

    Two at the same moment: the second waits for the first to commit, and is a repetition then.  Raises Faulty.
    """
    token = secrets.token_hex(16)
    values = {"token": token, "key_id": key.id, "once": once or token, "content": content, "origin": draft.origin}
    put = upsert.insert(session, Open311Post).values(values).on_conflict_do_nothing().returning(Open311Post.token)
    if await session.scalar(put) is None:
        return await _again(session, key, once, content)
    try:
        receipt = await hazards.submit(session, context, None, draft)
    except Rejected as why:
        raise refused(why, context.knowledge.texts.say("zh", why.key, **why.values)) from why
    hazard = await hazard_transitions.get(session, receipt.number)
    await session.execute(update(Open311Post).where(Open311Post.token == token).values(hazard_id=hazard.id))
    return token, hazard, True


async def _again(session: AsyncSession, key: ApiKey, once: str, content: bytes) -> tuple[str, Hazard, bool]:
    known = await session.scalar(select(Open311Post).where(Open311Post.key_id == key.id, Open311Post.once == once))
    if known is None or known.content != content or known.hazard_id is None:
        raise Faulty(400, "Idempotency-Key was used for another report")
    return known.token, await session.get_one(Hazard, known.hazard_id), False


async def keep(session: AsyncSession, hazard: Hazard, made: Mapping[str, Made]) -> None:
    """Note pictures that came with a report; they are on disk already, by name."""
    for name, each in made.items():
        await photos.add(session, hazard, "report", each, name)


async def by_token(session: AsyncSession, token: str, *, test: bool) -> Hazard | None:
    query = select(Hazard).join(Open311Post, Open311Post.hazard_id == Hazard.id)
    query = query.where(Open311Post.token == token, (Open311Post.origin == "test") == test)
    hazard: Hazard | None = await session.scalar(query)
    return hazard


async def hear(session: AsyncSession, context: ServiceContext, key: ApiKey, news: HazardUpdate, *, test: bool) -> None:
    """What another system says about a hazard: the agency's own moves it, that of whoever posted it is noted for staff.

    The same update_id again changes nothing.  Raises Faulty, in the same words and after the same statements for what is
    not theirs and what is not.
    """
    theirs: ColumnElement[bool] = Hazard.id.in_(public.posted(key.id))
    if key.agency_id is not None:
        theirs = or_(theirs, Hazard.agency_id == key.agency_id)
    query = select(Hazard).where(Hazard.number == news.number, (Hazard.origin == "test") == test, theirs)
    hazard = await session.scalar(locked(query))
    if hazard is None:
        raise Faulty(404, f"service_request_id {news.number} was not found")
    handles = key.agency_id is not None and hazard.agency_id == key.agency_id
    said = redaction.mask(news.text)
    once = f"open311:{key.id}:{news.id}"
    if not await hazards.note(session, hazard, "news", BACKEND, note=f"{key.name}: {news.status}: {said}", key=once):
        return
    if handles and not test:
        await _move(session, context, hazard, news, said)


async def _move(session: AsyncSession, context: ServiceContext, hazard: Hazard, news: HazardUpdate, said: str) -> None:
    for target in ON_THE_WAY.get(news.status, ()):
        last = target == ON_THE_WAY[news.status][-1]
        try:
            await hazard_transitions.move(
                session, context, hazard.number, HazardMove(target, BACKEND, text=said if last else "")
            )
        except IllegalStep as step:
            if last:
                legal = ", ".join(step.legal) or "none"
                raise Faulty(400, f"{step.source} does not lead to {target}; from there: {legal}") from None
        except Rejected as why:
            raise refused(why, context.knowledge.texts.say("zh", why.key, **why.values)) from why


def shelve(folder: Path, vault: Vault, pictures: Sequence[bytes]) -> dict[str, Made]:
    """Make pictures anew and keep them.  A crash before the commit leaves files nobody knows, never a row without one."""
    return {
        attachments.keep(folder, vault, made): made for made in (attachments.make(data, "photo") for data in pictures)
    }


def discard(folder: Path, names: Iterable[str]) -> None:
    """Remove pictures of a report that we had already."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
