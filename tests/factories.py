"""Invented people, services and operations with domain names. Everything goes through the real tables."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from functools import lru_cache
from typing import Any

from flask import current_app

from outreach.plan.rules import name_key
from outreach.storage import db, writing
from outreach.storage.queries import shifts
from outreach.storage.tables import (
    Grant,
    Operation,
    Participation,
    ParticipationVersion,
    Service,
    Shift,
    ShiftVersion,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, Role, ServiceKind, StaffCategory

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(100_001)
"""All of one length: names that are compared, sorted or looked for do so alike, whichever tests came before."""


@lru_cache(maxsize=8)
def _password_hash(salt: str) -> str:
    """Hash for the site whose salt this is; sites that are copies of one share it."""
    from flask_security.utils import hash_password

    return str(hash_password(PASSWORD))


def _save(*rows: Any) -> None:
    with writing():
        db.session.add_all(rows)
        db.session.flush()
    for row in rows:
        db.session.refresh(row)


def password_hash() -> str:
    """Hash that the running application accepts."""
    return _password_hash(current_app.config["SECURITY_PASSWORD_SALT"])


def a_service(name: str | None = None, kind: ServiceKind = ServiceKind.POLICE_MUNICIPAL, **more: Any) -> Service:
    name = name or f"Service {next(_numbers)} Police"
    key = name_key(name)
    service = Service(name=name, name_key=key, short_name=name.split()[0], kind=kind.value, region="West", **more)
    _save(service)
    return service


def a_user(role: Role | None = None, service: Service | None = None, operation: Operation | None = None) -> User:
    number = next(_numbers)
    user = User(
        email=f"person{number}@example.org",
        name=f"Person {number}",
        password=password_hash(),
        fs_uniquifier=secrets.token_hex(32),
    )
    if role is not None:
        user.roles.append(
            Grant(
                role=role.value,
                service_id=service.id if service else None,
                operation_id=operation.id if operation else None,
            )
        )
    _save(user)
    return user


def an_operation(
    code: str | None = None,
    *,
    status: OperationStatus = OperationStatus.ACTIVE,
    parent: Operation | None = None,
    starts_at: dt.datetime | None = dt.datetime(2017, 10, 10, 10, 0, tzinfo=dt.UTC),
    days: int = 7,
    **more: Any,
) -> Operation:
    """An operation of seven days in October 2017, Toronto time, unless said."""
    operation = Operation(
        code=code or f"OP-{next(_numbers)}",
        name="Invented operation",
        time_zone="America/Toronto",
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(days=days) if starts_at else None,
        status=status.value,
        parent_id=parent.id if parent else None,
        root_id=(parent.root_id or parent.id) if parent else None,
        **more,
    )
    _save(operation)
    return operation


def a_participation(
    operation: Operation,
    service: Service | None = None,
    *,
    status: ParticipationStatus = ParticipationStatus.CONFIRMED,
    entry_mode: EntryMode = EntryMode.CONTACTS,
    **more: Any,
) -> Participation:
    service = service or a_service()
    participation = Participation(operation_id=operation.id, service_id=service.id)
    _save(participation)
    _save(
        ParticipationVersion(
            participation_id=participation.id,
            status=status.value,
            entry_mode=entry_mode.value,
            recorded_at=utc_now(),
            **more,
        )
    )
    return participation


def a_team(participation: Participation, *members: User, name: str = "Team 1", partners: tuple[int, ...] = ()) -> Team:
    """A team of the participation's service with the users as its officers."""
    team = Team(
        operation_id=participation.operation_id, participation_id=participation.id, service_id=participation.service_id
    )
    _save(team)
    now = utc_now()
    _save(TeamVersion(team_id=team.id, name=name, partners=list(partners), recorded_at=now))
    for user in members:
        person = Staff(
            service_id=participation.service_id,
            name=user.name,
            name_key=user.name.casefold(),
            category=StaffCategory.POLICE.value,
            user_id=user.id,
        )
        _save(person)
        _save(TeamMember(team_id=team.id, staff_id=person.id, category=StaffCategory.POLICE.value, recorded_at=now))
    return team


def a_shift(
    team: Team, starts_at: dt.datetime, hours: float = 8, published: bool = False, **more: Any
) -> shifts.ShiftRow:
    """A shift of the team in the plan; ``published``: on the roster too. ``more``: place, channel, places, crew, …"""
    now = utc_now()
    shift = Shift(operation_id=team.operation_id, team_id=team.id)
    _save(shift)
    _save(
        ShiftVersion(
            shift_id=shift.id,
            operation_id=team.operation_id,
            team_id=team.id,
            starts_at=starts_at,
            ends_at=starts_at.astimezone(dt.UTC) + dt.timedelta(hours=hours),
            recorded_at=now,
            published_at=now if published else None,
            **more,
        )
    )
    row = shifts.shift(shift.uid)
    assert row is not None
    return row
