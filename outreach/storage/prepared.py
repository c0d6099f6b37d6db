"""Statements of the hottest paths, compiled once and run on the driver's own cursor, inside the running transaction.

For writes that happen on every contact: the usual way through SQLAlchemy costs more than the statement itself. No SQL
text is written here or there: a ``Prepared`` wraps a Core statement, for whichever database is in use. Everything
else goes through the session.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError


class Prepared:
    """One Core statement with named parameters (an insert takes all its columns as parameters)."""

    def __init__(self, make: Any, columns: tuple[str, ...] | None = None) -> None:
        """``make``: the statement, or a function of the dialect's name that gives it."""
        self._make = make
        self._columns = columns
        self._compiled: dict[str, Any] = {}
        self._readers: dict[str, list[Any]] = {}

    def run(self, connection: Connection, values: dict[str, Any]) -> Any:
        """Execute with ``values`` and give the cursor; errors are the ones SQLAlchemy would raise, without values."""
        dialect = connection.dialect
        text, slots, fixed = self._compiled.get(dialect.name) or self._compile(dialect)
        given = {**fixed, **values} if fixed else values
        if dialect.positional:
            return on_driver(connection, text, [bind(given[name]) if bind else given[name] for name, bind in slots])
        return on_driver(connection, text, {name: bind(given[name]) if bind else given[name] for name, bind in slots})

    def all(self, connection: Connection, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Every row of a select, its columns as their types give them."""
        found = self.run(connection, values).fetchall()
        if not found:
            return []
        readers = self._readers.get(connection.dialect.name) or self._reading(connection.dialect)
        return [
            tuple(read(value) if read else value for read, value in zip(readers, row, strict=True)) for row in found
        ]

    def _reading(self, dialect: Dialect) -> list[Any]:
        types = [column.type.dialect_impl(dialect) for column in self._make.selected_columns]
        self._readers[dialect.name] = [kind.result_processor(dialect, None) for kind in types]
        return self._readers[dialect.name]

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[str, Any]], dict[str, Any]]:
        statement = self._make(dialect.name) if callable(self._make) else self._make
        compiled = statement.compile(dialect=dialect, column_keys=self._columns)
        names = compiled.positiontup or list(compiled.params)  # a parameter that stands twice has two places
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        slots = [(name, compiled._bind_processors.get(name)) for name in names]
        self._compiled[dialect.name] = str(compiled), slots, fixed
        return self._compiled[dialect.name]


def on_driver(connection: Connection, text: str, parameters: Any = ()) -> Any:
    """Execute on the driver's own cursor and give it; errors are the ones SQLAlchemy would raise, without values."""
    driver = connection.connection.dbapi_connection
    cursor = driver.cursor()  # type: ignore[union-attr]  # a connection in a transaction has its driver's
    try:
        cursor.execute(text, parameters)
    except connection.dialect.dbapi.Error as error:  # type: ignore[union-attr]  # every dialect has its driver
        base = connection.dialect.dbapi.Error  # type: ignore[union-attr]  # likewise
        raise DBAPIError.instance(text, None, error, base, dialect=connection.dialect) from error
    return cursor


def insert_columns(table: Any) -> tuple[str, ...]:
    """Every column but the key that the database gives."""
    return tuple(column.name for column in table.columns if column.name != "id")
