"""Locked figures: adding a version, finding one, and what decides whether one may be made. No change, no removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import defer

from ..engine import db
from ..tables import FigureSet, Operation, User


def hold(operation_id: int) -> None:
    """Wait for others who write to the operation, and let them wait until this write has ended."""
    db.session.execute(select(Operation.id).where(Operation.id == operation_id).with_for_update())


def add_set(**values: Any) -> FigureSet:
    """One more version."""
    added = FigureSet(**values)
    db.session.add(added)
    db.session.flush()
    return added


def last_version(operation_id: int) -> int:
    """The version that was locked last, 0 for none."""
    return db.session.scalar(select(func.max(FigureSet.version)).where(FigureSet.operation_id == operation_id)) or 0


def find(operation_id: int, version: int) -> FigureSet | None:
    query = select(FigureSet).where(FigureSet.operation_id == operation_id, FigureSet.version == version)
    return db.session.scalar(query)


def taken_by(found: FigureSet) -> str:
    """The name of who locked it."""
    return db.session.scalar(select(User.name).where(User.id == found.taken_by_id)) or ""


@dataclass(frozen=True)
class Listed:
    """One version in the list, without its figures; ``by`` is who locked it."""

    row: FigureSet
    by: str


def sets_of(operation_id: int) -> list[Listed]:
    """Every version, the last first."""
    query = (
        select(FigureSet, User.name)
        .outerjoin(User, User.id == FigureSet.taken_by_id)
        .where(FigureSet.operation_id == operation_id)
        .options(defer(FigureSet.figures), defer(FigureSet.definitions))
        .order_by(FigureSet.version.desc())
    )
    return [Listed(row, name or "") for row, name in db.session.execute(query)]
