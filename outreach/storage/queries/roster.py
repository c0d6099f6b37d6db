"""What officers see of the roster: published versions of their shifts, what they have seen, the links of calendars.

Here is the reading of versions; which of them is on whose roster, and what changed, is in ``field.roster_rules``.
Nothing here decides who may; nothing commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from outreach.vocab import OperationStatus, ParticipationStatus

from ..engine import db
from ..tables import (
    CalendarLink,
    Operation,
    ParticipationVersion,
    RosterSeen,
    Shift,
    ShiftVersion,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)
from .accounts import token_hash

TAKES_PART = (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)


@dataclass(frozen=True)
class Published:
    """One version of a shift that was, or is, on the published roster. ``crew`` null: every member of the team.

    ``around``: versions of the team and of its service's participation together, ``around_at``: when the last came.
    """

    shift_id: int
    uid: str
    operation_id: int
    team_id: int
    version: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    place: str
    channel: str
    crew: tuple[int, ...] | None
    cancelled: bool
    published_at: dt.datetime
    unpublished_at: dt.datetime | None
    around: int = 0
    around_at: dt.datetime | None = None


@dataclass(frozen=True)
class Membership:
    """Somebody stood in a team from a moment on, until another (null: still); ``staff_id``: as whom."""

    team_id: int
    staff_id: int
    since: dt.datetime
    until: dt.datetime | None


def staff_ids(user_id: int) -> frozenset[int]:
    """Entries of the directory of staff that are this account."""
    return frozenset(db.session.scalars(select(Staff.id).where(Staff.user_id == user_id)))


def memberships(user_id: int) -> list[Membership]:
    """Teams that the account was or is a member of, in order of time."""
    query = (
        select(TeamMember.team_id, TeamMember.staff_id, TeamMember.recorded_at, TeamMember.superseded_at)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(Staff.user_id == user_id)
        .order_by(TeamMember.recorded_at, TeamMember.id)
    )
    return [Membership(*row) for row in db.session.execute(query)]


def published_near(user_id: int, since: dt.datetime) -> list[Published]:
    """Every version ever published, of shifts that end after ``since``, of the teams that the account is or was in.
    By shift, the earliest first; nothing of a draft or an archive.

    A team that was cancelled, or whose service left, has no roster from then on: its versions end there.
    """
    hers = select(TeamMember.team_id).join(Staff, Staff.id == TeamMember.staff_id).where(Staff.user_id == user_id)
    query = (
        select(ShiftVersion, Shift.uid, TeamVersion, ParticipationVersion)
        .join(Shift, Shift.id == ShiftVersion.shift_id)
        .join(Team, Team.id == ShiftVersion.team_id)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .join(
            ParticipationVersion,
            (ParticipationVersion.participation_id == Team.participation_id)
            & ParticipationVersion.superseded_at.is_(None),
        )
        .join(Operation, Operation.id == ShiftVersion.operation_id)
        .where(
            ShiftVersion.published_at.is_not(None),
            ShiftVersion.ends_at > since,
            Team.id.in_(hers),
            Operation.status.not_in((OperationStatus.DRAFT, OperationStatus.ARCHIVED)),
        )
        .order_by(ShiftVersion.shift_id, ShiftVersion.version)
    )
    return [_published(*row) for row in db.session.execute(query)]


def _published(version: ShiftVersion, uid: str, team: TeamVersion, part: ParticipationVersion) -> Published:
    ends = [version.unpublished_at]
    ends.append(team.recorded_at if team.cancelled else None)
    ends.append(part.recorded_at if part.status not in TAKES_PART else None)
    return Published(
        version.shift_id,
        uid,
        version.operation_id,
        version.team_id,
        version.version,
        version.starts_at,
        version.ends_at,
        version.place,
        version.channel,
        None if version.crew is None else tuple(version.crew),
        version.cancelled,
        version.published_at,
        min((at for at in ends if at is not None), default=None),
        team.version + part.version,
        max(team.recorded_at, part.recorded_at),
    )


def spans_now(
    operation_ids: Iterable[int], since: dt.datetime, until: dt.datetime
) -> list[tuple[int, dt.datetime, dt.datetime]]:
    """Team, start and end of the published shifts that lie between two moments at least in part; by start."""
    query = (
        select(ShiftVersion.team_id, ShiftVersion.starts_at, ShiftVersion.ends_at)
        .where(
            ShiftVersion.operation_id.in_(list(operation_ids)),
            ShiftVersion.published_at.is_not(None),
            ShiftVersion.unpublished_at.is_(None),
            ShiftVersion.cancelled.is_(False),
            ShiftVersion.ends_at > since,
            ShiftVersion.starts_at < until,
        )
        .order_by(ShiftVersion.starts_at, ShiftVersion.team_id, ShiftVersion.id)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def teams_with_roster(team_ids: Iterable[int]) -> frozenset[int]:
    """Those of the teams that have a published shift at all."""
    query = select(ShiftVersion.team_id).where(
        ShiftVersion.team_id.in_(list(team_ids)),
        ShiftVersion.published_at.is_not(None),
        ShiftVersion.unpublished_at.is_(None),
        ShiftVersion.cancelled.is_(False),
    )
    return frozenset(db.session.scalars(query.distinct()))


def names_on(team_id: int, crew: tuple[int, ...] | None) -> list[tuple[int, str, bool]]:
    """``(staff id, name, whether she leads the team)`` of who is on: the crew, or every member. Lead first, by name."""
    member = aliased(TeamMember)
    query = (
        select(Staff.id, Staff.name, member.is_lead)
        .outerjoin(member, (member.staff_id == Staff.id) & (member.team_id == team_id) & member.superseded_at.is_(None))
        .order_by(member.is_lead.is_not(True), Staff.name, Staff.id)
    )
    query = query.where(member.id.is_not(None)) if crew is None else query.where(Staff.id.in_(crew))
    return [(row[0], row[1], bool(row[2])) for row in db.session.execute(query)]


def names_of_teams(team_ids: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Team id → uid, current name, area."""
    query = (
        select(Team.id, Team.uid, TeamVersion.name, TeamVersion.area)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .where(Team.id.in_(list(team_ids)))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in db.session.execute(query)}


def operations_of(operation_ids: Iterable[int]) -> dict[int, Operation]:
    query = select(Operation).where(Operation.id.in_(list(operation_ids)))
    return {operation.id: operation for operation in db.session.scalars(query)}


# --- what was seen ----------------------------------------------------------------------------------------------------


def seen_of(user_id: int) -> dict[int, dt.datetime]:
    """Operation id → until when the account has seen its roster."""
    query = select(RosterSeen.operation_id, RosterSeen.seen_at).where(RosterSeen.user_id == user_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def hold_account(user_id: int) -> None:
    """Let writers about one account come one after the other (SQLite has one writer anyway)."""
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update())


def mark_seen(user_id: int, operation_id: int, at: dt.datetime) -> None:
    """She has seen the roster as it stood at ``at``; never earlier than what she had seen before."""
    query = select(RosterSeen).where(RosterSeen.user_id == user_id, RosterSeen.operation_id == operation_id)
    row = db.session.scalar(query)
    if row is None:
        db.session.add(RosterSeen(user_id=user_id, operation_id=operation_id, seen_at=at))
    elif row.seen_at < at:
        row.seen_at = at
    db.session.flush()


# --- calendars --------------------------------------------------------------------------------------------------------


def calendar_link_of(user_id: int) -> CalendarLink | None:
    """The link that works now."""
    query = select(CalendarLink).where(CalendarLink.user_id == user_id, CalendarLink.revoked_at.is_(None))
    return db.session.scalar(query.order_by(CalendarLink.id.desc()).limit(1))


def end_calendar_links(user_id: int, now: dt.datetime) -> int:
    """Stop every link of the account; how many worked."""
    query = update(CalendarLink).where(CalendarLink.user_id == user_id, CalendarLink.revoked_at.is_(None))
    return int(db.session.execute(query.values(revoked_at=now)).rowcount)


def add_calendar_link(user_id: int, token: str, now: dt.datetime) -> CalendarLink:
    link = CalendarLink(token_hash=token_hash(token), user_id=user_id, created_at=now)
    db.session.add(link)
    db.session.flush()
    return link


def calendar_owner(token: str) -> User | None:
    """Whose calendar it is, while the link works: not revoked, account not disabled."""
    query = (
        select(User)
        .join(CalendarLink, CalendarLink.user_id == User.id)
        .where(CalendarLink.token_hash == token_hash(token), CalendarLink.revoked_at.is_(None), User.active)
    )
    return db.session.scalar(query)
