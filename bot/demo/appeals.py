"""What becomes of appeals: filed, dispatched, asked about, answered, rated, sometimes sent back or forgotten."""

from bot.demo.stage import Story
from bot.demo.town import Resident, Town
from bot.services.appeals import appeals, case_work, consultations, transitions
from bot.services.appeals import supplements as appeal_supplements
from bot.services.appeals.appeals import AppealDraft
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import SYSTEM, WORKER, Actor, Role
from bot.services.staff import accounts
from bot.services.staff.permissions import Staffer
from bot.store.models import Appeal, Naming

EXTENSION = 5  # working days


async def tell(town: Town, who: Resident) -> Story:
    """One appeal, as far as the time left lets it come."""
    story = town.one("appeals")
    number = await _file(town, who, story["kind"], story["story"])
    if town.maybe(0.04):
        yield town.later(4)
        await _move(town, number, AppealState.WITHDRAWN, WORKER, text=town.stories["back"]["withdraw"])
        return
    yield town.office(2)
    admin, back = town.staff[Role.ADMIN], town.stories["back"]
    if town.maybe(0.05):
        await _move(town, number, AppealState.REJECTED, admin, text=back["reject"], reason="elsewhere")
        return
    await _move(town, number, AppealState.ACCEPTED, admin)
    yield town.office(3 if town.maybe(0.95) else 40)
    await _move(town, number, AppealState.ASSIGNED, admin)
    async for moment in _handled(town, who, number, story):
        yield moment


async def share(town: Town) -> Story:
    """Several tell of the same: one consultation settles it for all."""
    told = town.stories["shared"]
    numbers = []
    for story in told["stories"]:
        numbers.append(await _file(town, town.pick(town.residents), told["kind"], story, about=told["about"]))
        yield town.later(20)
    for number in numbers:
        await _move(town, number, AppealState.ACCEPTED, SYSTEM)
    yield town.office(4)
    admin, other = town.staff[Role.ADMIN], town.second
    staffer = await _staffer(town, admin)
    lead = {"title": told["title"], "lead": accounts.DEMO_UNIT}
    item = await consultations.begin(town.session, staffer, admin, numbers=numbers, **lead)
    yield town.office(30)
    item = await town.session.merge(item)
    await consultations.draft(town.session, item, told["draft"], admin)
    yield town.office(6)
    item, staffer = await town.session.merge(item), await _staffer(town, other)
    mark = consultations.draft_mark(item)
    await consultations.publish(town.session, town.services, staffer, item, mark, other)
    for number in numbers:
        await _move(town, number, AppealState.ASSIGNED, admin)
        await _move(town, number, AppealState.IN_PROGRESS, await _handler(town, number))
        yield town.office(4)
        async for moment in _answered(town, number, {"answer": told["draft"]}):
            yield moment


async def _staffer(town: Town, who: Actor) -> Staffer:
    """A colleague with their rights.  Raises LookupError."""
    staffer = await accounts.staffer_of(town.session, who.id or 0)
    if staffer is None:
        raise LookupError(who)
    return staffer


async def _file(town: Town, who: Resident, kind: str, story: str, about: str = "") -> str:
    chat = await town.chat(who)
    area = next(each for each in town.stories["areas"] if each["region"] == chat.region)
    place, point = town.spot(area)
    naming = town.pick((Naming.NAMED, Naming.HIDDEN, Naming.HIDDEN, Naming.ANONYMOUS))
    draft = AppealDraft(
        kind=kind,
        story=town.told(story),
        naming=naming,
        name=who.name,
        phone=who.phone,
        region=chat.region,
        place=place,
        point=point if town.maybe(0.6) else None,
        about=about,
    )
    return (await appeals.submit(town.session, town.services, chat, draft)).number


async def _handled(town: Town, who: Resident, number: str, story: dict[str, str]) -> Story:
    """From the unit that has it to an answer."""
    if town.maybe(0.05):
        yield town.soon()  # Later than the next working day nobody may.
        await _give_back(town, number)
        yield town.office(4)
        why = town.stories["back"]["reassign"]
        await _move(town, number, AppealState.ASSIGNED, town.staff[Role.ADMIN], agency="union", text=why)
    yield town.office(5 if town.maybe(0.9) else 60)
    await _move(town, number, AppealState.IN_PROGRESS, await _handler(town, number))
    async for moment in _worked_on(town, who, number, story):
        yield moment
    async for moment in _answered(town, number, story):
        yield moment
    async for moment in _rated(town, number, story):
        yield moment


async def _worked_on(town: Town, who: Resident, number: str, story: dict[str, str]) -> Story:
    back = town.stories["back"]
    if town.maybe(0.5):
        yield town.office(8)
        await case_work.log(town.session, number, town.pick(back["logs"]), await _handler(town, number))
    if "ask" in story and town.maybe(0.5):
        yield town.office(6)
        await _move(town, number, AppealState.PENDING_INFO, await _handler(town, number), text=story["ask"])
        if town.maybe(0.8):
            yield town.later(9)
            chat = await town.chat(who)
            await appeal_supplements.add(town.session, town.services, chat, number, story.get("reply", story["ask"]))
        else:  # Nobody answers: it goes on by itself after five working days.
            yield town.office(220)
    if town.maybe(0.08):
        yield town.office(20)
        case = await _case(town, number)
        if case.state == AppealState.IN_PROGRESS and case.due_at is not None and not case.level:
            await case_work.extend(
                town.session, town.services, number, EXTENSION, back["extend"], town.staff[Role.ADMIN]
            )
    yield town.office(30 if town.maybe(0.86) else 320)  # A few are late.


async def _answered(town: Town, number: str, story: dict[str, str]) -> Story:
    case = await _case(town, number)
    if case.state != AppealState.IN_PROGRESS:
        return
    answer = town.told(story["answer"])
    await case_work.propose(town.session, number, answer, await _handler(town, number))
    yield town.office(5)
    if town.maybe(0.15):
        await case_work.send_back(town.session, number, town.stories["back"]["send_back"], town.staff[Role.REVIEWER])
        yield town.office(10)
        await case_work.propose(town.session, number, answer, await _handler(town, number))
        yield town.office(5)
    await _move(town, number, AppealState.ANSWERED, town.staff[Role.REVIEWER], text=answer)


async def _rated(town: Town, number: str, story: dict[str, str]) -> Story:
    """Many say nothing, and the case ends by itself after seven days; whoever is not satisfied is answered again."""
    if (await _case(town, number)).state != AppealState.ANSWERED or town.maybe(0.35):
        return
    yield town.later(20)
    if not town.maybe(0.1):
        await _move(town, number, AppealState.VERIFIED, WORKER, rating=town.pick(("good", "good", "good", "fair")))
        return
    await _move(town, number, AppealState.REOPENED, WORKER, text=town.stories["back"]["reopen"], rating="poor")
    yield town.office(5)
    await _move(town, number, AppealState.ASSIGNED, town.staff[Role.ADMIN])
    yield town.office(8)
    await _move(town, number, AppealState.IN_PROGRESS, await _handler(town, number))
    yield town.office(20)
    async for moment in _answered(town, number, story):
        yield moment


async def _give_back(town: Town, number: str) -> None:
    handler = await _handler(town, number)
    await _move(town, number, AppealState.ACCEPTED, handler, text=town.stories["back"]["give_back"])


async def _handler(town: Town, number: str) -> Actor:
    return town.handler((await _case(town, number)).agency_id)


async def _case(town: Town, number: str) -> Appeal:
    return await appeals.get(town.session, number)


async def _move(town: Town, number: str, target: AppealState, actor: Actor, **more: str) -> None:
    await transitions.move(town.session, town.services, number, AppealMove(target, actor, **more))
