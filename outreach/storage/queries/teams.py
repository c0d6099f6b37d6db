"""Teams, their members and the staff of services, as they stand now; versions are added, never changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from ..engine import db
from ..tables import Participation, Service, Staff, Team, TeamMember, TeamVersion, User

TEAM_CONTENT = ("name", "area", "starts_at", "ends_at", "partners", "cancelled")


def service(service_id: int) -> Service | None:
    return db.session.get(Service, service_id)


def names_of(service_ids: set[int] | frozenset[int]) -> dict[int, str]:
    """Service id → name."""
    query = select(Service.id, Service.name).where(Service.id.in_(service_ids)).order_by(Service.id)
    return {row.id: row.name for row in db.session.execute(query)}


def team(team_id: int) -> Team | None:
    return db.session.get(Team, team_id)


def current(team_id: int) -> TeamVersion:
    """The version of the team that stands now."""
    query = select(TeamVersion).where(TeamVersion.team_id == team_id, TeamVersion.superseded_at.is_(None))
    return db.session.scalars(query).one()


def teams_of(operation_id: int, service_id: int | None = None) -> list[tuple[Team, TeamVersion, Service]]:
    """Teams of the operation (of one lead service, where given), by service and name; cancelled ones last."""
    query = (
        select(Team, TeamVersion, Service)
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .join(Service, Service.id == Team.service_id)
        .where(Team.operation_id == operation_id, TeamVersion.superseded_at.is_(None))
        .order_by(Service.name, Service.id, TeamVersion.cancelled, TeamVersion.name, Team.id)
    )
    if service_id is not None:
        query = query.where(Team.service_id == service_id)
    return [tuple(row) for row in db.session.execute(query)]


def members_of(operation_id: int, team_id: int | None = None) -> list[tuple[TeamMember, Staff]]:
    """Current members of the operation's teams (of one team, where given): by team, lead first, then by name."""
    query = (
        select(TeamMember, Staff)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.operation_id == operation_id, TeamMember.superseded_at.is_(None))
        .order_by(TeamMember.team_id, TeamMember.is_lead.desc(), Staff.name, Staff.id)
    )
    if team_id is not None:
        query = query.where(TeamMember.team_id == team_id)
    return [tuple(row) for row in db.session.execute(query)]


def member(team_id: int, member_id: int) -> TeamMember | None:
    """A current member of the team."""
    found = db.session.get(TeamMember, member_id)
    return found if found is not None and found.team_id == team_id and found.superseded_at is None else None


def staff_of(service_ids: set[int] | frozenset[int]) -> list[tuple[Staff, User | None]]:
    """Staff of the services with their accounts, by name."""
    query = (
        select(Staff, User)
        .outerjoin(User, User.id == Staff.user_id)
        .where(Staff.service_id.in_(service_ids))
        .order_by(Staff.name, Staff.id)
    )
    return [tuple(row) for row in db.session.execute(query)]


def staff_member(staff_id: int) -> Staff | None:
    return db.session.get(Staff, staff_id)


def staff_by_key(service_id: int, *keys: str) -> Staff | None:
    """The service's person whose stored key is one of ``keys``."""
    query = select(Staff).where(Staff.service_id == service_id, Staff.name_key.in_(keys)).order_by(Staff.id).limit(1)
    return db.session.scalar(query)


def staff_with_account(service_id: int, user_id: int) -> Staff | None:
    query = select(Staff).where(Staff.service_id == service_id, Staff.user_id == user_id).order_by(Staff.id).limit(1)
    return db.session.scalar(query)


def add_staff(service_id: int, name: str, name_key: str, category: str) -> Staff:
    staff = Staff(service_id=service_id, name=name, name_key=name_key, category=category)
    db.session.add(staff)
    db.session.flush()
    return staff


def add_team(participation: Participation, values: dict[str, Any], *, by: int | None, now: dt.datetime) -> Team:
    """A team with its first version; ``values``: see ``TEAM_CONTENT``."""
    team = Team(
        operation_id=participation.operation_id, participation_id=participation.id, service_id=participation.service_id
    )
    db.session.add(team)
    db.session.flush()
    db.session.add(TeamVersion(team_id=team.id, version=1, recorded_at=now, recorded_by_id=by, **values))
    db.session.flush()
    return team


def add_version(before: TeamVersion, values: dict[str, Any], *, by: int | None, now: dt.datetime) -> TeamVersion:
    """The next version of a team: ``before`` with ``values`` in place of its own."""
    before.superseded_at = now
    content = {name: getattr(before, name) for name in TEAM_CONTENT} | values
    after = TeamVersion(
        team_id=before.team_id, version=before.version + 1, recorded_at=now, recorded_by_id=by, **content
    )
    db.session.add(after)
    db.session.flush()
    return after


def add_member(
    team_id: int, staff: Staff, category: str, is_lead: bool, *, by: int | None, now: dt.datetime
) -> TeamMember:
    one = TeamMember(
        team_id=team_id, staff_id=staff.id, category=category, is_lead=is_lead, recorded_at=now, recorded_by_id=by
    )
    db.session.add(one)
    db.session.flush()
    return one


def end_member(one: TeamMember, now: dt.datetime) -> None:
    """From ``now`` on she is no longer in the team; the row stays for the past."""
    one.superseded_at = now
    db.session.flush()
