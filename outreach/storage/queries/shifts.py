"""Shifts as planned and as published, who else is busy when, and the rows behind their writes.

The plan is the version of a shift that is not superseded; the roster is the version that is published and not
unpublished. Nothing here decides who may see them; nothing commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from outreach.vocab import OperationStatus, ParticipationStatus

from ..engine import db
from ..tables import (
    Operation,
    ParticipationVersion,
    Shift,
    ShiftVersion,
    Staff,
    Team,
    TeamMember,
    TeamVersion,
    User,
)

CONTENT = ("starts_at", "ends_at", "place", "channel", "places", "crew", "cancelled")
TAKES_PART = (ParticipationStatus.INVITED, ParticipationStatus.CONFIRMED)


@dataclass(frozen=True)
class ShiftRow:
    """One version of a shift with the team it belongs to. Instants in UTC.

    ``crew``: staff ids, ``None`` for every member of the team. ``published``: this version is the current one and the
    published one. ``on_roster``: officers see some version of it; ``published_at``: when this version was.
    """

    shift_id: int
    uid: str
    operation_id: int
    team_id: int
    service_id: int
    team_name: str
    version: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    place: str
    channel: str
    places: int | None
    crew: tuple[int, ...] | None
    cancelled: bool
    published: bool
    on_roster: bool = False
    published_at: dt.datetime | None = None
    recorded_at: dt.datetime | None = None
    team_cancelled: bool = False

    @property
    def pending(self) -> bool:
        """Whether publishing changes something: a draft, or a cancelled shift that officers still see."""
        return not self.published and (self.on_roster or not self.cancelled)


def _rows(*conditions: ColumnElement[bool]) -> Any:
    other = aliased(ShiftVersion)
    on_roster = exists().where(
        other.shift_id == Shift.id,
        other.published_at.is_not(None),
        other.unpublished_at.is_(None),
        other.cancelled.is_(False),
    )
    return (
        select(
            Shift.id,
            Shift.uid,
            Shift.operation_id,
            Shift.team_id,
            Team.service_id,
            TeamVersion.name,
            ShiftVersion.version,
            ShiftVersion.starts_at,
            ShiftVersion.ends_at,
            ShiftVersion.place,
            ShiftVersion.channel,
            ShiftVersion.places,
            ShiftVersion.crew,
            ShiftVersion.cancelled,
            ShiftVersion.superseded_at,
            ShiftVersion.published_at,
            ShiftVersion.unpublished_at,
            on_roster,
            ShiftVersion.recorded_at,
            TeamVersion.cancelled,
        )
        .select_from(ShiftVersion)
        .join(Shift, Shift.id == ShiftVersion.shift_id)
        .join(Team, Team.id == Shift.team_id)
        .join(TeamVersion, (TeamVersion.team_id == Team.id) & TeamVersion.superseded_at.is_(None))
        .where(*conditions)
        .order_by(ShiftVersion.starts_at, TeamVersion.name, Shift.id)
    )


def _row(found: Any) -> ShiftRow:
    (*first, crew, cancelled, superseded_at, published_at, unpublished_at, on_roster, recorded_at, team_off) = found
    return ShiftRow(
        *first,
        crew=None if crew is None else tuple(crew),
        cancelled=cancelled,
        published=superseded_at is None and published_at is not None and unpublished_at is None,
        on_roster=bool(on_roster),
        published_at=published_at,
        recorded_at=recorded_at,
        team_cancelled=team_off,
    )


def _of_services(service_ids: Iterable[int] | None) -> list[ColumnElement[bool]]:
    return [] if service_ids is None else [Team.service_id.in_(sorted(set(service_ids)))]


def shifts_of(operation_id: int, service_ids: Iterable[int] | None = None) -> list[ShiftRow]:
    """The plan of an operation (of the lead services given), cancelled shifts too, by start and team."""
    query = _rows(
        ShiftVersion.operation_id == operation_id, ShiftVersion.superseded_at.is_(None), *_of_services(service_ids)
    )
    return [_row(found) for found in db.session.execute(query)]


def shift(uid: str) -> ShiftRow | None:
    """The shift as it is planned now, cancelled or not."""
    found = db.session.execute(_rows(Shift.uid == uid, ShiftVersion.superseded_at.is_(None))).first()
    return None if found is None else _row(found)


def _on_roster() -> list[ColumnElement[bool]]:
    """What officers see: published shifts that stand, of teams that stand, of services that take part."""
    takes_part = exists().where(
        ParticipationVersion.participation_id == Team.participation_id,
        ParticipationVersion.superseded_at.is_(None),
        ParticipationVersion.status.in_(TAKES_PART),
    )
    return [
        ShiftVersion.published_at.is_not(None),
        ShiftVersion.unpublished_at.is_(None),
        ShiftVersion.cancelled.is_(False),
        TeamVersion.cancelled.is_(False),
        takes_part,
    ]


def roster_of(operation_id: int, service_ids: Iterable[int] | None = None) -> list[ShiftRow]:
    """What is published, by start and team; cancelled shifts, cancelled teams and services that left are not in it.

    ``published`` of a row says whether the plan still is what was published.
    """
    query = _rows(Shift.operation_id == operation_id, *_on_roster(), *_of_services(service_ids))
    return [_row(found) for found in db.session.execute(query)]


def roster_of_user(user_id: int) -> list[tuple[ShiftRow, Operation]]:
    """The published shifts in whose crew an account is, by start; past ones too, none of a draft or an archive."""
    mine: dict[int, set[int]] = {}
    query = (
        select(TeamMember.team_id, Staff.id)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(Staff.user_id == user_id, TeamMember.superseded_at.is_(None))
        .order_by(TeamMember.team_id)
    )
    for team_id, staff_id in db.session.execute(query):
        mine.setdefault(team_id, set()).add(staff_id)
    if not mine:
        return []
    found = [_row(row) for row in db.session.execute(_rows(Shift.team_id.in_(sorted(mine)), *_on_roster()))]
    seen = select(Operation).where(
        Operation.id.in_({row.operation_id for row in found}),
        Operation.status.not_in((OperationStatus.DRAFT, OperationStatus.ARCHIVED)),
    )
    operations = {operation.id: operation for operation in db.session.scalars(seen)}
    return [
        (row, operations[row.operation_id])
        for row in found
        if row.operation_id in operations and (row.crew is None or mine[row.team_id] & set(row.crew))
    ]


# --- who else is busy -------------------------------------------------------------------------------------------------

Crewed = tuple[int, str, int, int | None, bool, str, bool, int]


def crews_of(operation_id: int) -> list[Crewed]:
    """Current members of the teams: team, name, staff, account, is lead, category, account works, service."""
    query = (
        select(
            TeamMember.team_id,
            Staff.name,
            Staff.id,
            Staff.user_id,
            TeamMember.is_lead,
            TeamMember.category,
            func.coalesce(User.active, True),
            Staff.service_id,
        )
        .join(Staff, Staff.id == TeamMember.staff_id)
        .join(Team, Team.id == TeamMember.team_id)
        .outerjoin(User, User.id == Staff.user_id)
        .where(Team.operation_id == operation_id, TeamMember.superseded_at.is_(None))
        .order_by(TeamMember.team_id, TeamMember.is_lead.desc(), Staff.name, Staff.id)
    )
    return [(r[0], r[1], r[2], r[3], bool(r[4]), r[5], bool(r[6]), r[7]) for r in db.session.execute(query)]


def names_of_staff(staff_ids: Iterable[int]) -> dict[int, str]:
    """Staff id → name, of those that are still there."""
    wanted = sorted(set(staff_ids))
    if not wanted:
        return {}
    return {row[0]: row[1] for row in db.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))}


def busy_elsewhere(
    operation: Operation, starts_at: dt.datetime, ends_at: dt.datetime
) -> list[tuple[int, int | None, dt.datetime, dt.datetime]]:
    """When people of the operation's teams have shifts in other operations: staff, account, start, end.

    Other operations are those of the same tree that are not over, and those that are planned or active. A shift counts
    as it is planned, and also as it is published while that differs. Rehearsals and the real thing do not meet.
    """
    own = (
        select(TeamMember.staff_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.operation_id == operation.id, TeamMember.superseded_at.is_(None))
    )
    accounts = select(Staff.user_id).where(Staff.id.in_(own), Staff.user_id.is_not(None))
    root = operation.root_id or operation.id
    in_tree = (func.coalesce(Operation.root_id, Operation.id) == root) & Operation.status.in_(
        (OperationStatus.DRAFT, OperationStatus.PLANNED, OperationStatus.ACTIVE)
    )
    query = (
        select(ShiftVersion.starts_at, ShiftVersion.ends_at, ShiftVersion.crew, Staff.id, Staff.user_id)
        .join(Operation, Operation.id == ShiftVersion.operation_id)
        .join(TeamVersion, (TeamVersion.team_id == ShiftVersion.team_id) & TeamVersion.superseded_at.is_(None))
        .join(TeamMember, (TeamMember.team_id == ShiftVersion.team_id) & TeamMember.superseded_at.is_(None))
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(
            ShiftVersion.operation_id != operation.id,
            ShiftVersion.cancelled.is_(False),
            ShiftVersion.starts_at < ends_at,
            ShiftVersion.ends_at > starts_at,
            or_(
                ShiftVersion.superseded_at.is_(None),
                ShiftVersion.published_at.is_not(None) & ShiftVersion.unpublished_at.is_(None),
            ),
            TeamVersion.cancelled.is_(False),
            Operation.is_rehearsal == operation.is_rehearsal,
            or_(in_tree, Operation.status.in_((OperationStatus.PLANNED, OperationStatus.ACTIVE))),
            or_(Staff.id.in_(own), Staff.user_id.in_(accounts)),
        )
        .order_by(ShiftVersion.starts_at, ShiftVersion.id, Staff.id)
    )
    found = {
        (staff_id, user_id, begins, ends): None
        for begins, ends, crew, staff_id, user_id in db.session.execute(query)
        if crew is None or staff_id in crew
    }
    return list(found)


# --- writing ----------------------------------------------------------------------------------------------------------


def take_turn(operation_id: int) -> None:
    """Whoever else writes shifts of the operation waits until this write ends (SQLite has one writer anyway)."""
    db.session.execute(select(Operation.id).where(Operation.id == operation_id).with_for_update())


def stretches_of(
    team_id: int,
    *,
    but: int | None = None,
    within: tuple[dt.datetime | None, dt.datetime | None] = (None, None),
) -> list[tuple[dt.datetime, dt.datetime]]:
    """When the standing shifts of a team are planned, apart from the one named: those that share a moment with
    ``within``, where it has both ends."""
    starts_at, ends_at = within
    query = select(ShiftVersion.starts_at, ShiftVersion.ends_at).where(
        ShiftVersion.team_id == team_id, ShiftVersion.superseded_at.is_(None), ShiftVersion.cancelled.is_(False)
    )
    if but is not None:
        query = query.where(ShiftVersion.shift_id != but)
    if starts_at is not None and ends_at is not None:
        query = query.where(ShiftVersion.starts_at < ends_at, ShiftVersion.ends_at > starts_at)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(ShiftVersion.starts_at, ShiftVersion.id))]


def current(shift_id: int) -> ShiftVersion:
    """The version of the shift that stands now."""
    query = select(ShiftVersion).where(ShiftVersion.shift_id == shift_id, ShiftVersion.superseded_at.is_(None))
    return db.session.scalars(query, execution_options={"populate_existing": True}).one()


def add_shifts(operation_id: int, values: list[dict[str, Any]], *, by: int | None, now: dt.datetime) -> list[str]:
    """Shifts with their first version, in one go; their uids. ``values``: ``team_id`` and ``CONTENT``."""
    added = [Shift(operation_id=operation_id, team_id=each["team_id"]) for each in values]
    db.session.add_all(added)
    db.session.flush()
    db.session.add_all(
        ShiftVersion(shift_id=one.id, operation_id=operation_id, version=1, recorded_at=now, recorded_by_id=by, **each)
        for one, each in zip(added, values, strict=True)
    )
    db.session.flush()
    return [one.uid for one in added]


def add_version(before: ShiftVersion, values: dict[str, Any], *, by: int | None, now: dt.datetime) -> bool:
    """The next version of a shift, never published: ``before`` with ``values``; ``False`` when somebody was first."""
    done = db.session.execute(
        update(ShiftVersion)
        .where(ShiftVersion.id == before.id, ShiftVersion.superseded_at.is_(None))
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:
        return False
    content = {name: getattr(before, name) for name in CONTENT} | values
    db.session.add(
        ShiftVersion(
            shift_id=before.shift_id,
            operation_id=before.operation_id,
            team_id=before.team_id,
            version=before.version + 1,
            recorded_at=now,
            recorded_by_id=by,
            **content,
        )
    )
    db.session.flush()
    db.session.expire(before)
    return True


def publish(shift_ids: Iterable[int], now: dt.datetime) -> None:
    """The current versions of the shifts become the published ones, and no older version stays so."""
    wanted = sorted(set(shift_ids))
    for first in range(0, len(wanted), 1000):
        part = ShiftVersion.shift_id.in_(wanted[first : first + 1000])
        db.session.execute(
            update(ShiftVersion)
            .where(part, ShiftVersion.published_at.is_not(None), ShiftVersion.unpublished_at.is_(None))
            .where(ShiftVersion.superseded_at.is_not(None))
            .values(unpublished_at=now)
            .execution_options(synchronize_session=False)
        )
        db.session.execute(
            update(ShiftVersion)
            .where(part, ShiftVersion.superseded_at.is_(None), ShiftVersion.published_at.is_(None))
            .values(published_at=now)
            .execution_options(synchronize_session=False)
        )
