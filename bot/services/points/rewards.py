"""Rewards: what points buy.  An organiser writes one, somebody else approves it, and from then on it is offered in chat.

Whoever writes one anew makes it a draft again, which nobody can ask for until it is approved once more; vouchers keep the
name, the place and the day they were given for.  Its district stays, because that says who hands it over.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.core import counting, keyset, periods
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.lifecycle import Actor, Lifecycle, Role, steps
from bot.services.core.working_days import ZONE
from bot.services.staff import calls
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, SamePerson, Staffer
from bot.store.models import Reward, now
from knowledge.regions import around

NOUN = "reward"
PAGE = 50  # rows
LABEL, ABOUT, PLACE = (2, 20), (2, 60), (2, 100)  # characters: at least, at most
LONGEST_FUNDING = 60  # characters
MOST = 9_999  # points, and pieces at once
MOST_DAYS = 365  # a voucher can be used
SERIALS = 10**8  # codes
EVERYWHERE = (
    Right.REWARDS_READ,
    Right.REWARDS_STOCK,
)  # what everybody who has it may do with one for the whole country


class RewardState(StrEnum):
    DRAFT = "draft"  # written, and not looked at by a second person yet
    APPROVED = "approved"  # offered, while there are some and its last day is not over
    OFF = "off"  # nobody can ask for it any more


_S = RewardState

REWARD = Lifecycle(
    "reward",
    RewardState,
    [
        *steps("approve", _S.DRAFT, _S.APPROVED, Role.APPROVER),
        *steps("rewrite", f"{_S.APPROVED} {_S.OFF}", _S.DRAFT, Role.ORGANISER),
        *steps("stop", f"{_S.DRAFT} {_S.APPROVED}", _S.OFF, Role.ORGANISER),
    ],
)


@dataclass(frozen=True, slots=True)
class RewardEntry:
    """A reward as somebody wrote it into a form; texts are trimmed."""

    label: str
    about: str
    points: int
    days: int  # a voucher for it can be used
    region: str  # GB/T 2260 prefix; "" is the whole country
    place: str
    stock: int = 0  # at the start; afterwards pieces are put in and taken out
    last_day: date | None = None
    funding: str = ""


def visible(staffer: Staffer, right: Right = Right.REWARDS_READ) -> ColumnElement[bool]:
    mine = within(Reward.region, staffer.districts(right))
    return or_(mine, Reward.region == "") if right in EVERYWHERE and staffer.may(right) else mine


REWARDS = Lookup(NOUN, Reward, Reward.code, visible)
VIEWS = ("offered", "out", "draft", "over")


def _views() -> Mapping[str, ColumnElement[bool]]:
    """What each view shows, today."""
    approved, over = Reward.state == RewardState.APPROVED, Reward.last_day < periods.today()
    going = and_(approved, or_(Reward.last_day.is_(None), ~over))
    return {
        "offered": and_(going, Reward.remaining > 0),
        "out": and_(going, Reward.remaining == 0),
        "draft": Reward.state == RewardState.DRAFT,
        "over": or_(Reward.state == RewardState.OFF, and_(approved, over)),
    }


@dataclass(frozen=True, slots=True)
class RewardFilter:
    """Which rewards somebody wants to see."""

    view: str = "offered"  # one of VIEWS
    text: str = ""  # in the name


async def listed(session: AsyncSession, staffer: Staffer, wanted: RewardFilter, place: Place) -> Page:
    """A page, what was changed last first."""
    query = select(Reward).where(visible(staffer), _views()[wanted.view])
    if wanted.text:
        query = query.where(Reward.label.icontains(wanted.text, autoescape=True))
    order = Key(Reward.changed_at, falling=True), Key(Reward.code, falling=True)
    return await keyset.page(session, query, Reward.code, [Part(Reward.code != "", order)], place, PAGE)


async def counts(session: AsyncSession, staffer: Staffer) -> Mapping[str, int]:
    """How many rewards each view has, in one look."""
    return await counting.of_views(session, _views(), visible(staffer))


async def offered(session: AsyncSession, region: str) -> list[Reward]:
    """What somebody who lives there can ask for now, the cheapest first."""
    near = Reward.region.in_(around(region))
    return list(
        await session.scalars(select(Reward).where(_views()["offered"], near).order_by(Reward.points, Reward.code))
    )


async def on_offer(session: AsyncSession, code: str, region: str, version: int | None = None) -> Reward:
    """A reward as somebody who lives there can ask for it.  version: as it was shown.

    Raises Rejected: not offered there any more, sold out, or changed since.
    """
    row = await session.get(Reward, code, populate_existing=True)
    if row is None or row.state != RewardState.APPROVED or is_over(row) or not region.startswith(row.region):
        raise Rejected("points.over")
    if version is not None and version != row.version:
        raise Rejected("points.changed")
    if not row.remaining:
        raise Rejected("points.gone")
    return row


async def take_one(session: AsyncSession, row: Reward) -> None:
    """Take one out of stock, of the reward as it was read.  Raises Rejected: somebody else was faster."""
    same = Reward.code == row.code, Reward.version == row.version, _views()["offered"]
    taken = await session.execute(update(Reward).where(*same).values(remaining=Reward.remaining - 1))
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Rejected("points.gone")


async def put_back(session: AsyncSession, code: str) -> None:
    """One that was held for somebody is there for others again."""
    await session.execute(update(Reward).where(Reward.code == code).values(remaining=Reward.remaining + 1))


async def restock(session: AsyncSession, code: str, change: int) -> Reward:
    """Put more of a reward in, or take some of what is left out.  Raises Rejected for what is not there."""
    if not change or abs(change) > MOST:
        raise Rejected("points.stock_count", most=MOST)
    left, total = Reward.remaining + change, Reward.total + change
    mine = update(Reward).where(Reward.code == code, left >= 0).values(remaining=left, total=total)
    found: Reward | None = await session.scalar(mine.returning(Reward))
    if found is None:
        raise Rejected("points.stock_left")
    return found


async def write(session: AsyncSession, row: Reward | None, entry: RewardEntry, actor: Actor, code: str = "") -> Reward:
    """Enter a reward, or write one anew, which waits to be approved then.  Raises Rejected for a bad form.

    code: of a new one, where it is to have a certain one.
    """
    _check(entry)
    if row is None:
        row = Reward(code=code or f"r{secrets.randbelow(SERIALS):08}", state=RewardState.DRAFT, version=0, writers=[])
        session.add(row)
    elif row.state != RewardState.DRAFT:
        _move(row, RewardState.DRAFT, actor)
    if row.approved_at is None:
        row.total = row.remaining = entry.stock
    elif row.region != entry.region:
        raise Rejected("reward.district")
    for name, value in asdict(entry).items():
        if name != "stock":
            setattr(row, name, value)
    row.writers = sorted({*row.writers, *([actor.id] if actor.id is not None else [])})
    row.version += 1
    row.changed_at = now()
    await session.flush()
    await outbox.put(session, [calls.call(NOUN, row.code, "approve", row.version)])
    return row


def approve(row: Reward, actor: Actor, version: int) -> None:
    """Offer it, as it was read.  Raises IllegalStep, SamePerson, Rejected when it was written anew meanwhile or is over."""
    if actor.id in row.writers:
        raise SamePerson(Right.REWARDS_APPROVE, f"{NOUN}:{row.code}")
    if version != row.version:
        raise Rejected("reward.rewritten")
    if is_over(row):
        raise Rejected("reward.last_day")
    _move(row, RewardState.APPROVED, actor)
    row.approved_at, row.approved_by = now(), actor.id


def stop(row: Reward, actor: Actor) -> None:
    """Nobody can ask for it any more; a voucher stays good.  Raises IllegalStep."""
    _move(row, RewardState.OFF, actor)


async def every(session: AsyncSession) -> Mapping[str, Reward]:
    """All there are, by their codes."""
    return {each.code: each for each in await session.scalars(select(Reward).order_by(Reward.label, Reward.code))}


def near(found: Mapping[str, Reward], districts: Iterable[str]) -> Mapping[str, Reward]:
    """Those of them that may be handed over somewhere in these districts."""

    def is_near(region: str) -> bool:
        return any(region.startswith(each) or each.startswith(region) for each in wanted)

    wanted = tuple(districts)
    return {code: row for code, row in found.items() if is_near(row.region)}


def is_over(row: Reward) -> bool:
    """Whether its last day lies behind us."""
    return row.last_day is not None and row.last_day < periods.today()


def expiry(row: Reward) -> datetime:
    """Until when a voucher that is given now is good: some days, and not beyond the reward's own last day."""
    until = now() + timedelta(days=row.days)
    if row.last_day is None:
        return until
    return min(until, datetime.combine(row.last_day + timedelta(days=1), time(), ZONE))


def _move(row: Reward, target: RewardState, actor: Actor) -> None:
    REWARD.step(row.state, target, actor.role)
    row.state, row.changed_at = target, now()


def _check(entry: RewardEntry) -> None:
    for name, (least, most) in (("label", LABEL), ("about", ABOUT), ("place", PLACE)):
        if not least <= len(getattr(entry, name)) <= most:
            raise Rejected(f"reward.{name}", least=least, most=most)
    if not 1 <= entry.points <= MOST:
        raise Rejected("reward.points", most=MOST)
    if not 0 <= entry.stock <= MOST:
        raise Rejected("reward.stock", most=MOST)
    if not 1 <= entry.days <= MOST_DAYS:
        raise Rejected("reward.days", most=MOST_DAYS)
    if entry.last_day is not None and entry.last_day < periods.today():
        raise Rejected("reward.last_day")
    if len(entry.funding) > LONGEST_FUNDING:
        raise Rejected("form.long", most=LONGEST_FUNDING, given=len(entry.funding))
