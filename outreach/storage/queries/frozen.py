"""Figures of closed operations that are kept worked out: reading one, replacing all, finding operations without.

What they mean, and whether a row may be believed, is decided elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import delete, func, select

from outreach.vocab import OperationStatus

from ..engine import db
from ..tables import FollowUp, FrozenFigures, Operation, Referral
from .access import descendants_of

CLOSED = (OperationStatus.CLOSED.value, OperationStatus.ARCHIVED.value)


def row(operation_id: int, name: str) -> FrozenFigures | None:
    return db.session.scalar(
        select(FrozenFigures).where(FrozenFigures.operation_id == operation_id, FrozenFigures.name == name)
    )


def closed_operations() -> list[tuple[int, str]]:
    """Id and code of every operation that is over and was no rehearsal, the one closed last first."""
    query = (
        select(Operation.id, Operation.code)
        .where(Operation.status.in_(CLOSED), Operation.is_rehearsal.is_(False))
        .order_by(Operation.id.desc())
    )
    return [(number, code) for number, code in db.session.execute(query)]


def is_closed(operation_id: int) -> bool:
    query = select(Operation.id).where(
        Operation.id == operation_id, Operation.status.in_(CLOSED), Operation.is_rehearsal.is_(False)
    )
    return db.session.scalar(query) is not None


def day_of(operation_id: int) -> tuple[str, int]:
    """Time zone and beginning of the day (minutes) of the operation."""
    query = select(Operation.time_zone, Operation.day_starts_minutes).where(Operation.id == operation_id)
    zone, starts = db.session.execute(query).one()
    return zone, starts


def next_follow_up(operation_id: int, after: dt.date) -> dt.date | None:
    """The next day on which a follow-up that is not done falls due: until then time changes no figure of them."""
    query = (
        select(func.min(FollowUp.due_on))
        .join(Referral, Referral.id == FollowUp.referral_id)
        .where(
            Referral.operation_id.in_(descendants_of(operation_id)),
            FollowUp.due_on > after,
            FollowUp.done_at.is_(None),
        )
    )
    return db.session.scalar(query)


def replace(operation_id: int, marks: str, made_at: dt.datetime, rows: Mapping[str, tuple[str, bytes]]) -> None:
    """These rows (name → hash, content) and no others."""
    db.session.execute(delete(FrozenFigures).where(FrozenFigures.operation_id == operation_id))
    db.session.add_all(
        FrozenFigures(operation_id=operation_id, name=name, marks=marks, made_at=made_at, hash=digest, content=content)
        for name, (digest, content) in rows.items()
    )
    db.session.flush()
