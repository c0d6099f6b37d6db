"""A small load client and two servers to point it at: the whole site, and the barest thing that keeps a row.

Requests are built as bytes beforehand and sent over kept connections, so that the client costs the same, and little,
for both. Only addresses of this machine.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

FLOOR = """
import sqlite3, sys, threading
import pysqlite3 as sqlite3
from flask import Flask, redirect, request
app = Flask("floor")
here = threading.local()
def connection():
    if not hasattr(here, "c"):
        here.c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
        here.c.execute("PRAGMA journal_mode=WAL"); here.c.execute("PRAGMA synchronous=FULL")
        here.c.execute("CREATE TABLE IF NOT EXISTS contact (uid TEXT PRIMARY KEY, met_at TEXT, result TEXT)")
    return here.c
@app.post("/contacts")
def contact():
    form = request.form
    connection().execute("INSERT INTO contact VALUES (?, ?, ?)", (form["uid"], form["met_at"], form["result"]))
    return redirect("/done", code=303)
@app.get("/")
def page():
    return "<!doctype html><title>floor</title><p>floor"
from outreach.server import THREADS, WORKERS, Server
Server(lambda: app, {"bind": "127.0.0.1:" + sys.argv[2], "workers": WORKERS, "threads": THREADS,
                     "loglevel": "warning", "control_socket_disable": True}).run()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, **environ: str) -> Iterator[int]:
    """A server process until the block ends; its output goes nowhere."""
    process = subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(900):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{command} did not start")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=90)


def floor_server(folder: Path) -> contextmanager[int]:
    """Bare Flask and sqlite3 behind the same server as the site, one durable insert a request."""
    port = free_port()
    return running([sys.executable, "-c", FLOOR, str(folder / "floor.sqlite3"), str(port)], port)


def site_server(instance: Path) -> contextmanager[int]:
    """The site as `outreach serve` runs it."""
    port = free_port()
    command = [sys.executable, "-m", "outreach", "serve", "--port", str(port)]
    return running(command, port, OUTREACH_INSTANCE_DIR=str(instance))


class SignedIn:
    """A browser that signed in through the real page: its cookie and its token."""

    def __init__(self, port: int, email: str, password: str) -> None:
        self.port = port
        page, cookie = self._get("/sign-in", "")
        body = urlencode({"email": email, "password": password, "csrf_token": _token(page)})
        kind = "application/x-www-form-urlencoded"
        with closing(HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("POST", "/sign-in", body, {"Cookie": cookie, "Content-Type": kind})
            answer = connection.getresponse()
            if answer.status not in (302, 303):
                raise RuntimeError(f"sign-in answered {answer.status}")
            self.cookie = (answer.getheader("Set-Cookie") or cookie).split(";")[0]
        page, fresh = self._get("/account", self.cookie)
        self.cookie = fresh or self.cookie
        self.token = _token(page)

    def _get(self, path: str, cookie: str) -> tuple[str, str]:
        with closing(HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            return answer.read().decode(), (answer.getheader("Set-Cookie") or "").split(";")[0]

    def get(self, path: str) -> str:
        """The text of a page as this browser sees it."""
        return self._get(path, self.cookie)[0]

    def request(self, method: str, path: str, fields: list[tuple[str, str]] | None = None) -> bytes:
        """The bytes of one request of this browser."""
        body = urlencode([*fields, ("csrf_token", self.token)]).encode() if fields is not None else b""
        return raw_request(method, path, self.port, body, f"Cookie: {self.cookie}\r\n")


def raw_request(method: str, path: str, port: int, body: bytes = b"", more: str = "") -> bytes:
    kind = "Content-Type: application/x-www-form-urlencoded\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if not found:
        raise RuntimeError("no token on the page")
    return found.group(1)


def send_all(port: int, requests: list[bytes], connections: int = 8, expect: bytes = b"303") -> tuple[float, float]:
    """Send everything over some kept connections; requests a second and the median milliseconds of one.

    Raises ``RuntimeError`` when an answer has another status than expected: a fast refusal is no figure.
    """
    shares = [requests[n::connections] for n in range(connections)]
    times: list[float] = []
    wrong: list[bytes] = []
    threads = [threading.Thread(target=_send, args=(port, share, expect, times, wrong)) for share in shares]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if wrong:
        raise RuntimeError(f"{len(wrong)} answers were not {expect!r}, first: {wrong[0][:200]!r}")
    return len(requests) / seconds, statistics.median(times) * 1000


def _send(port: int, requests: list[bytes], expect: bytes, times: list[float], wrong: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            begun = time.perf_counter()
            link.sendall(request)
            answer = _answer(link)
            times.append(time.perf_counter() - begun)
            if answer[9:12] != expect:
                wrong.append(answer)
                return


_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _answer(link: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = link.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    while found and len(body) < int(found.group(1)):
        part = link.recv(65536)
        if not part:
            break
        body += part
    return head
