"""Rows of the sample operation: adding them, and removing all of them again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import delete, or_, select, union, update

from ..engine import db, once_committed
from ..phone_keys import phone_keys
from ..tables import (
    AgencyKey,
    AuditEntry,
    Certificate,
    Grant,
    Operation,
    Participation,
    ParticipationVersion,
    Service,
    Session,
    Staff,
    Tally,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from ..types import utc_now
from .history import remove_sample as remove_sample_history
from .operations import note_change
from .removal import named_by_rows, remove_operations

__all__ = ["note_change"]


def sample_operations() -> list[Operation]:
    return list(db.session.scalars(select(Operation).where(Operation.is_sample).order_by(Operation.id)))


def add_operation(**values: Any) -> Operation:
    return _added(Operation(**values))


def service_named(**values: Any) -> Service:
    """The service of that name key, added when there is none."""
    found = db.session.scalar(select(Service).where(Service.name_key == values["name_key"]))
    return found or _added(Service(**values))


def add_participation(operation_id: int, service_id: int, **version: Any) -> Participation:
    part = _added(Participation(operation_id=operation_id, service_id=service_id))
    _added(ParticipationVersion(participation_id=part.id, recorded_at=utc_now(), reason="", **version))
    return part


def add_tally(part: Participation, measure: str, day: dt.date | None, value: int, piece: str = "") -> None:
    db.session.add(
        Tally(
            operation_id=part.operation_id,
            participation_id=part.id,
            service_id=part.service_id,
            measure=measure,
            day=day,
            part=piece,
            state="number" if value else "zero",
            value=value,
            recorded_at=utc_now(),
        )
    )


def add_team(operation_id: int, service_id: int, name: str, area: str, user: User | None) -> Team:
    """A team of the service with one member when there is an account for her."""
    part = db.session.scalars(
        select(Participation).where(Participation.operation_id == operation_id, Participation.service_id == service_id)
    ).one()
    team = _added(Team(operation_id=operation_id, participation_id=part.id, service_id=service_id))
    now = utc_now()
    _added(TeamVersion(team_id=team.id, name=name, area=area, recorded_at=now))
    if user is not None:
        person = _added(
            Staff(
                service_id=service_id, name=user.name, name_key=user.name.casefold(), category="police", user_id=user.id
            )
        )
        _added(TeamMember(team_id=team.id, staff_id=person.id, category="police", is_lead=True, recorded_at=now))
    return team


def team_of(operation_id: int, service_id: int) -> Team:
    """The first team of the service in the operation."""
    query = select(Team).where(Team.operation_id == operation_id, Team.service_id == service_id).order_by(Team.id)
    return db.session.scalars(query.limit(1)).one()


def remove_sample() -> int:
    """Delete the sample's operations with everything in them, its services and its accounts; count the operations.

    Rehearsals of a sample operation go with it. A sample service that a real operation has taken up stays, as a real
    one; so does a sample account that has been given a role in a real operation, or that a real record names.
    """
    ids = [operation.id for operation in sample_operations()]
    remove_sample_history()
    if ids:
        rehearsals = select(Operation.id).where(Operation.rehearses_id.in_(ids), Operation.is_rehearsal)
        _run(delete(Certificate).where(Certificate.session_id.in_(_sessions(ids))))
        remove_operations({*ids, *db.session.scalars(rehearsals)})
    _remove_users()
    _remove_services()
    db.session.flush()
    db.session.expire_all()
    return len(ids)


def _sessions(ids: list[int]) -> Any:
    return select(Session.id).where(Session.operation_id.in_(ids))


def _remove_users() -> None:
    real_grants = (
        select(Grant.user_id)
        .join(Service, Service.id == Grant.service_id, isouter=True)
        .where(or_(Grant.operation_id.is_not(None), Service.is_sample.is_(False)))
    )
    # What is written of people of services that go with the sample names nobody who must stay.
    going = select(Staff.id).where(Staff.service_id.in_(_services_going(but_for_sample_accounts=True)))
    _run(delete(Certificate).where(Certificate.staff_id.in_(going)))
    named = union(*named_by_rows(User.__table__.c.id))
    doomed = list(
        db.session.scalars(select(User.id).where(User.is_sample, User.id.not_in(real_grants), User.id.not_in(named)))
    )
    for step in (
        update(AuditEntry).where(AuditEntry.actor_id.in_(doomed)).values(actor_id=None),
        update(Staff).where(Staff.user_id.in_(doomed)).values(user_id=None),
        delete(Grant).where(Grant.user_id.in_(doomed)),
        delete(User).where(User.id.in_(doomed)),
    ):
        _run(step)


def _services_going(*, but_for_sample_accounts: bool = False) -> Any:
    """Sample services that no row of a real operation names, nor a role; roles of sample accounts count unless said."""
    grants = select(Grant.service_id).where(Grant.service_id.is_not(None))
    if but_for_sample_accounts:
        grants = grants.join(User, User.id == Grant.user_id).where(User.is_sample.is_(False))
    named = union(grants, *named_by_rows(Service.__table__.c.id, leaving_out=("grant", "staff")))
    return select(Service.id).where(Service.is_sample, Service.id.not_in(named))


def _remove_services() -> None:
    doomed = list(db.session.scalars(_services_going()))
    pairs = list(db.session.scalars(select(AgencyKey.uid).where(AgencyKey.agency_id.in_(doomed))))
    once_committed(lambda: [phone_keys().destroy(uid) for uid in pairs])
    for step in (
        delete(Staff).where(Staff.service_id.in_(doomed)),
        delete(Service).where(Service.id.in_(doomed)),
        update(Service).where(Service.is_sample).values(is_sample=False),
    ):
        _run(step)


def _run(step: Any) -> None:
    db.session.execute(step.execution_options(synchronize_session=False))


def _added(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row
