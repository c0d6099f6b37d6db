"""What readiness counts: people in teams, which teams have a published shift, who was trained, what was begun at all.

A handful of queries however many services there are; what the counts mean is in the rules of the ready room.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from outreach.vocab import DelegateState, ParticipationStatus, SessionKind

from ..engine import db
from ..tables import (
    BriefingRead,
    BriefingVersion,
    Certificate,
    Delegate,
    KitItem,
    Operation,
    Participation,
    ParticipationVersion,
    Session,
    ShiftVersion,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from ..types import utc_now
from .briefing import BRIEFING
from .kits import kits_by_service


@dataclass(frozen=True)
class TeamPlace:
    """One member in one standing team, or a team without any (then the staff fields are ``None``). ``user_id``: of her
    account, where it is active."""

    team_id: int
    service_id: int
    partners: tuple[int, ...]
    staff_id: int | None
    staff_service_id: int | None
    category: str | None
    user_id: int | None


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
            User.id,
        )
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .outerjoin(TeamMember, (TeamMember.team_id == Team.id) & TeamMember.superseded_at.is_(None))
        .outerjoin(Staff, Staff.id == TeamMember.staff_id)
        .outerjoin(User, (User.id == Staff.user_id) & User.active.is_(True))
        .where(Team.operation_id == operation_id, TeamVersion.superseded_at.is_(None), TeamVersion.cancelled.is_(False))
        .order_by(Team.id, Staff.id)
    )
    return [TeamPlace(r[0], r[1], tuple(r[2] or ()), r[3], r[4], r[5], r[6]) for r in db.session.execute(query)]


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
        .join(TeamVersion, TeamVersion.team_id == Team.id)
        .where(
            Team.operation_id == operation_id,
            TeamMember.superseded_at.is_(None),
            TeamVersion.superseded_at.is_(None),
            TeamVersion.cancelled.is_(False),
        )
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


def trained(operation: Operation) -> frozenset[int] | None:
    """Staff who count as trained; ``None`` when the operation has no training session.

    A certificate counts when it lasts through the window and a training session of the operation gives it, or any
    when none of them names one.
    """
    given = trainings_of(operation.id)
    if given is None:
        return None
    until = (operation.ends_at or utc_now()).astimezone(ZoneInfo(operation.time_zone)).date()
    return trained_by_session(operation.id) | certified(operation.id, until, {name for name in given if name})


# --- what the task list asks -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begun:
    """What an operation has begun to use, as counts of what is left; ``None``: it does not use it.

    ``shifts`` planned, ``drafts`` of them not published as they stand; ``unread``: team members with an account who
    have not read the briefing; ``waiting``: services that were sent kits and received none (all, while none was
    sent); ``untrained``: team members.
    """

    shifts: int = 0
    drafts: int = 0
    unread: int | None = None
    waiting: int | None = None
    untrained: int | None = None


def begun_of(operation: Operation) -> Begun:
    shifts, drafts = _shifts(operation.id)
    return Begun(shifts, drafts, _unread(operation.id), _waiting(operation.id), _untrained(operation))


def _shifts(operation_id: int) -> tuple[int, int]:
    other = aliased(ShiftVersion)
    seen = exists().where(
        other.shift_id == ShiftVersion.shift_id,
        other.published_at.is_not(None),
        other.unpublished_at.is_(None),
        other.cancelled.is_(False),
    )
    published = ShiftVersion.published_at.is_not(None) & ShiftVersion.unpublished_at.is_(None)
    query = select(
        func.count(case((ShiftVersion.cancelled.is_(False), 1))),
        func.count(case((~published & (ShiftVersion.cancelled.is_(False) | seen), 1))),
    ).where(ShiftVersion.operation_id == operation_id, ShiftVersion.superseded_at.is_(None))
    planned, drafts = db.session.execute(query).one()
    return planned, drafts


def _unread(operation_id: int) -> int | None:
    standing = db.session.scalar(
        select(BriefingVersion.version).where(
            BriefingVersion.operation_id == operation_id, BriefingVersion.superseded_at.is_(None)
        )
    )
    if standing is None:
        return None
    read = exists().where(
        BriefingRead.operation_id == operation_id,
        BriefingRead.user_id == User.id,
        BriefingRead.part == BRIEFING,
        BriefingRead.version == standing,
    )
    query = (
        select(func.count(User.id.distinct()))
        .join(Staff, Staff.user_id == User.id)
        .where(Staff.id.in_(_in_teams(operation_id)), User.active.is_(True), ~read)
    )
    return db.session.scalar(query) or 0


def _waiting(operation_id: int) -> int | None:
    item = select(KitItem.id).where(KitItem.operation_id == operation_id, KitItem.retired_at.is_(None)).limit(1)
    if db.session.scalar(item) is None:
        return None
    sent = [(sent, received) for sent, received in kits_by_service(operation_id).values() if sent]
    return sum(not received for _, received in sent) if sent else max(1, _confirmed(operation_id))


def _confirmed(operation_id: int) -> int:
    query = (
        select(func.count())
        .select_from(Participation)
        .join(ParticipationVersion, ParticipationVersion.participation_id == Participation.id)
        .where(
            Participation.operation_id == operation_id,
            ParticipationVersion.superseded_at.is_(None),
            ParticipationVersion.status == ParticipationStatus.CONFIRMED,
        )
    )
    return db.session.scalar(query) or 0


def _untrained(operation: Operation) -> int | None:
    found = trained(operation)
    return None if found is None else len(frozenset(db.session.scalars(_in_teams(operation.id))) - found)
