"""Whose word counts about an address, how much one address may do, and which secrets are none."""

import asyncio
import stat

import aiohttp
import pytest
from pydantic import ValidationError

from bot.app import Application
from bot.channels.web.guard import NEWCOMERS, POSTS
from bot.channels.web.identity import COOKIE
from bot.commands import migrate
from bot.doors import addresses, signature
from bot.services.privacy import deletion_log
from bot.settings import Settings
from bot.store.opening import database_of, vault_of
from tests.conftest import hasten
from tests.support.phone import MARK

LONG = "fH3v_0kQm2Zp8sWd-yL5xRtA7cUeJ1nB"
SECRETS = ["secret_key", "queue_secret", "telegram_webhook_secret"]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("weak", ["a", "x" * 31, "x" * 64, "0123456789" * 3, "abababab" * 8])
def test_a_secret_that_can_be_guessed_does_not_start(name, weak):
    with pytest.raises(ValidationError, match="token_urlsafe"):
        Settings(_env_file=None, **{name: weak})
    assert Settings(_env_file=None, **{name: LONG})


def test_a_proxy_is_an_address_or_a_network():
    with pytest.raises(ValidationError):
        Settings(_env_file=None, proxies="proxy.example")
    assert Settings(_env_file=None, proxies="").proxies == ""
    assert len(addresses.networks("10.0.0.0/8, ::1,192.0.2.1")) == 3


class Asked:
    """As much of a request as an address needs."""

    def __init__(self, remote, *forwarded, proxies="127.0.0.1"):
        self.remote, self.secure = remote, False
        self.headers = self
        self._forwarded = forwarded
        self.config_dict = {addresses.PROXIES: addresses.networks(proxies)}

    def getall(self, _name, _default):
        return self._forwarded


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        (Asked("203.0.113.7", "198.51.100.1"), "203.0.113.7"),
        (Asked("10.0.0.5", "198.51.100.1"), "10.0.0.5"),
        (Asked("127.0.0.1", "198.51.100.1"), "198.51.100.1"),
        (Asked("127.0.0.1", "1.1.1.1, 198.51.100.1"), "198.51.100.1"),
        (Asked("127.0.0.1", "1.1.1.1", "198.51.100.1"), "198.51.100.1"),
        (Asked("127.0.0.1", "198.51.100.1, 10.0.0.5", proxies="127.0.0.1,10.0.0.0/8"), "198.51.100.1"),
        (Asked("127.0.0.1", "198.51.100.1, nonsense"), "127.0.0.1"),
        (Asked("::ffff:127.0.0.1", "198.51.100.1"), "198.51.100.1"),
        (Asked("127.0.0.1", "198.51.100.1", proxies=""), "127.0.0.1"),
    ],
)
def test_only_a_named_proxy_says_where_somebody_is(asked, address):
    assert addresses.of(asked) == address


def test_one_subscriber_is_counted_as_one():
    one, other = (addresses.group(Asked(f"2001:db8:1:2::{last}")) for last in ("1", "ffff"))
    assert one == other != addresses.group(Asked("2001:db8:1:3::1"))


@pytest.fixture
async def in_earnest(settings, knowledge):
    """The house as a city runs it: without what the demo allows."""
    app = Application(settings, knowledge)
    hasten(app)
    await app.start()
    yield app
    await app.stop()


async def test_an_address_gets_so_many_identities_and_no_more(in_earnest):
    seen = []
    for _ in range(NEWCOMERS[0] + 3):
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{in_earnest.port}/chat") as response:
            seen.append(response.status)
    assert seen == [200] * NEWCOMERS[0] + [429] * 3


async def test_whoever_deletes_everything_again_and_again_gets_no_more_identities(in_earnest):
    base, made = f"http://127.0.0.1:{in_earnest.port}", []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{base}/chat") as response:
            assert response.status == 200
        while len(made) < NEWCOMERS[0] + 3:
            async with http.post(f"{base}/chat/delete", json={}, headers=MARK) as response:
                made.append(response.status)
                if not response.cookies[COOKIE].value:
                    break
        async with http.get(f"{base}/chat") as response:
            assert response.status == 429
    assert made == [200] * NEWCOMERS[0]


async def test_other_cookies_do_not_let_one_address_say_more(in_earnest):
    base, taken = f"http://127.0.0.1:{in_earnest.port}", 0
    for person in range(6):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(f"{base}/chat") as response:
                assert response.status == 200
            for line in range(20):
                said = {"key": f"{person:08}{line:08}", "text": f"{line}"}
                async with http.post(f"{base}/chat/messages", json=said, headers=MARK) as response:
                    taken += response.status == 200
                    assert response.status in (200, 429)
    assert POSTS[0] <= taken <= POSTS[0] + 20


async def test_the_demo_obeys_this_machine_only(app):
    base, update = f"http://127.0.0.1:{app.port}", {"token": "777:x", "update": {"message": {"chat": {"id": 1}}}}
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{base}/demo", headers={"Host": "rebound.example"}) as response:
            assert response.status == 421
        for path in ("/sim/update", "/bot777:x/setWebhook"):
            async with http.post(base + path, json=update, headers={"Origin": "https://evil.example"}) as response:
                assert response.status == 403
            async with http.post(base + path, json=update, headers={"Sec-Fetch-Site": "cross-site"}) as response:
                assert response.status == 403


@pytest.mark.parametrize("first", ["run", "migrate", "a key", "an erasure"])
async def test_the_database_is_its_owners_alone_whoever_makes_its_folder(tmp_path, first):
    settings = Settings(_env_file=None, var=tmp_path / "var")
    if first == "migrate":
        await asyncio.to_thread(migrate.upgrade, settings)
    elif first == "a key":
        vault_of(settings)
    elif first == "an erasure":
        deletion_log.write(settings.var, {"key": "ab", "at": "2026-11-30T00:00:00+00:00"})
    db = database_of(settings)
    await db.close()
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "var" / "nuanxin.db").stat().st_mode) == 0o600


def test_what_is_signed_cannot_move_between_nonce_and_body():
    headers = signature.sign(LONG, b"12345678.body", nonce="abcdefgh")
    moved = {**headers, signature.NONCE: "abcdefgh.12345678"}
    with pytest.raises(signature.Unsigned):
        signature.check(LONG, moved, b"body")
    assert signature.check(LONG, headers, b"12345678.body") == "abcdefgh"
