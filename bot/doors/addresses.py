"""Where a request comes from: the peer's address, or what a proxy says whose address the operator has named."""

import ipaddress
from ipaddress import IPv4Network, IPv6Network

from aiohttp import web

Network = IPv4Network | IPv6Network
LOCAL = "127.0.0.1,::1"  # a proxy on this machine
SUBSCRIBER = 64  # bits of an IPv6 address that one subscriber has; the others are theirs to choose


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks separated by commas.  Raises ValueError."""
    return tuple(ipaddress.ip_network(each.strip()) for each in text.split(",") if each.strip())


PROXIES = web.AppKey("proxies", tuple[Network, ...])
_LOCAL = networks(LOCAL)


def of(request: web.Request) -> str:
    """The address of whoever asks; "" where there is none.

    Hops are read from the last one back to the first that is no proxy of ours: what stands before it, anybody may
    have written.
    """
    address = request.remote or ""
    hops = [each.strip() for each in ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")]
    while _is_proxy(request, address) and hops and _known(hops[-1]) is not None:
        address = hops.pop()
    return address


def group(request: web.Request) -> str:
    """What is counted as one: an IPv4 address, or the network of an IPv6 subscriber."""
    address = of(request)
    known = _known(address)
    if known is None or known.version == 4:
        return str(known or address)
    return str(ipaddress.ip_network((known, SUBSCRIBER), strict=False))


def is_near(request: web.Request) -> bool:
    """Whether who asks sits on this machine or in a network of one's own, as its monitoring does."""
    known = _known(of(request))
    return known is not None and not known.is_global


def is_https(request: web.Request) -> bool:
    """Whether the browser speaks https, by our own word or by that of a proxy of ours."""
    said = request.headers.get("X-Forwarded-Proto", "") if _is_proxy(request, request.remote or "") else ""
    return request.secure or said == "https"


def _is_proxy(request: web.Request, address: str) -> bool:
    known = _known(address)
    return known is not None and any(known in each for each in request.config_dict.get(PROXIES, _LOCAL))


def _known(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return None
    return (known.ipv4_mapped or known) if known.version == 6 else known
