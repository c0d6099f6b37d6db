"""Adjustments, declared overlaps and explanations: what stands, its versions, and ending a version.

Nothing is ever overwritten: a change adds a version and ends the one before. What they do to figures is in ``rollup``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy import update as sql_update

from ..engine import db
from ..tables import Adjustment, Explanation, Overlap, User

Kept = TypeVar("Kept", Adjustment, Overlap, Explanation)


@dataclass(frozen=True)
class Version:
    """One version of an adjustment, an overlap or an explanation, and who recorded it."""

    row: Any
    by: str

    @property
    def stands(self) -> bool:
        return self.row.superseded_at is None


def adjustments(operation_id: int, service_id: int | None = None) -> list[Version]:
    """Adjustments that stand, by service and in the order in which they were made."""
    query = (
        select(Adjustment, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == Adjustment.recorded_by_id)
        .where(Adjustment.operation_id == operation_id, Adjustment.superseded_at.is_(None))
        .order_by(Adjustment.service_id, Adjustment.recorded_at, Adjustment.id)
    )
    if service_id is not None:
        query = query.where(Adjustment.service_id == service_id)
    return [Version(*row) for row in db.session.execute(query)]


def adjustments_ended(operation_id: int, service_id: int) -> list[tuple[Version, Version]]:
    """(as it last counted, how it was taken back) of adjustments that were taken back, the last one first."""
    query = (
        select(Adjustment, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == Adjustment.recorded_by_id)
        .where(
            Adjustment.operation_id == operation_id,
            Adjustment.service_id == service_id,
            Adjustment.superseded_at.is_not(None),
        )
        .order_by(Adjustment.uid, Adjustment.version)
    )
    by_uid: dict[str, list[Version]] = {}
    for row in db.session.execute(query):
        by_uid.setdefault(row[0].uid, []).append(Version(*row))
    standing = {one.row.uid for one in adjustments(operation_id, service_id)}
    ended = [(found[-2], found[-1]) for uid, found in by_uid.items() if uid not in standing and len(found) > 1]
    return sorted(ended, key=lambda pair: pair[1].row.recorded_at, reverse=True)


def adjustment(participation_id: int, uid: str) -> Adjustment | None:
    """The standing version of one adjustment of the service."""
    query = select(Adjustment).where(
        Adjustment.participation_id == participation_id, Adjustment.uid == uid, Adjustment.superseded_at.is_(None)
    )
    return db.session.scalars(query).first()


def overlaps(operation_id: int, service_id: int | None = None) -> list[Version]:
    """Declared overlaps that stand in the operation, or those of one service."""
    query = (
        select(Overlap, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == Overlap.recorded_by_id)
        .where(Overlap.operation_id == operation_id, Overlap.superseded_at.is_(None))
        .order_by(Overlap.measure, Overlap.service_id, Overlap.other_service_id)
    )
    if service_id is not None:
        query = query.where(or_(Overlap.service_id == service_id, Overlap.other_service_id == service_id))
    return [Version(*row) for row in db.session.execute(query)]


def overlap(operation_id: int, one: int, other: int, measure: str) -> Overlap | None:
    """The last version of what was declared of two services, standing or not."""
    query = (
        select(Overlap)
        .where(
            Overlap.operation_id == operation_id,
            Overlap.service_id == min(one, other),
            Overlap.other_service_id == max(one, other),
            Overlap.measure == measure,
        )
        .order_by(Overlap.version.desc())
    )
    return db.session.scalars(query).first()


def explanations(operation_id: int, service_id: int | None = None) -> list[Version]:
    """Explanations that stand; whether one still holds is asked of what the sources say now."""
    query = (
        select(Explanation, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == Explanation.recorded_by_id)
        .where(Explanation.operation_id == operation_id, Explanation.superseded_at.is_(None))
        .order_by(Explanation.service_id, Explanation.measure, Explanation.id)
    )
    if service_id is not None:
        query = query.where(Explanation.service_id == service_id)
    return [Version(*row) for row in db.session.execute(query)]


def end(row: Kept, now: dt.datetime) -> bool:
    """End a version; False when somebody else has ended it first."""
    table = type(row)
    ended = db.session.execute(
        sql_update(table)
        .where(table.id == row.id, table.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(row)
    return bool(ended.rowcount == 1)


def add(row: Kept) -> None:
    db.session.add(row)
    db.session.flush()
