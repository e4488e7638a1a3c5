"""From where somebody signs in, as coarse as they need to recognise it: no address is kept in full."""

import ipaddress

from aiohttp import web

from bot.doors import addresses
from bot.services.staff.sessions import Browser

# The first that fits counts: every browser claims to be several others.
BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Telegram", "Telegram"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(request: web.Request) -> Browser:
    agent = request.headers.get("User-Agent", "")
    named = [next((name for mark, name in known if mark in agent), "") for known in (BROWSERS, SYSTEMS)]
    return Browser(coarse(addresses.of(request)), " · ".join(filter(None, named)))


def coarse(address: str) -> str:
    """A network instead of an address: 203.0.113.*; "" for what is no address."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 4:
        return address.rpartition(".")[0] + ".*"
    return str(ipaddress.ip_network(f"{known}/48", strict=False).network_address) + "*"
