"""Answers that no site of ours gives, to a record that a phone sends: portals, proxies, cut wires, forged receipts.

Each is a name and what a request is answered with: a dict for ``Route.fulfill``, or bytes that a socket sends as they
are (``CUT`` after which nothing comes and the connection stays open).
"""

from __future__ import annotations

import base64
import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from outreach.field.sealed_rules import Envelope, receipt_of

CUT = b"<and then nothing>"
PORTAL = "<!doctype html><title>Hotel Wi-Fi</title><form action=/login>Room number</form>"
AT = "2026-11-22T07:00:00+00:00"
Answer = dict[str, Any] | bytes


def honest(key: bytes, envelope: Envelope, state: str = "stored", **more: Any) -> dict[str, Any]:
    """The site's own receipt."""
    return receipt_of(key, envelope.uid, envelope.hashed, state, AT, **more)


def said(body: Any, status: int = 200, kind: str = "application/json", **headers: str) -> Answer:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return {"status": status, "body": text, "headers": {"Content-Type": kind, **headers}}


def raw(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", "Content-Type: application/json", *lines, "", "")).encode() + body


def forged(key: bytes, mine: Envelope, other: Envelope) -> dict[str, Answer]:
    """Receipts that are nearly right: one thing in each is not what this phone's key proves for these bytes."""
    good, foreign = honest(key, mine), honest(key, other)
    text = json.dumps(good)
    twice = text[:-1] + ', "hash": "' + other.hashed + '"}'
    bodies: dict[str, Any] = {
        "receipt of another record": foreign,
        "receipt of another record under this uid": foreign | {"uid": mine.uid},
        "receipt of another record under this hash": foreign | {"hash": mine.hashed},
        "receipt of another record under both names": foreign | {"uid": mine.uid, "hash": mine.hashed},
        "receipt of another phone": honest(b"x" * 32, mine),
        "right but for the uid": good | {"uid": other.uid},
        "right but for the hash": good | {"hash": other.hashed},
        "hash in capitals": good | {"hash": mine.hashed.upper()},
        "hash cut short": good | {"hash": mine.hashed[:40]},
        "no proof": {name: value for name, value in good.items() if name != "proof"},
        "empty proof": good | {"proof": ""},
        "proof cut short": good | {"proof": good["proof"][:20]},
        "proof that is a number": good | {"proof": 1},
        "proof that is a list": good | {"proof": [good["proof"]]},
        "proof that is not Base64": good | {"proof": "*" * 44},
        "proof of another state": good | {"state": "held"},
        "proof of another moment": good | {"received_at": "2026-11-22T07:00:01+00:00"},
        "no moment": good | {"received_at": None},
        "state unknown, proven": honest(key, mine, "lost"),
        "state rejected, proven, with a 200": honest(key, mine, "rejected"),
        "state in capitals, proven": honest(key, mine, "STORED"),
        "state that is a list": good | {"state": ["stored"]},
        "state of an object's own": honest(key, mine, "constructor"),
        "receipt in a list": [good],
        "receipt within something": {"receipt": good},
        "receipt as a string": json.dumps(text),
        "receipt by its prototype": {"__proto__": good},
        "names twice, the last one wrong": twice,
        "cut in the middle": text[: len(text) // 2],
        "cut before the last sign": text[:-1],
        "something after it": text + "<script>",
        "in another encoding": text.encode("utf-16"),
        "broken UTF-8": text.encode()[:-1] + b"\xff}",
        "a receipt in a flood": " " * 200_000 + text,
    }
    return {name: said(body) for name, body in bodies.items()} | {
        "a receipt as text/html": said(good, kind="text/html"),
        "a receipt as text/plain": said(good, kind="text/plain"),
        "a receipt with a 500": said(good, 500),
        "a receipt with a 404": said(good, 404),
        "a receipt with a 206": said(good, 206),
    }


def careless(mine: Envelope, other: Envelope) -> dict[str, Answer]:
    """What stands between a phone and its site says, without knowing of either."""
    no = {"uid": mine.uid, "hash": mine.hashed, "state": "rejected", "code": "tampered", "received_at": AT}
    return {
        "portal, 200": said(PORTAL, kind="text/html"),
        "portal that says it is JSON": said(PORTAL),
        "redirect to the portal": {"status": 302, "headers": {"Location": "/sign-in"}},
        "moved for ever": {"status": 301, "headers": {"Location": "/sign-in"}},
        "redirect that keeps the method": {"status": 307, "headers": {"Location": "/field/sealed"}},
        "not modified": {"status": 304},
        "no content": {"status": 204},
        "nothing": said(""),
        "null": said("null"),
        "true": said("true"),
        "a number": said("1"),
        "a word": said('"stored"'),
        "an empty list": said("[]"),
        "an empty object": said("{}"),
        "ok": said({"ok": True, "status": "stored"}),
        "deep": said("[" * 50_000),
        "bad request": said({"error": "bad"}, 400),
        "forbidden": said(PORTAL, 403, "text/html"),
        "not found": said(PORTAL, 404, "text/html"),
        "conflict": said({"state": "conflict"}, 409),
        "too many": said("", 429, **{"Retry-After": "3600"}),
        "server error": said({"code": "error"}, 500),
        "bad gateway": said("<h1>502</h1>", 502, "text/html"),
        "unavailable": said("", 503),
        "gateway timeout": said("<h1>504</h1>", 504, "text/html"),
        "signed out": said({"code": "sign_in_needed"}, 401),
        "signed out, as a page": said(PORTAL, 401, "text/html"),
        "too large": said(PORTAL, 413, "text/html"),
        "refused": said(no, 422),
        "refused without a name": said(no | {"uid": "", "hash": ""}, 422),
        "refusal of another record": said(no | {"uid": other.uid, "hash": other.hashed}, 422),
    }


def cut(key: bytes, mine: Envelope) -> dict[str, Answer]:
    """Wires that break, with a right receipt on its way."""
    body = json.dumps(honest(key, mine)).encode()
    size = f"Content-Length: {len(body)}"
    return {
        "closed at once": b"",
        "closed within the head": b"HTTP/1.1 200 OK\r\nContent-Ty",
        "closed within the body": raw(size, body=body[:-5]),
        "broken chunks": raw("Transfer-Encoding: chunked", body=b"zz\r\n" + body),
        "last chunk missing": raw("Transfer-Encoding: chunked", body=b"%x\r\n" % len(body) + body + b"\r\n"),
        "not what it says: gzip": raw("Content-Encoding: gzip", size, body=body),
        "no HTTP": base64.b64encode(body),
        "silent": CUT,
        "silent after the head": raw(size) + CUT,
        "silent within the body": raw(size, body=body[:-1]) + CUT,
    }


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.request.recv(65536)
            answer: bytes = self.server.answer  # type: ignore[attr-defined]  # see Wire
            self.request.sendall(answer.removesuffix(CUT))
            if answer.endswith(CUT):
                self.request.recv(65536)  # until the phone has had enough


class Wire(socketserver.ThreadingTCPServer):
    """A port on which every request is answered with ``answer``, byte for byte."""

    daemon_threads = True
    answer = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


@contextlib.contextmanager
def a_wire() -> Iterator[Wire]:
    with Wire(("127.0.0.1", 0), _Handler) as wire:
        threading.Thread(target=wire.serve_forever, daemon=True).start()
        yield wire
        wire.shutdown()
