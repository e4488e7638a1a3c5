"""The second factor: a code from an app (TOTP, RFC 6238), or one of ten recovery codes.  None is good twice."""

import hmac
import re
import time

import pyotp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import numbers, rate_limits
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.store.base import vault_of
from bot.store.models import Staff

ISSUER = "暖新管理端"
STEP = 30  # seconds a code is shown
DRIFT = 1  # steps a clock may be off
CODES = 10  # recovery codes
LENGTH = 10  # letters of a recovery code
WHAT = "second"  # what is counted in attempts


def new_secret() -> str:
    return pyotp.random_base32()


def address_of(secret: str, username: str) -> str:
    """What the app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


async def enrol(session: AsyncSession, person: Staff, secret: str, code: str, by: By) -> list[str]:
    """Take a secret into use when the code is one of it.  Returns the recovery codes, to be shown once; [] if not."""
    step = _step(secret, code, after=0)
    if step is None:
        return []
    codes = [numbers.new_code(LENGTH) for _ in range(CODES)]
    person.totp, person.totp_step = secret, step
    person.recovery = [_keyed(session, person, each) for each in codes]
    await session.flush()
    await audit.note(session, by, "second.enrol", f"staff:{person.id}")
    return [f"{each[:5]}-{each[5:]}" for each in codes]


async def check(session: AsyncSession, staff_id: int, code: str, by: By) -> tuple[bool, int]:
    """Whether a code is right, and how many seconds to wait when there were too many wrong ones.

    Nothing is raised: the count of wrong codes has to be committed, whatever comes of it.  What cannot be a code is a
    slip of the finger, and not counted.
    """
    if not _is_totp(code) and not numbers.is_code(numbers.typed(code), LENGTH):
        return False, await rate_limits.spent(session, WHAT, str(staff_id))
    if wait := await rate_limits.spend(session, WHAT, str(staff_id)):
        return False, wait
    locked = select(Staff).where(Staff.id == staff_id).with_for_update().execution_options(populate_existing=True)
    person = (await session.scalars(locked)).one()
    good = _take_code(person, code) or _take_recovery(session, person, code)
    if good:
        person.reset_at = None  # Nothing was lost.
        await rate_limits.forgive(session, WHAT, str(staff_id))
    if not good or not _is_totp(code):
        await session.flush()
        action = "second.recovered" if good else "second.wrong"
        await audit.note(session, by, action, f"staff:{staff_id}", denied=not good)
    return good, 0


async def reset(session: AsyncSession, person: Staff, by: By) -> None:
    """Somebody lost their phone and their codes: they set both up anew at the next sign-in."""
    person.totp, person.totp_step, person.recovery, person.reset_at = None, 0, [], None
    await session.flush()
    await audit.note(session, by, "second.reset", f"staff:{person.id}")


def code_now(person: Staff) -> str:
    """The next code that would be taken, as the demo shows it; "" until there is one."""
    step = max(int(time.time()) // STEP, person.totp_step + 1)
    late = step > int(time.time()) // STEP + DRIFT
    return "" if late or person.totp is None else pyotp.TOTP(person.totp).generate_otp(step)


def _take_code(person: Staff, code: str) -> bool:
    step = _step(person.totp, code, after=person.totp_step) if person.totp else None
    person.totp_step = step or person.totp_step
    return step is not None


def _take_recovery(session: AsyncSession, person: Staff, code: str) -> bool:
    keyed = _keyed(session, person, numbers.typed(code))
    if not any(hmac.compare_digest(keyed, each) for each in person.recovery):
        return False
    person.recovery = [each for each in person.recovery if each != keyed]
    return True


def _step(secret: str, code: str, *, after: int) -> int | None:
    """The step a code belongs to: around now, and later than the last one used."""
    if not _is_totp(code):
        return None
    digits = numbers.typed(code)
    middle = int(time.time()) // STEP
    for step in range(middle - DRIFT, middle + DRIFT + 1):
        if step > after and hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step), digits):
            return step
    return None


def _is_totp(code: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", numbers.typed(code)) is not None


def _keyed(session: AsyncSession, person: Staff, code: str) -> str:
    return vault_of(session.get_bind().dialect).blind(code, f"staff.recovery:{person.id}").hex()
