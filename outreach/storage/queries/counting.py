"""Which counting rules an operation chose and since when, and what rests on them: numbers told, signatures, locks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from ..engine import db
from ..tables import Adjustment, FigureSet, OperationVersion, Participation, SignOff, Tally
from ..tree import rule_in_force


def choices(operation_id: int) -> list[tuple[dt.datetime, dict[str, Any]]]:
    """Every version of the operation: since when, and what it chose (measure → rule); the latest last."""
    query = (
        select(OperationVersion.recorded_at, OperationVersion.counting)
        .where(OperationVersion.operation_id == operation_id)
        .order_by(OperationVersion.version)
    )
    return [(row[0], row[1] or {}) for row in db.session.execute(query)]


def told(operation_id: int, measure: str) -> list[tuple[int, str]]:
    """Service and the rule under which it was told ('' for none chosen), of each number of the measure that stands.

    Adjustments are numbers that were told, too.
    """
    rule = rule_in_force([operation_id])
    found = []
    for table in (Tally, Adjustment):
        query = select(table.service_id, table.recorded_at).where(
            table.operation_id == operation_id, table.measure == measure, table.superseded_at.is_(None)
        )
        if table is Tally:
            query = query.where(Tally.state != "declined")
        found += [(row[0], rule(operation_id, measure, row[1])) for row in db.session.execute(query)]
    return found


def signed(operation_id: int) -> int:
    """Services whose signature under their figures in the operation stands."""
    query = (
        select(func.count(SignOff.participation_id.distinct()))
        .join(Participation, Participation.id == SignOff.participation_id)
        .where(Participation.operation_id == operation_id, SignOff.reopened_at.is_(None))
    )
    return db.session.scalar(query) or 0


def locked(operation_id: int) -> int:
    """Versions of the operation's figures that were locked."""
    return db.session.scalar(select(func.count(FigureSet.id)).where(FigureSet.operation_id == operation_id)) or 0
