"""Removing operations with everything in them, for samples and rehearsals; what a past operation did is kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, or_, select, update

from ..engine import db
from ..tables import Grant, Meeting, Operation, Person, Referral, letting_go
from . import consents
from .phones import destroy_keys_of


def remove_operations(ids: Collection[int]) -> None:
    """Delete the operations and every row that belongs to them, in whatever table.

    An operation that stood under one of them stands by itself afterwards, with all that it recorded. A row belongs to
    an operation when a chain of cascading foreign keys leads there: a new table needs no line here.
    """
    ids = sorted(ids)
    db.session.flush()
    destroy_keys_of(ids)
    consents.destroy_keys_of(ids)
    belonging = _belonging(ids)
    with letting_go():
        for table in reversed(db.metadata.sorted_tables):
            if table in belonging:
                _run(delete(table).where(belonging[table]))
    _stand_alone(ids)
    rooted = select(Person.id).where(Person.root_id.in_(ids))
    for step in (
        delete(Person).where(Person.id.in_(rooted)),
        delete(Grant).where(Grant.operation_id.in_(ids)),
        update(Operation).where(Operation.copied_from_id.in_(ids)).values(copied_from_id=None),
        update(Operation).where(Operation.rehearses_id.in_(ids)).values(rehearses_id=None),
        update(Operation).where(Operation.proposed_parent_id.in_(ids)).values(proposed_parent_id=None),
        update(Operation).where(Operation.id.in_(ids)).values(parent_id=None, root_id=None, lead_service_id=None),
        delete(Operation).where(Operation.id.in_(ids)),
    ):
        _run(step)
    db.session.expire_all()


def _belonging(ids: list[int]) -> dict[Table, ColumnElement[bool]]:
    """Table → the rows that belong to the operations.

    Persons are left out: one tree of operations shares them (see ``_stand_alone``).
    """
    operation, person = Operation.__table__, Person.__table__
    found: dict[Table, ColumnElement[bool]] = {}
    for table in db.metadata.sorted_tables:
        ways = [key for key in table.foreign_keys if key.ondelete == "CASCADE" and table not in (operation, person)]
        direct = [key.parent.in_(ids) for key in ways if key.column.table is operation]
        through = [
            key.parent.in_(select(key.column).where(found[key.column.table]))
            for key in ways
            if key.column.table in found
        ]
        if direct or through:
            found[table] = or_(*(direct or through))
    return found


def _stand_alone(ids: list[int]) -> None:
    """What stays and stood under one of them is the top of its own tree; its persons belong to that tree."""
    parents = {row.id: row.parent_id for row in db.session.execute(select(Operation.id, Operation.parent_id))}
    lost = db.session.scalars(select(Operation.id).where(Operation.root_id.in_(ids), Operation.id.not_in(ids)))
    for operation in sorted(lost):
        top = operation
        while (above := parents.get(top)) is not None and above not in ids:
            top = above
        root = None if top == operation else top
        met = (
            select(Meeting.person_id)
            .where(Meeting.operation_id == operation)
            .union(select(Referral.person_id).where(Referral.operation_id == operation))
        )
        _run(update(Person).where(Person.root_id.in_(ids), Person.id.in_(met)).values(root_id=top))
        _run(update(Operation).where(Operation.id == operation).values(root_id=root))
    _run(update(Operation).where(Operation.parent_id.in_(ids), Operation.id.not_in(ids)).values(parent_id=None))


def named_by_rows(column: Any, *, leaving_out: Collection[str] = ()) -> list[Any]:
    """One ``select`` for every foreign key to ``column`` that would stop its row from being deleted.

    ``leaving_out``: names of tables whose rows do not count.
    """
    return [
        select(key.parent).where(key.parent.is_not(None))
        for table in db.metadata.sorted_tables
        if table.name not in leaving_out
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name)
        if key.column is column and key.ondelete is None
    ]


def _run(step: Any) -> None:
    db.session.execute(step.execution_options(synchronize_session=False))
