"""Whether anything at all was written to the database since one looked last: a mark that moves with every commit."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from .engine import BUSY_MS, DatabaseTrouble, sqlite_module

_SNAPSHOT = "SELECT pg_current_snapshot()::text"


class Watch:
    """Looks at one database, for all threads of a process, through a connection of its own that never writes.

    SQLite keeps a number for each connection apart and leaves out what that connection wrote itself. PostgreSQL has no
    such number, but says which transactions are over: what anybody sees is decided by that alone, and once one more is
    over, committed or rolled back, it never says the same again. So the same word twice means that nothing was
    committed in between, by whatever program. Another server may say it of other data, so a new connection counts.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._lock = threading.Lock()
        self._asks: Any = None
        self._connections = 0

    def state(self) -> Hashable:
        """A mark that is the same only while nobody writes; None where it cannot be known."""
        if self._sqlite and not self._engine.url.database:
            return None
        with self._lock:
            return self._data_version() if self._sqlite else self._snapshot()

    def _data_version(self) -> Hashable:
        try:
            if self._asks is None:
                self._asks = self._of_file()
            found: int = self._asks.execute("PRAGMA data_version").fetchone()[0]
        except (DatabaseTrouble, sqlite_module().Error):
            return None
        return found

    def _snapshot(self) -> Hashable:
        try:
            if self._asks is None:
                self._asks = self._of_server()
                self._connections += 1
            cursor = self._asks.cursor()
            cursor.execute(_SNAPSHOT)
            return self._connections, cursor.fetchone()[0]
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error):
            self._forget()
            return None

    def _of_file(self) -> Any:
        path = quote(self._engine.url.database or "")
        link = sqlite_module().connect(
            f"file:{path}?mode=ro", uri=True, timeout=BUSY_MS / 1000, check_same_thread=False
        )
        link.isolation_level = None
        return link

    def _of_server(self) -> Any:
        """A connection that is no part of the pool; each question is a transaction of its own."""
        link = self._engine.raw_connection()
        link.detach()
        setattr(link.dbapi_connection, "autocommit", True)  # noqa: B010 - no type that both drivers share has it
        return link

    def _forget(self) -> None:
        if self._asks is not None:
            self._asks.close()
            self._asks = None

    def close(self) -> None:
        with self._lock:
            self._forget()
