"""What becomes of hazards: reported with a photo, looked at, mended with another one, and looked at again."""

from bot.demo import pictures
from bot.demo.stage import Story
from bot.demo.town import Resident, Town
from bot.services.attachments import attachments
from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.hazards import hazards, photos, transitions
from bot.services.hazards.hazards import HazardDraft
from bot.services.hazards.states import OPEN, HazardMove, HazardState
from bot.store.models import Hazard


async def tell(town: Town, who: Resident) -> Story:
    """One hazard, as far as the time left lets it come."""
    story, reviewer = town.one("hazards"), town.staff[Role.REVIEWER]
    number = await _report(town, who, story["kind"], town.pick(story["texts"]))
    if (await _case(town, number)).state == HazardState.REPORTED:
        yield town.office(4)
        if town.maybe(0.07):
            await _move(town, number, HazardState.REJECTED, reviewer, text=town.stories["hazard_back"]["reject"])
            return
        await _move(town, number, HazardState.VALIDATED, reviewer)
        await _move(town, number, HazardState.DISPATCHED, reviewer)
    yield town.office(8)
    await _move(town, number, HazardState.HANDLING, await _handler(town, number))
    yield town.office(26 if town.maybe(0.85) else 200)  # A few are late.
    await _resolve(town, number, story["result"])
    async for moment in _seen(town, who, number, story["result"]):
        yield moment


async def _report(town: Town, who: Resident, kind: str, text: str) -> str:
    chat = await town.chat(who)
    area = town.one("areas")
    place, point = town.spot(area)
    draft = HazardDraft(kind, text, place=place, point=point, region=area["region"])
    number = (await hazards.submit(town.session, town.services, chat, draft)).number
    await _photo(town, number, "report")
    return number


async def _resolve(town: Town, number: str, result: str) -> None:
    case = await _case(town, number)
    if case.state != HazardState.HANDLING:
        return
    await _photo(town, number, "result")
    north, east = case.latitude or 0.0, case.longitude or 0.0
    near = (north + town.chance.uniform(-0.0006, 0.0006), east + town.chance.uniform(-0.0006, 0.0006))
    handler = await _handler(town, number)
    far = {} if town.maybe(0.85) else {"off_site": town.stories["hazard_back"]["off_site"]}
    await _move(town, number, HazardState.RESOLVED, handler, text=result, point=None if far else near, **far)


async def _seen(town: Town, who: Resident, number: str, result: str) -> Story:
    """Most say that it is fixed; now and then it is not, and some are never looked at again."""
    if town.maybe(0.12):
        return
    yield town.later(22)
    if (await _case(town, number)).state != HazardState.RESOLVED:
        return
    if town.maybe(0.08):
        why = town.stories["hazard_back"]["reopen"]
        await _move(town, number, HazardState.REOPENED, WORKER, text=why, chat_id=who.chat)
        yield town.office(8)
        await _move(town, number, HazardState.HANDLING, await _handler(town, number))
        yield town.office(20)
        await _resolve(town, number, result)
        yield town.later(10)
    if town.maybe(0.7):
        await _move(town, number, HazardState.VERIFIED, WORKER, chat_id=who.chat)
    else:
        await _move(town, number, HazardState.VERIFIED, town.staff[Role.REVIEWER])


async def _photo(town: Town, number: str, part: str) -> None:
    made = pictures.draw(town.chance, mended=part == "result")
    name = attachments.keep(town.uploads, attachments.vault_for(town.session), made)
    await photos.add(town.session, await _case(town, number), part, made, name)


async def _handler(town: Town, number: str) -> Actor:
    return town.handler((await _case(town, number)).agency_id)


async def _case(town: Town, number: str) -> Hazard:
    return await transitions.get(town.session, number)


async def _move(town: Town, number: str, target: HazardState, actor: Actor, **more: object) -> None:
    case = await _case(town, number)
    if case.state in OPEN or case.state == HazardState.RESOLVED:
        wanted = HazardMove(target, actor, **more)  # type: ignore[arg-type]  # Each call names what its step needs.
        await transitions.move(town.session, town.services, number, wanted)
