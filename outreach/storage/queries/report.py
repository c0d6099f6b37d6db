"""What the report room asks of the database beside the frames: change counters of a tree, names behind ids."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select

from outreach.vocab import OperationStatus

from ..engine import _want_write, db
from ..tables import Offence, Operation, OperationStep, Service
from .access import descendants_of, operation_target

__all__ = ["descendants_of", "operation_target"]


@dataclass(frozen=True)
class Named:
    """A service as a table shows it."""

    id: int
    name: str
    short_name: str
    kind: str

    @property
    def label(self) -> str:
        return self.short_name or self.name


def database() -> Engine:
    """The engine of the running application: figures are remembered apart for each database."""
    return db.engine


def undecided() -> bool:
    """Whether a write is running, whose counters and facts may yet be rolled back: nothing of it may be remembered."""
    return _want_write.get()


def whole_tree(operation_id: int) -> Any:
    """A select of the ids of every operation connected with this one: up to the top and down from there.

    Follows ``parent_id`` alone and ends in a cycle too.
    """
    up = select(Operation.id, Operation.parent_id).where(Operation.id == operation_id).cte("up", recursive=True)
    up = up.union(select(Operation.id, Operation.parent_id).join(up, Operation.id == up.c.parent_id))
    down = select(up.c.id).cte("down", recursive=True)
    down = down.union(select(Operation.id).join(down, Operation.parent_id == down.c.id))
    return select(down.c.id)


def change_marks(operation_id: int) -> tuple[tuple[Any, ...], ...]:
    """What tells whether figures are still good: counters of the whole tree, and of the directory of services.

    The tree above counts too, because a reporting place chosen there takes figures away from here. One cheap query.
    """
    versions = select(func.coalesce(func.sum(Service.version), 0)).scalar_subquery()
    services = select(func.count(Service.id)).scalar_subquery()
    query = (
        select(Operation.id, Operation.changes, Operation.version, Operation.parent_id, versions, services)
        .where(Operation.id.in_(whole_tree(operation_id)))
        .order_by(Operation.id)
    )
    return tuple(tuple(row) for row in db.session.execute(query))


def service_names() -> dict[int, Named]:
    """Every service of the directory by id."""
    query = select(Service.id, Service.name, Service.short_name, Service.kind).order_by(Service.id)
    return {row[0]: Named(*row) for row in db.session.execute(query)}


def operation_names() -> dict[int, tuple[str, str]]:
    """Code and name of every operation by id."""
    query = select(Operation.id, Operation.code, Operation.name).order_by(Operation.id)
    return {row[0]: (row[1], row[2]) for row in db.session.execute(query)}


def offence_titles(language: str) -> dict[str, str]:
    """Section and title of every offence by its code."""
    title = Offence.title_fr if language == "fr" else Offence.title_en
    return {row[0]: f"{row[1]} {row[2]}" for row in db.session.execute(select(Offence.code, Offence.section, title))}


def statuses_at(operation_ids: list[int], as_of: dt.datetime | None) -> dict[int, str]:
    """Status of each operation, now or as it was at a moment."""
    query = select(Operation.id, Operation.status).where(Operation.id.in_(operation_ids))
    now: dict[int, str] = {row[0]: row[1] for row in db.session.execute(query)}
    if as_of is None:
        return now
    steps = (
        select(OperationStep.operation_id, OperationStep.at, OperationStep.from_status, OperationStep.to_status)
        .where(OperationStep.operation_id.in_(operation_ids))
        .order_by(OperationStep.at.desc(), OperationStep.id.desc())
    )
    settled: set[int] = set()
    for operation_id, at, before, after in db.session.execute(steps):
        if operation_id not in settled:
            now[operation_id] = after if at <= as_of else before
            if at <= as_of:
                settled.add(operation_id)
    return now


RUNNING = frozenset(
    {OperationStatus.ACTIVE, OperationStatus.REPORTING, OperationStatus.CLOSED, OperationStatus.ARCHIVED}
)
"""States in which the people of a team count as deployed."""
PLANNING = frozenset(set(OperationStatus) - RUNNING)
"""States in which nothing can be entered yet, so that nothing is due."""
