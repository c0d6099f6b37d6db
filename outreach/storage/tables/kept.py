"""Versions of operations and services, written by themselves: whoever changes a row, and however, need not remember it.

Here belongs the noticing alone: objects that are flushed and statements that change one of the two tables. What stood
before is then ended and what stands now is written, right before the commit, with the server's clock: one version a
transaction, none when nothing that figures read is different. What writes past the session is noticed at the next
change of either table.

The first version of an operation stands from its creation, that of a service from the beginning of time: it can only
count where it takes part.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, cast, event, or_, select
from sqlalchemy.orm import ORMExecuteState, Session

from ..engine import db
from ..types import EPOCH, utc_now
from .plan import Operation, OperationVersion, Service, ServiceVersion

UNCHANGED = "outreach_unchanged"
"""Execution option of a statement that changes nothing of what versions keep (the change counter)."""

_KEPT: tuple[tuple[Any, Any, str, tuple[str, ...]], ...] = (
    (Operation, OperationVersion, "operation_id", (
        "code", "parent_id", "starts_at", "ends_at", "time_zone", "day_starts_minutes", "entry_deadline_at",
        "services_known", "overlap_nil", "counting")),
    (Service, ServiceVersion, "service_id", ("kind",)),
)  # fmt: skip
_TABLES = tuple(table.__table__ for table, *_ in _KEPT)
_DUE, _MADE = "outreach_versions_due", "outreach_versions_made"


def write_versions(session: Any = None) -> None:
    """Bring the versions up to what stands now, if this transaction may have changed any of it."""
    session = session or db.session()
    if not session.info.pop(_DUE, False):
        return
    made: set[tuple[str, int]] = session.info.setdefault(_MADE, set())
    now = utc_now()
    for table, version, owner, names in _KEPT:
        for found in session.execute(_different(table, version, owner, names)).all():
            values = {name: getattr(found, name) for name in names}
            if (version.__tablename__, found.version_id) in made:
                changed = version.__table__.update().where(version.id == found.version_id).values(values)
                session.execute(changed)
                continue
            if found.version_id is not None:
                ended = version.__table__.update().where(version.id == found.version_id).values(superseded_at=now)
                session.execute(ended)
            first = getattr(found, "created_at", EPOCH)
            added = version.__table__.insert().values(
                **values, **{owner: found.owner}, version=(found.version or 0) + 1,
                recorded_at=first if found.version_id is None else now,
            )  # fmt: skip
            made.add((version.__tablename__, session.execute(added).inserted_primary_key[0]))


def _different(table: Any, version: Any, owner: str, names: tuple[str, ...]) -> Any:
    """Rows that are not as their standing version says, or have none."""
    beside = (getattr(version, owner) == table.id) & version.superseded_at.is_(None)
    created = [table.created_at] if hasattr(table, "created_at") else []
    columns = [getattr(table, name) for name in names]
    return (
        select(table.id.label("owner"), version.id.label("version_id"), version.version, *created, *columns)
        .outerjoin(version, beside)
        .where(or_(version.id.is_(None), *(_differs(getattr(table, name), getattr(version, name)) for name in names)))
        .order_by(table.id)
    )


def _differs(column: Any, kept: Any) -> ColumnElement[bool]:
    if column.key == "counting":  # PostgreSQL compares no JSON
        column, kept = cast(column, String), cast(kept, String)
    different: ColumnElement[bool] = column.is_distinct_from(kept)
    return different


@event.listens_for(db.session, "after_flush")
def _flushed(session: Session, _context: Any) -> None:
    rows = (*session.new, *session.dirty)
    if any(isinstance(row, (Operation, Service)) for row in rows):
        session.info[_DUE] = True


@event.listens_for(db.session, "do_orm_execute")
def _statement(state: ORMExecuteState) -> None:
    changes = state.is_update or state.is_insert
    if changes and getattr(state.statement, "table", None) in _TABLES and not state.execution_options.get(UNCHANGED):
        state.session.info[_DUE] = True


@event.listens_for(db.session, "before_commit")
def _committing(session: Session) -> None:
    if not session.in_nested_transaction():
        session.flush()
        write_versions(session)


@event.listens_for(db.session, "after_commit")
@event.listens_for(db.session, "after_rollback")
def _ended(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_DUE, None)
        session.info.pop(_MADE, None)


@event.listens_for(db.session, "after_soft_rollback")
def _part_taken_back(session: Session, transaction: Any) -> None:
    """Versions that were written since the savepoint are gone, but perhaps not what they were written for."""
    if transaction.nested:
        session.info[_DUE] = True
