"""Column types: instants, days, UUIDs, JSON. Portable between SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlalchemy.types import TypeDecorator

from .keys import Place, site_keys

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EPOCH_DAY = dt.date(1970, 1, 1)

# BigInteger keys autoincrement on PostgreSQL; SQLite only does that for plain INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")


def micros(at: dt.datetime) -> int:
    """Microseconds since 1970 in UTC; a naive instant is a programming error."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    delta = at - EPOCH
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


class Instant(TypeDecorator[dt.datetime]):
    """A moment: aware UTC ``datetime`` in Python, microseconds since 1970 in the database.

    An integer sorts and compares alike in every database and reaches the arithmetic without parsing.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> dt.datetime | None:
        return None if value is None else EPOCH + dt.timedelta(microseconds=value)


class Day(TypeDecorator[dt.date]):
    """A calendar day: ``date`` in Python, days since 1970 in the database (as the frames want it)."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: dt.date | None, dialect: Any) -> int | None:
        return None if value is None else (value - EPOCH_DAY).days

    def process_result_value(self, value: int | None, dialect: Any) -> dt.date | None:
        return None if value is None else EPOCH_DAY + dt.timedelta(days=value)


class SealedText(TypeDecorator[str]):
    """Short free text: plain in Python, sealed in the database with its table and column as context; '' is null."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, table: str, column: str) -> None:
        super().__init__()
        self.table, self.column = table, column

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return site_keys().seal(value, Place(self.table, self.column, "")) if value else None

    def process_result_value(self, value: bytes | None, dialect: Any) -> str:
        return "" if value is None else site_keys().open(bytes(value), Place(self.table, self.column, ""))


def new_uid() -> str:
    return str(uuid.uuid4())


def utc_now() -> dt.datetime:
    """The server's clock, the only one that decides recording times."""
    return dt.datetime.now(dt.UTC)
