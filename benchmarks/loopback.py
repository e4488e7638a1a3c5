"""A Bot API server on loopback that also is the crowd: hands updates out, waits for the answers, keeps the time.

It speaks just enough HTTP for the clients under test, on bare asyncio protocols, so that it is not what is
measured.  Updates go out as fast as they are answered, WINDOW at a time; by webhook over 40 connections, as
Telegram does by default, and by polling in batches: a poll is answered when half the window is free, when
nothing else is underway, or after BATCHING.
"""

import asyncio
import contextlib
import re
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import numpy as np
import orjson

from benchmarks.traffic import Update

WINDOW = 64  # updates underway at once
CONNECTIONS = 40  # Telegram's max_connections
BATCHING = 0.05  # seconds
LIMIT = 100  # updates of one getUpdates
BOT = orjson.dumps({"id": 123456, "is_bot": True, "first_name": "暖新", "username": "nuanxin_bot"})
TRUE = b'{"ok":true,"result":true}'
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CHAT = re.compile(rb'chat_id["=: ]+(-?\d+)')
_QUERY = re.compile(rb'callback_query_id["=: ]+(\d+)')
_OFFSET = re.compile(rb'offset["=: ]+(-?\d+)')


class Http(asyncio.Protocol, ABC):
    """One connection: whole requests, or whole responses, one after another."""

    def __init__(self) -> None:
        self._buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            body, self._buffer = self._buffer[end + 4 : total], self._buffer[total:]
            self.message(head, body)

    @abstractmethod
    def message(self, head: bytes, body: bytes) -> None:
        """One whole request, or response."""

    def respond(self, body: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            self.transport.write(head + body)


class Loopback:
    """One measurement: `updates` in order, the time taken from the `warm`-th answered one on.

    `ready` is set when the bot under test has set its webhook, or has polled for the first time.
    """

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.half = asyncio.Event()  # the warm-up is answered
        self.over = asyncio.Event()
        self.failures = 0  # responses that are not 200, apologies
        self.extra = 0  # messages nobody waited for
        self._updates: Sequence[Update] = ()
        self._warm = 0
        self._next = 0
        self._done = 0
        self._missing: dict[int, set[str]] = {}  # calls an update still waits for
        self._by_person: dict[int, deque[int]] = {}
        self._sent: dict[int, float] = {}
        self._times: list[float] = []
        self._queue: deque[Update] = deque()  # handed out by polling, not yet confirmed
        self._poll: tuple[Http, int] | None = None
        self._free: list[_Hook] = []
        self._hook = b""
        self._address = ("", 0)
        self._batching: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Api(self), "127.0.0.1", 0, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        for each in self._free:
            if each.transport is not None:
                each.transport.abort()
        if self._server is not None:
            self._server.close()

    async def run(self, updates: Sequence[Update], warm: int) -> None:
        """Hand all updates out.  `half` is set when `warm` of them are answered, `over` when all are."""
        self._updates, self._warm, self._next, self._done, self._times = updates, warm, 0, 0, []
        self.half.clear()
        self.over.clear()
        if self._hook and not self._free:
            loop = asyncio.get_running_loop()
            while len(self._free) < CONNECTIONS:
                with contextlib.suppress(ConnectionRefusedError):  # Some announce their webhook, and then listen.
                    self._free.append((await loop.create_connection(lambda: _Hook(self), *self._address))[1])
        self._go_on()

    def latency(self) -> tuple[float, float]:
        """p50 and p99 of the measured updates, from handing out to the last call that answers, in ms."""
        p50, p99 = np.percentile(self._times, (50, 99)) * 1000
        return float(p50), float(p99)

    # What the bot under test calls.

    def call(self, method: str, body: bytes, http: Http | None) -> None:
        match method:
            case "sendMessage" | "editMessageText":
                chat = CHAT.search(body)
                person = int(chat[1]) if chat else 0
                if http is not None:
                    http.respond(_message(person))
                self._answered_person(person, method)
                self.failures += "出了点问题".encode() in body
            case "answerCallbackQuery":
                query = _QUERY.search(body)
                if http is not None:
                    http.respond(TRUE)
                self._answered(int(query[1]) if query else 0, method)
            case "getUpdates":
                assert http is not None
                offset = _OFFSET.search(body)
                self._polled(http, int(offset[1]) if offset else 0)
            case "setWebhook":
                self._set_hook(body)
                self._respond(http, TRUE)
            case "getMe":
                self._respond(http, b'{"ok":true,"result":' + BOT + b"}")
            case _:
                self._respond(http, TRUE)

    @staticmethod
    def _respond(http: Http | None, body: bytes) -> None:
        if http is not None:
            http.respond(body)

    def _set_hook(self, body: bytes) -> None:
        form = body.startswith(b"{")
        given = orjson.loads(body) if form else {key: values[0] for key, values in parse_qs(body.decode()).items()}
        if not given.get("url"):
            return
        url = urlsplit(given["url"])
        self._address = (url.hostname or "", url.port or 80)
        self._hook = (
            f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {given.get('secret_token', '')}\r\nContent-Length: "
        ).encode()
        self.ready.set()

    # Handing out.

    @property
    def _open(self) -> int:
        return self._next - self._done

    def _take(self) -> Update:
        update = self._updates[self._next]
        self._next += 1
        self._missing[update.number] = set(update.needs)
        self._by_person.setdefault(update.person, deque()).append(update.number)
        self._sent[update.number] = time.perf_counter()
        return update

    def _go_on(self) -> None:
        if self._hook:
            while self._free and self._open < WINDOW and self._next < len(self._updates):
                self._free.pop().post(self._hook, self._take().body)
        elif self._poll is not None:
            self._hand_out()

    def freed(self, hook: "_Hook") -> None:
        self._free.append(hook)
        self._go_on()

    def _polled(self, http: Http, offset: int) -> None:
        self.ready.set()
        while self._queue and self._queue[0].number < offset:
            self._queue.popleft()
        self._poll = (http, offset)
        self._hand_out()

    def _hand_out(self, *, now: bool = False) -> None:
        """Answer the open poll with what is not confirmed, and with as many new updates as fit."""
        if self._poll is None:
            return
        fits = min(WINDOW - self._open, len(self._updates) - self._next)
        if fits > 0 and not now and fits < WINDOW // 2 and self._open and not self._queue:
            if self._batching is None:
                self._batching = asyncio.get_running_loop().call_later(BATCHING, self._late)
            return
        self._queue.extend(self._take() for _ in range(fits))
        if not self._queue:
            return
        http, self._poll = self._poll[0], None
        http.respond(b'{"ok":true,"result":[' + b",".join(each.body for each in list(self._queue)[:LIMIT]) + b"]}")

    def _late(self) -> None:
        self._batching = None
        self._hand_out(now=True)

    # Being answered.

    def _answered_person(self, person: int, method: str) -> None:
        waiting = self._by_person.get(person)
        if not waiting:
            self.extra += 1
        else:
            self._answered(waiting[0], method)

    def _answered(self, number: int, method: str) -> None:
        missing = self._missing.get(number)
        if missing is None or method not in missing:
            self.extra += 1
            return
        missing.discard(method)
        if missing:
            return
        del self._missing[number]
        self._by_person[self._person(number)].remove(number)
        taken = time.perf_counter() - self._sent.pop(number)
        self._done += 1
        if self._done > self._warm:
            self._times.append(taken)
        elif self._done == self._warm:
            self.half.set()
        if self._done == len(self._updates):
            self.over.set()
        elif not self._hook:
            self._hand_out()
        else:
            self._go_on()

    def _person(self, number: int) -> int:
        return self._updates[number - self._updates[0].number].person


class _Api(Http):
    """The bot under test calls a method."""

    def __init__(self, loopback: Loopback) -> None:
        super().__init__()
        self._loopback = loopback

    def message(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].partition(b"?")[0]
        self._loopback.call(path.rpartition(b"/")[2].decode(), body, self)


class _Hook(Http):
    """A connection to the webhook of the bot under test; it has one request underway."""

    def __init__(self, loopback: Loopback) -> None:
        super().__init__()
        self._loopback = loopback

    def post(self, head: bytes, body: bytes) -> None:
        if self.transport is not None:
            self.transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))

    def message(self, head: bytes, body: bytes) -> None:
        self._loopback.failures += not head.startswith(b"HTTP/1.1 200")
        if body.startswith(b"{") and (method := orjson.loads(body).get("method")):
            self._loopback.call(method, body, None)
        self._loopback.freed(self)


def _message(person: int) -> bytes:
    """What Telegram answers to a message sent."""
    return (
        b'{"ok":true,"result":{"message_id":77,"from":%b,"chat":{"id":%d,"first_name":"\\u738b","type":"private"},'
        b'"date":1760000000,"text":"\\u6c88\\u9633"}}'
    ) % (BOT, person)


def answer_to(head: bytes, body: bytes) -> bytes:
    """What a bot is told that asks who it is, or sends a message."""
    if b"/getMe" in head:
        return b'{"ok":true,"result":' + BOT + b"}"
    chat = CHAT.search(body)
    return _message(int(chat[1]) if chat else 0)


def cpu_of(pid: int) -> float:
    """Seconds on a processor of all threads of a process."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        nanoseconds += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return nanoseconds / 1e9
