"""Whether anything at all was written to the database since one looked last: a number that moves with every commit."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine

from .engine import BUSY_MS, DatabaseTrouble, sqlite_module


class Watch:
    """Looks at one database of this machine, for all threads of a process.

    SQLite keeps the number for each connection apart and leaves out what that connection wrote itself, so this one is
    asked from one connection alone, which never writes. Of PostgreSQL, which has no such number for nothing, it says
    nothing.
    """

    def __init__(self, engine: Engine) -> None:
        self._path = engine.url.database if engine.dialect.name == "sqlite" else None
        self._lock = threading.Lock()
        self._asks: Any = None

    def state(self) -> int | None:
        """A number that is the same only while nobody writes; None where it cannot be known."""
        if not self._path:
            return None
        try:
            with self._lock:
                if self._asks is None:
                    self._asks = self._connected()
                found: int = self._asks.execute("PRAGMA data_version").fetchone()[0]
        except (DatabaseTrouble, sqlite_module().Error):
            return None
        return found

    def _connected(self) -> Any:
        link = sqlite_module().connect(
            f"file:{quote(self._path)}?mode=ro", uri=True, timeout=BUSY_MS / 1000, check_same_thread=False
        )
        link.isolation_level = None
        return link

    def close(self) -> None:
        with self._lock:
            if self._asks is not None:
                self._asks.close()
                self._asks = None
