"""What readiness counts: people in teams, which teams have a published shift, who was trained, what was begun at all.

A handful of queries however many services there are; what the counts mean is in the rules of the ready room.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, case, func, or_, select

from outreach.vocab import DelegateState, SessionKind

from ..engine import db
from ..tables import (
    Certificate,
    Delegate,
    Session,
    ShiftVersion,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)


@dataclass(frozen=True)
class TeamPlace:
    """One member in one standing team, or a team without any (then the staff fields are ``None``)."""

    team_id: int
    service_id: int
    partners: tuple[int, ...]
    staff_id: int | None
    staff_service_id: int | None
    category: str | None
    user_id: int | None
    seen_at: dt.datetime | None


def places_of(operation_id: int) -> list[TeamPlace]:
    """Every place in the standing teams of the operation, by team."""
    query = (
        select(
            Team.id,
            Team.service_id,
            TeamVersion.partners,
            Staff.id,
            Staff.service_id,
            TeamMember.category,
            Staff.user_id,
            User.last_seen_at,
        )
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .outerjoin(TeamMember, (TeamMember.team_id == Team.id) & TeamMember.superseded_at.is_(None))
        .outerjoin(Staff, Staff.id == TeamMember.staff_id)
        .outerjoin(User, (User.id == Staff.user_id) & User.active.is_(True))
        .where(Team.operation_id == operation_id, TeamVersion.superseded_at.is_(None), TeamVersion.cancelled.is_(False))
        .order_by(Team.id, Staff.id)
    )
    return [TeamPlace(r[0], r[1], tuple(r[2] or ()), r[3], r[4], r[5], r[6], r[7]) for r in db.session.execute(query)]


def rostered_teams(operation_id: int) -> frozenset[int] | None:
    """Teams with a published shift that stands; ``None`` when no shift was ever planned in the operation."""
    published = ShiftVersion.published_at.is_not(None) & ShiftVersion.unpublished_at.is_(None)
    query = (
        select(ShiftVersion.team_id, func.max(case((published & ShiftVersion.cancelled.is_(False), 1), else_=0)))
        .where(ShiftVersion.operation_id == operation_id)
        .group_by(ShiftVersion.team_id)
    )
    found = {row[0]: row[1] for row in db.session.execute(query)}
    return frozenset(team for team, out in found.items() if out) if found else None


def _in_teams(operation_id: int) -> Select[tuple[int]]:
    return (
        select(TeamMember.staff_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.operation_id == operation_id, TeamMember.superseded_at.is_(None))
    )


def trainings_of(operation_id: int) -> list[str] | None:
    """What the operation's training sessions certify ('' for nothing); ``None`` when there is no such session."""
    query = select(Session.certificate).where(
        Session.operation_id == operation_id, Session.kind == SessionKind.TRAINING, Session.cancelled.is_(False)
    )
    return list(db.session.scalars(query)) or None


def trained_by_session(operation_id: int) -> frozenset[int]:
    """Staff who attended a training session of the operation."""
    query = (
        select(Delegate.staff_id)
        .join(Session, Session.id == Delegate.session_id)
        .where(
            Session.operation_id == operation_id,
            Session.kind == SessionKind.TRAINING,
            Session.cancelled.is_(False),
            Delegate.state == DelegateState.ATTENDED,
            Delegate.staff_id.is_not(None),
        )
    )
    return frozenset(i for i in db.session.scalars(query) if i is not None)


def certified(operation_id: int, until: dt.date, names: Collection[str]) -> frozenset[int]:
    """Members of the operation's teams with a certificate that lasts until ``until``; of ``names`` where given."""
    query = select(Certificate.staff_id, Certificate.name).where(
        Certificate.staff_id.in_(_in_teams(operation_id)),
        Certificate.revoked_at.is_(None),
        or_(Certificate.expires_on.is_(None), Certificate.expires_on >= until),
    )
    wanted = {name.casefold() for name in names}
    return frozenset(row[0] for row in db.session.execute(query) if not wanted or row[1].casefold() in wanted)
