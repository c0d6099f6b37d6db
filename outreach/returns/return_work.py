"""Reads returns that wait, and takes those that were asked for, beside the request; the page may be left.

What is to be done stands in the database, so nothing is lost when the server stops: whoever looks at the page next
begins it again. Of the files that were dropped one is read at a time on this machine, and one of those sent singly, so
that the reading children of several requests never take its memory together.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from outreach.errors import Unavailable
from outreach.storage.queries import drops as rows
from outreach.vocab import ReturnState

from . import drop_commands as commands

ONE, MANY = "return-one.lock", "return-many.lock"
TRIES = 5
_at_work: dict[str, threading.Thread] = {}
_guard = threading.Lock()


def begin_drop(app: Flask, operation_id: int, drop_uid: str) -> None:
    """Go on with a drop, unless this process does already."""
    _begin(app, drop_uid, MANY, lambda: commands.step(operation_id, drop_uid))


def begin_file(app: Flask, uid: str) -> None:
    """Read one file that waits, unless this process does already."""
    _begin(app, uid, ONE, lambda: _read(uid))


def _read(uid: str) -> bool:
    found = rows.file(uid)
    if found is not None and found[0].state == ReturnState.WAITING:
        commands.read(found[0])
    return False


def wait(uid: str = "", seconds: float = 60) -> None:
    """Wait until the file or the drop of this number is done (without one: everything), at most so long."""
    until = time.monotonic() + seconds
    for key, thread in list(_at_work.items()):
        if uid in ("", key):
            thread.join(max(0.0, until - time.monotonic()))


def _begin(app: Flask, key: str, lock: str, step: Callable[[], bool]) -> None:
    with _guard:
        if key in _at_work:
            return
        thread = threading.Thread(target=_work, args=(app, key, lock, step), name="outreach-returns", daemon=True)
        _at_work[key] = thread
    thread.start()


def _work(app: Flask, key: str, lock: str, step: Callable[[], bool]) -> None:
    tries = TRIES
    try:
        while tries:
            try:
                with app.app_context(), _turn(app.config["OUTREACH"].instance_dir / lock):
                    if not step():
                        return
            except Unavailable:
                tries -= 1
                time.sleep(0.2)
            except Exception:  # of one file: it has been told of; the others do not wait for it
                tries -= 1
                app.logger.exception("a return could not be read or taken")
    finally:
        with _guard:
            _at_work.pop(key, None)


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait for one's turn among the threads and processes of this machine."""
    place = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)
