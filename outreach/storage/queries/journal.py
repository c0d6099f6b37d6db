"""The audit journal: adding an entry, and finding entries again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, func, insert, select

from ..engine import db
from ..prepared import Prepared, insert_columns
from ..tables import AuditEntry
from ..types import utc_now

# Every write makes an entry, so this one is compiled once.
_ENTRY = Prepared(insert(AuditEntry.__table__), insert_columns(AuditEntry.__table__))


def entry_insert() -> Insert:
    return insert(AuditEntry).values(at=utc_now())


def add_entry(connection: Connection, values: dict[str, Any]) -> None:
    """Write one entry within the transaction of ``connection``."""
    _ENTRY.run(connection, {"at": utc_now(), **values})


def entries(
    *,
    tag_prefix: str = "",
    actor_id: int | None = None,
    operation_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[AuditEntry]:
    """Entries, newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit).offset(offset)
    return list(db.session.scalars(_narrow(query, tag_prefix, actor_id, operation_id)))


def count_entries(*, tag_prefix: str = "", actor_id: int | None = None, operation_id: int | None = None) -> int:
    query = select(func.count()).select_from(AuditEntry)
    return db.session.scalar(_narrow(query, tag_prefix, actor_id, operation_id)) or 0


def _narrow(query: Any, tag_prefix: str, actor_id: int | None, operation_id: int | None) -> Any:
    if tag_prefix:
        query = query.where(AuditEntry.tag.startswith(tag_prefix, autoescape=True))
    if actor_id is not None:
        query = query.where(AuditEntry.actor_id == actor_id)
    if operation_id is not None:
        query = query.where(AuditEntry.operation_id == operation_id)
    return query
