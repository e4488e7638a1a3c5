"""Locations, venues and contacts."""

from typing import Any

from bot.channels.web.methods.sending import send
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import refused
from bot.channels.web.shared import Call

FOREVER = 0x7FFFFFFF  # live until it is stopped
LIVE = (60, 86_400)  # seconds
EXTRAS = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
VCARD = 2048  # bytes


def read(parameters: Parameters) -> dict[str, Any]:
    """A point, decimal degrees, WGS-84.  Raises Refused."""
    latitude, longitude = parameters.decimal("latitude"), parameters.decimal("longitude")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise refused("wrong location specified")
    return {"latitude": latitude, "longitude": longitude}


async def send_location(call: Call) -> dict[str, Any]:
    point = read(call.parameters)
    if live := call.parameters.integer("live_period"):
        if live != FOREVER and not LIVE[0] <= live <= LIVE[1]:
            raise refused("wrong live location period specified")
        point["live_period"] = live
    return (await send(call, {"location": point}))[0]


async def send_venue(call: Call) -> dict[str, Any]:
    """As on Telegram, the message carries the location twice: in the venue and beside it."""
    parameters = call.parameters
    point = read(parameters)
    venue = {"location": point, "title": parameters.text("title"), "address": parameters.text("address")}
    for name in ("title", "address"):
        if not parameters.text(name).strip():
            raise refused(f"venue {name} must be non-empty")
    venue |= {name: parameters.text(name) for name in EXTRAS if name in parameters}
    return (await send(call, {"venue": venue, "location": point}))[0]


async def send_contact(call: Call) -> dict[str, Any]:
    parameters = call.parameters
    contact = {"phone_number": parameters.text("phone_number"), "first_name": parameters.text("first_name")}
    if not contact["phone_number"].strip():
        raise refused("contact phone number must be non-empty")
    if not contact["first_name"].strip():
        raise refused("contact first name must be non-empty")
    contact |= {name: parameters.text(name) for name in ("last_name", "vcard") if parameters.text(name)}
    if len(contact.get("vcard", "").encode()) > VCARD:
        raise refused("contact vcard is too long")
    return (await send(call, {"contact": contact}))[0]


METHODS = {"sendLocation": send_location, "sendVenue": send_venue, "sendContact": send_contact}
