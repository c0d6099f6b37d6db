"""Writes the data workbooks that were asked for, beside the requests; the page may be left.

One at a time on this machine, so that several never take its memory together. How far it is stands in the database
and is said at least every few seconds: who says nothing for a minute has died, and whoever asked may ask again.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from flask import Flask
from flask_babel import force_locale

from outreach.auth.actors import ANYBODY, Actor
from outreach.errors import NotFound
from outreach.returns.figures import need_figures
from outreach.storage import db, writing
from outreach.storage.queries import access, accounts, operations
from outreach.storage.queries import data_exports as rows
from outreach.storage.rounds import held
from outreach.storage.sealed_files import PIECE
from outreach.storage.types import utc_now

from . import data_book, data_commands, data_rows
from . import data_rules as rules
from .commands import NoSuchOperation
from .data_rules import Scope
from .dictionary_rules import BY_CODE
from .rules import moment as moment_of

SAYS = 2.0
"""Seconds between two words about how far it is."""
_LOCK = "data-export.lock"
_at_work: dict[str, threading.Thread] = {}
_guard = threading.Lock()


def begin(app: Flask, uid: str, patience: float = 0) -> None:
    """Write what was asked for beside the request, and wait up to ``patience`` seconds for it."""
    with _guard:
        if uid in _at_work:
            return
        thread = threading.Thread(target=_work, args=(app, uid), name="outreach-data", daemon=True)
        _at_work[uid] = thread
    thread.start()
    if patience:
        thread.join(patience)


def wait(seconds: float = 60) -> None:
    """Wait until nothing is being written, at most so long."""
    until = time.monotonic() + seconds
    for thread in list(_at_work.values()):
        thread.join(max(0.0, until - time.monotonic()))


def _work(app: Flask, uid: str) -> None:
    folder = app.config["OUTREACH"].instance_dir
    try:
        with app.app_context():
            try:
                _in_turn(folder, uid)
            except Exception:  # of one file, which says so; who asked may ask again
                app.logger.exception("a data workbook could not be written")
                db.session.rollback()
                _give_up(uid, rules.BROKEN)
    except Exception:  # nothing can be saved just now: after a minute of silence it counts as given up
        app.logger.exception("a data workbook could not be given up")
    finally:
        with _guard:
            _at_work.pop(uid, None)


def _in_turn(folder: Path, uid: str) -> None:
    """Wait for one's turn among the threads and processes of this machine, then write."""
    while True:
        with held(folder / _LOCK) as mine:
            order = rows.order_of(uid)
            if order is None:
                return
            if mine:
                make(folder, order)
                return
            with writing():
                rows.waits(order.id)
        time.sleep(SAYS)


def make(folder: Path, order: rows.Order) -> None:
    """Write one workbook, as somebody who may what whoever asked may now."""
    operation, actor = operations.by_id(order.operation_id), _account(order.by_id)
    try:
        scope = data_commands.need(actor, operation, order.sheet) if operation is not None else None
    except NotFound:
        scope = None
    asked = Scope.of(order.scope)
    if operation is None or scope is None or not asked.within(scope):
        _give_up(order.uid, rules.NOT_YOURS)
        return
    say = _Teller(order.id)
    with force_locale(order.language):
        say(0)
        found = data_rows.rows_of(order.sheet, operation, asked, order.language, order.as_of, lambda: say(0))
        say.total = found.total
        with data_book.book(BY_CODE[order.sheet], found, operation, asked, folder, say) as made:
            data_commands.keep(folder, order, made, found.total)


def export_by_code(
    actor: Actor, code: str, table: str, language: str, as_of: str, ending: str, show: Callable[[int, int], None]
) -> tuple[Iterator[bytes], int]:
    """A table as the command line asks for it, in pieces, and its number of rows; entered in the journal.

    ``ending``: .xlsx or .csv. Raises ``NoSuchOperation``, ``NotFound``, and ``Invalid`` at ``as_of``.
    """
    operation = operations.by_code(code)
    if operation is None:
        known = ", ".join(found.code for found in operations.all_operations()[:20]) or "–"
        raise NoSuchOperation(code=code[:60], known=known)
    need_figures(operation)
    moment = moment_of(as_of, operation.time_zone, utc_now())
    scope = data_commands.need(actor, operation, table)
    with force_locale(language):
        found = data_rows.rows_of(table, operation, scope, language, moment)
        data_commands.taken(actor, operation, table, found.total, language, ending.lstrip("."))
        if ending == ".csv":
            return data_book.csv_of(BY_CODE[table], found), found.total
        with tempfile.TemporaryDirectory() as folder:
            made = data_book.book(
                BY_CODE[table], found, operation, scope, Path(folder), lambda done: show(done, found.total)
            )
    return _pieces(made), found.total


def _pieces(made: BinaryIO) -> Iterator[bytes]:
    with made:
        while piece := made.read(PIECE):
            yield piece


class _Teller:
    """Says how many rows are written, not more often than every two seconds."""

    def __init__(self, number: int, every: float = SAYS, clock: Callable[[], float] = time.monotonic) -> None:
        self.total: int | None = None
        self._number, self._every, self._clock = number, every, clock
        self._said: float | None = None

    def __call__(self, done: int) -> None:
        now = self._clock()
        if self._said is None or now - self._said >= self._every:
            self._said = now
            with writing():
                rows.heard(self._number, done, self.total)


def _give_up(uid: str, trouble: str) -> None:
    order = rows.order_of(uid)
    if order is not None:
        with writing():
            rows.failed(order.id, trouble)


def _account(user_id: int) -> Actor:
    """Whoever has lost her account since may nothing any more."""
    user: Any = accounts.by_id(user_id)
    return access.actor_of(user) if user is not None and user.active else ANYBODY
