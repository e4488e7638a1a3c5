"""Notices: written by one person, agreed to by another, sent; one waits for its second person, one is a draft."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.demo.stage import Story
from bot.demo.town import Town
from bot.services.core.lifecycle import SYSTEM, Role
from bot.services.notices import approvals, deliveries, notices
from bot.services.notices.audience import Audience
from bot.services.notices.notices import NoticeDraft
from bot.services.notices.states import NoticeState
from bot.services.staff import accounts
from bot.store.models import Channel, CopyState, NoticeKind, now

VALID = timedelta(days=20)
LEASE = 60.0  # seconds


async def tell(town: Town, told: Mapping[str, Any]) -> Story:
    """A notice from its draft to its last copy."""
    number = await _write(town, told)
    await _submit(town, number)
    yield town.office(3)
    notice = await notices.get(town.session, number)
    await approvals.approve(town.session, notice, town.staff[Role.APPROVER], notice.count or 0)
    yield now() + timedelta(minutes=1)  # Its timer rings in between.
    await _send(town, number)


async def wait(town: Town, told: Mapping[str, Any], *, submitted: bool) -> Story:
    """A notice that somebody still has to do something about."""
    number = await _write(town, told)
    if submitted:
        yield town.office(1)
        await _submit(town, number)


async def _write(town: Town, told: Mapping[str, Any]) -> int:
    district = accounts.DEMO_DISTRICT
    draft = NoticeDraft(
        NoticeKind(told["kind"]),
        told["title"],
        told["text"],
        told["unit"],
        now() + VALID,
        Audience(regions=(district,)),
    )
    author = town.staff[Role.ORGANISER]
    return (await notices.write(town.session, town.services, author, draft, districts=[district])).id


async def _submit(town: Town, number: int) -> None:
    notice = await notices.get(town.session, number)
    await notices.submit(town.session, town.services, notice, town.staff[Role.ORGANISER])


async def _send(town: Town, number: int) -> None:
    """What the bulk lane does, without the channel: the copies are as old as the notice."""
    notice = await notices.get(town.session, number)
    if notice.state != NoticeState.FREEZING:
        return
    while not await deliveries.freeze(town.session, notice):
        continue
    notices.move(notice, NoticeState.SENDING, SYSTEM)
    taken = await deliveries.take(town.session, notice, Channel.WEB, 500, town.services.quiet, LEASE)
    sent = [deliveries.outcome(each, CopyState.SENT, message_id=index + 1) for index, each in enumerate(taken)]
    await deliveries.settle(town.session, sent)
    notices.move(notice, NoticeState.COMPLETED, SYSTEM)
