"""Volunteers of the grid: they apply, learn, go out, are thanked; what they earned they spend at the counter."""

from datetime import timedelta

from bot.demo.stage import Story
from bot.demo.town import Resident, Town
from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.points import ledger, rewards, vouchers
from bot.services.volunteers import applications, shifts, transitions
from bot.services.volunteers.applications import VolunteerApplication
from bot.services.volunteers.states import VolunteerMove, VolunteerState
from bot.store.base import as_of
from bot.store.models import Volunteer, now

REWARD = "water"


async def tell(town: Town, who: Resident) -> Story:
    """One person's way into the grid, and what they do there."""
    organiser = town.staff[Role.ORGANISER]
    number = await _apply(town, who)
    yield town.office(20)
    await _change(town, number, VolunteerState.REVIEWING, organiser)
    yield town.office(10)
    if town.maybe(0.1):
        await _change(town, number, VolunteerState.REJECTED, organiser, text=town.stories["grid_back"]["reject"])
        return
    await _change(town, number, VolunteerState.APPROVED, organiser)
    yield town.later(30)
    await _change(town, number, VolunteerState.TRAINING, WORKER)
    for item in town.services.knowledge.grid.items.values():
        yield town.later(14)
        await transitions.learn(town.session, town.services, number, item.code, WORKER if item.in_chat else organiser)
    if town.maybe(0.3):
        await transitions.appoint(town.session, town.services, number, town.staff[Role.ADMIN], liaison=True)
    async for moment in _acts(town, who, number):
        yield moment


async def _acts(town: Town, who: Resident, number: str) -> Story:
    for _ in range(town.chance.randrange(2, 7)):
        yield town.later(60)
        await _shift(town, number)
        yield town.office(16)
        if town.maybe(0.9):
            await _spend(town, who)
    if town.maybe(0.1):
        why = town.stories["grid_back"]["suspend"]
        await _change(town, number, VolunteerState.SUSPENDED, town.staff[Role.ORGANISER], text=why)
    elif town.maybe(0.15):
        await _change(town, number, VolunteerState.PAUSED, WORKER)


async def _shift(town: Town, number: str) -> None:
    """A few hours on the street; somebody of the staff counts them, unless they are of the last days."""
    volunteer = await _case(town, number)
    begun = now()
    shift = await shifts.start(town.session, town.services, volunteer)
    with as_of(begun + timedelta(hours=town.chance.uniform(1.5, 5))):
        await shifts.stop(town.session, town.services, volunteer)
        if town.maybe(0.8):
            staff_id = town.staff[Role.ORGANISER].id
            await shifts.settle(town.session, town.services, shift.id, staff_id, approve=True)


async def _spend(town: Town, who: Resident) -> None:
    """Whoever has enough points takes a reward, and most have it handed over at once."""
    account = await ledger.account_of(town.session, who.chat)
    chat = await town.chat(who)
    reward = await rewards.on_offer(town.session, REWARD, chat.region)
    if account is None or account.available < reward.points:
        return
    voucher = await vouchers.reserve(town.session, chat, REWARD)
    await vouchers.ring(town.session, town.services, {"of": "voucher", "do": "issue", "number": str(voucher.id)})
    if voucher.code and town.maybe(0.8):
        await vouchers.fulfil(town.session, town.services, voucher.code, town.staff[Role.COUNTER])


async def _apply(town: Town, who: Resident) -> str:
    grid = town.services.knowledge.grid
    chat = await town.chat(who)
    wanted = VolunteerApplication(
        who.name,
        who.phone,
        town.pick(list(grid.platforms)),
        chat.job,
        chat.region,
        "",
        town.pick(list(grid.availabilities)),
    )
    return (await applications.apply(town.session, town.services, chat, wanted)).number


async def _case(town: Town, number: str) -> Volunteer:
    return await applications.get(town.session, number)


async def _change(town: Town, number: str, target: VolunteerState, actor: Actor, text: str = "") -> None:
    await transitions.change(town.session, town.services, number, VolunteerMove(target, actor, text))
