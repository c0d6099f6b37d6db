"""Work that one process at a time does for the whole site: who does it now. What is done is the rooms' business."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from .engine import db


@contextmanager
def alone(work: str) -> Iterator[bool]:
    """Whether nobody else who uses this database does the same work; until the block ends nobody else will.

    A process that dies lets go of it. On SQLite by a locked file beside the database, else by the database itself.
    """
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        with held(Path(f"{url.database}.{work}")) as got:
            yield got
        return
    key = zlib.crc32(work.encode())
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = bool(connection.scalar(select(func.pg_try_advisory_lock(key))))
        try:
            yield got
        finally:
            if got:
                connection.execute(select(func.pg_advisory_unlock(key)))


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Whether this process holds the file, which is made if it is not there; it lets go at the end of the block."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
