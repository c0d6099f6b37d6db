"""The database handle and its transactions: pragmas, write lock, one commit. No tables, no queries.

SQLite runs in WAL with ``synchronous=FULL`` on the library that ``pysqlite3`` brings, because libraries before
3.51.3 can corrupt a WAL database that several connections use. PostgreSQL needs none of this.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine, Executable, MetaData, event
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase

from outreach.errors import Unavailable

from .prepared import on_driver

SAFE_SQLITE = (3, 51, 3)  # SOURCE: sqlite.org, the WAL-reset bug, fixed in 3.51.3
BUSY_MS = 5000

DatabaseTrouble = OperationalError  # what the layers above may catch without knowing SQLAlchemy
ValueRefused = DataError  # PostgreSQL holds no NUL and no text longer than its column

_log = logging.getLogger(__name__)
_want_write: ContextVar[bool] = ContextVar("outreach_want_write", default=False)
_lasting: ContextVar[tuple[tuple[Executable, dict[str, Any]], ...]] = ContextVar("outreach_lasting", default=())


class WriteQueue:
    """Where writers of one SQLite database wait for each other: threads on a lock, server processes on a locked file.

    SQLite's own waiting sleeps up to a tenth of a second at a time; here a writer looks again ten thousand times a
    second, and gives up when SQLite would. It only shortens the waiting: SQLite's lock still decides, also against
    other programs.
    """

    LOOK_AGAIN = 0.0001

    def __init__(self) -> None:
        self._threads = threading.RLock()
        self._files: dict[tuple[int, str], int] = {}

    def join(self) -> None:
        """Wait for this process' turn before anything else is done, for a short write; ``leave`` passes it on.

        Threads of one process cannot compute at the same time anyway. Without it each statement of a write lets another
        thread of the process in between, and the writers of the other processes wait meanwhile. Raises ``Unavailable``
        when another thread writes longer than a write may take, so that one long import does not stop every thread.
        """
        if not self._threads.acquire(timeout=BUSY_MS / 1000):
            raise Unavailable()

    def leave(self) -> None:
        self._threads.release()

    @contextmanager
    def turn(self) -> Iterator[None]:
        self.join()
        try:
            place = self._file()
            if place is None:
                yield
                return
            self._wait(place)
            try:
                yield
            finally:
                fcntl.flock(place, fcntl.LOCK_UN)
        finally:
            self.leave()

    def _wait(self, place: int) -> None:
        """Lock the file; raises ``Unavailable`` when another process holds it longer than a write may take."""
        until = time.monotonic() + BUSY_MS / 1000
        while True:
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Unavailable() from None
                time.sleep(self.LOOK_AGAIN)

    def _file(self) -> int | None:
        url = db.engine.url
        if url.get_backend_name() != "sqlite" or not url.database:
            return None
        # By process too: a lock that was inherited through a fork would be shared with the parent.
        key = (os.getpid(), url.database)
        if key not in self._files:
            try:
                self._files[key] = os.open(url.database + ".queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError:
                return None  # a read-only place: the write itself will say so
        return self._files[key]


_queue = WriteQueue()


def join_the_queue() -> None:
    """See ``WriteQueue.join``; whoever has joined leaves it in the same thread."""
    _queue.join()


def leave_the_queue() -> None:
    _queue.leave()


def writers_wait() -> AbstractContextManager[None]:
    """While it is open no process of this site writes (SQLite); each waits its turn, or says that it cannot save."""
    return _queue.turn()


class Base(DeclarativeBase):
    """Base of every table. Constraints have names by rule, so that migrations can name them everywhere."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Session(FlaskSession):
    """A session and the prepared statements beside it share one connection, and so one transaction.

    Beginning and ending the session's own transaction costs more than the statements of logging a contact do, so it
    begins with the first object that is loaded or added; prepared statements use the connection alone. Either way
    the transaction ends here: with ``commit``, ``rollback`` or ``close``.
    """

    held: Connection | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.once_committed: list[Callable[[], object]] = []
        self.changed: dict[int, set[int | None]] = {}

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **_rest: Any) -> Any:
        return self.connected() if bind is None else bind

    def connected(self) -> Connection:
        """The session's connection, kept until it rolls back or closes."""
        held = self.held
        if held is None or held.closed:
            held = self.held = self._db.engine.connect()
        return held

    def commit(self) -> None:
        self._settle()
        held = self.held
        if self.in_transaction() or held is None:
            super().commit()
        if held is not None and held.in_transaction():
            held.commit()
        done, self.once_committed = self.once_committed, []
        for action in done:
            try:
                action()
            except OSError:  # it is committed all the same, and what was not done is found out later
                _log.exception("what should follow a commit could not be done")

    def _settle(self) -> None:
        """What every write owes that changed something under the figures of an operation, whichever command it was."""
        changed, self.changed = self.changed, {}
        if changed:
            from .queries import reopening  # queries stand on this module

            reopening.settle(changed)

    def rollback(self) -> None:
        self.once_committed, self.changed = [], {}
        super().rollback()
        self._let_go()

    def close(self) -> None:
        super().close()
        self._let_go()

    def start_over(self) -> None:
        """End the transaction without a trace; the next one has the same connection, which spares fetching one."""
        self.once_committed, self.changed = [], {}
        super().rollback()
        if self.held is not None:
            self.held.rollback()

    def _let_go(self) -> None:
        held, self.held = self.held, None
        if held is not None:
            held.close()


db = SQLAlchemy(model_class=Base, session_options={"class_": Session, "join_transaction_mode": "control_fully"})


def sqlite_module() -> Any:
    """The DB-API module for SQLite; raises ``RuntimeError`` when its library can corrupt a WAL database."""
    import pysqlite3

    if pysqlite3.sqlite_version_info < SAFE_SQLITE:
        raise RuntimeError(
            f"SQLite {pysqlite3.sqlite_version} has the WAL-reset bug; install pysqlite3 with SQLite 3.51.3 or later."
        )
    return pysqlite3


def engine_options(url: str) -> dict[str, Any]:
    """Options for ``SQLALCHEMY_ENGINE_OPTIONS``. Errors never carry the values of a statement into a log."""
    if url.startswith("sqlite"):
        connect = {"timeout": BUSY_MS / 1000, "check_same_thread": False}
        return {"module": sqlite_module(), "connect_args": connect, "hide_parameters": True}
    return {"pool_pre_ping": True, "hide_parameters": True}


def prepare(engine: Engine) -> None:
    """Attach pragmas and explicit transactions to an SQLite engine; PostgreSQL is left as it is."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "do_connect")
    def _private(_dialect: Any, _record: Any, arguments: list[Any], _options: Any) -> None:
        # A database that is made here is its owner's alone; its log and index take over the mode.
        if arguments and not os.path.exists(arguments[0]):
            try:
                os.close(os.open(arguments[0], os.O_RDWR | os.O_CREAT, 0o600))
            except OSError:
                return  # connecting says it better

    @event.listens_for(engine, "connect")
    def _pragmas(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves, so that a write takes its lock at the start
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        on_driver(connection, "BEGIN IMMEDIATE" if _want_write.get() else "BEGIN")


def once_committed(action: Callable[[], object]) -> None:
    """Call ``action`` right after the running write is committed, before any other write begins; never when it is not.

    For what cannot be taken back, as destroying a key. The process may die in between, so whatever needs the action
    must find out later, by itself, that it was not done.
    """
    db.session().once_committed.append(action)


def changed(operation_id: int, service_id: int | None = None) -> None:
    """The running write changes something under the figures of the operation: see ``queries.reopening``.

    ``service_id``: it is of this service alone; without one it may be of any.
    """
    db.session().changed.setdefault(operation_id, set()).add(service_id)


def running() -> Connection:
    """The connection of the session's transaction, for prepared statements; begins one when there is none."""
    connection: Connection = db.session().connected()
    if not connection.in_transaction():
        connection.begin()
    return connection


@contextmanager
def writing() -> Iterator[None]:
    """One write: takes the lock at once, commits at the end, rolls back on any error.

    Raises ``Unavailable`` when the database is locked, full, read-only or gone; nothing is half-written then.
    Nested use joins the outer write.
    """
    if _want_write.get():
        yield
        return
    db.session().start_over()  # a read transaction that is open already cannot become a write without risking "busy"
    token, kept = _want_write.set(True), _lasting.set(())
    try:
        with _queue.turn():
            try:
                yield
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
    except OperationalError as error:
        raise Unavailable() from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable() from error
        raise
    finally:
        _lasting.reset(kept)
        _want_write.reset(token)


def undo() -> None:
    """Take back everything of the running write but what ``lasting`` wrote in it, which is written again."""
    db.session.rollback()
    for statement, values in _lasting.get():
        db.session.connection().execute(statement, values)


def lasting(statement: Executable, values: dict[str, Any]) -> None:
    """Run ``statement`` so that it is committed whatever becomes of a refused form: in a transaction of its own, or in
    the running write, where it outlives ``undo``. An error that ends the write takes it back, and nothing is shown."""
    with independently() as connection:
        connection.execute(statement, values)
    if _want_write.get():
        _lasting.set((*_lasting.get(), (statement, values)))


@contextmanager
def independently() -> Iterator[Connection]:
    """A short transaction of its own, committed before the caller goes on (audit of reads, last-seen stamps).

    Inside ``writing()`` it joins that write, since SQLite has one writer.
    """
    if _want_write.get():
        yield db.session.connection()
        return
    token = _want_write.set(True)
    try:
        with _queue.turn(), db.engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise Unavailable() from error
    finally:
        _want_write.reset(token)
