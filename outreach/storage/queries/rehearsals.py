"""Rehearsals: operations made from another one, what logging in them took, and removing them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update

from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, Role

from ..engine import db
from ..tables import (
    Contact,
    Grant,
    Operation,
    Participation,
    ParticipationVersion,
    Service,
    Team,
    TeamMember,
    TeamVersion,
    Trial,
)
from ..types import utc_now
from .access import ancestors_of
from .removal import remove_operations

# Who works in a rehearsal. Readers of figures do not: it has none.
_REHEARSING = (Role.OPERATION_COORDINATOR, Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.LIAISON)


def rehearsal_of(operation_id: int) -> Operation | None:
    """The rehearsal that was made from the operation and is still there."""
    query = select(Operation).where(Operation.rehearses_id == operation_id, Operation.is_rehearsal)
    return db.session.scalar(query.order_by(Operation.id.desc()).limit(1))


def copy_for_rehearsal(source: Operation, rehearsal: Operation, by: int | None) -> dict[str, int]:
    """Services that take part, teams with their members, and roles bound to the operation; counts of each."""
    now = utc_now()
    parts = _copy_participations(source.id, rehearsal.id, by, now)
    teams = _copy_teams(source.id, rehearsal.id, parts, by, now)
    bound = select(Grant).where(Grant.operation_id.in_(ancestors_of(source.id)), Grant.role.in_(_REHEARSING))
    grants = {(g.user_id, g.role, g.service_id) for g in db.session.scalars(bound)}
    db.session.add_all(
        Grant(user_id=user, role=role, service_id=service, operation_id=rehearsal.id)
        for user, role, service in sorted(grants, key=str)
    )
    db.session.flush()
    return {"services": len(parts), "teams": teams}


def _copy_participations(source_id: int, rehearsal_id: int, by: int | None, now: dt.datetime) -> dict[int, int]:
    """``{service id: participation id}`` of the copies: every service is confirmed, none has a window of its own."""
    query = (
        select(Participation.service_id, ParticipationVersion.entry_mode)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.operation_id == source_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status.in_((ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)),
        )
        .order_by(Participation.id)
    )
    found: dict[int, int] = {}
    for service_id, mode in db.session.execute(query).all():
        part = Participation(operation_id=rehearsal_id, service_id=service_id)
        db.session.add(part)
        db.session.flush()
        confirmed = ParticipationStatus.CONFIRMED.value
        db.session.add(
            ParticipationVersion(
                participation_id=part.id, status=confirmed, entry_mode=mode, recorded_at=now, recorded_by_id=by
            )
        )
        found[service_id] = part.id
    db.session.flush()
    return found


def _copy_teams(source_id: int, rehearsal_id: int, parts: dict[int, int], by: int | None, now: dt.datetime) -> int:
    standing = (
        select(Team, TeamVersion)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .where(Team.operation_id == source_id, TeamVersion.superseded_at.is_(None), TeamVersion.cancelled.is_(False))
        .order_by(Team.id)
    )
    stamp: dict[str, Any] = {"recorded_at": now, "recorded_by_id": by}
    copies: dict[int, int] = {}
    for team, version in db.session.execute(standing).all():
        if team.service_id not in parts:
            continue
        copy = Team(operation_id=rehearsal_id, participation_id=parts[team.service_id], service_id=team.service_id)
        db.session.add(copy)
        db.session.flush()
        partners = [one for one in version.partners if one in parts]
        db.session.add(TeamVersion(team_id=copy.id, name=version.name, area=version.area, partners=partners, **stamp))
        copies[team.id] = copy.id
    members = select(TeamMember).where(TeamMember.team_id.in_(copies), TeamMember.superseded_at.is_(None))
    db.session.add_all(
        TeamMember(
            team_id=copies[one.team_id], staff_id=one.staff_id, category=one.category, is_lead=one.is_lead, **stamp
        )
        for one in db.session.scalars(members.order_by(TeamMember.id)).all()
    )
    db.session.flush()
    return len(copies)


def add_trial(values: dict[str, Any]) -> None:
    """One contact of a rehearsal, measured; see the table."""
    db.session.add(Trial(**values))
    db.session.flush()


def trials_of(rehearsal_id: int) -> list[tuple[dt.datetime, int, int, int]]:
    """``(at, taps, seconds, milliseconds of the server)`` of each contact that was logged question by question."""
    query = select(Trial.at, Trial.taps, Trial.seconds, Trial.server_ms).where(Trial.operation_id == rehearsal_id)
    return [(row[0], row[1], row[2], row[3]) for row in db.session.execute(query.order_by(Trial.at, Trial.id))]


def contacts_by_service(rehearsal_id: int) -> list[tuple[str, int]]:
    """Name of each service that logs contacts, and how many contacts it sent, by name."""
    query = (
        select(Service.id, Service.name)
        .join(Participation, Participation.service_id == Service.id)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.operation_id == rehearsal_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.entry_mode == EntryMode.CONTACTS,
        )
        .order_by(Service.name, Service.id)
    )
    sent: dict[int, int] = {}
    for service_id in db.session.scalars(select(Contact.service_id).where(Contact.operation_id == rehearsal_id)):
        sent[service_id] = sent.get(service_id, 0) + 1
    return [(name, sent.get(service_id, 0)) for service_id, name in db.session.execute(query)]


def end(rehearsal: Operation) -> None:
    """Nothing can be logged in it from now on."""
    now = utc_now()
    db.session.execute(
        update(Operation)
        .where(Operation.id == rehearsal.id)
        .values(status=OperationStatus.CLOSED.value, ends_at=now, version=Operation.version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(rehearsal)


def remove(rehearsal: Operation) -> None:
    """Delete it with everything in it."""
    remove_operations([rehearsal.id])
