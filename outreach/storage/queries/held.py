"""Sealed records that a person decides on: how many wait, the list of one service, one of them.

Nothing here opens, decides or commits; what became of a record is written by ``queries.sealed``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, defer

from outreach.vocab import SealedKind, SealedState

from ..engine import db
from ..tables import Operation, SealedRecord, Service, Team, TeamVersion, User

_DECIDER = aliased(User)


@dataclass(frozen=True)
class Undecided:
    """How many records of one service wait in one operation."""

    operation: Operation
    service_id: int
    service: str
    number: int


def undecided(
    operation_ids: Iterable[int] | None = None, service_ids: Collection[int] | None = None
) -> list[Undecided]:
    """Where records wait for a decision: of these operations, of these services, or anywhere; by operation."""
    query = (
        select(SealedRecord.operation_id, SealedRecord.service_id, func.count(SealedRecord.id))
        .where(SealedRecord.state == SealedState.HELD)
        .group_by(SealedRecord.operation_id, SealedRecord.service_id)
    )
    if operation_ids is not None:
        query = query.where(SealedRecord.operation_id.in_(list(operation_ids)))
    if service_ids is not None:
        query = query.where(SealedRecord.service_id.in_(list(service_ids)))
    counts = query.subquery()
    found = (
        select(Operation, Service.id, Service.name, counts.c[2])
        .join(counts, counts.c.operation_id == Operation.id)
        .join(Service, Service.id == counts.c.service_id)
        .order_by(Operation.code, Service.name, Service.id)
    )
    return [Undecided(*row) for row in db.session.execute(found)]


@dataclass(frozen=True)
class HeldRecord:
    """A record that waits or waited, with the names that stand beside it."""

    record: SealedRecord
    officer: str
    team: str
    decided_by: str


def records_of(operation_id: int, service_id: int, *, limit: int, offset: int = 0) -> tuple[int, int, list[HeldRecord]]:
    """How many records of the service wait, how many waited or wait, and one page: those that wait longest first,
    then what was decided last."""
    mine = (SealedRecord.operation_id == operation_id, SealedRecord.service_id == service_id, *_for_a_person())
    waits = SealedRecord.state == SealedState.HELD
    count = select(func.count(SealedRecord.id)).where(*mine)
    page = (
        _with_names()
        .where(*mine)
        .options(defer(SealedRecord.content))
        .order_by(
            SealedRecord.decided_at.is_not(None),
            SealedRecord.decided_at.desc(),
            SealedRecord.received_at,
            SealedRecord.id,
        )
    )
    rows = db.session.execute(page.limit(limit).offset(offset))
    found = [HeldRecord(*row) for row in rows]
    return db.session.scalar(count.where(waits)) or 0, db.session.scalar(count) or 0, found


def record_of(operation_id: int, service_id: int, uid: str, mark: str) -> HeldRecord | None:
    """The record of the service with that UUID whose hash begins with ``mark``; one that nobody had to decide on is
    none."""
    query = _with_names().where(
        SealedRecord.operation_id == operation_id,
        SealedRecord.service_id == service_id,
        SealedRecord.uid == uid,
        SealedRecord.hash.startswith(mark, autoescape=True),
        *_for_a_person(),
    )
    row = db.session.execute(query.order_by(SealedRecord.id).limit(1)).one_or_none()
    return None if row is None else HeldRecord(*row)


def _for_a_person() -> tuple[Any, ...]:
    """Records that a person decides on, or did; a practice is nobody's to decide."""
    states = (SealedState.HELD, SealedState.TAKEN, SealedState.LEFT_OUT)
    return (SealedRecord.state.in_(states), SealedRecord.kind != SealedKind.PRACTICE)


def _with_names() -> Any:
    return (
        select(
            SealedRecord,
            func.coalesce(User.name, ""),
            func.coalesce(TeamVersion.name, ""),
            func.coalesce(_DECIDER.name, ""),
        )
        .outerjoin(User, User.id == SealedRecord.user_id)
        .outerjoin(_DECIDER, _DECIDER.id == SealedRecord.decided_by_id)
        .outerjoin(Team, Team.id == SealedRecord.team_id)
        .outerjoin(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
    )
