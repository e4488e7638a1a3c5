"""Where the server listens, and by which address it is reached."""

import ipaddress
import socket

from bot.errors import CannotStart

ALL = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (what stands for all addresses, and one of them)


class CannotListen(CannotStart):
    """The address is not ours, or somebody else listens there."""


def netloc(host: str, port: int) -> str:
    """The part of a URL that leads to a server which listens on `host`."""
    named = ALL.get(host, host)
    return f"[{named}]:{port}" if ":" in named else f"{named}:{port}"


def own(host: str, port: int) -> str:
    """The same for the server itself, by address: no name has to be known for that.  Raises CannotListen."""
    return netloc(_address(host, port)[1][0], port)


def free_port(host: str) -> int:
    """A port nobody listens on now.  Should somebody be faster, the start will say so.  Raises CannotListen."""
    family, address = _address(host, 0)
    try:
        with socket.socket(family) as trial:
            trial.bind(address)
            port: int = trial.getsockname()[1]
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}: {error.strerror}") from None
    return port


def is_here(host: str) -> bool:
    """Whether an address, or the name localhost, is this machine's."""
    if host == "localhost":
        return True
    try:
        known = ipaddress.ip_address(host)
        with socket.socket(socket.AF_INET6 if known.version == 6 else socket.AF_INET) as trial:
            trial.bind((host, 0))  # No machine binds another one's address.
    except (ValueError, OSError):
        return False
    return True


def _address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(ALL.get(host, host), port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"NUANXIN_HOST={host} leads nowhere: {error.strerror}") from None
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)
