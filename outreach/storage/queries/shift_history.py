"""Recent changes of shifts, and what stood before each. A change is every version that one write recorded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from ..engine import db
from ..tables import Shift, ShiftVersion, Team, User


class Change(NamedTuple):
    """One write: when, by whom, how many shifts it added, altered, cancelled, how many were changed again since."""

    at: dt.datetime
    by: int | None
    who: str | None
    added: int
    altered: int
    cancelled: int
    stale: int
    shift_id: int


def number_of(uid: str) -> int | None:
    """The number that stands for a shift in the cells of its grid."""
    return db.session.scalar(select(Shift.id).where(Shift.uid == uid))


def uid_of(number: int) -> str | None:
    return db.session.scalar(select(Shift.uid).where(Shift.id == number))


def recent(operation_id: int, service_ids: Iterable[int], limit: int = 30) -> list[Change]:
    """The last changes of shifts of these services, newest first."""
    one, many = case((ShiftVersion.version == 1, 1), else_=0), case((ShiftVersion.version > 1, 1), else_=0)
    query = (
        select(
            ShiftVersion.recorded_at,
            ShiftVersion.recorded_by_id,
            User.name,
            func.sum(one),
            func.sum(many),
            func.sum(case((ShiftVersion.cancelled, 1), else_=0)),
            func.sum(case((ShiftVersion.superseded_at.is_not(None), 1), else_=0)),
            func.min(ShiftVersion.shift_id),
        )
        .join(Team, Team.id == ShiftVersion.team_id)
        .outerjoin(User, User.id == ShiftVersion.recorded_by_id)
        .where(ShiftVersion.operation_id == operation_id, Team.service_id.in_(sorted(set(service_ids))))
        .group_by(ShiftVersion.recorded_at, ShiftVersion.recorded_by_id, User.name)
        .order_by(ShiftVersion.recorded_at.desc(), ShiftVersion.recorded_by_id)
        .limit(limit)
    )
    return [Change(*row) for row in db.session.execute(query)]


def recorded_at(
    operation_id: int, at: dt.datetime, service_ids: Iterable[int]
) -> list[tuple[ShiftVersion, ShiftVersion | None]]:
    """The versions that one write recorded for these services, each with the version that stood before it."""
    before = aliased(ShiftVersion)
    query = (
        select(ShiftVersion, before)
        .join(Team, Team.id == ShiftVersion.team_id)
        .outerjoin(before, (before.shift_id == ShiftVersion.shift_id) & (before.version == ShiftVersion.version - 1))
        .where(
            ShiftVersion.operation_id == operation_id,
            ShiftVersion.recorded_at == at,
            Team.service_id.in_(sorted(set(service_ids))),
        )
        .order_by(ShiftVersion.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def latest(operation_id: int, service_ids: Iterable[int]) -> dt.datetime | None:
    """When a shift of these services was changed last."""
    query = (
        select(func.max(ShiftVersion.recorded_at))
        .join(Team, Team.id == ShiftVersion.team_id)
        .where(ShiftVersion.operation_id == operation_id, Team.service_id.in_(sorted(set(service_ids))))
    )
    return db.session.scalar(query)
