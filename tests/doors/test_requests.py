"""Whatever comes in a header, an address or a body: what cannot be read is refused, and nobody waits for it."""

import asyncio
import time
from urllib.parse import quote

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from bot.services.core.lifecycle import Role
from tests.doors import hostile
from tests.support.desk import Desk

OURS = {"Sec-Fetch-Site": "same-origin", "X-Nuanxin-Chat": "1"}
FORM = "application/x-www-form-urlencoded"
ODD = [
    {"Cookie": b"nuanxin_chat=\xff\xfe; nuanxin_console=\xff"},
    {"X-Forwarded-For": b"\xff"},
    {"X-Telegram-Bot-Api-Secret-Token": b"\xff", "X-Nuanxin-Chat": b"\xff"},
    {"Idempotency-Key": b"\xff", "User-Agent": b"\xff\xff"},
    {"Origin": b"http://[", "Sec-Fetch-Site": b"same-origin"},
    {"Referer": b"http://[\xff", "Accept-Language": b"\xff"},
    {"Nuanxin-Timestamp": "²".encode(), "Nuanxin-Nonce": b"12345678", "Nuanxin-Signature": b"\xff"},
]
BODIES = [
    (f"{FORM}; charset=punycode", b"a" * 200_000),
    (f"{FORM}; charset=idna", b"a=" + b"\xff" * 1_000),
    (f"{FORM}; charset=no-such", b"a=b"),
    ("multipart/form-data; boundary=x; charset=punycode", b"--x\r\n\r\n--x--"),
    (FORM, b"\xff\xfe=%ff&=%00&" + b"&" * 5_000),
    (FORM, b"number=" + b"9" * 4_400 + b"&username=%00&_key=%ed%a0%80"),
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=x", b"\r\n" * 5_000),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=punycode\r\n\r\n'
        + b"a" * 100_000
        + b"\r\n--x--",
    ),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + b"y" * 99),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--"),
    ("application/json", b"[" * 100_000),
    ("application/json", b'{"text": "\\ud800", "key": "\\u0000", "message": ' + b"9" * 4_000 + b"}"),
    ("application/json", b'{"a": 1e999, "location": {"latitude": 1e400, "longitude": null}}'),
    ("application/json", b"\xff"),
    ("image/png", b"\x89PNG" + b"\0" * 100),
    ("", b""),
]


async def statuses(http, app, requests):
    """Send them all, a few at a time; which of them were answered with an error of ours."""
    base, failed, together = f"http://127.0.0.1:{app.port}", [], asyncio.Semaphore(8)

    async def send(method, path, **given):
        async with (
            together,
            http.request(method, URL(base + path, encoded=True), allow_redirects=False, **given) as response,
        ):
            if response.status >= 500:
                failed.append((response.status, method, path[:120], str(given)[:200]))

    await asyncio.gather(*(send(method, path, **given) for method, path, given in requests))
    return failed


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


def _some(names, most):
    return (names[at : at + most] for at in range(0, len(names), most))


async def spoken(app, method, path, headers, body=b""):
    """The status of a request that no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    head = b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" % (method.encode(), path.encode())
    head += b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers.items())
    writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    line = await asyncio.wait_for(reader.readline(), 30)
    writer.close()
    return int(line.split()[1])


async def test_headers_that_are_no_text_are_refused_on_every_route(app):
    with capture_logs() as logs:
        for method, pattern in hostile.routes(app):
            for headers in ODD:
                status = await spoken(app, method, hostile.filled(pattern, "1"), headers)
                assert status < 500, (method, pattern, headers)
    assert not [each for each in logs if each["log_level"] in ("error", "critical")]


@pytest.mark.long
async def test_addresses_that_are_no_text_or_no_number_are_refused_on_every_route(app, http):
    routes = hostile.routes(app)
    assert len(routes) > 100
    asked = [
        (method, hostile.filled(pattern, piece), {"headers": OURS})
        for method, pattern in routes
        for piece in hostile.PIECES
        if "{" in pattern
    ]
    names = hostile.queries()
    assert {"after", "before", "as", "phones"} <= set(names)
    for digits in [*map(quote, hostile.DIGITS), "%ff", "%00"]:
        most = max(7_000 // (len(digits) + 12), 1)  # names that fit into one address
        for some in _some(names, most):
            query = "&".join(f"{name}={digits}" for name in some)
            asked += [("GET", f"{pattern}?{query}", {}) for _, pattern in routes if "{" not in pattern]
    with capture_logs() as logs:
        assert await statuses(http, app, asked) == []
    assert not [each for each in logs if each["log_level"] in ("error", "critical")]


async def test_bodies_that_are_no_text_are_refused_on_every_route(app, http):
    asked = [
        (method, hostile.filled(pattern, "1"), {"data": body, "headers": {**OURS, "Content-Type": kind}})
        for method, pattern in hostile.routes(app)
        if method != "GET"
        for kind, body in BODIES
    ]
    with capture_logs() as logs:
        assert await statuses(http, app, asked) == []
    assert not [each for each in logs if each["log_level"] in ("error", "critical")]


async def test_who_is_signed_in_gets_no_traceback_for_odd_numbers_either(app):
    async with Desk(app, Role.REVIEWER) as desk:
        paths = [path for method, path in hostile.routes(app) if method == "GET" and path.startswith("/console")]
        paths = [each for each in paths if "events" not in each]
        asked = [("GET", hostile.filled(each, piece), {}) for each in paths if "{" in each for piece in hostile.PIECES]
        for digits in ("%C2%B2", "9" * 100, "99999999999999999999", "%00"):
            query = "&".join(f"{name}={digits}" for name in hostile.queries())
            asked += [("GET", f"{path}?{query}", {}) for path in paths if "{" not in path]
        with capture_logs() as logs:
            assert await statuses(desk.http, app, asked) == []
        assert not [each for each in logs if each["log_level"] in ("error", "critical")]


@pytest.mark.parametrize("path", ["/console/login", "/open311/v2/requests.json", "/chat/messages", "/backend/status"])
async def test_a_slow_charset_holds_nobody_up(app, http, path):
    """Plain UTF-8 of the same length says how long is long."""
    took = {}
    for charset in ("utf-8", "punycode"):
        start = time.perf_counter()
        kind = {"Content-Type": f"{FORM}; charset={charset}", **OURS}
        async with http.post(f"http://127.0.0.1:{app.port}{path}", data=b"a" * 160_000, headers=kind) as response:
            assert response.status < 500
            assert charset == "utf-8" or response.status == 415
        took[charset] = time.perf_counter() - start
    assert took["punycode"] < took["utf-8"] * 5 + 0.1


async def test_the_server_says_no_versions(app, http):
    for path in ("/healthz", "/chat", "/console/login", "/open311/discovery.xml", "/nowhere", "/%ff?a=%00"):
        async with http.get(URL(f"http://127.0.0.1:{app.port}{path}", encoded=True)) as response:
            assert response.headers["Server"] == "nuanxin"
