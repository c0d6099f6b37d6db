"""Operations under one another: what is proposed to lie under which, and services in several of one tree."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from ..engine import db
from ..tables import Operation, OperationStep, Participation, ParticipationVersion, Service, User
from ..types import utc_now


@dataclass(frozen=True)
class Proposal:
    """An operation that a service proposes, with the names of the service and of who proposed it."""

    operation: Operation
    service: str
    proposed_by: str


def proposals_to(parent_id: int) -> list[Proposal]:
    """What is proposed to lie under the operation and was not answered yet, oldest first."""
    query = (
        select(Operation, func.coalesce(Service.name, ""), func.coalesce(User.name, ""))
        .outerjoin(Service, Service.id == Operation.lead_service_id)
        .outerjoin(User, User.id == Operation.proposed_by_id)
        .where(Operation.proposed_parent_id == parent_id)
        .order_by(Operation.id)
    )
    return [Proposal(row[0], row[1], row[2]) for row in db.session.execute(query)]


def add_note(operation: Operation, by: int | None, reason: str) -> None:
    """A step that leaves the operation where it stands, for its reason."""
    db.session.add(
        OperationStep(
            operation_id=operation.id,
            from_status=operation.status,
            to_status=operation.status,
            at=utc_now(),
            by_id=by,
            reason=reason,
        )
    )
    db.session.flush()


def operations_by_id(ids: list[int]) -> list[Operation]:
    """The operations in the order of the ids."""
    found = {o.id: o for o in db.session.scalars(select(Operation).where(Operation.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def standing_in(
    operation_ids: list[int],
) -> list[tuple[Service, Operation, Participation, ParticipationVersion]]:
    """Standing participations of the operations, by service name and code; declined and withdrawn ones left out."""
    query = (
        select(Service, Operation, Participation, ParticipationVersion)
        .join(Participation, Participation.service_id == Service.id)
        .join(Operation, Operation.id == Participation.operation_id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.operation_id.in_(operation_ids),
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_(("invited", "confirmed")),
        )
        .order_by(Service.name, Service.id, Operation.code)
    )
    return [(row[0], row[1], row[2], row[3]) for row in db.session.execute(query)]
