"""What strangers send who are not signed in: bodies, headers, pictures, numbers, floods."""

import asyncio
import io
import re
import secrets
import stat
import time
from collections import Counter
from urllib.parse import parse_qs

import aiohttp
from aiohttp import payload
from PIL import Image
from yarl import URL

from benchmarks.attacks.attempts import Attempt, attempts, held
from benchmarks.attacks.running import Person
from benchmarks.attacks.town import QUEUE_SECRET, SHENYANG, Town
from bot.channels.web.guard import NEWCOMERS, POSTS
from bot.doors import signature
from bot.services.core.lifecycle import Role
from tests.doors.hostile import DIGITS, PIECES
from tests.support.desk import OURS
from tests.support.phone import MARK

ALL: list[Attempt] = []
attack = attempts(ALL)
FORM = "application/x-www-form-urlencoded"
REPORTS = "/open311/v2/requests.json"
ODD = (
    {"Cookie": b"nuanxin_chat=\xff\xfe; nuanxin_console=\xff"},
    {"X-Forwarded-For": b"\xff"},
    {"Origin": b"http://[", "Sec-Fetch-Site": b"same-origin"},
    {"Idempotency-Key": b"\xff", "User-Agent": b"\xff\xff"},
    {"Nuanxin-Timestamp": "²".encode(), "Nuanxin-Nonce": b"12345678", "Nuanxin-Signature": b"\xff"},
)
DOORS = ("/chat", "/chat/events", "/console/login", REPORTS, "/backend/status", "/map", "/channel/web", "/nowhere")


async def statuses(town: Town, method: str, path: str, times: int = 1, **given: object) -> Counter[int]:
    """How so many requests of one browser were answered."""
    said: Counter[int] = Counter()
    async with town.running.http() as http:
        for _ in range(times):
            async with http.request(method, path, **given) as response:  # type: ignore[arg-type]
                said[response.status] += 1
    return said


def in_short(said: Counter[int]) -> str:
    return ", ".join(f"{times} x {status}" for status, times in sorted(said.items()))


async def spoken(town: Town, head: bytes, body: bytes = b"", *, source: str = "127.0.0.1") -> int:
    """The status of a request that no client library would send, from an address of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", town.running.port, local_addr=(source, 0))
    writer.write(head + b"Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    line = await asyncio.wait_for(reader.readline(), 60)
    writer.close()
    return int(line.split()[1])


@attack("H1", "charset=punycode: 1 MB to the login, 160 KB to Open311")
async def slow_charsets(town: Town) -> str:
    kind = {"Content-Type": f"{FORM}; charset=punycode", **OURS}
    said = [await statuses(town, "POST", "/console/login", data=b"a" * 2**20, headers=kind)]
    said.append(await statuses(town, "POST", REPORTS, data=b"a" * 160_000, headers=kind))
    return held(all(set(each) == {415} for each in said), "; ".join(map(in_short, said)))


@attack("H2", "a name of dashes, a story of 1,900 dashes, then everything deleted")
async def dashes(town: Town) -> str:
    took = {}
    for sign in ("路", "-"):
        person = await town.person()
        await town.files(person, "沈阳市铁西区", f"站长不给工资{sign * 1_900}")
        begun = time.monotonic()
        said = await person.types("/forget")
        async with person.http.post("/chat/delete", json={}, headers=MARK) as response:
            said.append(str(response.status))
        took[sign] = time.monotonic() - begun
    return held(took["-"] < 5 * took["路"] + 1, f"{took['-'] / took['路']:.1f} times as long as with words")


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (9_990, 9_990)).save(out, "PNG")
    return out.getvalue()


@attack("H3", "four PNG of 9,990 x 9,990 pixels to the chat, four to Open311")
async def picture_bombs(town: Town) -> str:
    person, data, said = await town.person(), bomb(), Counter[int]()
    for _ in range(4):
        query = {"key": secrets.token_hex(8)}
        async with person.http.post("/chat/photos", data=io.BytesIO(data), params=query, headers=MARK) as response:
            said[response.status] += 1
    for _ in range(4):
        form = aiohttp.FormData({"api_key": town.key, "service_code": "gas", "lat": "41.8", "long": "123.4"})
        form.add_field("description", "漏气")
        form.add_field("media", data, filename="a.png", content_type="image/png")
        said += await statuses(town, "POST", REPORTS, data=form)
    return held(set(said) <= {400, 422}, f"{len(data) // 1000} KB each: {in_short(said)}")


@attack("H4", "96 MB to Open311 without a key, then 20,000 empty parts")
async def endless_forms(town: Town) -> str:
    async def endless() -> object:
        yield b'--x\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\n'
        for _ in range(96):
            yield b"\0" * 2**20

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        sent = payload.AsyncIterablePayload(endless())  # type: ignore[arg-type]
        first = in_short(await statuses(town, "POST", REPORTS, data=sent, headers=kind))
    except aiohttp.ClientError as error:  # It is refused while it is still being sent.
        first = type(error).__name__
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n\r\n' % n for n in range(20_000))
    said = await statuses(town, "POST", REPORTS, data=parts + b"--x--", headers=kind)
    return held(not {200, 500, 503} & set(said) and first not in ("1 x 200", "1 x 500"), f"{first}; {in_short(said)}")


@attack("M5", "200 forms that another site posts to the login")
async def floods_of_the_audit(town: Town) -> str:
    before = await audited(town)
    said = await statuses(town, "POST", "/console/login", 200, headers={"Origin": "https://evil.example"})
    grown = await audited(town) - before
    return held(set(said) == {403} and grown <= 1, f"{in_short(said)}; {grown} rows of the audit")


async def audited(town: Town) -> int:
    """How long the audit is, as the command that checks its chain counts."""
    _, said = await town.running.command("audit", "verify")
    end = re.search(r"\baudit:(\d+):", said)
    assert end, said
    return int(end[1])


@attack("M6", "a name tried eight times, then by its owner elsewhere; 40 wrong codes, then a colleague's right one")
async def locked_out(town: Town) -> str:
    form = {"username": town.organiser.username}  # each browser has an address of its own
    said = [await statuses(town, "POST", "/console/login", times, data=form, headers=OURS) for times in (8, 1)]
    for _ in range(8):
        await (await town.person()).types(*(f"/staff {number:06}" for number in range(5)))
    await town.joins(town.admin, "褚组织", "chu.organiser", Role.ORGANISER, SHENYANG)
    return held(said[0][429] and set(said[1]) == {200}, f"{'; '.join(map(in_short, said))}; the colleague is in")


@attack("M7", "26 browsers and 120 messages from one address; another machine that names addresses for itself")
async def free_identities(town: Town) -> str:
    headers = {"X-Forwarded-For": "203.0.113.77"}
    minted, taken, sessions = Counter[int](), Counter[int](), []
    for _ in range(NEWCOMERS[0] + 6):
        http = town.running.http(**headers)
        sessions.append(http)
        async with http.get("/chat") as response:
            minted[response.status] += 1
    for line in range(120):
        body = {"key": secrets.token_hex(8), "text": "你好"}
        async with sessions[line % 6].post("/chat/messages", json=body, headers=MARK) as response:
            taken[response.status] += 1
    for each in sessions:
        await each.close()
    forged = Counter(
        [
            await spoken(town, b"GET /chat HTTP/1.1\r\nX-Forwarded-For: 203.0.114.%d\r\n" % number, source="127.0.0.2")
            for number in range(NEWCOMERS[0] + 4)
        ]
    )
    well = minted[200] == NEWCOMERS[0] and taken[200] <= POSTS[0] + 20 and forged[200] == NEWCOMERS[0]
    return held(well, f"identities {in_short(minted)}; messages {in_short(taken)}; forged {in_short(forged)}")


@attack("M8", "the chat's word for a Mini App, signed once, in four other writings")
async def replayed(town: Town) -> str:
    async with town.admin.phone.http.get(
        "/chat/app", params={"path": "/console/webapp"}, allow_redirects=False
    ) as response:
        data = parse_qs(response.headers["Location"].partition("#")[2])["tgWebAppData"][0]
    first, *others = data.split("&")
    writings = (data, data, "&".join([*others, first]), data.replace("user=", "%75ser="), f"{data}&")
    said = [
        await statuses(town, "POST", "/console/webapp", data={"init_data": each}, headers=OURS) for each in writings
    ]
    return held(set(said[0]) == {200} and all(set(each) == {403} for each in said[1:]), " ".join(map(in_short, said)))


@attack("odd-headers", "bytes that are no text in headers and cookies of eight doors")
async def odd_headers(town: Town) -> str:
    said = Counter[int]()
    for path in DOORS:
        for headers in ODD:
            head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers.items())
            for method in (b"GET", b"POST"):
                said[await spoken(town, method + b" " + path.encode() + b" HTTP/1.1\r\n" + head)] += 1
    return held(max(said) < 500, in_short(said))


@attack("odd-numbers", "digits, halves of characters and climbing paths in addresses of eleven pages")
async def odd_numbers(town: Town) -> str:
    said, paths = Counter[int](), [f"{door}?after={{}}&before={{}}&lat={{}}&as={{}}&page={{}}" for door in DOORS]
    paths += ["/chat/files/{}", "/open311/v2/requests/{}.json", "/console/enter/{}"]
    async with town.running.http() as http:
        for path in paths:
            for piece in (*PIECES, *map(str, DIGITS)):
                url = URL(town.running.url + path.replace("{}", piece.replace("²", "%C2%B2").replace("٣", "%D9%A3")))
                async with http.get(URL(str(url), encoded=True), allow_redirects=False) as response:
                    said[response.status] += 1
    return held(max(said) < 500, in_short(said))


@attack("case-24", "moments near the years 1 and 9999 to Open311")
async def moments(town: Town) -> str:
    said = Counter[int]()
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0000-00-00T00:00:00Z", "1e99"):
        for path in ("/open311/v2/requests.json", "/open311/v2/servicerequestupdates.json"):
            for name in ("start_date", "end_date", "updated_after"):
                said += await statuses(town, "GET", path, params={name: moment})
    return held(max(said) < 500, in_short(said))


@attack("case-25", "an unknown charset and a form without a boundary to Open311 and the login")
async def strange_bodies(town: Town) -> str:
    said = Counter[int]()
    for path in (REPORTS, "/console/login"):
        for kind in (f"{FORM}; charset=no-such", "multipart/form-data"):
            said += await statuses(town, "POST", path, data=b"a=b", headers={"Content-Type": kind, **OURS})
    return held(set(said) <= {400, 403, 415}, in_short(said))


@attack("signature", "a delivery of the backend whose nonce takes a part of the body")
async def moved(town: Town) -> str:
    headers = signature.sign(QUEUE_SECRET, b"12345678.{}", nonce="abcdefgh")
    headers |= {signature.NONCE: "abcdefgh.12345678"}
    said = await statuses(town, "POST", "/backend/status", data=b"{}", headers=headers)
    said += await statuses(town, "POST", "/backend/status", data=b"{}")
    return held(set(said) == {401}, in_short(said))


@attack("figures", "/metrics and /readyz from a public address; what the server calls itself; the database's rights")
async def figures(town: Town) -> str:
    said = Counter[int]()
    for path in ("/metrics", "/readyz"):
        said += await statuses(town, "GET", path, headers={"X-Forwarded-For": "8.8.8.8"})
    async with town.running.http() as http, http.get("/chat") as response:
        server = response.headers["Server"]
    var = town.running.folder / "var"
    rights = [oct(stat.S_IMODE(each.stat().st_mode)) for each in (var, var / "nuanxin.db")]
    well = set(said) == {404} and server == "nuanxin" and rights == ["0o700", "0o600"]
    return held(well, f"{in_short(said)}; {server}; {' '.join(rights)}")


@attack("doors", "another site's web hooks and updates; a press on a button that is not there")
async def closed(town: Town) -> str:
    said = Counter[int]()
    for path in ("/bot777:x/setWebhook", "/sim/update", "/channel/web", "/telegram"):
        said += await statuses(town, "POST", path, data=b'{"update_id": 1}', headers={"Content-Type": "text/plain"})
    body = {"message": 1, "data": "flow:hazard:!skip:0"}
    async with town.worker.http.post("/chat/presses", json=body, headers=MARK) as response:
        said[response.status] += 1
    return held(set(said) <= {401, 403, 404, 405, 409}, in_short(said))


@attack("half", "300 requests whose head never ends (case 31, too)")
async def half(town: Town) -> str:
    said = b"GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "
    every = [await asyncio.open_connection("127.0.0.1", town.running.port) for _ in range(300)]
    for _, writer in every:
        writer.write(said)
    begun = time.monotonic()
    async with asyncio.timeout(120):
        ends = Counter([await reader.read() for reader, _ in every])
    for _, writer in every:
        writer.close()
    return held(ends[b""] == 300, f"{ends[b'']} closed after {time.monotonic() - begun:.0f} s")


async def waiting(
    town: Town, person: Person, count: int, *, at_once: int
) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """So many pages of somebody who knows all that was said; after `at_once` of them one page of theirs is waited for."""
    await person.types("/start")
    known = (await person._events(settle=False))["event"]
    cookies = "; ".join(f"{each.key}={each.value}" for each in person.http.cookie_jar)
    opened = []
    for number in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", town.running.port)
        address = f"X-Forwarded-For: 10.{number >> 16}.{number >> 8 & 255}.{number & 255}\r\nCookie: {cookies}"
        where = f"GET /chat/events?after={known} HTTP/1.1\r\nHost: 127.0.0.1:{town.running.port}\r\n"
        writer.write(f"{where}{address}\r\n\r\n".encode())
        opened.append((reader, writer))
        if number % at_once == at_once - 1:
            async with person.http.get("/healthz") as response:
                await response.read()
    return opened


async def status_of(reader: asyncio.StreamReader) -> str:
    """The status of an answer, or why there is none."""
    try:
        async with asyncio.timeout(150):
            return (await reader.readline()).split()[1].decode()
    except (OSError, IndexError, TimeoutError) as error:
        return type(error).__name__
