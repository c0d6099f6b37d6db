"""Operations and participations as every room looks them up."""

from __future__ import annotations

from sqlalchemy import select, update

from ..engine import changed, db
from ..tables import UNCHANGED, Operation, Participation, ParticipationVersion, Service
from .access import ancestors_of, descendants_of


def by_code(code: str) -> Operation | None:
    return db.session.scalar(select(Operation).where(Operation.code == code))


def by_id(operation_id: int) -> Operation | None:
    return db.session.get(Operation, operation_id)


def all_operations() -> list[Operation]:
    """Every operation, newest window first, unknown windows last."""
    query = select(Operation).order_by(Operation.starts_at.is_(None), Operation.starts_at.desc(), Operation.code)
    return list(db.session.scalars(query))


def children_of(operation_id: int) -> list[Operation]:
    return list(
        db.session.scalars(select(Operation).where(Operation.parent_id == operation_id).order_by(Operation.code))
    )


def service_by_key(name_key: str) -> Service | None:
    return db.session.scalar(select(Service).where(Service.name_key == name_key))


def participation(operation_id: int, service_id: int) -> Participation | None:
    query = select(Participation).where(
        Participation.operation_id == operation_id, Participation.service_id == service_id
    )
    return db.session.scalar(query)


def current_participation(participation_id: int) -> ParticipationVersion:
    """The version that stands now."""
    query = select(ParticipationVersion).where(
        ParticipationVersion.participation_id == participation_id, ParticipationVersion.superseded_at.is_(None)
    )
    return db.session.scalars(query).one()


def participations_of(operation_id: int) -> list[tuple[Participation, ParticipationVersion, Service]]:
    """Participations of one operation with their current version and service, by service name."""
    query = (
        select(Participation, ParticipationVersion, Service)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .join(Service, Service.id == Participation.service_id)
        .where(Participation.operation_id == operation_id, ParticipationVersion.superseded_at.is_(None))
        .order_by(Service.name, Service.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def note_change(operation_id: int) -> None:
    """Count a change under the figures of the operation and of everything above it.

    Call it in every command that changes a fact; on PostgreSQL the row lock also serialises writers of one operation.
    """
    changed(operation_id)
    ids = sorted(ancestors_of(operation_id))
    db.session.execute(
        update(Operation)
        .where(Operation.id.in_(ids))
        .values(changes=Operation.changes + 1)
        .execution_options(synchronize_session=False, **{UNCHANGED: True})
    )


def tree_of(operation_id: int) -> list[int]:
    """Ids of the operation and everything under it."""
    return descendants_of(operation_id)


def root_of(operation_id: int) -> int:
    """Id of the top of the operation tree: persons are distinct within it."""
    found = db.session.scalar(select(Operation.root_id).where(Operation.id == operation_id))
    return found or operation_id
