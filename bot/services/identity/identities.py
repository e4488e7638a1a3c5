"""Who stands behind an alias: kept sealed, opened for a purpose, and every look is written down."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import hash_chain
from bot.services.core.lifecycle import Actor, Role
from bot.services.identity import redaction
from bot.store.base import vault_of
from bot.store.models import Chat, Identity, Naming, View, now
from knowledge.retention import Retention

AT_ONCE = 500  # identities that are looked up by one statement
KEPT = {  # the rule of knowledge/retention.toml that says how long after closing
    Naming.ANONYMOUS: "anonymous_identities",
    Naming.HIDDEN: "identities",
    Naming.NAMED: "identities",
}
MAY_UNMASK = {  # nobody may in the case of an anonymous appeal
    Naming.NAMED: {Role.ADMIN, Role.HANDLER, Role.REVIEWER},
    Naming.HIDDEN: {Role.ADMIN},
    Naming.ANONYMOUS: set[Role](),
}


async def keep(
    session: AsyncSession, chat: Chat, naming: Naming, *, name: str = "", phone: str = "", consent: str = ""
) -> str:
    """Put an identity away and return its alias.  An anonymous one keeps nothing but the way back.

    `consent` is the date of the privacy notice they had read; without one nobody's name is taken.
    """
    alias = secrets.token_hex(12)
    body: dict[str, Any] = {"chat_id": chat.id}
    if naming is not Naming.ANONYMOUS:
        body |= {"name": name, "phone": phone}
    values = {"alias": alias, "owner": owner_key(session, chat.id), "naming": naming, "body": body, "consent": consent}
    await (await session.connection()).execute(_KEEP, values)
    return alias


def owner_key(session: AsyncSession, chat_id: int) -> bytes:
    """The blind index a person finds their own identities by."""
    return vault_of(session.get_bind().dialect).blind(str(chat_id), "identities.owner")


async def aliases_of(session: AsyncSession, chat_id: int) -> list[str]:
    owned = select(Identity.alias).where(Identity.owner == owner_key(session, chat_id))
    return list(await session.scalars(owned))


async def masked_name(session: AsyncSession, alias: str) -> str:
    """张**, or "" once nobody can find out any more."""
    body = await session.scalar(select(Identity.body).where(Identity.alias == alias))
    return masked((body or {}).get("name", ""), "")[0]


async def masked_names(session: AsyncSession, aliases: Sequence[str]) -> dict[str, str]:
    """The same of many, by alias; who cannot be found out any more is not there."""
    found: dict[str, str] = {}
    for at in range(0, len(aliases), AT_ONCE):
        some = select(Identity.alias, Identity.body).where(Identity.alias.in_(aliases[at : at + AT_ONCE]))
        for alias, body in await session.execute(some):
            found[alias] = masked((body or {}).get("name", ""), "")[0]
    return found


async def chat_behind(session: AsyncSession, alias: str) -> Chat | None:
    """The chat that messages about a case go to.  For the system itself: nobody sees it, so no look is noted."""
    body = await session.scalar(select(Identity.body).where(Identity.alias == alias))
    return await session.get(Chat, body["chat_id"]) if body and "chat_id" in body else None


async def phone_behind(session: AsyncSession, alias: str) -> str:
    """The number somebody wants a message sent to; "" without one.  For the system itself, as above."""
    body = await session.scalar(select(Identity.body).where(Identity.alias == alias))
    return named(body)["phone"]


async def unmask(
    session: AsyncSession,
    alias: str,
    actor: Actor,
    *,
    subject: str,
    purpose: str,
    request_id: str = "",
    may: Mapping[Naming, set[Role]] = MAY_UNMASK,
    field: str = "identity",
) -> dict[str, str]:
    """The name and the phone behind an alias, for somebody with a purpose; granted or denied, it is written down.

    Raises Rejected: a purpose is missing, or this role may not know.
    """
    if len(purpose.strip()) < 4:
        raise Rejected("view.purpose")
    identity = await session.get(Identity, alias)
    allowed = identity is not None and actor.role in may[Naming(identity.naming)]
    known = named(identity.body) if identity is not None else {}
    # The log stays for years, so what staff types into it must not name the worker either.
    purpose = redaction.without(purpose, *known.values())
    await note(session, actor, subject, field, purpose, denied=not allowed, request_id=request_id)
    return known if allowed else {}


async def without(session: AsyncSession, alias: str, text: str) -> str:
    """A text of a case without the name and the phone of its author: cases, events and messages name nobody."""
    body = await session.scalar(select(Identity.body).where(Identity.alias == alias)) if text else None
    return redaction.without(text, *named(body).values())


def named(body: dict[str, Any] | None) -> dict[str, str]:
    """The name and the phone in an opened identity."""
    return {name: (body or {}).get(name, "") for name in ("name", "phone")}


async def note(
    session: AsyncSession,
    actor: Actor,
    subject: str,
    field: str,
    purpose: str,
    *,
    denied: bool = False,
    request_id: str = "",
) -> None:
    """Write down that somebody looked, or was not let."""
    values = {
        "at": now(),
        "staff_id": actor.id,
        "role": actor.role,
        "subject": subject,
        "field": field,
        "purpose": purpose.strip()[:200],
        "denied": denied,
        "request_id": request_id,
    }
    await hash_chain.append(session, View, values)


async def seen_by(session: AsyncSession, subject: str) -> list[View]:
    """Who looked at a case, oldest first: for the worker, who is told roles and times."""
    looks = select(View).where(View.subject == subject, View.denied.is_(False)).order_by(View.id)
    return list(await session.scalars(looks))


async def closed(session: AsyncSession, policy: Retention, alias: str) -> None:
    """The case is closed: from now on the identity has a date."""
    identity = await session.get(Identity, alias)
    if identity is not None:
        identity.delete_after = now() + policy.keep(KEPT[Naming(identity.naming)])


async def left(session: AsyncSession, policy: Retention, alias: str, rule: str = "volunteers") -> None:
    """A volunteer left, or a pass ended: from now on the identity has a date."""
    until = now() + policy.keep(rule)
    await session.execute(update(Identity).where(Identity.alias == alias).values(delete_after=until))


async def reopened(session: AsyncSession, alias: str) -> None:
    await session.execute(update(Identity).where(Identity.alias == alias).values(delete_after=None))


async def forget(session: AsyncSession, alias: str) -> None:
    """Nobody can find out any more who this was; the alias stays, because the case does."""
    blank = {"body": None, "owner": bytes(16), "delete_after": None}
    await session.execute(update(Identity).where(Identity.alias == alias).values(blank))


def masked(name: str, phone: str) -> tuple[str, str]:
    """张* and 138****1234: what staff sees without asking."""
    return (name[:1] + "*" * max(len(name) - 1, 1) if name else "", f"{phone[:3]}****{phone[-4:]}" if phone else "")


_KEEP = insert(Identity.__table__)  # type: ignore[arg-type]
