"""Briefings, files to attach and who reads them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from pypdf import PdfWriter

from outreach.ready.attachment_reader import PDF, PNG_START
from outreach.storage import writing
from outreach.storage.queries import briefing as rows
from outreach.storage.tables import Attachment, BriefingVersion, Operation
from outreach.storage.types import new_uid, utc_now

SECTIONS = {
    "contacts": "Command post 519-555-0142\nEmergency 911",
    "radio": "Channel 4, call sign Heron",
    "safety": "Code word LANTERN: leave at once.\nTwo together at every door.",
    "instructions": "Hand the card to everybody.",
}


def a_briefing(operation: Operation, **sections: str) -> BriefingVersion:
    """The next version of the operation's briefing."""
    with writing():
        before = rows.current(operation.id)
        after = rows.add_version(operation.id, before, {**SECTIONS, **sections}, by=None, now=utc_now())
        assert after is not None
        return after


def an_attachment(operation: Operation, name: str = "map.pdf", content: bytes | None = None) -> Attachment:
    with writing():
        return rows.add_attachment(operation.id, new_uid(), name, PDF, content or a_pdf(), by=None, now=utc_now())


def has_read(operation: Operation, user: Any, part: str, version: int) -> None:
    with writing():
        rows.add_read(operation.id, user.id, part, version, utc_now())


# --- files


def a_pdf(change: Any = None) -> bytes:
    """One blank page; ``change`` does something to the writer first."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if change:
        change(writer)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def a_png(width: int = 8, height: int = 8, packed: bytes | None = None, **more: bytes) -> bytes:
    """A grey picture; ``more``: further chunks by kind."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    pixels = zlib.compress(bytes((width + 1) * height)) if packed is None else packed
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))]
    parts += [chunk(kind.encode(), body) for kind, body in more.items()]
    return PNG_START + b"".join([*parts, chunk(b"IDAT", pixels), chunk(b"IEND", b"")])


def a_jpeg(width: int = 8, height: int = 8, comment: bytes = b"") -> bytes:
    """A JPEG's skeleton: its segments are whole, its pixels are nothing to look at."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    said = segment(0xFE, comment) if comment else b""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    return b"\xff\xd8" + said + frame + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\x00\x56\xff\xd9"
