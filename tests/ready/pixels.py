"""Reading the pixels of a PNG without a picture library: 8 bits a channel, as the typesetter writes it."""

from __future__ import annotations

import struct
import zlib


def channels_of(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the rows, each three or four bytes a pixel, unfiltered."""
    at, packed = 8, b""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8 and kind in (2, 6)
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    step = 3 if kind == 2 else 4
    raw, rows, before = zlib.decompress(packed), [], bytes(width * step)
    for number in range(height):
        start = number * (width * step + 1)
        before = _unfiltered(raw[start], raw[start + 1 : start + 1 + width * step], before, step)
        rows.append(before)
    return width, height, rows


def _unfiltered(how: int, line: bytes, above: bytes, step: int) -> bytes:
    if how == 0:
        return line
    done = bytearray(line)
    for at, value in enumerate(line):
        left = done[at - step] if at >= step else 0
        up, corner = above[at], above[at - step] if at >= step else 0
        done[at] = (value + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[how]) % 256
    return bytes(done)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]


def is_grey(png: bytes) -> bool:
    """Whether red, green and blue are equal in every pixel."""
    width, _, rows = channels_of(png)
    step = len(rows[0]) // width
    return all(row[0::step] == row[1::step] == row[2::step] for row in rows)
