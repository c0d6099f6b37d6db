"""Operations to plan, the directory of services, participations with their versions, counts behind the tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from outreach.auth.actors import Target
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus

from ..engine import db
from ..tables import (
    Operation,
    OperationStep,
    Participation,
    ParticipationVersion,
    Service,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from ..types import utc_now

# --- operations


def operations_with_targets() -> list[tuple[Operation, Target]]:
    """Every operation with what permissions ask of it, by code; three queries however many there are."""
    found = list(db.session.scalars(select(Operation).order_by(Operation.code)))
    parents = {o.id: o.parent_id for o in found}
    takes_part: dict[int, set[int]] = {o.id: set() for o in found}
    query = (
        select(Participation.operation_id, Participation.service_id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
        )
    )
    above = {o.id: _line(o.id, parents) for o in found}
    for operation_id, service_id in db.session.execute(query):
        for one in above[operation_id]:
            takes_part[one].add(service_id)
    return [
        (
            o,
            Target(
                operation=o.id,
                operations=frozenset(above[o.id]),
                services=frozenset(takes_part[o.id]),
                status=o.status,
            ),
        )
        for o in found
    ]


def _line(operation_id: int, parents: dict[int, int | None]) -> list[int]:
    found: list[int] = []
    current: int | None = operation_id
    while current is not None and current not in found:
        found.append(current)
        current = parents.get(current)
    return found


def parents() -> dict[int, int | None]:
    """``{operation id: id of its parent}``."""
    return {row[0]: row[1] for row in db.session.execute(select(Operation.id, Operation.parent_id))}


def confirmed_by_operation() -> dict[int, int]:
    """How many services are confirmed in each operation itself."""
    query = (
        select(Participation.operation_id, func.count())
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status == ParticipationStatus.CONFIRMED,
        )
        .group_by(Participation.operation_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def add_operation(values: dict[str, Any]) -> Operation | None:
    """A new operation, or ``None`` when its code is taken. Roots are their own root."""
    operation = Operation(**values)
    try:
        with db.session.begin_nested():
            db.session.add(operation)
    except IntegrityError:
        return None
    set_root(operation)
    return operation


def claim_operation(operation: Operation, version: int, values: dict[str, Any]) -> bool:
    """Write ``values`` if the operation still stands at ``version``; whether it did."""
    done = db.session.execute(
        update(Operation)
        .where(Operation.id == operation.id, Operation.version == version)
        .values(**values, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(operation)
    return bool(done.rowcount)


def set_root(operation: Operation) -> None:
    """Write the top of the tree into the operation and everything under it."""
    above = parents()
    root = _line(operation.id, above)[-1]
    under = [one for one in above if operation.id in _line(one, above)]
    db.session.execute(
        update(Operation)
        .where(Operation.id.in_(under))
        .values(root_id=root)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(operation)


def add_step(operation: Operation, to: str, by: int | None, reason: str) -> bool:
    """Move the operation and write the step; ``False`` when somebody moved it first."""
    before = operation.status
    done = db.session.execute(
        update(Operation)
        .where(Operation.id == operation.id, Operation.status == before)
        .values(status=to, version=Operation.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:
        return False
    db.session.add(
        OperationStep(
            operation_id=operation.id, from_status=before, to_status=to, at=utc_now(), by_id=by, reason=reason
        )
    )
    db.session.flush()
    db.session.refresh(operation)
    return True


def steps_of(operation_id: int) -> list[tuple[OperationStep, str]]:
    """The moves of an operation with the name of who made them, latest first."""
    query = (
        select(OperationStep, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == OperationStep.by_id)
        .where(OperationStep.operation_id == operation_id)
        .order_by(OperationStep.id.desc())
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def teams_tonight(team_ids: frozenset[int]) -> list[tuple[str, Operation]]:
    """Name and operation of those of the teams that stand in an active operation."""
    query = (
        select(TeamVersion.name, Operation)
        .join(Team, Team.id == TeamVersion.team_id)
        .join(Operation, Operation.id == Team.operation_id)
        .where(
            Team.id.in_(sorted(team_ids)),
            TeamVersion.superseded_at.is_(None),
            TeamVersion.cancelled.is_(False),
            Operation.status == OperationStatus.ACTIVE,
        )
        .order_by(TeamVersion.name, Team.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


@dataclass(frozen=True)
class Crew:
    """Teams of one operation as counts; ``crewed``: services that log contacts and have a team with a member."""

    teams: int
    members: int
    with_account: int
    crewed: int


def crew_of(operation_id: int) -> Crew:
    """Counts over the teams that stand."""
    query = (
        select(Team.id, Team.service_id, TeamMember.staff_id, Staff.user_id)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .outerjoin(TeamMember, (TeamMember.team_id == Team.id) & TeamMember.superseded_at.is_(None))
        .outerjoin(Staff, Staff.id == TeamMember.staff_id)
        .where(Team.operation_id == operation_id, TeamVersion.superseded_at.is_(None), TeamVersion.cancelled.is_(False))
    )
    rows = [tuple(row) for row in db.session.execute(query)]
    logging = {
        service_id
        for service_id, version in _versions(operation_id)
        if version.status == ParticipationStatus.CONFIRMED and version.entry_mode == EntryMode.CONTACTS
    }
    return Crew(
        teams=len({row[0] for row in rows}),
        members=len({row[2] for row in rows if row[2]}),
        with_account=len({row[2] for row in rows if row[3]}),
        crewed=len({row[1] for row in rows if row[2]} & logging),
    )


def _versions(operation_id: int) -> list[tuple[int, ParticipationVersion]]:
    query = (
        select(Participation.service_id, ParticipationVersion)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(Participation.operation_id == operation_id, ParticipationVersion.superseded_at.is_(None))
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def standing_participations(operation_id: int) -> list[ParticipationVersion]:
    """Current versions of an operation's participations."""
    return [version for _, version in _versions(operation_id)]


# --- the directory of services


def all_services() -> list[Service]:
    """Every service, by name."""
    return list(db.session.scalars(select(Service).order_by(Service.name, Service.id)))


def service(service_id: int) -> Service | None:
    return db.session.get(Service, service_id)


def service_by_key(name_key: str) -> Service | None:
    return db.session.scalar(select(Service).where(Service.name_key == name_key))


def add_service(values: dict[str, Any]) -> Service | None:
    """A new service, or ``None`` when one of that name is there already."""
    added = Service(**values)
    try:
        with db.session.begin_nested():
            db.session.add(added)
    except IntegrityError:
        return None
    return added


def claim_service(found: Service, version: int, values: dict[str, Any]) -> bool:
    """Write ``values`` if the service still stands at ``version``; whether it did."""
    done = db.session.execute(
        update(Service)
        .where(Service.id == found.id, Service.version == version)
        .values(**values, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(found)
    return bool(done.rowcount)


# --- participations


def add_participation(operation_id: int, service_id: int, by: int | None, **values: Any) -> Participation:
    """A participation with its first version."""
    added = Participation(operation_id=operation_id, service_id=service_id)
    db.session.add(added)
    db.session.flush()
    db.session.add(ParticipationVersion(participation_id=added.id, recorded_at=utc_now(), recorded_by_id=by, **values))
    db.session.flush()
    return added


def add_participation_version(
    current: ParticipationVersion, by: int | None, **values: Any
) -> ParticipationVersion | None:
    """The next version, which takes over what ``values`` does not name; ``None`` when somebody was first."""
    now = utc_now()
    done = db.session.execute(
        update(ParticipationVersion)
        .where(ParticipationVersion.id == current.id, ParticipationVersion.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:
        return None
    kept = {
        name: getattr(current, name)
        for name in ("status", "entry_mode", "starts_at", "ends_at", "planned_staff", "counted_in", "desk")
    }
    added = ParticipationVersion(
        participation_id=current.participation_id,
        version=current.version + 1,
        recorded_at=now,
        recorded_by_id=by,
        **{**kept, **values},
    )
    db.session.add(added)
    db.session.flush()
    db.session.refresh(current)
    return added


def participations_elsewhere(
    service_ids: list[int], operation_ids: list[int]
) -> list[tuple[Operation, Participation, ParticipationVersion]]:
    """Current participations of the services in the operations, by code; declined and withdrawn ones left out."""
    query = (
        select(Operation, Participation, ParticipationVersion)
        .join(Participation, Participation.operation_id == Operation.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Operation.id.in_(operation_ids),
            Participation.service_id.in_(service_ids),
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
        )
        .order_by(Operation.code)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def history_of(participation_id: int) -> list[tuple[ParticipationVersion, str]]:
    """Every version of a participation with the name of who recorded it, latest first."""
    query = (
        select(ParticipationVersion, func.coalesce(User.name, ""))
        .outerjoin(User, User.id == ParticipationVersion.recorded_by_id)
        .where(ParticipationVersion.participation_id == participation_id)
        .order_by(ParticipationVersion.version.desc())
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


# --- copying


def copy_teams(source_id: int, operation_id: int, participations: dict[int, int], by: int | None) -> int:
    """Teams of ``source_id`` by name and area, without members and times; how many.

    ``participations``: ``{service id: participation id}`` in the new operation.
    """
    query = (
        select(Team.service_id, TeamVersion)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .where(Team.operation_id == source_id, TeamVersion.superseded_at.is_(None), TeamVersion.cancelled.is_(False))
        .order_by(Team.id)
    )
    now, copied = utc_now(), 0
    for service_id, version in db.session.execute(query).all():
        if service_id not in participations:
            continue
        team = Team(operation_id=operation_id, participation_id=participations[service_id], service_id=service_id)
        db.session.add(team)
        db.session.flush()
        db.session.add(
            TeamVersion(
                team_id=team.id,
                name=version.name,
                area=version.area,
                partners=list(version.partners),
                recorded_at=now,
                recorded_by_id=by,
            )
        )
        copied += 1
    db.session.flush()
    return copied
