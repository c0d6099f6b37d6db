"""Files of single persons that lie in the instance folder for a while: sealed in pieces, opened as a stream.

Each piece is sealed with its number and whether it is the last, so that pieces cannot be left out, changed or put
elsewhere unseen. Memory stays that of one piece. Who may open a file is not decided here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from outreach.errors import KeyMissing

from .keys import Keys, Place

PIECE = 1024 * 1024
_LENGTH = 4


def seal_file(source: BinaryIO, path: Path, keys: Keys, place: Place) -> tuple[int, str]:
    """Write ``source``, from where it stands, sealed to ``path``; the size of what was sealed and its SHA-256.

    The file has its name only when it is whole; it is readable by its owner alone.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    size, digest, number = 0, hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            piece = source.read(PIECE)
            while True:
                following = source.read(PIECE)
                sealed = keys.seal_bytes(piece, _at(place, number, last=not following))
                target.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
                digest.update(piece)
                size += len(piece)
                if not following:
                    break
                piece, number = following, number + 1
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size, digest.hexdigest()


def opened(path: Path, keys: Keys, place: Place) -> Iterator[bytes]:
    """The pieces of a sealed file; raises ``KeyMissing`` where it is not what was sealed, ``OSError`` without it."""
    with path.open("rb") as handle:
        number, sealed = 0, _next(handle)
        while True:
            following = _next(handle, end=True)
            yield keys.open_bytes(sealed, _at(place, number, last=not following))
            if not following:
                return
            sealed, number = following, number + 1


def _next(handle: BinaryIO, end: bool = False) -> bytes:
    head = handle.read(_LENGTH)
    if end and not head:
        return b""
    length = int.from_bytes(head, "big")
    if len(head) != _LENGTH or length > PIECE + 256:
        raise KeyMissing()
    sealed = handle.read(length)
    if len(sealed) != length:
        raise KeyMissing()
    return sealed


def _at(place: Place, number: int, *, last: bool) -> Place:
    return replace(place, column=f"{place.column}/{number}{'/last' if last else ''}")
