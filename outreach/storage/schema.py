"""The schema as a whole: bring a database up to date, and tell how it differs from the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import Migrate, upgrade

from .engine import db, writing
from .seeds import seed


def attach(app: Flask) -> None:
    """Let Flask-Migrate know where the migrations lie."""
    Migrate(app, db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True)


def bring_up_to_date() -> None:
    """Run the migrations that are missing, then add the lists that are (inside an application context)."""
    upgrade()
    with writing():
        seed()


def differences() -> list[Any]:
    """What autogenerate would change; empty when the migrated schema equals the tables."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))
