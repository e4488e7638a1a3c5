"""A sitting as a file for the calendar of a phone (RFC 5545)."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.bookings import wording
from bot.services.core import codes
from bot.store.models import Offering, Sitting, now

KIND = "c"  # of its tokens
FOLD = 70  # octets of a line; the format allows 75


def token(session: AsyncSession, sitting: Sitting) -> str:
    """What its address ends with."""
    return codes.sign(session, KIND, sitting.id)


def drawn(sitting: Sitting, offering: Offering) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Nuanxin//bookings//ZH",
        "BEGIN:VEVENT",
        f"UID:sitting-{sitting.id}@nuanxin",
        f"DTSTAMP:{_utc(now())}",
        f"DTSTART:{_utc(sitting.start_at)}",
        f"DTEND:{_utc(sitting.end_at)}",
        f"SUMMARY:{_escaped(offering.title)}",
        f"LOCATION:{_escaped(wording.where(sitting, offering))}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for plain in "\\;,":
        text = text.replace(plain, f"\\{plain}")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Long lines go on in the next one after a blank, between two characters."""
    parts, part = [], ""
    for char in line:
        if len((part + char).encode()) > FOLD:
            parts.append(part)
            part = ""
        part += char
    return "\r\n ".join([*parts, part])
