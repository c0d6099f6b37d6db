"""What permissions need to know: the actor behind an account, the target behind a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import bindparam, select

from outreach.auth.actors import Actor, Bound, Target
from outreach.vocab import OperationStatus, ParticipationStatus, Role

from ..engine import db, running
from ..prepared import Prepared
from ..tables import (
    Operation,
    Participation,
    ParticipationVersion,
    SignOff,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from ..types import utc_now

# Asked at every request of an officer.
_OWN_TEAMS = Prepared(
    select(TeamMember.team_id)
    .join(Staff, Staff.id == TeamMember.staff_id)
    .where(Staff.user_id == bindparam("user"), TeamMember.superseded_at.is_(None))
)


def actor_of(user: User) -> Actor:
    """The actor behind an account, with her current teams."""
    return actor_from(user.id, user.name, [(g.role, g.service_id, g.operation_id) for g in user.roles])


def actor_from(user_id: int, name: str, grants: Iterable[tuple[str, int | None, int | None]]) -> Actor:
    """The actor of an account whose grants are known as ``(role, service, operation)``, with her current teams."""
    bounds = tuple(Bound(Role(role), service, operation) for role, service, operation in grants)
    teams: frozenset[int] = frozenset()
    if any(b.role in (Role.FIELD_OFFICER, Role.SERVICE_COORDINATOR) for b in bounds):
        teams = frozenset(row[0] for row in _OWN_TEAMS.all(running(), {"user": user_id}))
    return Actor(user=user_id, name=name, bounds=bounds, teams=teams)


def ancestors_of(operation_id: int) -> frozenset[int]:
    """Ids of the operation and everything above it."""
    found: set[int] = set()
    current: int | None = operation_id
    while current is not None and current not in found:
        found.add(current)
        current = db.session.scalar(select(Operation.parent_id).where(Operation.id == current))
    return frozenset(found)


def descendants_of(operation_id: int) -> list[int]:
    """Ids of the operation and everything under it, parents before children."""
    found = [operation_id]
    level = [operation_id]
    while level:
        query = select(Operation.id).where(Operation.parent_id.in_(level)).order_by(Operation.id)
        level = [i for i in db.session.scalars(query) if i not in found]
        found += level
    return found


def services_taking_part(operation_id: int) -> frozenset[int]:
    """Ids of services invited or confirmed in the operation or under it."""
    query = (
        select(Participation.service_id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.operation_id.in_(descendants_of(operation_id)),
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
        )
    )
    return frozenset(db.session.scalars(query))


def operation_target(operation: Operation) -> Target:
    """The target of actions on the operation as a whole."""
    return Target(
        operation=operation.id,
        operations=ancestors_of(operation.id),
        services=services_taking_part(operation.id),
        status=operation.status,
    )


def service_target(operation: Operation, service_id: int) -> Target:
    """The target of actions on one service's records in the operation."""
    open_now = not signed(operation.id, service_id) and not past_deadline(operation)
    return replace(operation_target(operation), service=service_id, open_for_entry=open_now)


def team_target(operation: Operation, team: Team) -> Target:
    """The target of actions on one team: its lead service owns it."""
    return replace(service_target(operation, team.service_id), team=team.id, partners=partners_of(team.id))


def partners_of(team_id: int) -> frozenset[int]:
    query = select(TeamVersion.partners).where(TeamVersion.team_id == team_id, TeamVersion.superseded_at.is_(None))
    return frozenset(db.session.scalar(query) or ())


def past_deadline(operation: Operation) -> bool:
    """Whether entries are closed: the deadline passed, or the operation is closed or archived."""
    if operation.status in (OperationStatus.CLOSED, OperationStatus.ARCHIVED):
        return True
    return operation.entry_deadline_at is not None and utc_now() > operation.entry_deadline_at


def signed(operation_id: int, service_id: int) -> bool:
    """Whether the service's figures are signed and not reopened."""
    query = (
        select(SignOff.id)
        .join(Participation, Participation.id == SignOff.participation_id)
        .where(
            Participation.operation_id == operation_id,
            Participation.service_id == service_id,
            SignOff.reopened_at.is_(None),
        )
        .limit(1)
    )
    return db.session.scalar(query) is not None
