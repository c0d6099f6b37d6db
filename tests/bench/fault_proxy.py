"""A bad network between browsers and the site: requests cut before or after they did their work, doubled, delayed.

A small HTTP proxy in a thread of its own, one request a connection. What it does to a request is drawn from a seeded
row of numbers, so a run can be had again; everything that it did is counted. Where the network is not to be bad it
hands bytes on as they are, counts them, and can take the signal away.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_CONNECTION = re.compile(rb"\r\n(?:connection|keep-alive): *[^\r\n]*", re.IGNORECASE)
LARGEST = 4 * 1024 * 1024

# What may happen to one request. The first three reach the site not at all, by half, or whole and unanswered.
UNSENT, HALF_SENT = "cut before: nothing sent", "cut before: half sent"
UNANSWERED, HALF_ANSWERED = "cut after: no answer", "cut after: half an answer"
TWICE, AGAIN_LATER = "sent twice at once", "sent again later"
WHOLE = "whole"
BEFORE, AFTER, DOUBLED = (UNSENT, HALF_SENT), (UNANSWERED, HALF_ANSWERED), (TWICE, AGAIN_LATER)


@dataclass(frozen=True)
class Weather:
    """How bad the network is: shares of the requests that ``strikes`` picks out; ``delay``: most seconds of waiting
    before one is handed on (which puts them into another order)."""

    before: float = 0.0
    after: float = 0.0
    doubled: float = 0.0
    delay: float = 0.0
    again_after: float = 1.0
    strikes: Callable[[bytes], bool] = lambda head: head.startswith(b"POST /field/sealed")

    def draw(self, chance: random.Random) -> str:
        """What happens to the next request."""
        roll, coin = chance.random(), chance.random() < 0.5
        for share, (one, other) in ((self.before, BEFORE), (self.after, AFTER), (self.doubled, DOUBLED)):
            if roll < share:
                return one if coin else other
            roll -= share
        return WHOLE


CLEAR = Weather()


@dataclass
class FaultProxy:
    """``answers`` may give the whole answer to a request itself (a captive portal), from its head and body.

    ``did`` counts what happened to the requests that the weather strikes; ``carried`` the bytes of the answers to
    each path (head and body as they went over the wire, query left off).
    """

    upstream: int
    seed: int = 4
    weather: Weather = CLEAR
    signal: bool = True
    answers: Callable[[bytes, bytes], bytes | None] = lambda head, body: None
    port: int = 0
    did: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._later: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()

    def be(self, **weather: object) -> None:
        """Change the weather from here on."""
        self.weather = replace(self.weather, **weather)

    @contextmanager
    def running(self) -> Iterator[FaultProxy]:
        """The proxy on a port of this machine until the block ends; what it still held back is sent by then."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="fault proxy", daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(self._start(), loop).result(30)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._stop(server), loop).result(30)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512, limit=LARGEST)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        if self._later:
            await asyncio.wait(self._later, timeout=20)
        for writer in list(self._open):
            writer.transport.abort()
        mine = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not mine]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # --- one connection, one request ----------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, EOFError, asyncio.LimitOverrunError):
                await self._one(reader, writer)
        finally:
            self._open.discard(writer)
            with suppress(OSError):
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer, whole = await self._answered(reader) if self.signal else (b"", False)
        if answer:
            writer.write(answer)
            await writer.drain()
        if not whole:
            writer.transport.abort()

    async def _answered(self, reader: asyncio.StreamReader) -> tuple[bytes, bool]:
        """What goes back, and whether that is the whole answer (else the connection is torn down after it)."""
        head, body = await _read_request(reader)
        path = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
        self.asked.append(f"{head[:4].decode('latin-1').strip()} {path}")
        what = self.weather.draw(self.chance) if self.weather.strikes(head) else ""
        if what:
            self.did[what] += 1
            if self.weather.delay:
                await asyncio.sleep(self.chance.random() * self.weather.delay)
        own = self.answers(head, body)
        if own is not None:
            return own, True
        answer = await self._handed_on(head + body, what)
        if not answer or not self.signal or what == UNANSWERED:
            return b"", False
        if what == HALF_ANSWERED:
            return answer[: self.chance.randrange(1, len(answer))], False
        self.carried[path] += len(answer)
        return answer, True

    async def _handed_on(self, request: bytes, what: str) -> bytes:
        """What the site answers, as far as the request gets there at all."""
        if what == UNSENT:
            return b""
        if what == HALF_SENT:
            return await self._ask(request[: len(request) - self.chance.randrange(1, 200)], whole=False)
        if what == AGAIN_LATER:
            self._keep(self._ask_later(request))
        if what == TWICE:
            return (await asyncio.gather(self._ask(request), self._ask(request)))[0]
        return await self._ask(request)

    async def _ask(self, request: bytes, *, whole: bool = True) -> bytes:
        """The site's whole answer; nothing when the request was not sent whole or the site is not there."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream, limit=LARGEST)
        except OSError:
            return b""
        try:
            writer.write(request)
            await writer.drain()
            if not whole:
                await asyncio.sleep(0.02)  # or the site would see nothing of it
                writer.transport.abort()
                return b""
            return await reader.read(-1)
        except OSError:
            return b""
        finally:
            writer.close()

    async def _ask_later(self, request: bytes) -> None:
        await asyncio.sleep(self.chance.random() * self.weather.again_after)
        await self._ask(request)

    def _keep(self, coroutine: object) -> None:
        task = asyncio.ensure_future(coroutine)  # type: ignore[call-overload]  # a coroutine of this class
        self._later.add(task)
        task.add_done_callback(self._later.discard)


async def _read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body; the head asks for a connection that closes, so that the end of an answer is known."""
    head = await reader.readuntil(b"\r\n\r\n")
    found = _LENGTH.search(head)
    body = await reader.readexactly(int(found.group(1))) if found else b""
    return _CONNECTION.sub(b"", head[:-4]) + b"\r\nConnection: close\r\n\r\n", body
