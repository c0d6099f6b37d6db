"""Rows of the sample operation: adding them, and removing all of them again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import delete, or_, select, union, update

from ..engine import db
from ..tables import (
    Accused,
    AccusedVersion,
    AuditEntry,
    Charge,
    ChargeVersion,
    Contact,
    ContactDraft,
    ContactVersion,
    Grant,
    Meeting,
    Operation,
    OperationStep,
    Participation,
    ParticipationVersion,
    Person,
    PersonMerge,
    Referral,
    ReferralVersion,
    SafeContact,
    Service,
    SignOff,
    Staff,
    Tally,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from ..types import utc_now
from .operations import note_change

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

    A sample service that a real operation has taken up stays, as a real one; so does a sample account that has been
    given a role in a real operation.
    """
    ids = [operation.id for operation in sample_operations()]
    if ids:
        _remove_operations(ids)
    _remove_users()
    _remove_services()
    db.session.flush()
    db.session.expire_all()
    return len(ids)


def _remove_operations(ids: list[int]) -> None:
    teams = select(Team.id).where(Team.operation_id.in_(ids))
    contacts = select(Contact.id).where(Contact.operation_id.in_(ids))
    referrals = select(Referral.id).where(Referral.operation_id.in_(ids))
    accused = select(Accused.id).where(Accused.operation_id.in_(ids))
    charges = select(Charge.id).where(Charge.operation_id.in_(ids))
    parts = select(Participation.id).where(Participation.operation_id.in_(ids))
    roots = [*ids]
    steps: tuple[Any, ...] = (
        delete(SafeContact).where(SafeContact.referral_id.in_(referrals)),
        delete(ReferralVersion).where(ReferralVersion.referral_id.in_(referrals)),
        delete(Referral).where(Referral.operation_id.in_(ids)),
        delete(Meeting).where(Meeting.operation_id.in_(ids)),
        delete(ContactVersion).where(ContactVersion.contact_id.in_(contacts)),
        delete(Contact).where(Contact.operation_id.in_(ids)),
        delete(Person).where(Person.root_id.in_(roots)),
        delete(PersonMerge).where(PersonMerge.operation_id.in_(ids)),
        delete(ContactDraft).where(ContactDraft.operation_id.in_(ids)),
        delete(ChargeVersion).where(ChargeVersion.charge_id.in_(charges)),
        update(Charge).where(Charge.operation_id.in_(ids)).values(substitute_for_id=None),
        delete(Charge).where(Charge.operation_id.in_(ids)),
        delete(AccusedVersion).where(AccusedVersion.accused_id.in_(accused)),
        delete(Accused).where(Accused.operation_id.in_(ids)),
        delete(Tally).where(Tally.operation_id.in_(ids)),
        delete(SignOff).where(SignOff.participation_id.in_(parts)),
        delete(TeamMember).where(TeamMember.team_id.in_(teams)),
        delete(TeamVersion).where(TeamVersion.team_id.in_(teams)),
        delete(Team).where(Team.operation_id.in_(ids)),
        delete(ParticipationVersion).where(ParticipationVersion.participation_id.in_(parts)),
        delete(Participation).where(Participation.operation_id.in_(ids)),
        delete(OperationStep).where(OperationStep.operation_id.in_(ids)),
        delete(Grant).where(Grant.operation_id.in_(ids)),
        update(Operation)
        .where(Operation.parent_id.in_(ids), ~Operation.is_sample)
        .values(parent_id=None, root_id=None),
        update(Operation).where(Operation.copied_from_id.in_(ids)).values(copied_from_id=None),
        update(Operation).where(Operation.id.in_(ids)).values(parent_id=None, root_id=None, lead_service_id=None),
        delete(Operation).where(Operation.id.in_(ids)),
    )
    for step in steps:
        db.session.execute(step.execution_options(synchronize_session=False))


def _remove_users() -> None:
    real_grants = (
        select(Grant.user_id)
        .join(Service, Service.id == Grant.service_id, isouter=True)
        .where(or_(Grant.operation_id.is_not(None), Service.is_sample.is_(False)))
    )
    entered = select(Contact.created_by_id).where(Contact.created_by_id.is_not(None))
    doomed = list(
        db.session.scalars(select(User.id).where(User.is_sample, User.id.not_in(real_grants), User.id.not_in(entered)))
    )
    for step in (
        update(AuditEntry).where(AuditEntry.actor_id.in_(doomed)).values(actor_id=None),
        update(Staff).where(Staff.user_id.in_(doomed)).values(user_id=None),
        delete(Grant).where(Grant.user_id.in_(doomed)),
        delete(User).where(User.id.in_(doomed)),
    ):
        db.session.execute(step.execution_options(synchronize_session=False))


def _remove_services() -> None:
    used = union(
        select(Participation.service_id),
        select(Grant.service_id).where(Grant.service_id.is_not(None)),
        select(Operation.lead_service_id).where(Operation.lead_service_id.is_not(None)),
    )
    doomed = list(db.session.scalars(select(Service.id).where(Service.is_sample, Service.id.not_in(used))))
    for step in (
        delete(Staff).where(Staff.service_id.in_(doomed)),
        delete(Service).where(Service.id.in_(doomed)),
        update(Service).where(Service.is_sample).values(is_sample=False),
    ):
        db.session.execute(step.execution_options(synchronize_session=False))


def _added(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row
