"""Signing a computer in from the chat: its screen shows a code, the linked chat sends it and picks the screen's number.

A picture of the code that somebody else sends around signs only that somebody's computer in, and only if its owner is told
the number and picks it: the chat says what kind of browser asks, and from where.  One wrong pick voids the code.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import numbers, rate_limits
from bot.services.staff import accounts, audit
from bot.services.staff.audit import By
from bot.services.staff.sessions import Browser, hashed
from bot.services.staff.sign_in import OFFICE
from bot.store.base import locked, vault_of
from bot.store.models import Chat, ScreenSignIn, Staff, now

LIFE = timedelta(minutes=2)
LETTERS = 8  # of a code
CHOICES = 3  # numbers to pick from
WHAT = "screen_code"  # what is counted in attempts


class ScreenState(StrEnum):
    """How a code stands, as the screen says it."""

    SHOWN = "shown"
    SENT = "sent"  # a chat sent it, and was asked for the number
    APPROVED = "approved"
    REFUSED = "refused"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a code that a chat sent: the question for the number, or how long to wait, or neither."""

    asked: ScreenSignIn | None = None
    name: str = ""
    is_linked: bool = True
    wait: int = 0  # seconds


class Picked(StrEnum):
    """What became of a pick."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_ME = "not_me"
    OVER = "over"


def state_of(row: ScreenSignIn | None) -> ScreenState:
    if row is None or row.used_at is not None or row.expires_at <= now():
        return ScreenState.OVER
    if row.refused_at is not None:
        return ScreenState.REFUSED
    if row.approved_at is not None:
        return ScreenState.APPROVED
    return ScreenState.SENT if row.staff_id is not None else ScreenState.SHOWN


async def begin(session: AsyncSession, *, browser: str, place: Browser, address: str) -> int:
    """A new code for a browser; an earlier one is void.  Returns seconds to wait after too many, else 0."""
    if wait := await rate_limits.spend(session, "screen.address", address, most=OFFICE):
        return wait
    await session.execute(delete(ScreenSignIn).where(ScreenSignIn.browser == hashed(browser)))
    picks = secrets.SystemRandom().sample(range(10, 100), CHOICES)
    code = numbers.new_code(LETTERS)
    session.add(
        ScreenSignIn(
            token=_token(session, code),
            code=code,
            browser=hashed(browser),
            place={"address": place.address, "kind": place.kind},
            numbers=picks,
            number=secrets.choice(picks),
            created_at=now(),
            expires_at=now() + LIFE,
        )
    )
    await session.flush()
    return 0


async def of_browser(session: AsyncSession, browser: str) -> ScreenSignIn | None:
    """The code that this browser shows."""
    if not browser:
        return None
    found: ScreenSignIn | None = await session.scalar(
        select(ScreenSignIn).where(ScreenSignIn.browser == hashed(browser))
    )
    return found


async def send(session: AsyncSession, chat: Chat, code: str) -> Sent:
    """A chat sent a code.  Nothing is raised, so that attempts stay counted."""
    if wait := await rate_limits.spend(session, WHAT, f"chat:{chat.id}"):
        return Sent(wait=wait)
    person = await accounts.of_chat(session, chat.id)
    if person is None:
        return Sent(is_linked=False)
    free = or_(ScreenSignIn.staff_id.is_(None), ScreenSignIn.staff_id == person.id)
    taken = (
        update(ScreenSignIn)
        .where(ScreenSignIn.token == _token(session, numbers.typed(code)), free, *_open())
        .values(staff_id=person.id)
        .returning(ScreenSignIn)
    )
    return Sent(await session.scalar(taken), person.name)


async def pick(session: AsyncSession, chat: Chat, number: int, row_id: int) -> Picked:
    """The number that somebody pressed in their chat; 0 when it was not them."""
    person = await accounts.of_chat(session, chat.id)
    query = select(ScreenSignIn).where(ScreenSignIn.id == row_id, *_open())
    row = await session.scalar(locked(query))
    if person is None or row is None or row.staff_id != person.id:
        return Picked.OVER
    picked = Picked.RIGHT if number == row.number else Picked.WRONG if number else Picked.NOT_ME
    if picked is Picked.RIGHT:
        row.approved_at = now()
    else:
        row.refused_at = now()
    await session.flush()
    action = "sign_in.screen" if picked is Picked.RIGHT else f"sign_in.screen_{picked}"
    denied, browser, address = picked is not Picked.RIGHT, row.place["kind"], row.place["address"]
    await audit.note(session, By(person.id), action, denied=denied, browser=browser, address=address)
    return picked


async def use(session: AsyncSession, browser: str) -> tuple[Staff, str] | None:
    """Who is let in at this browser, once, and the page they wanted; None while nobody is."""
    taken = (
        update(ScreenSignIn)
        .where(ScreenSignIn.browser == hashed(browser), ScreenSignIn.approved_at.is_not(None))
        .where(ScreenSignIn.used_at.is_(None), ScreenSignIn.expires_at > now())
        .values(used_at=now())
        .returning(ScreenSignIn)
    )
    row = await session.scalar(taken)
    person = await session.get(Staff, row.staff_id) if row is not None else None
    return (person, row.target) if row is not None and person is not None and person.active else None


def _open() -> tuple[ColumnElement[bool], ...]:
    """Neither over nor decided."""
    undecided = ScreenSignIn.approved_at.is_(None), ScreenSignIn.refused_at.is_(None)
    return ScreenSignIn.expires_at > now(), *undecided


def _token(session: AsyncSession, code: str) -> bytes:
    """A keyed hash: what is in a dump opens nothing."""
    return vault_of(session.get_bind().dialect).blind(code, "screen_sign_ins.code")
