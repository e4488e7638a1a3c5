"""/console/hazards/NUMBER/photos: a photo as it came, every look written down, and the copy without faces and plates."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.hazards.actions import where
from bot.console.hazards.hazard import ONE, found, show
from bot.doors import numbers, pictures
from bot.errors import Refused, Rejected
from bot.services.attachments import attachments
from bot.services.attachments.attachments import Made
from bot.services.hazards import photos
from bot.services.identity import identities
from bot.services.staff.permissions import Right
from bot.store.models import Hazard, HazardPhoto

BOXES = 30  # rectangles on one photo
SAFE = "sandbox; default-src 'none'; img-src 'self'"


@page("GET", f"{ONE}/photos/{{photo}}", right=Right.HAZARDS_PHOTOS, writes=True)
async def photo(context: RequestContext) -> web.StreamResponse:
    """A photo as it came, faces and plates included: for who handles it, and every look is written down."""
    hazard = await found(context)
    by = context.staffer.require(Right.HAZARDS_PHOTOS, **where(hazard))
    row = await _photo(context, hazard)
    data = await _read(context, row.name)
    purpose = context.console.layout.words("case.file_purpose")
    await identities.note(
        context.session, by, f"hazard:{hazard.number}", f"photo:{row.id}", purpose, request_id=context.request_id
    )
    headers = {"Content-Security-Policy": SAFE, "Content-Disposition": "inline"}
    return web.Response(body=data, content_type=row.mime, headers=headers)


@page("GET", f"{ONE}/photos/{{photo}}/small", right=Right.HAZARDS_PHOTOS)
async def small(context: RequestContext) -> web.StreamResponse:
    """A copy for lists, covered where somebody covered the photo: too small to know somebody by, so no look."""
    hazard = await found(context)
    context.staffer.require(Right.HAZARDS_PHOTOS, **where(hazard))
    row = await _photo(context, hazard)
    data = await photos.small(context.session, row) or await _made_small(context, row)
    return web.Response(body=data, content_type="image/jpeg", headers={"Content-Security-Policy": SAFE})


async def _made_small(context: RequestContext, row: HazardPhoto) -> bytes:
    """The copy of a photo from before there were any, made now and kept."""
    data = await _read(context, row.shown or row.name)
    try:
        made = await pictures.aside(attachments.make, data, "photo")
    except Refused:
        raise web.HTTPNotFound from None
    async with context.console.db.begin() as session:
        photos.keep_small(await session.get_one(HazardPhoto, row.id), made)
    return made.small


async def _covered(context: RequestContext) -> Made | None:
    """The covered copy, made before anything is locked; None for a form that says nothing about faces."""
    boxes = _boxes(context.text("boxes", most=2_000))
    if not _is_answered(context, boxes):
        return None
    async with context.console.db.read() as context.transaction:
        row = await _photo(context, await found(context))
        vault = attachments.vault_for(context.session)
    try:
        return await pictures.aside(photos.cover, context.console.uploads, vault, row.name, boxes)
    except FileNotFoundError:
        raise web.HTTPNotFound from None


def _is_answered(context: RequestContext, boxes: Sequence[photos.Box]) -> bool:
    return bool(boxes) or context.form.get("none") == "1"


@page("POST", f"{ONE}/photos/{{photo}}/mark", right=Right.HAZARDS_PHOTOS, prepare=_covered)
async def mark(context: RequestContext) -> web.Response:
    """Somebody looked for faces and plates: what they marked is covered, and that copy may leave."""
    hazard = await found(context, lock=True)
    by = context.staffer.require(Right.HAZARDS_PHOTOS, **where(hazard))
    row = await _photo(context, hazard)
    made = context.prepared
    if made is None:
        return await show(
            context, hazard, fault=context.console.layout.words("hazard.mark_or_none"), at="mark", status=422
        )
    vault = attachments.vault_for(context.session)
    row.shown = await asyncio.to_thread(attachments.keep, context.console.uploads, vault, made)
    row.shown_by = by.id or 0
    photos.keep_small(row, made)
    boxes = len(_boxes(context.text("boxes", most=2_000)))
    await context.audit("hazard.mark", f"hazard:{hazard.number}", photo=row.id, boxes=boxes)
    return context.to(ONE.format(number=hazard.number), said="hazard_marked")


async def _photo(context: RequestContext, hazard: Hazard) -> HazardPhoto:
    number = context.number("photo")
    row = await context.session.get(HazardPhoto, number) if number is not None else None
    if row is None or row.hazard_id != hazard.id or row.state != "ready":
        raise web.HTTPNotFound
    return row


async def _read(context: RequestContext, name: str) -> bytes:
    try:
        vault = attachments.vault_for(context.session)
        return await asyncio.to_thread(attachments.read, context.console.uploads, vault, name)
    except FileNotFoundError:
        raise web.HTTPNotFound from None


def _boxes(text: str) -> list[photos.Box]:
    """Rectangles as `left,top,right,bottom` in pixels, one after another.  Raises Rejected."""
    found: list[photos.Box] = []
    for each in text.split():
        parts = each.split(",")
        if len(parts) != 4 or not all(numbers.whole(part, most=99_999) is not None for part in parts):
            raise Rejected("hazard.boxes")
        left, top, right, bottom = map(int, parts)
        found.append((min(left, right), min(top, bottom), max(left, right), max(top, bottom)))
    if len(found) > BOXES:
        raise Rejected("hazard.boxes")
    return found
