"""A door between a browser and the site that a test can shut, slow down, or change what comes through it.

A worker's own requests go past what a test can intercept in a page; nothing goes past this.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HURRIED, PATIENT = b"const WAIT = 3_000;", b"const WAIT = 90_000;"
"""How long the worker waits for the site before it shows what it keeps. A test that wants the site's page gets it from
a busy machine too; one that is about waiting sets ``patient`` to False."""
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


@dataclass
class Gate:
    """``shut``: nothing comes through. Of a path: ``refused`` (cut off), ``slow`` (seconds), ``changed`` (what becomes
    of the body), ``down`` (a status of its own). ``seen``: method and path of everything that was asked."""

    url: str = ""
    shut: bool = False
    patient: bool = True
    refused: set[str] = field(default_factory=set)
    slow: dict[str, float] = field(default_factory=dict)
    changed: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    down: dict[str, int] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def open(self) -> None:
        """As a good network is."""
        self.shut = False
        for rule in (self.refused, self.slow, self.changed, self.down):
            rule.clear()


def _handler(gate: Gate, site: str) -> type[BaseHTTPRequestHandler]:
    target = urlsplit(site).netloc

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            with suppress(ConnectionError):  # the browser waited no longer
                self._pass_on()

        def _pass_on(self) -> None:
            path = urlsplit(self.path).path
            gate.seen.append((self.command, path))
            if gate.shut or path in gate.refused:
                self.close_connection = True
                return
            time.sleep(gate.slow.get(path, 0))
            if path in gate.down:
                self._answer(gate.down[path], [("Content-Type", "text/html")], b"down")
                return
            status, headers, body = self._ask()
            if path == "/worker.js" and status == 200 and gate.patient:
                assert HURRIED in body, "the worker says otherwise how long it waits"
                body = body.replace(HURRIED, PATIENT)
            self._answer(status, headers, gate.changed.get(path, bytes)(body))

        def _ask(self) -> tuple[int, list[tuple[str, str]], bytes]:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            if urlsplit(self.path).path in {"/worker.js", *gate.changed}:
                headers.pop("Accept-Encoding", None)
            connection = http.client.HTTPConnection(target, timeout=60)
            connection.request(self.command, self.path, sent, headers)
            answer = connection.getresponse()
            said = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            found = answer.status, said, answer.read()
            connection.close()
            return found

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = pass_on  # noqa: N815 - named by the base class

        def log_message(self, *words: Any) -> None:
            """Nothing: the site has its own log."""

    return Handler


@contextmanager
def a_gate(site: str) -> Iterator[Gate]:
    """A gate before the site at ``site``, for as long as the block runs."""
    gate = Gate()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gate, site))
    server.daemon_threads = True
    gate.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
