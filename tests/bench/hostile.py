"""Answers to a sealed record that are not the site's receipt for it, as networks and broken sites give them.

Each is made from the body of the request, so that it can come as close to a receipt as anybody can come who does not
have the key that phone and site share.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable
from typing import Any

from outreach.field.sealed_rules import read_envelope

PORTAL = b"<!doctype html><title>Free Wi-Fi</title><h1>Welcome</h1><form action=/login>Accept</form>"
NOW = "2017-10-17T01:40:00+00:00"
Answer = Callable[[bytes], bytes]


def http(
    status: str, body: bytes = b"", kind: str = "application/json", *more: str, length: int | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *more, "Connection: close"]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def said(body: bytes, **changes: Any) -> bytes:
    """A receipt for the record in the request, true in everything but its proof; ``None`` takes a line out."""
    sent = read_envelope(body)
    whole = {
        "uid": sent.uid,
        "hash": sent.hashed,
        "state": "stored",
        "received_at": NOW,
        "proof": base64.b64encode(os.urandom(32)).decode(),
    }
    return json.dumps({name: value for name, value in (whole | changes).items() if value is not None}).encode()


def fixed(answer: bytes) -> Answer:
    return lambda body: answer


def receipt(status: str = "200 OK", kind: str = "application/json", **changes: Any) -> Answer:
    return lambda body: http(status, said(body, **changes), kind)


def echoed(name: str) -> Answer:
    """The proof is taken from what the phone itself sent."""
    return lambda body: http("200 OK", said(body, proof=json.loads(body)[name]))


def chunked(body: bytes) -> bytes:
    """Ends in the middle of a chunk."""
    text = said(body)
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    return head + f"{len(text) + 10:x}\r\n".encode() + text


_OTHER = "0f8fad5b-d9cb-469f-a165-70867728950e"

HOSTILE: dict[str, Answer] = {
    # Captive portals and proxies
    "a portal's page": fixed(http("200 OK", PORTAL, "text/html; charset=utf-8")),
    "a portal's page that says it is JSON": fixed(http("200 OK", PORTAL)),
    "a redirect to a portal": fixed(http("302 Found", PORTAL, "text/html", "Location: http://127.0.0.1:9/login")),
    "a redirect to the site's own page": fixed(http("303 See Other", b"", "text/html", "Location: /sign-in")),
    "a redirect that stays": fixed(http("308 Permanent Redirect", b"", "text/html", "Location: /field/sealed")),
    "a redirect to nowhere": fixed(http("307 Temporary Redirect", b"", "text/html", "Location: //portal.invalid/")),
    "network authentication required": fixed(http("511 Network Authentication Required", PORTAL, "text/html")),
    "proxy authentication required": fixed(http("407 Proxy Authentication Required", b"", "text/html")),
    "a portal's page instead of too many": fixed(http("429 Too Many Requests", PORTAL, "text/html")),
    "gone": fixed(http("410 Gone", b"{}")),
    "not found": fixed(http("404 Not Found", PORTAL, "text/html")),
    "forbidden": fixed(http("403 Forbidden", b'{"code": "not_allowed"}')),
    "method not allowed": fixed(http("405 Method Not Allowed", b"", "text/html", "Allow: GET")),
    "not modified": fixed(http("304 Not Modified", b"")),
    "a page to sign in": fixed(http("401 Unauthorized", PORTAL, "text/html")),
    "sign in, as JSON of somebody else": fixed(http("401 Unauthorized", b'{"error": "login"}')),
    # Broken sites
    "an error page": fixed(http("500 Internal Server Error", PORTAL, "text/html")),
    "a bad gateway": fixed(http("502 Bad Gateway", PORTAL, "text/html")),
    "busy": fixed(http("503 Service Unavailable", b'{"code": "unavailable"}', "application/json", "Retry-After: 1")),
    "a gateway that gave up": fixed(http("504 Gateway Timeout", b"", "text/plain")),
    "an error with a receipt in it": receipt("500 Internal Server Error"),
    "nothing at all": fixed(b""),
    "nothing but a head": fixed(http("200 OK", b"", length=300)),
    "accepted, nothing said": fixed(http("202 Accepted", b"")),
    "no content": fixed(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    "another protocol": fixed(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "half a receipt": lambda body: http("200 OK", said(body)[:-40]),
    "half a receipt of the announced length": lambda body: http("200 OK", said(body)[:-40], length=len(said(body))),
    "a chunk that breaks off": chunked,
    "packed, and broken": lambda body: http(
        "200 OK", gzip.compress(said(body))[:-12], "application/json", "Content-Encoding: gzip"
    ),
    "without end": fixed(http("200 OK", b" " * 3_000_000)),
    "bytes that are no text": fixed(http("200 OK", b'{"uid": "\xff\xfe\xfa"}')),
    "a receipt twice": lambda body: http("200 OK", said(body) + said(body)),
    # JSON that is none of ours
    "null": fixed(http("200 OK", b"null")),
    "true": fixed(http("200 OK", b"true")),
    "a number": fixed(http("200 OK", b"200")),
    "a list with a receipt": lambda body: http("200 OK", b"[" + said(body) + b"]"),
    "an empty object": fixed(http("200 OK", b"{}")),
    "it is well": fixed(http("200 OK", b'{"ok": true, "status": "stored"}')),
    # Receipts that somebody made up, or that belong elsewhere
    "a receipt with a proof made up": receipt(),
    "a receipt without a proof": receipt(proof=None),
    "a receipt with an empty proof": receipt(proof=""),
    "a proof that is no text": receipt(proof=True),
    "a proof that is no Base64": receipt(proof="*** not base64 ***"),
    "the proof that the phone sent": echoed("proof"),
    "the ticket as a proof": echoed("ticket"),
    "a receipt of another contact": receipt(uid=_OTHER),
    "a receipt of other bytes": receipt(hash="0" * 64),
    "a receipt without a hash": receipt(hash=None),
    "a receipt held, made up": receipt(state="held"),
    "a receipt in a state that does not exist": receipt(state="thanks"),
    "a receipt that is a page": receipt(kind="text/html"),
    "a rejection made up": receipt("422 Unprocessable Content", state="rejected", code="tampered", proof=None),
    "a rejection of something": fixed(http("422 Unprocessable Content", b'{"state": "rejected"}')),
    "too large, says a proxy": fixed(http("413 Content Too Large", PORTAL, "text/html")),
}
