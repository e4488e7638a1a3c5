"""Ways in: a link sent to the linked chat, a link handed over by an administrator, a signed Mini App."""

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.queue import jobs, outbox
from bot.services.core import rate_limits
from bot.services.core.context import ServiceContext
from bot.services.staff import accounts, audit
from bot.services.staff.accounts import find
from bot.services.staff.audit import By
from bot.services.staff.sessions import hashed
from bot.store import upsert
from bot.store.db import Database
from bot.store.models import Chat, FormPost, Outbox, ScreenSignIn, SignInLink, Staff, StaffSession, now

ASKED = timedelta(minutes=15)
INVITED = timedelta(hours=24)
DEMO = timedelta(days=365)  # of the demo's links, which the next start replaces anyway
SIGNED = timedelta(minutes=10)  # how old what a Mini App brings may be
OFFICE = 30  # requests for a link from one address in a window: a whole office comes to work behind one
KEPT = timedelta(days=2)  # forms and links stay so long after their end, so that a late one is told from a forged one
SESSIONS_KEPT = timedelta(days=30)


class Purpose(StrEnum):
    ASKED = "sign_in"  # sent to the linked chat, good in the browser that asked
    SETUP = "setup"  # handed over by an administrator, good in the first browser that uses it
    DEMO = "demo"  # good as often as you like, in the demo only
    CHAT = "chat"  # six digits that link a chat; no way in by themselves
    ENROL = "enrol"  # six digits in the linked chat that confirm a second factor
    SCREEN = "screen"  # a code on the computer's screen, sent by the linked chat; not a link
    SIGNED = "webapp"  # what a Mini App brought: kept so that it is not good twice


class SignInState(StrEnum):
    """What became of a link."""

    READY = "ready"
    USED = "used"
    EXPIRED = "expired"
    ELSEWHERE = "elsewhere"  # asked for in another browser
    WAITS = "waits"  # good later
    UNKNOWN = "unknown"


async def ask(session: AsyncSession, username: str, *, browser: str, address: str) -> tuple[int, list[Outbox]]:
    """Somebody wants in.  Returns seconds to wait after too many attempts, and the rows to deliver.

    Does the same for every name: whether there is such an account is found out later, by whoever sends the row.
    """
    username = username.strip().lower()[:64]
    by_address = await rate_limits.spend(session, "sign_in.address", address, most=OFFICE)
    # By name and address: whoever knows a username must not be able to keep its owner out.
    by_name = await rate_limits.spend(session, "sign_in.name", f"{username}@{address}")
    if wait := max(by_address, by_name):
        return wait, []
    asked = jobs.SIGN_IN.row({"username": username, "browser": hashed(browser).hex(), "target": ""})
    await outbox.put(session, [asked])
    return 0, [asked]


class LinkSender:
    """Carries out requests for a link."""

    def __init__(
        self, db: Database, services: Callable[[], ServiceContext], deliver: Callable[[Sequence[Outbox]], None]
    ) -> None:
        self.db, self.services, self.deliver = db, services, deliver

    async def __call__(self, row: Outbox) -> None:
        async with self.db.begin() as session:
            rows = await _send(session, row, self.services())
        self.deliver(rows)


async def _send(session: AsyncSession, asked: Outbox, context: ServiceContext) -> list[Outbox]:
    """Write the link that was asked for to the linked chat of the account, if there is one.

    Sent twice after a crash, the row makes one link all the same.
    """
    await _clear(session)
    payload = jobs.SIGN_IN.payload(asked)
    person = await find(session, payload["username"])
    chat = await session.get(Chat, person.chat_id) if person and person.active and person.chat_id else None
    if person is None or chat is None or asked.created_at < now() - ASKED:
        await audit.note(session, By(person.id if person else None), "sign_in.ask", denied=True)
        return []
    token = secrets.token_urlsafe(32)
    values = {
        "token": hashed(token),
        "staff_id": person.id,
        "purpose": Purpose.ASKED,
        "browser": bytes.fromhex(payload["browser"]),
        "asked": asked.id,
        "target": payload["target"],
        "created_at": now(),
        "expires_at": now() + ASKED,
    }
    if not await _insert(session, values):
        return []
    minutes = int(ASKED.total_seconds() // 60)
    link = f"{context.base_url}{urls.ENTER}/{token}"
    text = context.knowledge.texts.say(chat.language, "staff.sign_in", name=person.name, minutes=minutes, link=link)
    row = jobs.message(chat, {"do": "say", "text": text})
    await outbox.put(session, [row])
    await audit.note(session, By(person.id), "sign_in.ask")
    return [row]


async def invite(session: AsyncSession, by: By, person: Staff, *, wait: timedelta = timedelta()) -> str:
    """A token that lets somebody in once, within a day, in any browser, and not before `wait`.  Earlier ones are void."""
    earlier = delete(SignInLink).where(SignInLink.staff_id == person.id, SignInLink.purpose == Purpose.SETUP)
    await session.execute(earlier)
    token = await _link(session, person, Purpose.SETUP, INVITED, wait)
    await audit.note(session, by, "staff.link", f"staff:{person.id}")
    return token


async def demo_links(session: AsyncSession, people: list[Staff]) -> list[str]:
    """A token for each of the demo's people; those of an earlier run are void."""
    await session.execute(delete(SignInLink).where(SignInLink.purpose == Purpose.DEMO))
    return [await _link(session, person, Purpose.DEMO, DEMO) for person in people]


async def look(session: AsyncSession, token: str, browser: str, *, demo: bool) -> SignInState:
    """How a link stands.  Changes nothing: the robots of mail and chat look at links, too."""
    found = await session.scalar(select(SignInLink).where(SignInLink.token == hashed(token), _ways(demo=demo)))
    if found is None:
        return SignInState.UNKNOWN
    if found.used_at is not None and found.purpose != Purpose.DEMO:
        return SignInState.USED
    if found.expires_at <= now():
        return SignInState.EXPIRED
    if found.ready_at is not None and found.ready_at > now():
        return SignInState.WAITS
    if found.browser is not None and found.browser != hashed(browser):
        return SignInState.ELSEWHERE
    return SignInState.READY


async def use(session: AsyncSession, token: str, browser: str, *, demo: bool) -> tuple[Staff, SignInLink] | None:
    """Take a link, once: of two who press at the same moment one gets in.  None for whatever is not good."""
    at = now()
    unused = or_(SignInLink.used_at.is_(None), SignInLink.purpose == Purpose.DEMO)
    ready = or_(SignInLink.ready_at.is_(None), SignInLink.ready_at <= at)
    here = or_(SignInLink.browser.is_(None), SignInLink.browser == hashed(browser))
    taken = (
        update(SignInLink)
        .where(SignInLink.token == hashed(token), SignInLink.expires_at > at, ready, unused, here, _ways(demo=demo))
        .values(used_at=at)
        .returning(SignInLink)
    )
    link = await session.scalar(taken)
    person = await session.get(Staff, link.staff_id) if link is not None else None
    return (person, link) if link is not None and person is not None and person.active else None


async def use_signed(session: AsyncSession, key: bytes, signature: str) -> Staff | None:
    """Who a Mini App brings, by the blind index of their chat; None for nobody of ours, or for the second time.

    signature: of what it brought, the same for every way to write it.
    """
    chat_id = await session.scalar(select(Chat.id).where(Chat.key == key))
    person = await accounts.of_chat(session, chat_id) if chat_id is not None else None
    if person is None:
        return None
    values = {"token": hashed(signature), "staff_id": person.id, "purpose": Purpose.SIGNED, "target": ""}
    values |= {"created_at": now(), "expires_at": now() + SIGNED, "used_at": now()}
    return person if await _insert(session, values) else None


def _ways(*, demo: bool) -> ColumnElement[bool]:
    ways = [Purpose.ASKED, Purpose.SETUP, *([Purpose.DEMO] if demo else [])]
    return SignInLink.purpose.in_(ways)


async def _link(
    session: AsyncSession, person: Staff, purpose: Purpose, life: timedelta, wait: timedelta = timedelta()
) -> str:
    token = secrets.token_urlsafe(32)
    values = {"token": hashed(token), "staff_id": person.id, "purpose": purpose, "target": ""}
    moments = {"created_at": now(), "expires_at": now() + wait + life, "ready_at": now() + wait if wait else None}
    await _insert(session, values | moments)
    return token


async def _insert(session: AsyncSession, values: dict[str, object]) -> bool:
    """Whether the row is new."""
    statement = upsert.insert(session, SignInLink).values(values).on_conflict_do_nothing().returning(SignInLink.id)
    return await session.scalar(statement) is not None


async def _clear(session: AsyncSession) -> None:
    """Drop what is long over: links, sessions, windows of attempts, keys of forms."""
    await rate_limits.clear(session)
    await session.execute(delete(StaffSession).where(StaffSession.created_at < now() - SESSIONS_KEPT))
    await session.execute(delete(SignInLink).where(SignInLink.expires_at < now() - KEPT))
    await session.execute(delete(ScreenSignIn).where(ScreenSignIn.expires_at < now() - KEPT))
    await session.execute(delete(FormPost).where(FormPost.at < now() - KEPT))
