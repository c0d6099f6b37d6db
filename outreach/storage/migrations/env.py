"""How Alembic reaches the database: through the application's own handle, in one transaction a migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

import outreach.storage.tables  # noqa: F401 - registers every table
from outreach.storage import db

BATCH = {"render_as_batch": True, "compare_type": True}


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write our column types by their plain integer, so that a migration never depends on code that changes."""
    from outreach.storage.types import Day, Instant, SealedText

    if kind == "type" and isinstance(item, Instant):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Day):
        return "sa.Integer()"
    if kind == "type" and isinstance(item, SealedText):
        return "sa.LargeBinary()"
    return False


def run() -> None:
    if context.is_offline_mode():
        context.configure(url=current_app.config["SQLALCHEMY_DATABASE_URI"], target_metadata=db.metadata, **BATCH)
        with context.begin_transaction():
            context.run_migrations()
        return
    with db.engine.connect() as connection, _nothing_cascades(connection):
        context.configure(connection=connection, target_metadata=db.metadata, render_item=render_item, **BATCH)
        with context.begin_transaction():
            context.run_migrations()
            _refers_to_what_is_there(connection)
        connection.commit()


@contextmanager
def _nothing_cascades(connection: Connection) -> Iterator[None]:
    """SQLite changes many a table by making it anew: with the old one, every row that refers to it would be deleted."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.driver_connection  # inside a transaction the pragma does nothing
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        raw.execute("PRAGMA foreign_keys=ON")


def _refers_to_what_is_there(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"rows of {sorted({row[0] for row in broken})} refer to rows that are gone")


run()
