"""Looks for words in everything that a browser left on the disk: raw bytes, both spellings, and what is packed in them.

Chromium's databases (LevelDB) pack their blocks with Snappy and cut long entries at block borders; its caches keep
answers as they came, packed by the site. Each is unpacked here in plain Python, so that a word that is there is found.
SOURCE: LevelDB's table and log formats, Snappy's format description.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import brotli
from backports import zstd

BLOCK = 32 * 1024
TABLE_MAGIC = 0xDB4775248B80FB57
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Found:
    """A word, the file that holds it (path in the profile), and how: raw, or inside what."""

    word: str
    path: str
    how: str


@dataclass(frozen=True)
class Search:
    """What was found, and how much was looked at: files, bytes as they are, bytes unpacked."""

    found: list[Found]
    files: int
    raw: int
    unpacked: int


def search_profile(profile: Path, words: Iterable[str]) -> Search:
    """Every file under the folder, for every word in UTF-8 and UTF-16 (little end first), whatever its case."""
    spellings = [(word, word.lower().encode(), word.lower().encode("utf-16-le")) for word in words]
    found: dict[Found, None] = {}
    files = raw = unpacked = 0
    for path in sorted(profile.rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        except OSError:
            continue  # gone since it was listed
        files, raw = files + 1, raw + len(content)
        name = str(path.relative_to(profile))
        for how, piece in (("raw", content), *inside(content)):
            unpacked += 0 if how == "raw" else len(piece)
            folded = piece.lower()
            for word, narrow, wide in spellings:
                if narrow in folded or wide in folded:
                    found[Found(word, name, how)] = None
    return Search(list(found), files, raw, unpacked)


def inside(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Everything that is packed in a file's bytes, unpacked."""
    table = b"".join(table_blocks(content))
    if table:
        yield "LevelDB table", table
    log = log_records(content)
    if log:
        yield "LevelDB log", log
    for start in re.finditer(rb"\x1f\x8b\x08", content):
        yield "gzip", _unzipped(content[start.start() :])
    for start in re.finditer(rb"\x28\xb5\x2f\xfd", content):
        yield "zstd", _unpacked_zstd(content[start.start() :])
    if content[:8] == b"\x30\x5c\x72\xa7\x1b\x6d\xfb\xfc":  # an entry of the simple cache: header, key, body
        body = content[24 + int.from_bytes(content[12:16], "little") :]
        yield "brotli", _unpacked_brotli(body)


def _unzipped(data: bytes) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    try:
        return unpack.decompress(data, LARGEST)
    except zlib.error:
        return b""


def _unpacked_zstd(data: bytes) -> bytes:
    unpack = zstd.ZstdDecompressor()
    try:
        return unpack.decompress(data, LARGEST)
    except zstd.ZstdError:
        return b""


def _unpacked_brotli(data: bytes) -> bytes:
    """As much as unpacks: the body is followed by what the cache adds."""
    unpack, out = brotli.Decompressor(), b""
    try:
        for place in range(0, len(data), 64):
            out += unpack.process(data[place : place + 64])
            if unpack.is_finished():
                break
    except brotli.error:
        pass
    return out


# --- LevelDB ----------------------------------------------------------------------------------------------------------


def log_records(content: bytes) -> bytes:
    """The text of a log without the heads that cut it every 32 KB; nothing when it is no log."""
    out, place = [], 0
    while place + 7 <= len(content):
        room = BLOCK - place % BLOCK
        if room < 7:
            place += room
            continue
        _, length, kind = struct.unpack_from("<IHB", content, place)
        if kind == 0 and length == 0:
            place += room  # the rest of the block is not written yet
            continue
        if not 1 <= kind <= 4 or length > room - 7:
            return b""
        out.append(content[place + 7 : place + 7 + length])
        place += 7 + length
    return b"".join(out)


def table_blocks(content: bytes) -> Iterator[bytes]:
    """The blocks of a table, unpacked, keys spelled out; nothing when it is no table."""
    if len(content) < 48 or int.from_bytes(content[-8:], "little") != TABLE_MAGIC:
        return
    place = len(content) - 48
    _, place = _number(content, place)
    _, place = _number(content, place)
    offset, place = _number(content, place)
    size, _ = _number(content, place)
    for _key, handle in _entries(_block(content, offset, size)):
        offset, place = _number(handle, 0)
        size, _ = _number(handle, place)
        for key, value in _entries(_block(content, offset, size)):
            yield key + value


def _block(content: bytes, offset: int, size: int) -> bytes:
    data = content[offset : offset + size]
    return unsnapped(data) if content[offset + size] == 1 else data


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys share their beginnings; the last four bytes say how many restart points stand before them."""
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    place, key = 0, b""
    while place < end:
        shared, place = _number(block, place)
        fresh, place = _number(block, place)
        length, place = _number(block, place)
        key = key[:shared] + block[place : place + fresh]
        place += fresh
        yield key, block[place : place + length]
        place += length


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def unsnapped(data: bytes) -> bytes:
    """Snappy's raw format. Raises ``ValueError`` when it is none."""
    whole, place = _number(data, 0)
    out = bytearray()
    while place < len(data):
        tag = data[place]
        kind, place = tag & 3, place + 1
        if kind == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[place : place + extra], "little") + 1
                place += extra
            out += data[place : place + length]
            place += length
            continue
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[place]
            place += 1
        else:
            wide = 2 if kind == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[place : place + wide], "little")
            place += wide
        if not 0 < offset <= len(out):
            raise ValueError("not Snappy")
        for _ in range(length):
            out.append(out[-offset])
    if len(out) != whole:
        raise ValueError("not Snappy")
    return bytes(out)
