"""The database: migrated schema equals the tables; the pragmas that durability rests on."""

import pytest
from sqlalchemy import text

from outreach.storage import db
from outreach.storage.schema import differences


@pytest.mark.any_database
def test_migrated_schema_equals_the_tables(app):
    assert differences() == []


def test_sqlite_is_durable_and_strict(app):
    with db.engine.connect() as connection:
        read = {
            p: connection.execute(text(f"PRAGMA {p}")).scalar() for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
